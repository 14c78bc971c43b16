/**
 * Where computed jumps find a region's entries. While a region runs, its pages stay where its prologue found them, so that a
 * target's distance from the base is enough:
 *
 *   distance -> directory[page] -> map[halfword] -> number of the entry, or NO_ENTRY
 *
 * A region of one page needs no directory; those of others have the map without entries for pages that are not theirs.
 */
import { TARGET_MAPS, TARGET_MAP_BYTES } from '../internal/layout.js';
import { A, BASE, ENTRY, H, RECORD, T } from './body.js';
import { RecordPool } from './region.js';
import type { Code } from './wasm.js';
import { W } from './wasm.js';

const NO_ENTRY = 0xffff;
const PAGE = 4096;

export interface TargetMap {
  /** Number of the lowest page, and how many there are up to the highest. */
  readonly first: number;
  readonly span: number;
  /** Address of the directory, or 0 with one page. */
  readonly directory: number;
  /** Addresses of the maps by page number. */
  readonly maps: ReadonlyMap<number, number>;
}

export class TargetPool {
  private readonly words: Uint32Array;
  private readonly pool: RecordPool;
  /** A map without entries. */
  private readonly none: number;

  constructor(words: Uint32Array, address: number) {
    this.words = words;
    this.pool = new RecordPool(address, TARGET_MAPS, TARGET_MAP_BYTES);
    this.none = this.takeMap();
  }

  get room(): number {
    return this.pool.room;
  }

  /** For a region of these pages; there must be room for one more than they are. */
  take(pages: readonly number[]): TargetMap {
    const first = Math.min(...pages);
    const span = Math.max(...pages) - first + 1;
    const maps = new Map(pages.map((number) => [number, this.takeMap()]));
    if (span === 1) return { first, span, directory: 0, maps };
    const directory = this.pool.take();
    for (let i = 0; i < span; i++) this.words[directory / 4 + i] = maps.get(first + i) ?? this.none;
    return { first, span, directory, maps };
  }

  give({ directory, maps }: TargetMap): void {
    for (const map of maps.values()) this.pool.give(map);
    if (directory !== 0) this.pool.give(directory);
  }

  /** Entry `number` is `off` bytes from the base. */
  enter({ maps }: TargetMap, off: number, number: number): void {
    const at = maps.get(off >> 12)! + (off & 0xffe);
    const shift = (at & 2) * 8;
    this.words[at >> 2] = (this.words[at >> 2] & ~(0xffff << shift)) | (number << shift);
  }

  private takeMap(): number {
    const map = this.pool.take();
    this.words.fill(0xffffffff, map / 4, (map + TARGET_MAP_BYTES) / 4);
    return map;
  }
}

/** Sets ENTRY to the entry at the address in T, which is even, or leaves the innermost block. */
export function emitTarget(code: Code, { first, span, directory, maps }: TargetMap): void {
  code.get(T).get(BASE).byte(W.i64Sub);
  if (first !== 0) code.i64(first * PAGE).byte(W.i64Sub);
  code
    .tee(A)
    .i64(span * PAGE)
    .byte(W.i64GeU)
    .brIf(0);
  if (directory === 0) {
    code.get(A).byte(W.i32Wrap).memory(W.i32Load16U, 1, maps.get(first));
  } else {
    code.get(A).byte(W.i32Wrap).tee(H).i32(12).byte(W.i32ShrU).i32(2).byte(W.i32Shl).memory(W.i32Load, 2, directory);
    code.get(H).i32(0xffe).ops(W.i32And, W.i32Add).memory(W.i32Load16U, 1);
  }
  code.tee(RECORD).i32(NO_ENTRY).byte(W.i32Eq).brIf(0).get(RECORD).set(ENTRY);
}
