/**
 * A pipe: one ring, any number of readers and writers. Source: pipe(7), fifo(7).
 *
 * Writes   up to PIPE_BUF bytes go in whole or not at all; longer ones as far as there is room. EPIPE without readers
 *          (the kernel raises SIGPIPE), EAGAIN without room
 * Reads    what is there; 0 without writers, else EAGAIN
 * Wakes    POLLIN after a write, POLLOUT after a read that leaves room for an atomic write, hang-ups on the last close
 */
import {
  EAGAIN,
  EBUSY,
  EINVAL,
  EPERM,
  EPIPE,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLOUT,
  type Errno,
  type WaitPort,
  type WaitQueueId,
} from '@veridian-os/abi';
import { totalBytes, type Chunks } from '../internal/chunks.js';
import { ByteRing } from './ring.js';

/** Writes of up to this many bytes are atomic. */
export const PIPE_BUF = 4096;
export const PIPE_CAPACITY = 65536;
/** Largest capacity that may be asked for, as Linux's fs.pipe-max-size. */
export const PIPE_CAPACITY_MAX = 1 << 20;

const { min } = Math;

export class Pipe {
  readonly queue: WaitQueueId;
  readers = 0;
  writers = 0;
  /** Opens so far: tells an end that waits in open(2) that its other end has been there. */
  readerOpens = 0;
  writerOpens = 0;
  private readonly wait: WaitPort;
  private readonly ring: ByteRing;

  constructor(wait: WaitPort, capacity: number) {
    this.wait = wait;
    this.queue = wait.create();
    this.ring = new ByteRing(capacity);
  }

  get capacity(): number {
    return this.ring.capacity;
  }
  get buffered(): number {
    return this.ring.length;
  }
  get abandoned(): boolean {
    return this.readers === 0 && this.writers === 0;
  }

  open(reads: boolean, writes: boolean): void {
    if (reads) {
      this.readers++;
      this.readerOpens++;
    }
    if (writes) {
      this.writers++;
      this.writerOpens++;
    }
    this.wait.wake(this.queue, POLLIN | POLLOUT);
  }

  /** The last close of all frees the queue. */
  close(reads: boolean, writes: boolean): void {
    if (reads) this.readers--;
    if (writes) this.writers--;
    if (this.abandoned) {
      this.wait.destroy(this.queue);
    } else if (this.writers === 0 || this.readers === 0) {
      this.wait.wake(this.queue, POLLIN | POLLOUT | POLLHUP | POLLERR);
    }
  }

  /** @param connected whether no writers means the end (else they have not come yet) */
  read(into: Chunks, connected: boolean): number | Errno {
    const wanted = totalBytes(into);
    if (wanted === 0) return 0;
    const count = min(wanted, this.ring.length);
    if (count === 0) return this.writers === 0 && connected ? 0 : EAGAIN;
    this.ring.take(into, count);
    if (this.ring.free >= PIPE_BUF) this.wait.wake(this.queue, POLLOUT);
    return count;
  }

  /** What a read would give, which stays; 0 when nothing is there. */
  peek(into: Chunks): number {
    const count = min(totalBytes(into), this.ring.length);
    this.ring.peek(into, count);
    return count;
  }

  write(from: Chunks, connected: boolean): number | Errno {
    const wanted = totalBytes(from);
    if (wanted === 0) return 0;
    if (this.readers === 0) return connected ? EPIPE : EAGAIN;
    const { free } = this.ring;
    if (free === 0 || (wanted <= PIPE_BUF && wanted > free)) return EAGAIN;
    const count = min(wanted, free);
    this.ring.put(from, count);
    this.wait.wake(this.queue, POLLIN);
    return count;
  }

  poll(reads: boolean, writes: boolean, connected: boolean): number {
    let events = 0;
    if (reads) {
      if (this.ring.length > 0) events |= POLLIN;
      if (this.writers === 0 && connected) events |= POLLHUP;
    }
    if (writes) {
      if (this.ring.free >= PIPE_BUF) events |= POLLOUT;
      if (this.readers === 0 && connected) events |= POLLERR;
    }
    return events;
  }

  setCapacity(bytes: number): number | Errno {
    const capacity = pipeCapacity(bytes);
    if (capacity < 0) return capacity;
    if (capacity < this.ring.length) return EBUSY;
    this.ring.capacity = capacity;
    this.wait.wake(this.queue, POLLOUT);
    return capacity;
  }
}

/** `bytes` rounded up to a power of two of at least 4096; EINVAL, EPERM above the maximum. */
export function pipeCapacity(bytes: number): number | Errno {
  if (!(bytes > 0)) return EINVAL;
  if (bytes > PIPE_CAPACITY_MAX) return EPERM;
  let capacity = PIPE_BUF;
  while (capacity < bytes) capacity *= 2;
  return capacity;
}
