/**
 * System calls of TypeScript tasks. Each method arms the task's one reused request; write `yield* sys.read(fd, buffer)`.
 * Results are values, or a negative Errno as everywhere. A task has exactly the authority of its process's
 * capabilities, like machine code.
 */
import type { AttributeChange, Errno, FileStat, FileSystemStat, Nanoseconds } from '@veridian-os/abi';
import { ENOTDIR, EPERM, RESTART } from '@veridian-os/abi';
import { settle, Wake, type Blocking } from '../core/blocking.js';
import type { OpenFile } from '@veridian-os/vfs';
import { ObjectType } from '../core/objects.js';
import type { Process } from '../core/process.js';
import type { Thread } from '../core/thread.js';
import type { SpawnOptions } from '../exec/spawn.js';
import { AT_FDCWD } from '../files/paths.js';
import type { Kernel } from '../kernel.js';
import { SI_USER } from '../signals/numbers.js';
import { HANDLER_DEFAULT, HANDLER_IGNORE, defaultSignalAction, signalInfo } from '../signals/signal-state.js';
import { waitFor, type WaitOptions, type WaitResult } from '../exec/wait.js';
import { Request } from './task.js';

/** A directory entry as `readdir` returns it. */
export interface DirectoryEntry {
  readonly name: string;
  readonly ino: number;
  /** Type bits (S_IFMT) only. */
  readonly mode: number;
}

/** One descriptor of a `poll`. */
export interface PollRequest {
  readonly fd: number;
  readonly events: number;
  /** Filled in. */
  ready: number;
}

type Bytes = Uint8Array<ArrayBufferLike>;

/** Any value that is neither default nor ignore: tasks have no code to jump to. */
const HANDLER_INTERRUPTS = 2;

export class Sys {
  protected readonly kernel: Kernel;
  protected readonly thread: Thread;
  private readonly numeric = new Request<number>();
  private readonly any = new Request<never>();

  constructor(kernel: Kernel, thread: Thread) {
    this.kernel = kernel;
    this.thread = thread;
  }

  get pid(): number {
    return this.thread.process.pid;
  }

  get env(): readonly string[] {
    return this.thread.process.env;
  }

  // Files

  read(fd: number, into: Bytes): Request<number> {
    return this.number((thread) => {
      const file = this.kernel.descriptors.file(thread.process, fd, 1);
      return typeof file === 'number' ? file : this.kernel.io.read(thread, file, [into]);
    });
  }

  write(fd: number, from: Bytes): Request<number> {
    return this.number((thread) => {
      const file = this.kernel.descriptors.file(thread.process, fd, 2);
      return typeof file === 'number' ? file : this.kernel.io.write(thread, file, [from]);
    });
  }

  open(name: string, flags: number, mode = 0o666): Request<number> {
    return this.number((thread) => this.kernel.paths.open(thread, AT_FDCWD, name, flags, mode));
  }

  close(fd: number): Request<number> {
    return this.number((thread) => this.kernel.descriptors.close(thread.process, fd));
  }

  dup2(fd: number, to: number): Request<number> {
    return this.number((thread) => this.kernel.descriptors.dup2(thread.process, fd, to, false));
  }

  /** Moves a descriptor out of the way: the lowest free one >= `from`, close-on-exec. */
  dupAbove(fd: number, from: number): Request<number> {
    return this.number((thread) => this.kernel.descriptors.dup(thread.process, fd, from, true));
  }

  pipe(flags = 0): Request<readonly [number, number] | Errno> {
    return this.value((thread) => this.kernel.pipe(thread.process, flags));
  }

  seek(fd: number, offset: number, whence: number): Request<number> {
    return this.number((thread) => {
      const file = this.kernel.descriptors.file(thread.process, fd);
      return typeof file === 'number' ? file : file.seek(offset, whence);
    });
  }

  fstat(fd: number, out: FileStat): Request<number> {
    return this.number((thread) => {
      const file = this.kernel.descriptors.file(thread.process, fd);
      return typeof file === 'number' ? file : this.kernel.io.settled(thread, file, () => file.stat(out));
    });
  }

  ioctl(fd: number, request: number, argument: Bytes): Request<number> {
    return this.number((thread) => {
      const file = this.kernel.descriptors.file(thread.process, fd);
      return typeof file === 'number' ? file : file.ioctl(request, argument);
    });
  }

  /** Every entry of an open directory, without '.' and '..', in directory order. */
  readdir(fd: number): Request<DirectoryEntry[] | Errno> {
    return this.value((thread) => {
      const file = this.kernel.descriptors.file(thread.process, fd);
      if (typeof file === 'number') return file;
      if (file.kind !== 'directory') return ENOTDIR;
      return this.listEntries(thread, file);
    });
  }

  private *listEntries(thread: Thread, file: OpenFile): Blocking<DirectoryEntry[] | Errno> {
    const entries: DirectoryEntry[] = [];
    const list = (): number =>
      file.readdir((name, ino, mode) => {
        if (name !== '.' && name !== '..') entries.push({ name, ino, mode });
        return true;
      });
    // After a wait it goes on where it was: the file holds the cursor.
    const result = yield* settle(this.kernel.io.settled(thread, file, list));
    return result < 0 ? (result as Errno) : entries;
  }

  /** Waits until a descriptor is ready: how many are, 0 at the deadline, EINTR. */
  poll(requests: readonly PollRequest[], timeoutNs = Infinity): Request<number> {
    return this.number((thread) => this.kernel.pollFiles(thread, requests, timeoutNs));
  }

  // Paths

