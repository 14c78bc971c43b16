/**
 * Disjoint mappings in address order: an AVL tree whose nodes know the largest hole before any mapping below them.
 *
 * Invariant  mappings do not overlap; heights of siblings differ by at most one; `gap` of a node is the largest
 *            `holeBefore` in its subtree; prev/next link the mappings in order
 * Cost       find, insert, remove, resize, hole search O(log n); next and prev O(1); depth at most 1.45 log2 n, so
 *            the recursion is bounded (24 for 65,530 mappings)
 * Source     Adelson-Velsky and Landis, 1962; gap augmentation as in Linux's mm/mmap.c of 2012-2022
 */
import { GUARD_GAP } from './mapping.js';
import type { Mapping } from './mapping.js';

const { max, min } = Math;

function height(node: Mapping | null): number {
  return node === null ? 0 : node.height;
}

function gap(node: Mapping | null): number {
  return node === null ? 0 : node.gap;
}

export class MappingTree {
  /** Mappings in the tree. */
  size = 0;
  first: Mapping | null = null;
  private root: Mapping | null = null;
  private last: Mapping | null = null;
  /** Lowest address that a hole may begin at. */
  private readonly floor: number;

  constructor(floor: number) {
    this.floor = floor;
  }

  /** The mapping that contains an address, or null. */
  find(address: number): Mapping | null {
    const { last } = this;
    if (last !== null && address >= last.start && address < last.end) return last;
    const found = this.from(address);
    if (found === null || found.start > address) return null;
    this.last = found;
    return found;
  }

  /** The first mapping that ends above an address, or null. */
  from(address: number): Mapping | null {
    let node = this.root;
    let best: Mapping | null = null;
    while (node !== null) {
      if (address < node.end) {
        best = node;
        node = node.left;
      } else {
        node = node.right;
      }
    }
    return best;
  }

  /** Adds a mapping that overlaps none. */
  insert(mapping: Mapping): void {
    const next = this.from(mapping.start);
    const prev = next === null ? this.highest() : next.prev;
    mapping.prev = prev;
    mapping.next = next;
    if (prev === null) this.first = mapping;
    else prev.next = mapping;
    if (next !== null) next.prev = mapping;
    mapping.left = mapping.right = null;
    this.root = this.insertBelow(this.root, mapping);
    if (next !== null) this.refresh(next);
    this.size++;
  }

  remove(mapping: Mapping): void {
    const { prev, next } = mapping;
    if (prev === null) this.first = next;
    else prev.next = next;
    if (next !== null) next.prev = prev;
    this.root = this.removeBelow(this.root as Mapping, mapping);
    if (next !== null) this.refresh(next);
    if (this.last === mapping) this.last = null;
    this.size--;
  }

  /** Moves the borders of a mapping within the hole around it. */
  resize(mapping: Mapping, start: number, end: number): void {
    mapping.start = start;
    mapping.end = end;
    this.refresh(mapping);
    if (mapping.next !== null) this.refresh(mapping.next);
  }

  /** Start of the highest hole of `length` bytes that ends at or below `limit`, at its upper end; or -1. */
  holeBelow(limit: number, length: number): number {
    const highest = this.highest();
    const low = highest === null ? this.floor : highest.end;
    if (limit - low >= length) return limit - length;
    return this.holeIn(this.root, limit, length);
  }

  /** True when [start, end) touches no mapping and no guard gap below a growing one. */
  isHole(start: number, end: number): boolean {
    const next = this.from(start);
    return next === null || end <= next.start - guard(next);
  }

  highest(): Mapping | null {
    let node = this.root;
    while (node !== null && node.right !== null) node = node.right;
    return node;
  }

  private holeIn(node: Mapping | null, limit: number, length: number): number {
    if (node === null || node.gap < length) return -1;
    const low = this.lowerBorder(node);
    if (low < limit) {
      const right = this.holeIn(node.right, limit, length);
      if (right >= 0) return right;
      const high = min(limit, node.start - guard(node));
      if (high - low >= length) return high - length;
    }
    return this.holeIn(node.left, limit, length);
  }

  private lowerBorder(node: Mapping): number {
    return node.prev === null ? this.floor : node.prev.end;
  }

  private holeBefore(node: Mapping): number {
    return max(0, node.start - guard(node) - this.lowerBorder(node));
  }

  /** Recomputes the gaps on the path to a mapping whose borders, or whose predecessor's, have changed. */
  private refresh(mapping: Mapping): void {
    this.refreshBelow(this.root as Mapping, mapping);
  }

  private refreshBelow(node: Mapping, mapping: Mapping): void {
    if (node !== mapping) this.refreshBelow((mapping.start < node.start ? node.left : node.right) as Mapping, mapping);
    this.update(node);
  }

  private insertBelow(node: Mapping | null, mapping: Mapping): Mapping {
    if (node === null) {
      this.update(mapping);
      return mapping;
    }
    if (mapping.start < node.start) node.left = this.insertBelow(node.left, mapping);
    else node.right = this.insertBelow(node.right, mapping);
    return this.balance(node);
  }

  private removeBelow(node: Mapping, mapping: Mapping): Mapping | null {
    if (node === mapping) {
      if (node.left === null) return node.right;
      if (node.right === null) return node.left;
      const successor = node.next as Mapping; // still linked: `next` of the removed node itself is unchanged
      const right = this.removeLowest(node.right);
      successor.left = node.left;
      successor.right = right;
      return this.balance(successor);
    }
    if (mapping.start < node.start) node.left = this.removeBelow(node.left as Mapping, mapping);
    else node.right = this.removeBelow(node.right as Mapping, mapping);
    return this.balance(node);
  }

  private removeLowest(node: Mapping): Mapping | null {
    if (node.left === null) return node.right;
    node.left = this.removeLowest(node.left);
    return this.balance(node);
  }

  private update(node: Mapping): void {
    node.height = 1 + max(height(node.left), height(node.right));
    node.gap = max(this.holeBefore(node), gap(node.left), gap(node.right));
  }

  private balance(node: Mapping): Mapping {
    const lean = height(node.left) - height(node.right);
    if (lean > 1) {
      const left = node.left as Mapping;
      if (height(left.left) < height(left.right)) node.left = this.rotateLeft(left);
      return this.rotateRight(node);
    }
    if (lean < -1) {
      const right = node.right as Mapping;
      if (height(right.right) < height(right.left)) node.right = this.rotateRight(right);
      return this.rotateLeft(node);
    }
    this.update(node);
    return node;
  }

  private rotateLeft(node: Mapping): Mapping {
    const top = node.right as Mapping;
    node.right = top.left;
    top.left = node;
    this.update(node);
    this.update(top);
    return top;
  }

  private rotateRight(node: Mapping): Mapping {
    const top = node.left as Mapping;
    node.left = top.right;
    top.right = node;
    this.update(node);
    this.update(top);
    return top;
  }
}

function guard(mapping: Mapping): number {
  return mapping.growLimit === 0 ? 0 : GUARD_GAP;
}
