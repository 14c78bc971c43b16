/** Cases from the tables of Linux's answers: one per row, every column checked on a fresh tree. */
import {
  RENAME_EXCHANGE,
  RENAME_NOREPLACE,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  S_IFIFO,
  S_IFREG,
  errnoName,
} from '@veridian-os/abi';
import {
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOFOLLOW,
  O_PATH,
  O_RDONLY,
  O_RDWR,
  O_TRUNC,
  O_WRONLY,
  type OpenFile,
  type PathContext,
} from '../../api.js';
import { createFileStat, createFileSystemStat } from '../../internal/stat.js';
import type { KitEnv } from './env.js';
import { NAME_TABLE, OPEN_TABLE, RENAME_TABLE } from './linux-tables.js';
import type { FileSystemFeatures, Suite } from './suite.js';

interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

function parse(table: string): Table {
  const [header, ...rows] = table
    .trim()
    .split('\n')
    .map((line) => line.split(/ +/));
  return { columns: header, rows };
}

const FLAGS: Readonly<Record<string, number>> = {
  '0': 0,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOFOLLOW,
  O_PATH,
  O_TRUNC,
};

/** The tree that the tables were measured on; returns a context in it. */
export function populate(env: KitEnv, features: Required<FileSystemFeatures>): PathContext {
  const { vfs } = env;
  env.mkdir('/w');
  const context = env.in('/w');
  env.file('/w/file', 'data');
  env.file('/w/other', 'other');
  env.mkdir('/w/dir');
  env.mkdir('/w/full');
  env.file('/w/full/x');
  env.mkdir('/w/full/sub');
  if (features.symlinks) {
    for (const [name, target] of [
      ['tofile', 'file'],
      ['todir', 'dir'],
      ['dangling', 'gone'],
      ['loop', 'loop'],
    ] as const) {
      env.ok(`symlink ${name}`, () => vfs.symlink(target, context, name));
    }
  }
  if (features.hardLinks) env.ok('link', () => vfs.link(context, 'file', context, 'hard', false));
  if (features.nodes) env.ok('mkfifo', () => vfs.mknod(context, 'fifo', S_IFIFO | 0o644, 0));
  return context;
}

/** False for names and operations of the tables that the file system cannot have. */
function supported(name: string, features: Required<FileSystemFeatures>): boolean {
  if (!features.symlinks && /^(tofile|todir|dangling|loop|symlink|readlink)/.test(name)) return false;
  if (!features.nodes && /^(fifo|mknod)/.test(name)) return false;
  if (!features.hardLinks && /^(hard|link)/.test(name)) return false;
  return features.exchange || name !== 'exchange';
}

const answer = (result: unknown): string =>
  result === 0 ? 'ok' : typeof result === 'number' ? errnoName(result) : String(result);

type NameOperation = (env: KitEnv, at: PathContext, name: string) => unknown;

const OPERATIONS: Readonly<Record<string, NameOperation>> = {
  mkdir: ({ vfs }, at, name) => vfs.mkdir(at, name, 0o777),
  rmdir: ({ vfs }, at, name) => vfs.rmdir(at, name),
  unlink: ({ vfs }, at, name) => vfs.unlink(at, name),
  mknod: ({ vfs }, at, name) => vfs.mknod(at, name, 0o644, 0),
  symlink: ({ vfs }, at, name) => vfs.symlink('t', at, name),
  linkTo: ({ vfs }, at, name) => vfs.link(at, 'other', at, name, false),
  linkFrom: ({ vfs }, at, name) => vfs.link(at, name, at, 'new', false),
  linkFollow: ({ vfs }, at, name) => vfs.link(at, name, at, 'new', true),
  readlink: ({ vfs }, at, name) => vfs.readlink(at, name),
  stat: ({ vfs }, at, name) => vfs.stat(at, name, true, createFileStat()),
  lstat: ({ vfs }, at, name) => vfs.stat(at, name, false, createFileStat()),
  truncate: ({ vfs }, at, name) => vfs.setattr(at, name, true, { size: 2 }),
  chmod: ({ vfs }, at, name) => vfs.setattr(at, name, true, { mode: 0o600 }),
  statfs: ({ vfs }, at, name) => vfs.statfs(at, name, createFileSystemStat()),
  renameFrom: ({ vfs }, at, name) => vfs.rename(at, name, at, 'new', 0),
  renameTo: ({ vfs }, at, name) => vfs.rename(at, 'other', at, name, 0),
  renameDirTo: ({ vfs }, at, name) => vfs.rename(at, 'dir', at, name, 0),
  exchange: ({ vfs }, at, name) => vfs.rename(at, 'other', at, name, RENAME_EXCHANGE),
  noreplace: ({ vfs }, at, name) => vfs.rename(at, 'other', at, name, RENAME_NOREPLACE),
};