  stat(name: string, out: FileStat, follow = true): Request<number> {
    return this.number((thread) => this.kernel.paths.stat(thread, AT_FDCWD, name, follow, out));
  }

  setattr(name: string, change: AttributeChange): Request<number> {
    return this.number((thread) => this.kernel.paths.setattr(thread, AT_FDCWD, name, true, change));
  }

  mkdir(name: string, mode = 0o777): Request<number> {
    return this.number((thread) => this.kernel.paths.mkdir(thread, AT_FDCWD, name, mode));
  }

  unlink(name: string): Request<number> {
    return this.number((thread) => this.kernel.paths.unlink(thread, AT_FDCWD, name));
  }

  rmdir(name: string): Request<number> {
    return this.number((thread) => this.kernel.paths.rmdir(thread, AT_FDCWD, name));
  }

  rename(name: string, newName: string): Request<number> {
    return this.number((thread) => this.kernel.paths.rename(thread, AT_FDCWD, name, AT_FDCWD, newName, 0));
  }

  link(name: string, newName: string): Request<number> {
    return this.number((thread) => this.kernel.paths.link(thread, AT_FDCWD, name, AT_FDCWD, newName, false));
  }

  symlink(target: string, name: string): Request<number> {
    return this.number((thread) => this.kernel.paths.symlink(thread, target, AT_FDCWD, name));
  }

  readlink(name: string): Request<string | Errno> {
    return this.value((thread) => this.kernel.paths.readlink(thread, AT_FDCWD, name));
  }

  statfs(name: string, out: FileSystemStat): Request<number> {
    return this.number((thread) => this.kernel.paths.statfs(thread, AT_FDCWD, name, out));
  }

  chdir(name: string): Request<number> {
    return this.number((thread) => this.kernel.paths.chdir(thread, name));
  }

  getcwd(): Request<string | Errno> {
    return this.value((thread) => this.kernel.paths.getcwd(thread));
  }

  // Processes

  /** Starts a program by path: its pid, or why it cannot run. */
  spawn(options: SpawnOptions): Request<number> {
    return this.number((thread) => this.kernel.spawn(thread, options));
  }

  wait(options: WaitOptions): Request<WaitResult | Errno> {
    return this.value((thread) => waitFor(this.kernel, thread, options));
  }

  /** Signal to a process (`pid` > 0) or a process group (`pid` < 0). */
  kill(pid: number, signal: number): Request<number> {
    return this.number((thread) => {
      const info = signalInfo(signal, SI_USER, { pid: thread.process.pid });
      return this.kernel.signals.kill(thread.process, pid, info);
    });
  }

  /** Ignores a signal or restores its default action; tasks have no handlers. */
  ignoreSignal(signal: number, ignore: boolean): Request<number> {
    return this.number((thread) => {
      const action = { ...defaultSignalAction(), handlerLo: ignore ? HANDLER_IGNORE : HANDLER_DEFAULT };
      thread.process.actions.set(signal, action);
      return 0;
    });
  }

  /** A signal ends the task's wait with EINTR and does nothing else: a handler without a body. */
  interruptOnSignal(signal: number): Request<number> {
    return this.number((thread) => {
      thread.process.actions.set(signal, { ...defaultSignalAction(), handlerLo: HANDLER_INTERRUPTS });
      return 0;
    });
  }

  /** setpgid(2); 0 stands for the caller. */
  setGroup(pid: number, group: number): Request<number> {
    return this.number((thread) => this.kernel.processes.setGroup(thread.process, pid, group));
  }

  newSession(): Request<number> {
    return this.number((thread) => this.kernel.processes.newSession(thread.process));
  }

  exit(status: number): Request<number> {
    return this.number((thread) => {
      this.kernel.processes.exitGroup(thread, status);
      return 0;
    });
  }

  /** Sleeps: 0, or EINTR. */
  sleep(durationNs: number): Request<number> {
    const deadline = (this.kernel.now() + durationNs) as Nanoseconds;
    return this.number((thread) => this.sleepUntil(thread, deadline));
  }

  now(): Request<Nanoseconds> {
    return this.value(() => this.kernel.now());
  }

  /** Time of day; EPERM without the Clock capability. */
  timeOfDay(): Request<{ readonly sec: number; readonly nsec: number } | Errno> {
    return this.value<{ sec: number; nsec: number } | Errno>(({ process }) =>
      this.kernel.holds(process, process.endowment.clock, ObjectType.Clock) ? this.kernel.realTime(process) : EPERM,
    );
  }

  /** What the kernel knows about itself and its processes (ps, mem, caps, mount); EPERM without the System capability. */
  inspect<T extends object | string | number>(look: (kernel: Kernel, self: Process) => T): Request<T | Errno> {
    return this.value<T | Errno>((thread) => {
      const { process } = thread;
      return this.kernel.holds(process, process.endowment.system, ObjectType.System)
        ? look(this.kernel, process)
        : EPERM;
    });
  }

  private *sleepUntil(thread: Thread, deadline: Nanoseconds): Blocking {
    const wake = yield* this.kernel.waiting.sleep(thread, deadline);
    return wake === Wake.Signal ? RESTART : 0;
  }

  /** Arms the request. A call that a signal cut short answers RESTART, see `Request.next`. */
  protected number(action: (thread: Thread) => number | Blocking): Request<number> {
    return this.numeric.of(action);
  }

  protected value<T extends object | string | number>(action: (thread: Thread) => T | Blocking<T>): Request<T> {
    return (this.any as unknown as Request<T>).of(action);
  }
}
