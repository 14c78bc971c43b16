/**
 * Capability spaces: how many slots each may use and uses, and a list of them.
 *
 * Shapes     s = spaces, n = slots
 *   limit, used, head   Int32Array[s]   a space's quota, live capabilities and first slot; limit 0 = no such space
 *   next, prev          Int32Array[n]   the list of a space's slots, NONE at the ends
 * Cost       every operation O(1), no allocation after construction
 */
import { NONE, panic } from '@veridian-os/abi';

export class SpaceTable {
  private readonly limit: Int32Array<ArrayBuffer>;
  private readonly used: Int32Array<ArrayBuffer>;
  private readonly head: Int32Array<ArrayBuffer>;
  private readonly next: Int32Array<ArrayBuffer>;
  private readonly prev: Int32Array<ArrayBuffer>;
  /** Free spaces are chained through `head`; those from `fresh` on were never used. */
  private freeHead = NONE;
  private fresh = 0;

  constructor(spaces: number, slots: number) {
    this.limit = new Int32Array(spaces);
    this.used = new Int32Array(spaces);
    this.head = new Int32Array(spaces);
    this.next = new Int32Array(slots);
    this.prev = new Int32Array(slots);
  }

  /** New empty space, or NONE. */
  create(limit: number): number {
    let space = this.freeHead;
    if (space !== NONE) this.freeHead = this.head[space]!;
    else if (this.fresh < this.limit.length) space = this.fresh++;
    else return NONE;
    this.limit[space] = limit;
    this.used[space] = 0;
    this.head[space] = NONE;
    return space;
  }

  /** Forgets an empty space. */
  destroy(space: number): void {
    this.limit[space] = 0;
    this.head[space] = this.freeHead;
    this.freeHead = space;
  }

  /** Spaces are named by the kernel, never by a guest. @throws KernelPanic `capabilities/space` unless it is alive */
  check(space: number): void {
    if (!(this.limit[space] > 0)) panic('capabilities/space', `no space ${space}`);
  }

  isFull(space: number): boolean {
    return this.used[space] >= this.limit[space];
  }

  usedBy(space: number): number {
    return this.used[space];
  }

  /** Some slot of the space, or NONE. */
  firstSlot(space: number): number {
    return this.head[space];
  }

  add(space: number, slot: number): void {
    const head = this.head[space];
    this.next[slot] = head;
    this.prev[slot] = NONE;
    if (head !== NONE) this.prev[head] = slot;
    this.head[space] = slot;
    this.used[space]++;
  }

  remove(space: number, slot: number): void {
    const next = this.next[slot];
    const prev = this.prev[slot];
    if (next !== NONE) this.prev[next] = prev;
    if (prev !== NONE) this.next[prev] = next;
    else this.head[space] = next;
    this.used[space]--;
  }
}
