/**
 * A VFS with the file system under test mounted at /mnt, seen through a root at /mnt: what every case of the kit runs
 * in. Operations that would block are run again until they do not; at the end nothing may be left behind.
 */
import {
  WOULD_BLOCK,
  errnoName,
  type Errno,
  type FileStat,
  type FileSystem,
  type FrameBytes,
  type FrameSource,
  type WaitPort,
} from '@veridian-os/abi';
import {
  O_CREAT,
  O_RDONLY,
  O_RDWR,
  O_TRUNC,
  O_WRONLY,
  type OpenFile,
  type Path,
  type PathContext,
  type Timestamp,
  type Vfs,
  type VfsConfig,
} from '../../api.js';
import { createTmpfs } from '../../filesystems/tmpfs.js';
import { createFileStat } from '../../internal/stat.js';
import { createVfs } from '../../vfs.js';
import { holds, same, worked } from './runner.js';

/** Everything that one case needs, made anew for each. */
export interface FileSystemFixture {
  /** Empty, not mounted anywhere. */
  readonly fs: FileSystem;
  readonly frames: FrameSource;
  readonly bytes: FrameBytes;
  readonly wait: WaitPort;
  readonly now: () => Timestamp;
  /** Lets what an operation waits for happen (synchronously); needed if `fs` ever answers WOULD_BLOCK. */
  readonly advance?: () => void;
  /** Cache sizes of the VFS around it. */
  readonly config?: Pick<VfsConfig, 'cachePages' | 'cacheNames'>;
}

const RETRIES = 10_000;

export class KitEnv {
  readonly vfs: Vfs;
  readonly fs: FileSystem;
  readonly fixture: FileSystemFixture;
  private inner!: PathContext;
  private readonly outer: PathContext;
  private readonly freeFrames: number;
  private readonly outerRoot: Path;
  private readonly kept = new Set<Path | OpenFile>();

  constructor(fixture: FileSystemFixture) {
    const { frames, bytes, wait, now, fs, config } = fixture;
    this.fixture = fixture;
    this.fs = fs;
    this.freeFrames = frames.freeFrames;
    this.vfs = createVfs({ frames, bytes, wait, now, ...config });
    same(this.vfs.mount('/', createTmpfs({ wait, now })), 0, 'mount /');
    const root = this.vfs.root();
    this.outerRoot = root;
    const outer: PathContext = { root, start: root, umask: 0o22 };
    same(this.vfs.mkdir(outer, '/mnt', 0o755), 0, 'mkdir /mnt');
    this.outer = outer;
    this.enter({});
  }

  /** Root and start are the file system's root. */
  get context(): PathContext {
    return this.inner;
  }

  /** Runs an operation until it does not answer WOULD_BLOCK. */
  call<T>(operation: () => T): T {
    for (let i = 0; i < RETRIES; i++) {
      const result = operation();
      if (result !== (WOULD_BLOCK as unknown)) return result;
      const { advance } = this.fixture;
      if (advance === undefined) throw new Error('WOULD_BLOCK from a file system whose fixture has no advance()');
      advance();
    }
    throw new Error(`still WOULD_BLOCK after ${RETRIES} runs`);
  }

  /** {@link call} of an operation that must succeed. */
  ok<T>(what: string, operation: () => T | Errno): T {
    return worked<T>(this.call(operation), what);
  }

  /** {@link call} of an operation that must fail with `errno`. */
  fails(what: string, errno: Errno, operation: () => unknown): void {
    const result = this.call(operation);
    if (result === errno) return;
    const got = typeof result === 'number' ? errnoName(result) : String(result);
    throw new Error(`${what}: expected ${errnoName(errno)}, got ${got}`);
  }

  /** Keeps a path or file until the end of the case (it may be released earlier with {@link drop}). */
  hold<T extends Path | OpenFile>(thing: T): T {
    this.kept.add(thing);
    return thing;
  }

  /** Releases something that {@link hold} keeps. */
  drop(thing: Path | OpenFile): void {
    if (!this.kept.delete(thing)) return;
    if ('read' in thing) thing.release();
    else this.vfs.releasePath(thing);
  }

  open(name: string, flags: number = O_RDWR, mode = 0o666, context = this.context): OpenFile {
    return this.hold(this.ok(`open ${name}`, () => this.vfs.open(context, name, flags, mode)));
  }

