/** A shared folder: what a tree in memory does, and nothing outside of it, whatever the host puts into it meanwhile. */
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import { symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { EROFS, isErrno, type Ino } from '@veridian-os/abi';
import { MemoryTree, type FileTree, type MemoryNode } from '@veridian-os/devices';
import { parseShare, SharedFolder } from '../../src/machine/shared-folder.js';

const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'veridian-share-')));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const newFolder = (): string => mkdtempSync(join(scratch, 'f-'));
const share = (folder: string, readOnly = false): SharedFolder => new SharedFolder({ folder, tag: 't', readOnly });
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const ALL = { read: true, write: true, truncate: false };

/** The beginning of a file as a guest reads it. */
function text<N, H>(tree: FileTree<N, H>, node: N): string | number {
  const handle = tree.open(node, { read: true, write: false, truncate: false });
  if (isErrno(handle as never)) return handle as number;
  const into = new Uint8Array(100);
  const got = tree.read(handle as H, 0, into);
  tree.close(handle as H);
  return got < 0 ? got : new TextDecoder().decode(into.subarray(0, got));
}

describe('--share', () => {
  it.each([
    ['/srv/a', { folder: '/srv/a', tag: 'share', readOnly: false }],
    ['a:b', { folder: 'a', tag: 'b', readOnly: false }],
    ['a:b/c', { folder: 'a:b/c', tag: 'share', readOnly: false }],
    ['a,ro', { folder: 'a', tag: 'share', readOnly: true }],
    ['a:b,readonly', { folder: 'a', tag: 'b', readOnly: true }],
  ])('%s', (given, expected) => expect(parseShare(given)).toEqual(expected));

  it('a folder that is not there: an error that names it', () => {
    expect(() => share(join(scratch, 'none'))).toThrow(/--share: folder: expected an existing directory.*none/);
  });
});

describe('a shared folder', () => {
  it('reads and writes at any position', () => {
    const folder = newFolder();
    const tree = share(folder);
    const made = tree.create(tree.root(), 'file', 0o640, ALL);
    if (typeof made === 'number') throw new Error(`create: ${made}`);
    const content = Uint8Array.from({ length: 10_000 }, (_, i) => (i * 7 + (i >> 8)) & 255);
    expect(tree.write(made.handle, 5000, content)).toBe(10_000);
    expect(tree.write(made.handle, 4095, bytes('xy'))).toBe(2);
    const into = new Uint8Array(20_000);
    expect(tree.read(made.handle, 4096, into)).toBe(10_904);
    const onHost = readFileSync(join(folder, 'file'));
    expect(onHost.subarray(4096)).toEqual(Buffer.from(into.subarray(0, 10_904)));
    expect([onHost.length, onHost[0], onHost.toString('latin1', 4095, 4097)]).toEqual([15_000, 0, 'xy']);
    expect(statSync(join(folder, 'file')).mode & 0o777).toBe(0o640);
  });

  it('a file lives on without a name while it is open, and its other handles when one is closed', () => {
    const folder = newFolder();
    const tree = share(folder);
    const made = tree.create(tree.root(), 'file', 0o600, ALL) as { node: Ino; handle: Ino };
    const other = tree.open(made.node, ALL) as Ino;
    tree.write(made.handle, 0, bytes('kept'));
    expect(tree.unlink(tree.root(), 'file', false)).toBe(0);
    tree.close(made.handle);
    const into = new Uint8Array(4);
    expect(tree.read(other, 0, into)).toBe(4);
    expect(new TextDecoder().decode(into)).toBe('kept');
    tree.close(other);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('a closed file is known under its number: clients keep fids of files that they closed', () => {
    const folder = newFolder();
    const tree = share(folder);
    const { node, handle } = tree.create(tree.root(), 'file', 0o600, ALL) as { node: Ino; handle: Ino };
    tree.close(handle);
    expect(tree.getattr(node)).toMatchObject({ size: 0, nlink: 1 });
    expect(text(tree, node)).toBe('');
  });

  it('read only: every change is EROFS and changes nothing', () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'file'), 'old');
    const tree = share(folder, true);
    const [root, file] = [tree.root(), tree.lookup(tree.root(), 'file') as Ino];
    const changes = [
      tree.open(file, ALL),
      tree.open(file, { read: true, write: true, truncate: true }),
      tree.create(root, 'new', 0o600, ALL),
      tree.setattr(file, { mode: 0o777 }),
      tree.mkdir(root, 'd', 0o700),
      tree.symlink(root, 'l', 'file'),
      tree.link(root, 'l', file),
      tree.unlink(root, 'file', false),
      tree.rename(root, 'file', root, 'new'),
    ];
    expect(changes).toEqual(changes.map(() => EROFS));
    expect(text(tree, file)).toBe('old');
    expect(readdirSync(folder)).toEqual(['file']);
  });
});

const NAMES = ['a', 'b', 'c'] as const;
const name = fc.constantFrom(...NAMES);
/** Of the directories or files known so far: the newest has number 0. */
const number = fc.nat(3);
const content = fc.constantFrom('', 'one', 'something longer');

type Step =
  | readonly ['mkdir' | 'lookup', number, string]
  | readonly ['create', number, string, string]
  | readonly ['unlink', number, string, boolean]
  | readonly ['rename', number, string, number, string]
  | readonly ['link', number, string, number]
  | readonly ['resize', number, number];

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(fc.constant('mkdir' as const), number, name),
  fc.tuple(fc.constant('lookup' as const), number, name),
  fc.tuple(fc.constant('create' as const), number, name, content),
  fc.tuple(fc.constant('unlink' as const), number, name, fc.boolean()),
  fc.tuple(fc.constant('rename' as const), number, name, number, name),
  fc.tuple(fc.constant('link' as const), number, name, number),
  fc.tuple(fc.constant('resize' as const), number, fc.nat(20)),
);

