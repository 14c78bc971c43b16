/**
 * Advisory locks: POSIX record locks (owned by a process or an open file description) and whole-file locks of flock(2).
 *
 * Record locks of a file are disjoint per owner: setting a range replaces what the owner had there. Source: fcntl(2),
 * flock(2).
 */
import type { WaitQueueId } from '@veridian-os/abi';
import { EAGAIN, POLLIN, RESTART } from '@veridian-os/abi';
import { Wake, type Blocking, type Kernel, type MaybeBlocking, type Process, type Thread } from '@veridian-os/kernel';
import { createFileStat, type OpenFile } from '@veridian-os/vfs';
import { F_RDLCK, F_UNLCK, LOCK_EX, LOCK_UN } from '../uapi/fcntl.js';

export interface RecordLock {
  /** F_RDLCK, F_WRLCK or F_UNLCK. */
  readonly type: number;
  readonly start: number;
  /** First byte after the range; Infinity = to the end of the file, wherever that is. */
  readonly end: number;
  /** Process or open file description. */
  readonly owner: object;
  /** As F_GETLK shows it; -1 for descriptions. */
  readonly pid: number;
}

interface LockedFile {
  records: RecordLock[];
  /** Holders of flock locks: description to LOCK_SH or LOCK_EX. */
  readonly whole: Map<object, number>;
  /** Woken whenever a lock goes. */
  readonly queue: WaitQueueId;
  waiters: number;
}

export class FileLocks {
  private readonly kernel: Kernel;
  private readonly files = new Map<string, LockedFile>();
  private readonly stat = createFileStat();

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    kernel.processObservers.push((process) => this.releaseOwner(process));
  }

  /** A lock of somebody else that `lock` would have to wait for. */
  conflict(file: OpenFile, lock: RecordLock): RecordLock | undefined {
    const key = this.key(file);
    return key === undefined ? undefined : this.files.get(key)?.records.find((other) => conflicts(other, lock));
  }

  /** F_SETLK: 0 or EAGAIN; F_SETLKW: waits. */
  setRecord(thread: Thread, file: OpenFile, lock: RecordLock, waits: boolean): MaybeBlocking {
    return this.set(thread, file, waits, (locked) => {
      if (lock.type !== F_UNLCK && locked.records.some((other) => conflicts(other, lock))) return false;
      locked.records = replaceRange(locked.records, lock);
      return true;
    });
  }

  /** flock(2) with LOCK_SH, LOCK_EX or LOCK_UN. */
  setWhole(thread: Thread, file: OpenFile, kind: number, waits: boolean): MaybeBlocking {
    return this.set(thread, file, waits, (locked) => {
      if (kind === LOCK_UN) {
        locked.whole.delete(file);
        return true;
      }
      for (const [owner, held] of locked.whole) {
        if (owner !== file && (kind === LOCK_EX || held === LOCK_EX)) return false;
      }
      locked.whole.set(file, kind);
      return true;
    });
  }

  /** POSIX: closing any descriptor of a file releases the process's record locks on it. */
  descriptorClosed(process: Process, file: OpenFile): void {
    if (this.files.size === 0) return;
    const key = this.key(file);
    const locked = key === undefined ? undefined : this.files.get(key);
    if (key !== undefined && locked !== undefined) this.drop(key, locked, process);
  }

  /** The last descriptor of an open file description is gone, and its locks with it. */
  fileEnded(file: OpenFile): void {
    this.releaseOwner(file);
  }

  private releaseOwner(owner: object): void {
    for (const [key, locked] of [...this.files]) this.drop(key, locked, owner);
  }

  private drop(key: string, locked: LockedFile, owner: object): void {
    const before = locked.records.length + locked.whole.size;
    locked.records = locked.records.filter((lock) => lock.owner !== owner);
    locked.whole.delete(owner);
    if (locked.records.length + locked.whole.size < before) this.kernel.waits.wake(locked.queue, POLLIN);
    this.forget(key, locked);
  }

  private set(thread: Thread, file: OpenFile, waits: boolean, attempt: (locked: LockedFile) => boolean): MaybeBlocking {
    const key = this.key(file);
    if (key === undefined) return 0;
    const locked = this.open(key);
    if (attempt(locked)) {
      this.kernel.waits.wake(locked.queue, POLLIN);
      this.forget(key, locked);
      return 0;
    }
    return waits ? this.wait(thread, key, locked, attempt) : EAGAIN;
  }

  private *wait(thread: Thread, key: string, locked: LockedFile, attempt: (locked: LockedFile) => boolean): Blocking {
    locked.waiters++;
    try {
      for (;;) {
        const wake = yield* this.kernel.waiting.on(thread, locked.queue, POLLIN);
        if (attempt(locked)) return 0;
        if (wake === Wake.Signal) return RESTART;
      }
    } finally {
      locked.waiters--;
      this.forget(key, locked);
    }
  }

  private open(key: string): LockedFile {
    let locked = this.files.get(key);
    if (locked === undefined) {
      locked = { records: [], whole: new Map(), queue: this.kernel.waits.create(), waiters: 0 };
      this.files.set(key, locked);
    }
    return locked;
  }

  /** Forgets a file that nobody locks or waits for. */
  private forget(key: string, locked: LockedFile): void {
    if (locked.records.length + locked.whole.size + locked.waiters > 0 || this.files.get(key) !== locked) return;
    this.files.delete(key);
    this.kernel.waits.destroy(locked.queue);
  }

  /** Device and inode; undefined for files that have none to lock. */
  private key(file: OpenFile): string | undefined {
    return file.stat(this.stat) < 0 ? undefined : `${this.stat.dev}:${this.stat.ino}`;
  }
}

function overlaps(a: RecordLock, b: RecordLock): boolean {
  return a.start < b.end && b.start < a.end;
}

function conflicts(held: RecordLock, wanted: RecordLock): boolean {
  if (held.owner === wanted.owner || !overlaps(held, wanted)) return false;
  return held.type !== F_RDLCK || wanted.type !== F_RDLCK;
}

/** The locks after `lock.owner` set `lock.type` on the range: its old locks there are cut away. */
export function replaceRange(records: readonly RecordLock[], lock: RecordLock): RecordLock[] {
  const result: RecordLock[] = [];
  for (const held of records) {
    if (held.owner !== lock.owner || !overlaps(held, lock)) {
      result.push(held);
      continue;
    }
    if (held.start < lock.start) result.push({ ...held, end: lock.start });
    if (held.end > lock.end) result.push({ ...held, start: lock.end });
  }
  if (lock.type !== F_UNLCK) result.push(lock);
  return result;
}
