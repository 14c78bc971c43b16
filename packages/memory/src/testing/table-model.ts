/** What a page table holds, kept stupidly: a list of leaves. */
import { PAGE_SIZE } from '@veridian-os/abi';
import { ACCESS_BITS } from '../page-table/format.js';
import { References } from './table-machine.js';

const { floor, max, min } = Math; // a global costs much in Jest's sandbox

export interface Leaf {
  readonly start: number;
  readonly level: number;
  /** Of its first page; 0 for a guard. */
  frame: number;
  /** 0: retained, or a guard. */
  flags: number;
  readonly guard: boolean;
}

const LEVELS = [0, 1, 2, 3];

export const bytesOf = (level: number): number => PAGE_SIZE * 512 ** level;
const endOf = ({ start, level }: Leaf): number => start + bytesOf(level);

export class TableModel {
  /** By first address. */
  private readonly leaves = new Map<number, Leaf>();

  at(page: number): Leaf | undefined {
    for (const level of LEVELS) {
      const leaf = this.leaves.get(floor(page / bytesOf(level)) * bytesOf(level));
      if (leaf !== undefined && page < endOf(leaf)) return leaf;
    }
    return undefined;
  }

  /** Leaves that have a page in [start, end), in order. */
  within(start: number, end: number): Leaf[] {
    const found: Leaf[] = [];
    for (const leaf of this.leaves.values()) if (leaf.start < end && endOf(leaf) > start) found.push(leaf);
    return found.sort((a, b) => a.start - b.start);
  }

  add(leaf: Leaf): void {
    this.leaves.set(leaf.start, leaf);
  }

  remove(gone: readonly Leaf[]): void {
    for (const { start } of gone) this.leaves.delete(start);
  }

  /** First used page in [start, end), or `end`. */
  next(start: number, end: number): number {
    const [first] = this.within(start, end);
    return first === undefined ? end : max(first.start, start);
  }

  /** Last used page in [start, end), or -1. */
  previous(start: number, end: number): number {
    const last = this.within(start, end).at(-1);
    return last === undefined ? -1 : min(endOf(last), end) - PAGE_SIZE;
  }

  split(leaf: Leaf): void {
    const { start, flags, guard } = leaf;
    const level = leaf.level - 1;
    this.remove([leaf]);
    for (let i = 0; i < 512; i++) {
      const frame = leaf.frame + i * 512 ** level;
      this.add({ start: start + i * bytesOf(level), level, frame, flags, guard });
    }
  }

  /** Splits what lies across `address`. */
  cut(address: number): void {
    for (let leaf = this.at(address); leaf !== undefined && leaf.start !== address; leaf = this.at(address)) {
      this.split(leaf);
    }
  }

  /** The leaf that those of [start, start + bytesOf(level)) can become, or undefined. */
  joined(start: number, level: number): Leaf | undefined {
    const parts = this.within(start, start + bytesOf(level));
    const [first] = parts;
    if (parts.length !== 512 || first.flags === 0 || first.frame % 512 ** level !== 0) return undefined;
    const fits = (part: Leaf, i: number) =>
      part.level === level - 1 &&
      part.frame === first.frame + i * 512 ** part.level &&
      part.flags !== 0 &&
      ((part.flags ^ first.flags) & ~ACCESS_BITS) === 0;
    if (!parts.every(fits)) return undefined;
    const touched = parts.reduce((bits, { flags }) => bits | (flags & ACCESS_BITS), 0);
    return { start, level, frame: first.frame, flags: first.flags | touched, guard: false };
  }

  /** Frames held, in all. */
  get residentFrames(): number {
    let sum = 0;
    for (const { level, guard } of this.leaves.values()) sum += guard ? 0 : 512 ** level;
    return sum;
  }

  references(): References {
    const references = new References();
    for (const { frame, level, guard } of this.leaves.values()) if (!guard) references.add(frame, 512 ** level, 1);
    return references;
  }
}
