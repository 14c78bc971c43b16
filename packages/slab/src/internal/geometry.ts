/**
 * Where things lie in an object and in a slab.
 *
 *            |<- leftPad ->|<---------------- size ---------------->|             |       |              |
 *            |  red zone   | object, the link in its middle while   | red zone    | link  | two sites    | up to stride
 *            |             | free unless `outside`                  | to redEnd   |       |              |
 *                          ^ address
 */
import { PAGE_SIZE } from '@veridian-os/abi';
import type { CacheShape } from './options.js';

const { floor, max } = Math;

/** A slab is to have so many objects, if the order allows it. */
const MIN_OBJECTS = 8;
/** Colours differ by a cache line. */
const LINE = 64;

export interface Geometry {
  readonly size: number;
  readonly align: number;
  /** Bytes from an object's place in its slab to its address. */
  readonly leftPad: number;
  /** Bytes from the address to the end of the right red zone. */
  readonly redEnd: number;
  /** Words from the address to the link of the free list. */
  readonly linkWord: number;
  /** Words from the address to the sites, 0 when there are none. */
  readonly siteWord: number;
  /** Bytes from one object to the next. */
  readonly stride: number;
  /** Preferred order of slabs, and the smallest that holds an object. */
  readonly order: number;
  readonly minOrder: number;
}

const roundUp = (value: number, to: number): number => value + ((to - (value % to)) % to);

export function geometryOf({ size, align, debug, construct, maxOrder }: CacheShape): Geometry {
  const words = roundUp(size, 8);
  const leftPad = debug.redZone ? align : 0;
  const redEnd = debug.redZone ? words + 8 : words;
  const outside = debug.poison || construct !== undefined || (debug.redZone && size < 4);
  // In the middle of the object a small overrun of its neighbour does not reach the link.
  const link = outside ? redEnd : floor(size / 2) & ~3;
  const site = redEnd + (outside ? 4 : 0);
  const stride = roundUp(leftPad + site + (debug.track ? 8 : 0), align);
  const minOrder = orderFor(stride, 1);
  return {
    // Unless its end is watched, an object may use what it is rounded up to.
    size: debug.redZone || debug.poison ? size : words,
    align,
    leftPad,
    redEnd,
    linkWord: link / 4,
    siteWord: debug.track ? site / 4 : 0,
    stride,
    minOrder,
    order: max(minOrder, preferredOrder(stride, maxOrder)),
  };
}

function orderFor(stride: number, objects: number): number {
  let order = 0;
  while (PAGE_SIZE * 2 ** order < stride * objects) order++;
  return order;
}

/** Smallest order that wastes at most a 16th of the slab, an 8th, or a quarter; with fewer objects if it must be. */
function preferredOrder(stride: number, maxOrder: number): number {
  for (let objects = MIN_OBJECTS; objects >= 1; objects /= 2) {
    for (const fraction of [16, 8, 4]) {
      for (let order = orderFor(stride, objects); order <= maxOrder; order++) {
        const bytes = PAGE_SIZE * 2 ** order;
        if ((bytes % stride) * fraction <= bytes) return order;
      }
    }
  }
  return orderFor(stride, 1);
}

/** Objects of a slab of this order. */
export function objectsIn({ stride }: Geometry, order: number): number {
  return floor((PAGE_SIZE * 2 ** order) / stride);
}

/** Bytes of one colour's step: a cache line, or the alignment where that is more. */
export function colourStep({ align }: Geometry): number {
  return max(align, LINE);
}

/** How many colours a slab of this order has: what its objects leave over moves them by a line from slab to slab. */
export function coloursOf(geometry: Geometry, order: number): number {
  return floor(((PAGE_SIZE * 2 ** order) % geometry.stride) / colourStep(geometry)) + 1;
}
