/**
 * A deliberately slow file system around any other: the first call of a slow operation starts it and answers
 * WOULD_BLOCK; somebody completes it; the same call then gets the answer, once.
 *
 * Page I/O     happens when it starts and when it completes, in turn, into and out of the frame that was given then: a
 *              frame freed too early shows, and so does a page that was changed under way and counts as stored
 * Metadata     is asked for at the call that gets the answer, so nothing is changed before it
 * Completion   `complete` and `completeAll`, or a `schedule` that is given each operation's completion
 */
import {
  WAIT_IO,
  WOULD_BLOCK,
  type AttributeChange,
  type DirectorySink,
  type Errno,
  type FileStat,
  type FileSystem,
  type Frame,
  type Ino,
  type WaitPort,
} from '@veridian-os/abi';
import { ForwardingFs } from './forwarding-fs.js';

export type SlowOperation =
  | 'lookup'
  | 'getattr'
  | 'setattr'
  | 'create'
  | 'symlink'
  | 'readlink'
  | 'link'
  | 'unlink'
  | 'rmdir'
  | 'rename'
  | 'readdir'
  | 'readPage'
  | 'writePage'
  | 'sync';

export const ALL_SLOW: readonly SlowOperation[] = [
  'lookup',
  'getattr',
  'setattr',
  'create',
  'symlink',
  'readlink',
  'link',
  'unlink',
  'rmdir',
  'rename',
  'readdir',
  'readPage',
  'writePage',
  'sync',
];

export interface SlowConfig {
  readonly wait: WaitPort;
  /** Operations that wait; default lookup and readPage. */
  readonly slow?: readonly SlowOperation[];
  /** Called for each operation that starts, with the function that completes it (for a timer). */
  readonly schedule?: (complete: () => void) => void;
}

/** Result of page I/O, or null: the operation itself runs when its answer is fetched. */
type Answer = (0 | Errno) | null;

export function createSlowFs(inner: FileSystem, config: SlowConfig): SlowFs {
  return new SlowFs(inner, config);
}

export class SlowFs extends ForwardingFs implements FileSystem {
  private readonly wait: WaitPort;
  private readonly slow: ReadonlySet<SlowOperation>;
  private readonly schedule: SlowConfig['schedule'];
  private readonly started = new Map<string, () => Answer>();
  private readonly answers = new Map<string, Answer>();
  private early = false;

  constructor(inner: FileSystem, config: SlowConfig) {
    super(inner, { type: `slow${inner.type}` });
    this.wait = config.wait;
    this.slow = new Set(config.slow ?? ['lookup', 'readPage']);
    this.schedule = config.schedule;
  }

  /** Operations started and not completed. */
  get pending(): number {
    return this.started.size;
  }

  /** Completes the oldest operation; false when there is none. */
  complete(): boolean {
    const [first] = this.started.keys();
    return first !== undefined && this.finish(first);
  }

  completeAll(): void {
    while (this.complete());
  }

  override lookup(directory: Ino, name: string): Ino | Errno {
    return this.waits('lookup', `${directory} ${name}`) ? WOULD_BLOCK : super.lookup(directory, name);
  }
  override getattr(ino: Ino, out: FileStat): 0 | Errno {
    return this.waits('getattr', `${ino}`) ? WOULD_BLOCK : super.getattr(ino, out);
  }
  override setattr(ino: Ino, change: AttributeChange): 0 | Errno {
    return this.waits('setattr', `${ino}`) ? WOULD_BLOCK : super.setattr(ino, change);
  }
  override create(directory: Ino, name: string, mode: number, rdev: number): Ino | Errno {
    return this.waits('create', `${directory} ${name}`) ? WOULD_BLOCK : super.create(directory, name, mode, rdev);
  }
  override symlink(directory: Ino, name: string, target: string): Ino | Errno {
    return this.waits('symlink', `${directory} ${name}`) ? WOULD_BLOCK : super.symlink(directory, name, target);
  }
  override readlink(ino: Ino): string | Errno {
    return this.waits('readlink', `${ino}`) ? WOULD_BLOCK : super.readlink(ino);
  }
  override link(directory: Ino, name: string, ino: Ino): 0 | Errno {
    return this.waits('link', `${directory} ${name}`) ? WOULD_BLOCK : super.link(directory, name, ino);
  }
  override unlink(directory: Ino, name: string): 0 | Errno {
    return this.waits('unlink', `${directory} ${name}`) ? WOULD_BLOCK : super.unlink(directory, name);
  }
  override rmdir(directory: Ino, name: string): 0 | Errno {
    return this.waits('rmdir', `${directory} ${name}`) ? WOULD_BLOCK : super.rmdir(directory, name);
  }
  override rename(directory: Ino, name: string, newDirectory: Ino, newName: string, flags: number): 0 | Errno {
    return this.waits('rename', `${directory} ${name} ${newDirectory} ${newName}`)
      ? WOULD_BLOCK
      : super.rename(directory, name, newDirectory, newName, flags);
  }
  override readdir(directory: Ino, cursor: number, sink: DirectorySink): 0 | Errno {
    return this.waits('readdir', `${directory} ${cursor}`) ? WOULD_BLOCK : super.readdir(directory, cursor, sink);
  }
  override sync(): 0 | Errno {
    return this.waits('sync', '') ? WOULD_BLOCK : super.sync();
  }
  override readPage(ino: Ino, index: number, frame: Frame): 0 | Errno {
    return this.page('readPage', `${ino} ${index} ${frame}`, () => this.inner.readPage(ino, index, frame));
  }
  override writePage(ino: Ino, index: number, frame: Frame, length: number): 0 | Errno {
    return this.page('writePage', `${ino} ${index} ${frame} ${length}`, () =>
      this.inner.writePage(ino, index, frame, length),
    );
  }

  private page(operation: SlowOperation, details: string, run: () => 0 | Errno): 0 | Errno {
    const key = `${operation} ${details}`;
    const answer = this.answers.get(key);
    if (answer !== undefined && answer !== null) {
      this.answers.delete(key);
      return answer;
    }
    if (this.started.has(key)) return WOULD_BLOCK;
    if (!this.slow.has(operation)) return run();
    this.early = !this.early;
    const done = this.early ? run() : undefined;
    this.waits(operation, details, () => done ?? run());
    return WOULD_BLOCK;
  }

  /** True while the operation has to wait; starts it at the first call. */
  private waits(operation: SlowOperation, details: string, run: () => Answer = () => null): boolean {
    if (!this.slow.has(operation)) return false;
    const key = `${operation} ${details}`;
    if (this.answers.delete(key)) return false;
    if (!this.started.has(key)) {
      this.started.set(key, run);
      this.schedule?.(() => this.finish(key));
    }
    return true;
  }

  private finish(key: string): boolean {
    const run = this.started.get(key);
    if (run === undefined) return false;
    this.started.delete(key);
    this.answers.set(key, run());
    this.wait.wake(this.ioQueue, WAIT_IO);
    return true;
  }
}
