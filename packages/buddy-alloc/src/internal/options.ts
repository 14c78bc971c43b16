import type { BuddyOptions } from '../api.js';
import {
  AT_FRAMES,
  AT_MAGIC,
  AT_MAX_ORDER,
  AT_OWNERS,
  AT_TOP_ORDER,
  AT_VERSION,
  LINE_WORDS,
  MAGIC,
  MAX_ORDER,
  VERSION,
} from './constants.js';
import { layOut, type Shape } from './layout.js';

const MAX_FRAMES = 2 ** MAX_ORDER;
const DEFAULT_ORDER = 10;

/** @throws RangeError naming the argument, unless `value` is an integer low .. high */
export function checked(name: string, value: number, low: number, high: number): number {
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new RangeError(`${name}: expected an integer ${low}..${high}, got ${value}`);
  }
  return value;
}

/** @throws RangeError naming the option that is out of range */
export function shapeOf({ frameCount, maxOrder = DEFAULT_ORDER, debug = false }: BuddyOptions): Shape {
  return {
    frameCount: checked('frameCount', frameCount, 1, MAX_FRAMES),
    maxOrder: checked('maxOrder', maxOrder, 0, MAX_ORDER),
    debug,
  };
}

/** The words of a pool in its buffer. @throws RangeError when it does not fit */
export function viewOf(buffer: ArrayBufferLike, byteOffset: number, words: number): Int32Array {
  if (!Number.isInteger(byteOffset) || byteOffset < 0 || byteOffset % 4 !== 0) {
    throw new RangeError(`byteOffset: expected a multiple of 4, got ${byteOffset}`);
  }
  if (byteOffset + words * 4 > buffer.byteLength) {
    throw new RangeError(`buffer: expected ${words * 4} bytes from ${byteOffset} on, got ${buffer.byteLength} in all`);
  }
  return new Int32Array(buffer, byteOffset, words);
}

/** Zeroed words for a new pool, with its constants filled in. */
export function createWords(options: BuddyOptions): Int32Array {
  const shape = shapeOf(options);
  const size = layOut(shape);
  const words = viewOf(options.buffer ?? new ArrayBuffer(size * 4), options.byteOffset ?? 0, size);
  if (options.buffer !== undefined) words.fill(0);
  layOut(shape, words);
  return words;
}

/** The words of a pool that somebody else made. @throws RangeError unless there is one */
export function attachWords(buffer: ArrayBufferLike, byteOffset: number): Int32Array {
  const head = viewOf(buffer, byteOffset, LINE_WORDS);
  if (head[AT_MAGIC] !== MAGIC) throw new RangeError(`buffer: expected a pool at ${byteOffset}, got other bytes`);
  if (head[AT_VERSION] !== VERSION) {
    throw new RangeError(`buffer: expected a pool of version ${VERSION}, got ${head[AT_VERSION]}`);
  }
  const shape = { frameCount: head[AT_FRAMES], maxOrder: head[AT_MAX_ORDER], debug: head[AT_OWNERS] !== 0 };
  const constants = new Int32Array((MAX_ORDER + 2) * LINE_WORDS);
  const size = layOut(shapeOf(shape), constants);
  const words = viewOf(buffer, byteOffset, size);
  for (let at = 0; at < (words[AT_TOP_ORDER] + 2) * LINE_WORDS; at++) {
    if (constants[at] !== 0 && constants[at] !== words[at]) {
      throw new RangeError(`buffer: expected ${constants[at]} in word ${at} of the pool, got ${words[at]}`);
    }
  }
  return words;
}