function expand(name: string): string {
  if (name === '<empty>') return '';
  if (name === '<path>') return 'pp'.padEnd(16402, '/');
  return name.replace(/<(\d+)>/, (_match, length: string) => 'L'.repeat(Number(length)));
}

/** Checks one row of a table: `run` answers for a column; all differences are reported together. */
function checkRow(
  suite: Suite,
  columns: readonly string[],
  expected: readonly string[],
  run: (env: KitEnv, at: PathContext, column: string) => string,
): void {
  const differences: string[] = [];
  columns.forEach((column, index) => {
    if (!supported(column, suite.features)) return;
    suite.once((env) => {
      const got = run(env, populate(env, suite.features), column);
      const wanted = expected[index];
      if (got !== wanted) differences.push(`${column}: expected ${wanted}, got ${got}`);
    });
  });
  if (differences.length > 0) throw new Error(differences.join('; '));
}

function nameCases(suite: Suite): void {
  const { columns, rows } = parse(NAME_TABLE);
  for (const [name, ...expected] of rows as [string, ...string[]][]) {
    if (!supported(name, suite.features)) continue;
    suite.row(`operations on ${name}`, () => {
      checkRow(suite, columns.slice(1), expected, (env, at, column) =>
        answer(env.call(() => OPERATIONS[column](env, at, expand(name)))),
      );
    });
  }
}

function opened(env: KitEnv, file: OpenFile): string {
  const { mode, size } = env.fileStat(file);
  file.release();
  const kinds = new Map([
    [S_IFREG, `file${size}`],
    [S_IFDIR, 'dir'],
    [S_IFLNK, 'link'],
  ]);
  return kinds.get(mode & S_IFMT) ?? `mode ${mode}`;
}

function openCases(suite: Suite): void {
  const { columns, rows } = parse(OPEN_TABLE);
  for (const [names, access, ...expected] of rows as [string, string, ...string[]][]) {
    const flags = names.split('|').reduce((all, name) => all | (FLAGS[name] ?? NaN), 0);
    for (const mode of access === 'read' ? [O_RDONLY] : [O_WRONLY, O_RDWR]) {
      suite.row(`open ${names} ${access} ${mode}`, () => {
        checkRow(suite, columns.slice(2), expected, (env, at, name) => {
          const file = env.call(() => env.vfs.open(at, name, flags | mode, 0o666));
          return typeof file === 'number' ? errnoName(file) : opened(env, file);
        });
      });
    }
  }
}

function renameCases(suite: Suite): void {
  const { columns, rows } = parse(RENAME_TABLE);
  const kinds = suite.features.exchange ? [0, RENAME_NOREPLACE, RENAME_EXCHANGE] : [0, RENAME_NOREPLACE];
  for (const [source, ...cells] of rows as [string, ...string[]][]) {
    if (!supported(source, suite.features)) continue;
    for (const flags of kinds) {
      const expected = cells.map((cell) => cell.split(',')[flags]);
      suite.row(`rename ${source}, flags ${flags}`, () => {
        checkRow(suite, columns.slice(1), expected, (env, at, target) =>
          answer(env.call(() => env.vfs.rename(at, source, at, target, flags))),
        );
      });
    }
  }
}

export function tableCases(suite: Suite): void {
  suite.group('names, as Linux answers', () => nameCases(suite));
  suite.group('open, as Linux answers', () => openCases(suite));
  suite.group('rename, as Linux answers', () => renameCases(suite));
}
