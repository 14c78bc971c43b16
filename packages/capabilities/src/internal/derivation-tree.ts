/**
 * Who was derived from whom: a forest over slots, across spaces.
 *
 * Shapes     n = slots; four Int32Array[n] allocated by the constructor
 *   first, last   ends of a slot's list of children, or NONE
 *   next, prev    siblings; at the ends of a list the owner of the list: `up(parent)`, or NONE without a parent
 * Invariant  following `next` from `first` visits every child once and ends at `up(parent)`; `prev` mirrors it
 * Cost       add, remove and replace O(1): only the two ends of a list know their parent, so a removed node's children
 *            take its place without being visited. That is why revoke is linear in the descendants.
 */
import { NONE } from '@veridian-os/abi';

/** Encodes "the parent p" as a link below NONE. Its own inverse. */
const up = (slot: number): number => -2 - slot;

export class DerivationTree {
  private readonly first: Int32Array<ArrayBuffer>;
  private readonly last: Int32Array<ArrayBuffer>;
  private readonly next: Int32Array<ArrayBuffer>;
  private readonly prev: Int32Array<ArrayBuffer>;

  constructor(slots: number) {
    this.first = new Int32Array(slots);
    this.last = new Int32Array(slots);
    this.next = new Int32Array(slots);
    this.prev = new Int32Array(slots);
  }

  /** Makes `node` a tree of its own. */
  addRoot(node: number): void {
    this.first[node] = this.last[node] = this.next[node] = this.prev[node] = NONE;
  }

  /** Makes `node` the youngest child of `parent`. */
  addChild(parent: number, node: number): void {
    const elder = this.last[parent];
    this.first[node] = this.last[node] = NONE;
    this.prev[node] = elder === NONE ? up(parent) : elder;
    this.next[node] = up(parent);
    this.last[parent] = node;
    if (elder === NONE) this.first[parent] = node;
    else this.next[elder] = node;
  }

  /** Takes `node` out; its children take its place among its siblings (roots when it was a root). */
  remove(node: number): void {
    const before = this.prev[node];
    const after = this.next[node];
    const first = this.first[node];
    if (first === NONE) {
      this.linkForward(before, after);
      this.linkBackward(after, before);
      return;
    }
    const last = this.last[node];
    this.prev[first] = before;
    this.next[last] = after;
    this.linkForward(before, first);
    this.linkBackward(after, last);
  }

  /** `fresh`, not yet in the forest, takes the place of `node`: same parent, same position, same children. */
  replace(node: number, fresh: number): void {
    const before = (this.prev[fresh] = this.prev[node]!);
    const after = (this.next[fresh] = this.next[node]!);
    const first = (this.first[fresh] = this.first[node]!);
    const last = (this.last[fresh] = this.last[node]!);
    this.linkForward(before, fresh);
    this.linkBackward(after, fresh);
    if (first === NONE) return;
    this.prev[first] = up(fresh);
    this.next[last] = up(fresh);
  }

  /** Eldest child of `node`, or NONE. */
  firstChild(node: number): number {
    return this.first[node];
  }

  /** Parent of `node`, or NONE. Linear in its younger siblings: for audits. */
  parentOf(node: number): number {
    let link = this.next[node];
    while (link >= 0) link = this.next[link]!; // at most one step per slot
    return link === NONE ? NONE : up(link);
  }

  /** What follows `before` (a sibling, an encoded parent or NONE) is now `target`. */
  private linkForward(before: number, target: number): void {
    if (before >= 0) this.next[before] = target;
    else if (before !== NONE) this.first[up(before)] = target < 0 ? NONE : target;
  }

  /** What precedes `after` is now `target`. */
  private linkBackward(after: number, target: number): void {
    if (after >= 0) this.prev[after] = target;
    else if (after !== NONE) this.last[up(after)] = target < 0 ? NONE : target;
  }
}
