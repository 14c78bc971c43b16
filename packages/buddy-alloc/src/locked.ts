/**
 * A pool that several threads use at once: {@link BuddyAllocator} in a SharedArrayBuffer, one lock around every operation.
 *
 * Lock       one word: 0 unlocked, 1 locked, 2 locked and somebody waits. Uncontended it costs two atomic operations and
 *            enters no host code. Atomics order everything else: what one holder wrote, the next one sees.
 * Waiting    `Atomics.wait`, where the thread may block (not on a page's main thread: it spins instead)
 * Limits     a worker that is terminated inside an operation leaves the pool locked
 * Source     Drepper, "Futexes are tricky", 2011, mutex 2
 */
import type { Errno, Frame, Order } from '@veridian-os/abi';
import type { BlockAllocator, BuddyOptions } from './api.js';
import { BuddyAllocator } from './buddy.js';
import { AT_LOCK } from './internal/constants.js';

const { compareExchange, exchange, load, notify, wait } = Atomics;

const UNLOCKED = 0;
const LOCKED = 1;
const CONTENDED = 2;
/** Looks at a taken lock before the thread goes to sleep: about as long as an operation takes. */
const SPINS = 100;

export interface LockedOptions extends BuddyOptions {
  /** At least `BuddyAllocator.byteLength(options)` from `byteOffset` on. */
  readonly buffer: SharedArrayBuffer;
  /** False on threads that must not block, such as a page's main thread; default true. */
  readonly canBlock?: boolean;
}

export class LockedAllocator implements BlockAllocator {
  readonly frameCount: number;
  readonly maxOrder: Order;
  /** The pool without its lock: for whoever knows that nobody else is at it. */
  readonly pool: BuddyAllocator;
  private readonly lock: Int32Array;
  private readonly canBlock: boolean;

  /** A new pool. Other threads {@link attach} to it afterwards. @throws RangeError for a bad option */
  constructor(options: LockedOptions);
  /** @internal */
  constructor(options: LockedOptions, pool: BuddyAllocator);
  constructor(options: LockedOptions, pool = new BuddyAllocator(options)) {
    const { buffer, byteOffset = 0, canBlock = true } = options;
    this.pool = pool;
    this.frameCount = pool.frameCount;
    this.maxOrder = pool.maxOrder;
    this.lock = new Int32Array(buffer, byteOffset + 4 * AT_LOCK, 1);
    this.canBlock = canBlock;
  }

  /** Another thread's instance of a pool. @throws RangeError unless one starts at `byteOffset` */
  static attach(buffer: SharedArrayBuffer, byteOffset = 0, canBlock = true): LockedAllocator {
    const pool = BuddyAllocator.attach(buffer, byteOffset);
    return new LockedAllocator({ frameCount: pool.frameCount, buffer, byteOffset, canBlock }, pool);
  }

  /** May have changed when the caller looks at it. */
  get freeFrames(): number {
    return this.pool.freeFrames;
  }

  alloc(order: Order, owner = 0): Frame | Errno {
    this.acquire();
    try {
      return this.pool.alloc(order, owner);
    } finally {
      this.release();
    }
  }

  allocAt(first: Frame, order: Order, owner = 0): 0 | Errno {
    this.acquire();
    try {
      return this.pool.allocAt(first, order, owner);
    } finally {
      this.release();
    }
  }

  allocRange(count: number, align = 0 as Order, owner = 0): Frame | Errno {
    this.acquire();
    try {
      return this.pool.allocRange(count, align, owner);
    } finally {
      this.release();
    }
  }

  free(frame: Frame, order: Order): void {
    this.acquire();
    try {
      this.pool.free(frame, order);
    } finally {
      this.release();
    }
  }

  freeRange(first: Frame, count: number): void {
    this.acquire();
    try {
      this.pool.freeRange(first, count);
    } finally {
      this.release();
    }
  }

  split(frame: Frame, order: Order): void {
    this.acquire();
    try {
      this.pool.split(frame, order);
    } finally {
      this.release();
    }
  }

  reserve(first: Frame, count: number): 0 | Errno {
    this.acquire();
    try {
      return this.pool.reserve(first, count);
    } finally {
      this.release();
    }
  }

  /** May have changed when the caller looks at it. */
  freeBlocks(order: Order): number {
    return this.pool.freeBlocks(order);
  }

  private acquire(): void {
    const { lock } = this;
    if (compareExchange(lock, 0, UNLOCKED, LOCKED) !== UNLOCKED) this.acquireContended();
  }

  /** Ends when the holder, and every other waiter that the host prefers, has let go. */
  private acquireContended(): void {
    const { lock, canBlock } = this;
    for (let spin = 0; spin < SPINS; spin++) {
      if (load(lock, 0) === UNLOCKED && compareExchange(lock, 0, UNLOCKED, LOCKED) === UNLOCKED) return;
    }
    while (exchange(lock, 0, CONTENDED) !== UNLOCKED) {
      if (canBlock) wait(lock, 0, CONTENDED);
    }
  }

  private release(): void {
    if (exchange(this.lock, 0, UNLOCKED) === CONTENDED) notify(this.lock, 0, 1);
  }
}