  /** A context that starts in a directory. */
  in(directory: string): PathContext {
    const start = this.ok(`resolve ${directory}`, () => this.vfs.resolve(this.context, directory, true));
    return { ...this.context, start: this.hold(start) };
  }

  mkdir(name: string, mode = 0o755): void {
    this.ok(`mkdir ${name}`, () => this.vfs.mkdir(this.context, name, mode));
  }

  /** Creates or replaces a file. */
  file(name: string, contents: string | Uint8Array = ''): void {
    const file = this.open(name, O_CREAT | O_TRUNC | O_WRONLY);
    this.write(file, contents);
    this.drop(file);
  }

  /** Writes everything, in as many calls as it takes. */
  write(file: OpenFile, contents: string | Uint8Array, position?: number): void {
    const bytes = typeof contents === 'string' ? new TextEncoder().encode(contents) : contents;
    for (let done = 0; done < bytes.length;) {
      const at = position === undefined ? undefined : position + done;
      const count = this.ok('write', () => file.write([bytes.subarray(done)], at));
      holds(count > 0, 'write returned 0');
      done += count;
    }
  }

  /** Up to `length` bytes, in as many calls as it takes. */
  read(file: OpenFile, length: number, position?: number): Uint8Array {
    const bytes = new Uint8Array(length).fill(0xee);
    let done = 0;
    while (done < length) {
      const at = position === undefined ? undefined : position + done;
      const count = this.ok('read', () => file.read([bytes.subarray(done)], at));
      if (count === 0) break;
      done += count;
    }
    return bytes.subarray(0, done);
  }

  text(file: OpenFile, length = 1 << 16, position?: number): string {
    return new TextDecoder().decode(this.read(file, length, position));
  }

  /** Contents of a named file. */
  contents(name: string): string {
    const file = this.open(name, O_RDONLY);
    const text = this.text(file);
    this.drop(file);
    return text;
  }

  stat(name: string, follow = true): FileStat {
    const out = createFileStat();
    this.ok(`stat ${name}`, () => this.vfs.stat(this.context, name, follow, out));
    return out;
  }

  fileStat(file: OpenFile): FileStat {
    const out = createFileStat();
    this.ok('fstat', () => file.stat(out));
    return out;
  }

  /** Names in a directory, sorted, without '.' and '..'. */
  list(name: string): string[] {
    const directory = this.open(name, O_RDONLY);
    const names = this.entries(directory).filter((entry) => entry !== '.' && entry !== '..');
    this.drop(directory);
    return names.sort();
  }

  /** Names from an open directory's offset on, `chunk` at a time. */
  entries(directory: OpenFile, chunk = 7): string[] {
    const names: string[] = [];
    for (;;) {
      const batch = this.some(directory, chunk);
      if (batch.length === 0) return names;
      names.push(...batch);
    }
  }

  /** At most `limit` names from an open directory's offset on. */
  some(directory: OpenFile, limit: number): string[] {
    const names: string[] = [];
    const sink = (name: string): boolean => names.length < limit && names.push(name) > 0;
    this.ok('readdir', () => directory.readdir(sink));
    return names;
  }

  /** Lets I/O that nobody waits for finish. */
  settle(): void {
    this.ok('sync', () => this.vfs.sync());
  }

  /** Releases everything held, unmounts the file system and mounts it again. */
  remount(options: { readOnly?: boolean } = {}): void {
    this.releaseAll();
    this.ok('unmount', () => this.vfs.unmount('/mnt'));
    this.enter(options);
  }

  /** Ends the case: everything is released, the file system unmounted, and no frame is missing. */
  finish(): void {
    this.releaseAll();
    this.ok('unmount', () => this.vfs.unmount('/mnt'));
    same(this.vfs.cachedPages, 0, 'cached pages after unmount');
    same(this.fixture.frames.freeFrames, this.freeFrames, 'free frames after unmount');
    this.vfs.releasePath(this.outerRoot);
  }

  private enter(options: { readOnly?: boolean }): void {
    this.ok('mount', () => this.vfs.mount('/mnt', this.fs, options));
    const root = this.hold(this.ok('resolve /mnt', () => this.vfs.resolve(this.outer, '/mnt', true)));
    this.inner = { root, start: root, umask: 0o22 };
  }

  private releaseAll(): void {
    for (const thing of [...this.kept].reverse()) this.drop(thing);
  }
}
