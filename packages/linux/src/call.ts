/**
 * One thread's view of the system call that it makes: arguments, user memory, descriptors.
 *
 * Decoding never throws: any register value is some number, and addresses that fit no number are unmapped. User memory
 * goes through `scratch`: `fetch` fills it, `store` empties it; its contents are only valid until the handler waits.
 * A copy may answer WOULD_BLOCK while a page is read in. A plain handler that has changed nothing returns that, and the
 * personality runs it again; a generator uses `put`.
 */
import type { Errno, WaitQueueId } from '@veridian-os/abi';
import {
  EBADF,
  EFAULT,
  EILSEQ,
  EINTR,
  ENOMEM,
  NONE,
  WAIT_IO,
  WOULD_BLOCK,
  highWord,
  lowWord,
  panic,
  toNumber,
  toSigned,
} from '@veridian-os/abi';
import type { RegisterView } from '@veridian-os/hal';
import { Wake, type Blocking, type Kernel, type Process, type Thread } from '@veridian-os/kernel';
import type { UserSpace } from '@veridian-os/memory';
import { O_PATH, type OpenFile } from '@veridian-os/vfs';
import type { Linux } from './linux.js';
import { stateOf, sharedOf, type LinuxProcess, type LinuxThread } from './state.js';
import type { ArgumentSource } from './table/row.js';
import { decodeText, isText } from './text.js';

/** Longest path, NUL included. */
export const PATH_MAX = 4096;

export class Call {
  readonly linux: Linux;
  readonly kernel: Kernel;
  readonly thread: Thread;
  readonly process: Process;
  /** Queue to wait on (WAIT_IO) before the handler that answered WOULD_BLOCK runs again. */
  blockedOn: WaitQueueId = NONE as WaitQueueId;
  /** Set while the handler of a row with sources runs: where its arguments come from. */
  sources: readonly ArgumentSource[] | undefined = undefined;

  constructor(linux: Linux, thread: Thread) {
    this.linux = linux;
    this.kernel = linux.kernel;
    this.thread = thread;
    this.process = thread.process;
  }

  get registers(): RegisterView {
    return this.thread.registers;
  }

  /** The thread's own Linux state. */
  get state(): LinuxThread {
    return stateOf(this.thread);
  }

  /** State that all threads of the process share. */
  get shared(): LinuxProcess {
    return sharedOf(this.process);
  }

  get space(): UserSpace {
    return (this.process.memory ?? panic('linux/no-memory', `process ${this.process.pid}`)).space;
  }

  /** The personality's scratch page. */
  get view(): DataView {
    return this.linux.view;
  }

  /** Argument as a signed 32-bit integer. */
  int(index: number): number {
    return this.low(index) | 0;
  }

  /** Argument as an unsigned 32-bit integer. */
  uint(index: number): number {
    return this.low(index) >>> 0;
  }

  /** Low word. */
  low(index: number): number {
    const source = this.sources === undefined ? index : this.sources[index];
    return typeof source === 'number' ? this.registers[this.linux.isa.argumentWords[source]] : lowWord(source.constant);
  }

  high(index: number): number {
    const source = this.sources === undefined ? index : this.sources[index];
    return typeof source === 'number'
      ? this.registers[this.linux.isa.argumentWords[source] + 1]
      : highWord(source.constant);
  }

  /** Argument as an unsigned 64-bit value: an address or a size; rounded from 2^53 on. */
  address(index: number): number {
    return toNumber(this.low(index), this.high(index));
  }

  /** Argument as a signed 64-bit value: a file offset. */
  offset(index: number): number {
    return toSigned(this.low(index), this.high(index));
  }

  /** Copies `bytes` (at most a page) of user memory to the scratch page: 0, EFAULT, WOULD_BLOCK, ENOMEM. */
  fetch(address: number, bytes: number): 0 | Errno {
    return this.fetchInto(address, this.linux.scratch.subarray(0, bytes));
  }

  fetchInto(address: number, into: Uint8Array): 0 | Errno {
    return this.noted(this.space.read(address, into)) as 0 | Errno;
  }

  /** Copies the first `bytes` of the scratch page to user memory. */
  store(address: number, bytes: number): 0 | Errno {
    return this.storeFrom(address, this.linux.scratch.subarray(0, bytes));
  }

  storeFrom(address: number, from: Uint8Array): 0 | Errno {
    return this.noted(this.space.write(address, from)) as 0 | Errno;
  }

  /** Remembers where to wait when a user copy would block. */
  noted(result: number): number {
    if (result === WOULD_BLOCK) this.blockedOn = this.space.faultQueue;
    return result;
  }

  /** Remembers where to wait when an operation of an open file would block. */
  notedFile(file: OpenFile, result: number): number {
    if (result === WOULD_BLOCK) this.blockedOn = file.waitQueue;
    return result;
  }

  /** `store` for generators: waits for pages. */
  *put(address: number, bytes: number): Blocking {
    const result = this.store(address, bytes);
    if (result !== WOULD_BLOCK) return result;
    return yield* this.putBytes(address, this.linux.scratch.slice(0, bytes));
  }

  /** Copies a private array to user memory, waiting for pages. */
  *putBytes(address: number, bytes: Uint8Array): Blocking {
    for (;;) {
      const result = this.storeFrom(address, bytes);
      if (result !== WOULD_BLOCK) return result;
      if ((yield* this.awaitPage()) === Wake.Signal) return EINTR;
    }
  }

  /** Waits for what the last WOULD_BLOCK asked for; Signal only when the thread is being killed. */
  *awaitPage(): Blocking<Wake> {
    return yield* this.kernel.waiting.on(this.thread, this.blockedOn, WAIT_IO, undefined, false);
  }

  /** A path argument, or EFAULT, ENAMETOOLONG, WOULD_BLOCK, EILSEQ (not UTF-8: no file has such a name). */
  path(index: number): string | Errno {
    const bytes = this.space.readString(this.address(index), PATH_MAX - 1);
    if (typeof bytes === 'number') return this.noted(bytes) as Errno;
    const text = decodeText(bytes);
    return isText(text) ? text : EILSEQ;
  }

  /** Open file of a descriptor argument whose capability has `rights`, or EBADF. */
  file(index: number, rights = 0): OpenFile | Errno {
    return this.kernel.descriptors.file(this.process, this.int(index), rights);
  }

  /** Like `file`, but a descriptor opened with O_PATH is EBADF. */
  realFile(index: number, rights = 0): OpenFile | Errno {
    const file = this.file(index, rights);
    return typeof file !== 'number' && (file.flags & O_PATH) !== 0 ? EBADF : file;
  }
}

/** Turns what user copies answer into what a handler may return after side effects. */
export function faultOf(result: number): Errno {
  return result === ENOMEM ? ENOMEM : EFAULT;
}
