/**
 * signalfd(2): pending signals of the caller read as 128-byte records.
 *
 *   signalfd_siginfo  0 signo:4  4 errno:4  8 code:4  12 pid:4  16 uid:4  20 fd:4  24 tid:4  28 band:4  32 overrun:4
 *                     36 trapno:4  40 status:4  44 int:4  48 ptr:8  56 utime:8  64 stime:8  72 addr:8
 */
import type { Errno, SpecialFile, WaitQueueId } from '@veridian-os/abi';
import { EAGAIN, EINVAL, POLLIN } from '@veridian-os/abi';
import { SignalSet, type Kernel, type Process, type SignalInfo, type Thread } from '@veridian-os/kernel';
import { takePending } from '../signals/pending.js';
import { roomIn, scatter } from './special.js';

const RECORD_BYTES = 128;

export class SignalFile implements SpecialFile {
  readonly seekable = false;
  readonly waitQueue: WaitQueueId;
  readonly wanted = new SignalSet();
  private readonly kernel: Kernel;
  private readonly unwatch: () => void;

  /** Pollers wait for signals of the process that made it. */
  constructor(kernel: Kernel, process: Process) {
    this.kernel = kernel;
    this.waitQueue = kernel.waits.create();
    this.unwatch = kernel.waits.watch(process.signalQueue, POLLIN, () => kernel.waits.wake(this.waitQueue, POLLIN));
  }

  /** Signals of whoever reads: inherited descriptors show the reader's own. */
  read(into: readonly Uint8Array<ArrayBufferLike>[]): number | Errno {
    const { running } = this.kernel;
    const room = Math.floor(roomIn(into) / RECORD_BYTES);
    if (room === 0 || running === undefined) return EINVAL;
    const records: Uint8Array[] = [];
    while (records.length < room) {
      const info = takePending(running, this.wanted);
      if (info === undefined) break;
      records.push(encodeRecord(info));
    }
    if (records.length === 0) return EAGAIN;
    const bytes = new Uint8Array(records.length * RECORD_BYTES);
    records.forEach((record, index) => bytes.set(record, index * RECORD_BYTES));
    return scatter(bytes, into);
  }

  write(): Errno {
    return EINVAL;
  }

  poll(): number {
    const { running } = this.kernel;
    return running !== undefined && hasPending(running, this.wanted) ? POLLIN : 0;
  }

  close(): void {
    this.unwatch();
    this.kernel.waits.destroy(this.waitQueue);
  }
}

function hasPending(thread: Thread, wanted: SignalSet): boolean {
  const own = thread.pending.set;
  const shared = thread.process.pending.set;
  return ((own.lo | shared.lo) & wanted.lo) !== 0 || ((own.hi | shared.hi) & wanted.hi) !== 0;
}

function encodeRecord(info: SignalInfo): Uint8Array {
  const bytes = new Uint8Array(RECORD_BYTES);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, info.signal, true);
  view.setInt32(8, info.code, true);
  view.setInt32(12, info.pid, true);
  view.setInt32(16, info.uid, true);
  view.setInt32(40, info.status, true);
  view.setUint32(44, info.valueLo, true);
  view.setUint32(48, info.valueLo, true);
  view.setUint32(52, info.valueHi, true);
  return bytes;
}
