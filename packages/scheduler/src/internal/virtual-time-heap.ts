/**
 * Waiting threads of one CPU by virtual time: a four-way heap with its keys in heap order.
 *
 * Shapes     s = size, grown by doubling; t = threads
 *   key        Float64Array      virtual time of entry i; the four children of i are 4i + 1 to 4i + 4, one cache line
 *   item       Int32Array        thread of entry i
 *   position   Int32Array[t]     entry of a waiting thread (shared by all heaps: a thread waits in one)
 *   virtual    Float64Array[t]   virtual time of each thread; must not change while it waits
 *   arrival    Float64Array[t]   sequence number; among equal times the earlier one is first
 * Invariant  no entry is before its parent
 * Cost       O(log4 s); allocates only when the heap outgrows its arrays. No virtual time crosses a call, where it would be
 *            boxed.
 */
import { NONE } from '@veridian-os/abi';

export class VirtualTimeHeap {
  size = 0;
  private key: Float64Array<ArrayBuffer>;
  private item: Int32Array<ArrayBuffer>;
  private readonly position: Int32Array<ArrayBuffer>;
  private readonly virtual: Float64Array<ArrayBuffer>;
  private readonly arrival: Float64Array<ArrayBuffer>;

  constructor(
    capacity: number,
    position: Int32Array<ArrayBuffer>,
    virtual: Float64Array<ArrayBuffer>,
    arrival: Float64Array<ArrayBuffer>,
  ) {
    this.key = new Float64Array(capacity);
    this.item = new Int32Array(capacity);
    this.position = position;
    this.virtual = virtual;
    this.arrival = arrival;
  }

  /** Thread of the entry `index` in heap order; the first one is the earliest. Defined below `size`. */
  threadAt(index: number): number {
    return this.item[index];
  }

  /** Thread of the next entry after that of `thread`, of the first one after NONE; NONE at the end. */
  next(thread: number): number {
    const index = thread === NONE ? 0 : this.position[thread] + 1;
    return index < this.size ? this.item[index] : NONE;
  }

  /** Adds a thread whose virtual time and arrival are set. */
  push(thread: number): void {
    if (this.size === this.key.length) this.grow();
    this.rise(this.size++, thread);
  }

  /** Takes out a waiting thread. */
  remove(thread: number): void {
    const hole = this.position[thread];
    const last = --this.size;
    if (hole === last) return;
    const moved = this.item[last];
    this.sink(hole, moved);
    if (this.position[moved] === hole) this.rise(hole, moved);
  }

  /** Swaps the earliest thread for another one; the heap must not be empty. @returns the earliest thread */
  exchange(thread: number): number {
    const first = this.item[0];
    this.sink(0, thread);
    return first;
  }

  /** Places a thread at `hole` or above it. */
  private rise(hole: number, thread: number): void {
    const { key, item, arrival } = this;
    const time = this.virtual[thread];
    while (hole > 0) {
      const parent = (hole - 1) >> 2;
      const other = key[parent];
      if (other < time || (other === time && arrival[item[parent]] < arrival[thread])) break;
      this.move(parent, hole);
      hole = parent;
    }
    this.place(hole, thread);
  }

  /** Places a thread at `hole` or below it. */
  private sink(hole: number, thread: number): void {
    const { key, item, arrival, size } = this;
    const time = this.virtual[thread];
    for (let child = 4 * hole + 1; child < size; child = 4 * hole + 1) {
      const best = this.firstOf(child);
      const other = key[best];
      if (time < other || (time === other && arrival[thread] < arrival[item[best]])) break;
      this.move(best, hole);
      hole = best;
    }
    this.place(hole, thread);
  }

  /** Earliest of up to four siblings from `child` on. */
  private firstOf(child: number): number {
    const { key, item, arrival } = this;
    const end = child + 4 < this.size ? child + 4 : this.size;
    let best = child;
    for (let other = child + 1; other < end; other++)
      if (key[other] < key[best] || (key[other] === key[best] && arrival[item[other]] < arrival[item[best]]))
        best = other;
    return best;
  }

  private move(from: number, to: number): void {
    const thread = this.item[from];
    this.key[to] = this.key[from];
    this.item[to] = thread;
    this.position[thread] = to;
  }

  private place(index: number, thread: number): void {
    this.key[index] = this.virtual[thread];
    this.item[index] = thread;
    this.position[thread] = index;
  }

  private grow(): void {
    const key = new Float64Array(this.key.length * 2);
    const item = new Int32Array(this.item.length * 2);
    key.set(this.key);
    item.set(this.item);
    this.key = key;
    this.item = item;
  }
}