/** A tree and the nodes that its client knows. */
class Client<N, H> {
  readonly tree: FileTree<N, H>;
  readonly directories: N[];
  readonly files: N[] = [];

  constructor(tree: FileTree<N, H>) {
    this.tree = tree;
    this.directories = [tree.root()];
  }

  private directory(at: number): N {
    return this.directories[Math.max(0, this.directories.length - 1 - at)];
  }

  /** Remembers a node. @returns what it is, or the error */
  private found(node: unknown): unknown {
    if (typeof node === 'number' && node < 0) return node;
    const attributes = this.tree.getattr(node as N);
    if (typeof attributes === 'number') return attributes;
    const isDirectory = (attributes.mode & 0o170000) === 0o040000;
    (isDirectory ? this.directories : this.files).push(node as N);
    return isDirectory ? 'directory' : text(this.tree, node as N);
  }

  /** @returns what a client sees of it */
  do(step: Step): unknown {
    const { tree } = this;
    const file = (at: number): N | undefined => this.files[this.files.length - 1 - at];
    switch (step[0]) {
      case 'mkdir':
        return this.found(tree.mkdir(this.directory(step[1]), step[2], 0o755));
      case 'lookup':
        return this.found(tree.lookup(this.directory(step[1]), step[2]));
      case 'create': {
        const made = tree.create(this.directory(step[1]), step[2], 0o644, ALL);
        if (typeof made === 'number') return made;
        const written = tree.write(made.handle, 0, bytes(step[3]));
        tree.close(made.handle);
        return [written, this.found(made.node)];
      }
      case 'unlink':
        return tree.unlink(this.directory(step[1]), step[2], step[3]);
      case 'rename':
        return tree.rename(this.directory(step[1]), step[2], this.directory(step[3]), step[4]);
      case 'link': {
        const node = file(step[3]);
        return node === undefined ? undefined : tree.link(this.directory(step[1]), step[2], node);
      }
      case 'resize': {
        const node = file(step[1]);
        return node === undefined ? undefined : tree.setattr(node, { size: step[2] });
      }
    }
  }

  /** Everything below a directory, in the order of names. */
  all(directory: N = this.tree.root()): unknown[] {
    const entries = this.tree.list(directory);
    if (typeof entries === 'number') return [entries];
    const names = entries.map((entry) => entry.name).sort();
    return names.map((each) => {
      const node = this.tree.lookup(directory, each) as N;
      const attributes = this.tree.getattr(node);
      if (typeof attributes === 'number') return [each, attributes];
      const { mode, nlink, size } = attributes;
      if ((mode & 0o170000) === 0o040000) return [each, mode, this.all(node)];
      return [each, mode, nlink, size, text(this.tree, node)];
    });
  }
}

/** A shrunk counterexample: a file in place of the directory that holds it. */
const ONTO_ITS_DIRECTORY: Step[] = [
  ['mkdir', 0, 'c'],
  ['create', 0, 'c', ''],
  ['rename', 0, 'c', 1, 'c'],
];

it('does what a tree in memory does, while its client knows only what has a name', () => {
  const run = (steps: readonly Step[]): void => {
    const mine = new Client<Ino, Ino>(share(newFolder()));
    const model = new Client<MemoryNode, MemoryNode>(new MemoryTree());
    for (const each of steps) {
      const got = mine.do(each);
      expect([each, got]).toEqual([each, model.do(each)]);
      // Without a name a file is gone but for those who have it open: not so in memory.
      if (each[0] === 'unlink' || each[0] === 'rename') {
        for (const client of [mine, model]) {
          client.files.length = 0;
          client.directories.length = 1;
        }
      }
      expect(mine.all()).toEqual(model.all());
    }
  };
  fc.assert(fc.property(fc.array(step, { maxLength: 12 }), run), { numRuns: 150, examples: [[ONTO_ITS_DIRECTORY]] });
});

it('nothing outside is read or changed, whatever becomes a symbolic link on the host', () => {
  const swap = fc.tuple(fc.constant('swap' as const), name, fc.constantFrom('.', 'secret', 'inner'));
  const run = (steps: readonly (Step | readonly ['swap', string, string])[]): void => {
    const outside = newFolder();
    mkdirSync(join(outside, 'inner'));
    for (const each of ['secret', ...NAMES]) writeFileSync(join(outside, each), 'secret');
    const folder = newFolder();
    const client = new Client<Ino, Ino>(share(folder));
    let aside = 0;
    for (const each of steps) {
      if (each[0] !== 'swap') {
        expect(JSON.stringify(client.do(each) ?? '')).not.toContain('secret');
        continue;
      }
      const path = join(folder, each[1]);
      try {
        renameSync(path, `${path}-${aside++}`);
      } catch {
        // nothing was there
      }
      symlinkSync(join(outside, each[2]), path);
    }
    expect(JSON.stringify(client.all())).not.toContain('"secret"');
    expect(readdirSync(outside)).toEqual(['a', 'b', 'c', 'inner', 'secret']);
    expect(readdirSync(join(outside, 'inner'))).toEqual([]);
    for (const each of ['secret', ...NAMES]) {
      expect(readFileSync(join(outside, each), 'utf8')).toBe('secret');
      expect(statSync(join(outside, each)).nlink).toBe(1);
    }
  };
  fc.assert(fc.property(fc.array(fc.oneof(step, swap), { maxLength: 15 }), run), { numRuns: 150 });
});
