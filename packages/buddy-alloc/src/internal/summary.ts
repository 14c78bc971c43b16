/**
 * Which nodes have a free block of one order: a bitmap with summary levels, see layout.ts.
 *
 * Cost       at most one word per level and operation, TOP_WORDS more to find the lowest; levels <= log32 of the nodes
 */
import { FIRST, OF_SUMMARIES } from './constants.js';

const { clz32 } = Math;

/** The lowest node with a free block of the line's order, which has one. */
export function lowestNode(words: Int32Array, line: number): number {
  const top = (line + words[line + OF_SUMMARIES]) | 0;
  let node = 0;
  while (words[(words[top] + node) | 0] === 0) node = (node + 1) | 0; // at most TOP_WORDS
  for (let at = top; at > line; at = (at - 1) | 0) node = (node << 5) | clz32(words[(words[at] + node) | 0]);
  return node;
}

/** The node has a free block of the line's order; it may have had one before. */
export function list(words: Int32Array, line: number, node: number): void {
  const top = (line + words[line + OF_SUMMARIES]) | 0;
  let index = node;
  for (let level = (line + 1) | 0; level <= top; level = (level + 1) | 0) {
    const at = (words[level] + (index >>> 5)) | 0;
    const before = words[at];
    words[at] = before | (FIRST >>> (index & 31));
    if (before !== 0) return;
    index >>>= 5;
  }
}

/** The node no longer has a free block of the line's order. */
export function unlist(words: Int32Array, line: number, node: number): void {
  const top = (line + words[line + OF_SUMMARIES]) | 0;
  let index = node;
  for (let level = (line + 1) | 0; level <= top; level = (level + 1) | 0) {
    const at = (words[level] + (index >>> 5)) | 0;
    const after = words[at] & ~(FIRST >>> (index & 31));
    words[at] = after;
    if (after !== 0) return;
    index >>>= 5;
  }
}
