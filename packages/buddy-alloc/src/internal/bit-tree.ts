/**
 * A set of small integers as a bitmap with summary levels: insert, remove, lookup and lowest member.
 *
 * Shapes     level 0 has one bit per member, each higher level one bit per word below (1 = not zero), up to a level of
 *            at most TOP_WORDS words. Bit i of a word is counted from the most significant end, so that `clz32` finds
 *            the lowest. Levels lie one after the other in `words`.
 * Cost       at most one word per level for every operation, TOP_WORDS more for `lowest`; levels <= log32 size
 */
const { clz32 } = Math;

/** Bit 0 of a word, counted from the most significant end. */
const FIRST = 1 << 31;
/** Words of the highest level that are looked at one by one: saves a level for most sizes. */
const TOP_WORDS = 4;

/** Words of each level for members 0 .. size - 1; level 0 also has room for the bit `size`, which stays 0. */
function levelWords(size: number): number[] {
  const words = [(size >>> 5) + 1];
  while (words[words.length - 1] > TOP_WORDS) words.push(Math.ceil(words[words.length - 1] / 32));
  return words;
}

/** Words that a set of this size needs. */
export function bitTreeWords(size: number): number {
  return levelWords(size).reduce((sum, words) => sum + words, 0);
}

export class BitTree {
  private readonly words: Int32Array;
  /** First word of each level. */
  private readonly base: Int32Array;
  private readonly levels: number;

  /** Takes the first `bitTreeWords(size)` words, all zero (the empty set), from word `offset` of a buffer on. */
  constructor(buffer: ArrayBufferLike, offset: number, size: number) {
    const perLevel = levelWords(size);
    this.levels = perLevel.length;
    this.base = new Int32Array(perLevel.length);
    let total = 0;
    for (let level = 0; level < perLevel.length; level++) {
      this.base[level] = total;
      total += perLevel[level];
    }
    this.words = new Int32Array(buffer, offset * 4, total);
  }

  /** True for a member; `index` may be `size`, which never is one. */
  has(index: number): boolean {
    return (this.words[index >>> 5] & (FIRST >>> (index & 31))) !== 0;
  }

  /** Adds an index that is not a member. */
  add(index: number): void {
    const { words } = this;
    const at = index >>> 5;
    const before = words[at];
    words[at] = before | (FIRST >>> (index & 31));
    if (before === 0) this.raise(at);
  }

  /** Removes a member. */
  remove(index: number): void {
    const { words } = this;
    const at = index >>> 5;
    const after = words[at] & ~(FIRST >>> (index & 31));
    words[at] = after;
    if (after === 0) this.lower(at);
  }

  /** Adds an index to the empty set: nothing needs to be read. */
  addOnly(index: number): void {
    this.writePath(index, FIRST);
  }

  /** Removes the only member. */
  removeOnly(index: number): void {
    this.writePath(index, 0);
  }

  /** Lowest member of a set that has one. */
  lowest(): number {
    const { words, base } = this;
    let level = this.levels - 1;
    const top = base[level];
    let index = 0;
    while (words[top + index] === 0) index++; // at most TOP_WORDS
    for (; level > 0; level--) {
      index = (index << 5) | clz32(words[base[level] + index]);
    }
    return (index << 5) | clz32(words[index]);
  }

  /** Stores `bit`, shifted into place, in the words above `index` on every level: all others are zero. */
  private writePath(index: number, bit: number): void {
    const { words, base, levels } = this;
    words[index >>> 5] = bit >>> (index & 31);
    let above = index;
    for (let level = 1; level < levels; level++) {
      above >>>= 5;
      words[base[level] + (above >>> 5)] = bit >>> (above & 31);
    }
  }

  /** Word `below` of level 0 is no longer zero. */
  private raise(below: number): void {
    const { words, base, levels } = this;
    let index = below;
    for (let level = 1; level < levels; level++) {
      const at = base[level] + (index >>> 5);
      const before = words[at];
      words[at] = before | (FIRST >>> (index & 31));
      if (before !== 0) return;
      index >>>= 5;
    }
  }

  /** Word `below` of level 0 has become zero. */
  private lower(below: number): void {
    const { words, base, levels } = this;
    let index = below;
    for (let level = 1; level < levels; level++) {
      const at = base[level] + (index >>> 5);
      const after = words[at] & ~(FIRST >>> (index & 31));
      words[at] = after;
      if (after !== 0) return;
      index >>>= 5;
    }
  }
}
