/**
 * Deadlines: a binary heap ordered by time, then by the order of arming, so that equal deadlines fire first come first
 * served and a run replays exactly.
 *
 * Cost: arm O(log n), cancel O(1) amortised: a cancelled entry is dropped when it reaches the top, and all of them when
 * they are more than half of the heap (a program that polls with a far deadline would fill the host's memory).
 */
import type { Nanoseconds } from '@veridian-os/abi';

/** Fewer cancelled entries are not worth a sweep. */
const MIN_SWEEP = 64;

export interface Timer {
  readonly at: Nanoseconds;
  readonly sequence: number;
  /** Undefined once fired or cancelled. */
  fire: (() => void) | undefined;
}

export class TimerQueue {
  private readonly heap: Timer[] = [];
  private sequence = 0;
  private cancelled = 0;

  /** Entries that take memory, cancelled ones included. */
  get size(): number {
    return this.heap.length;
  }

  arm(at: Nanoseconds, fire: () => void): Timer {
    const timer: Timer = { at, sequence: this.sequence++, fire };
    this.heap.push(timer);
    this.siftUp(this.heap.length - 1);
    return timer;
  }

  cancel(timer: Timer): void {
    if (timer.fire === undefined) return;
    timer.fire = undefined;
    this.cancelled++;
    if (this.cancelled > MIN_SWEEP && this.cancelled * 2 > this.heap.length) this.sweep();
  }

  /** Earliest armed deadline, or Infinity. */
  next(): Nanoseconds {
    this.dropCancelled();
    return this.heap.length === 0 ? (Infinity as Nanoseconds) : this.heap[0].at;
  }

  /** Fires everything due at `now`; true when anything fired. */
  expire(now: Nanoseconds): boolean {
    let fired = false;
    while (this.next() <= now) {
      const [timer] = this.heap;
      const { fire } = timer;
      timer.fire = undefined;
      this.pop();
      fired = true;
      fire?.();
    }
    return fired;
  }

  private dropCancelled(): void {
    while (this.heap.length > 0 && this.heap[0].fire === undefined) {
      this.pop();
      this.cancelled--;
    }
  }

  /** Rebuilds the heap without cancelled entries; which timer is next does not depend on the heap's shape. */
  private sweep(): void {
    const live = this.heap.filter((timer) => timer.fire !== undefined);
    this.heap.length = 0;
    this.cancelled = 0;
    for (const timer of live) {
      this.heap.push(timer);
      this.siftUp(this.heap.length - 1);
    }
  }

  private pop(): void {
    const last = this.heap.pop();
    if (last === undefined || this.heap.length === 0) return;
    this.heap[0] = last;
    this.siftDown(0);
  }

  private siftUp(start: number): void {
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!before(this.heap[index], this.heap[parent])) return;
      this.swap(index, parent);
      index = parent;
    }
  }

  private siftDown(start: number): void {
    let index = start;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= this.heap.length) return;
      if (child + 1 < this.heap.length && before(this.heap[child + 1], this.heap[child])) child++;
      if (!before(this.heap[child], this.heap[index])) return;
      this.swap(index, child);
      index = child;
    }
  }

  private swap(a: number, b: number): void {
    const timer = this.heap[a];
    this.heap[a] = this.heap[b];
    this.heap[b] = timer;
  }
}

function before(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.sequence < b.sequence);
}
