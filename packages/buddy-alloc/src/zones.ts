/**
 * Zones of one frame range, each a pool with watermarks: frames below a limit for devices that reach no further (dma), the
 * rest for the kernel (normal), and at the end frames whose contents can be moved (movable), which keeps the others whole.
 *
 * Units      frames, counted from 0 over all zones; zones meet at multiples of 2^maxOrder
 * Policy     a request starts in its kind's zone and falls back to the lower ones, never to a higher one. In its own zone it
 *            must leave `min` frames, in another zone `high`; urgent requests (the ones that free memory) may take the last.
 * Cost       that of the pool times the zones, of which there are three
 */
import { EINVAL, ENOMEM, panic } from '@veridian-os/abi';
import type { Errno, Frame, Order } from '@veridian-os/abi';
import type { BlockAllocator, BuddyOptions } from './api.js';
import { BuddyAllocator } from './buddy.js';
import { checked, viewOf } from './internal/options.js';

const { max, min } = Math;

export const ZoneKind = { Dma: 0, Normal: 1, Movable: 2 } as const;
export type ZoneKind = (typeof ZoneKind)[keyof typeof ZoneKind];

/** How scarce frames are in a zone: below no watermark, below `high`, `low` (reclaim should run), `min` (only urgent ones). */
export const Pressure = { None: 0, High: 1, Low: 2, Min: 3 } as const;
export type Pressure = (typeof Pressure)[keyof typeof Pressure];

/** In frames: min <= low <= high. */
export interface Watermarks {
  readonly min: number;
  readonly low: number;
  readonly high: number;
}

export interface ZonedOptions extends BuddyOptions {
  /** Frames below the limit, a multiple of 2^maxOrder; default 0: no such zone. */
  readonly dmaFrames?: number;
  /** Movable frames at the end; the zone starts at a multiple of 2^maxOrder; default 0: no such zone. */
  readonly movableFrames?: number;
  /** Share of each zone below `min`, 0 .. 0.5; `low` is 5/4 and `high` 3/2 of that. Default 1/256. */
  readonly minShare?: number;
}

const MAGIC = 0x656e6f7a; // "zone"
const VERSION = 1;
const AT_MAGIC = 0;
const AT_VERSION = 1;
const AT_FRAMES = 2;
const AT_MAX_ORDER = 3;
// Of zone z, at 8 * (z + 1): first frame, frames, byte of its pool from the start, watermarks.
const OF_FIRST = 0;
const OF_FRAMES = 1;
const OF_POOL = 2;
const OF_MIN = 3;
const OF_LOW = 4;
const OF_HIGH = 5;
const ZONES = 3;
const HEAD_WORDS = 32;

function sizes(options: ZonedOptions): number[] {
  const { frameCount, dmaFrames = 0, movableFrames = 0, maxOrder = 10 } = options;
  checked('maxOrder', maxOrder, 0, 30);
  checked('dmaFrames', dmaFrames, 0, frameCount);
  checked('movableFrames', movableFrames, 0, frameCount - dmaFrames);
  for (const border of [dmaFrames, frameCount - movableFrames]) {
    if (border % 2 ** maxOrder !== 0 && border !== frameCount) {
      throw new RangeError(`zones: expected a border at a multiple of ${2 ** maxOrder} frames, got ${border}`);
    }
  }
  return [dmaFrames, frameCount - dmaFrames - movableFrames, movableFrames];
}

export class ZonedAllocator implements BlockAllocator {
  readonly frameCount: number;
  readonly maxOrder: Order;
  private readonly head: Int32Array;
  /** By kind; null where there is no such zone. */
  private readonly pools: readonly (BuddyAllocator | null)[];

  /** All frames free. @throws RangeError for a bad option */
  constructor(options: ZonedOptions);
  /** @internal */
  constructor(head: Int32Array);
  constructor(from: ZonedOptions | Int32Array) {
    const head = ArrayBuffer.isView(from) ? from : format(from);
    this.head = head;
    this.frameCount = head[AT_FRAMES];
    this.maxOrder = head[AT_MAX_ORDER] as Order;
    this.pools = [0, 1, 2].map((zone) => {
      const at = head[8 * (zone + 1) + OF_POOL];
      return at === 0 ? null : BuddyAllocator.attach(head.buffer, head.byteOffset + at);
    });
  }

  /** Bytes that zones with these options take in their buffer. @throws RangeError for a bad option */
  static byteLength(options: ZonedOptions): number {
    const { maxOrder, debug } = options;
    const pools = sizes(options).filter((frameCount) => frameCount > 0);
    return pools.reduce(
      (sum, frameCount) => sum + BuddyAllocator.byteLength({ frameCount, maxOrder, debug }),
      4 * HEAD_WORDS,
    );
  }

  /** A second instance over zones that are there already. @throws RangeError unless they start at `byteOffset` */
  static attach(buffer: ArrayBufferLike, byteOffset = 0): ZonedAllocator {
    const head = viewOf(buffer, byteOffset, HEAD_WORDS);
    if (head[AT_MAGIC] !== MAGIC || head[AT_VERSION] !== VERSION) {
      throw new RangeError(`buffer: expected zones of version ${VERSION} at ${byteOffset}, got other bytes`);
    }
    return new ZonedAllocator(head);
  }

  get freeFrames(): number {
    let free = 0;
    for (const pool of this.pools) if (pool !== null) free += pool.freeFrames;
    return free;
  }

  /** Free frames of one zone. */
  freeIn(kind: ZoneKind): number {
    return this.pools[kind]?.freeFrames ?? 0;
  }

  watermarks(kind: ZoneKind): Watermarks {
    const at = 8 * (kind + 1);
    return { min: this.head[at + OF_MIN], low: this.head[at + OF_LOW], high: this.head[at + OF_HIGH] };
  }

  /** @throws RangeError unless 0 <= min <= low <= high <= the zone's frames */
  setWatermarks(kind: ZoneKind, marks: Watermarks): void {
    const at = 8 * (kind + 1);
    this.head[at + OF_HIGH] = checked('high', marks.high, 0, this.head[at + OF_FRAMES]);
    this.head[at + OF_LOW] = checked('low', marks.low, 0, marks.high);
    this.head[at + OF_MIN] = checked('min', marks.min, 0, marks.low);
  }

  /** Where a zone's free frames stand: the caller starts reclaim at Low and ends it at None. */
  pressure(kind: ZoneKind): Pressure {
    const at = 8 * (kind + 1);
    const free = this.freeIn(kind);
    if (free < this.head[at + OF_MIN]) return Pressure.Min;
    if (free < this.head[at + OF_LOW]) return Pressure.Low;
    return free < this.head[at + OF_HIGH] ? Pressure.High : Pressure.None;
  }

  /** @param urgent takes frames below the watermarks too */
  alloc(order: Order, owner = 0, kind: ZoneKind = ZoneKind.Normal, urgent = false): Frame | Errno {
    for (let zone: number = kind; zone >= 0; zone--) {
      const pool = this.pools[zone];
      if (pool === null || !this.mayTake(pool, zone, kind, 2 ** order, urgent)) continue;
      const first = pool.alloc(order, owner);
      if (first >= 0) return (first + this.head[8 * (zone + 1) + OF_FIRST]) as Frame;
    }
    return ENOMEM;
  }

  /** Within one zone. */
  allocRange(
    count: number,
    align = 0 as Order,
    owner = 0,
    kind: ZoneKind = ZoneKind.Normal,
    urgent = false,
  ): Frame | Errno {
    let error: Errno = ENOMEM;
    for (let zone: number = kind; zone >= 0; zone--) {
      const pool = this.pools[zone];
      if (pool === null || !this.mayTake(pool, zone, kind, count, urgent)) continue;
      const first = pool.allocRange(count, align, owner);
      if (first >= 0) return (first + this.head[8 * (zone + 1) + OF_FIRST]) as Frame;
      error = first as Errno;
    }
    return error;
  }

  allocAt(first: Frame, order: Order, owner = 0): 0 | Errno {
    const zone = this.zoneOf(first);
    if (zone < 0) return EINVAL;
    return this.poolOf(zone).allocAt(this.within(first, zone), order, owner);
  }

  free(frame: Frame, order: Order): void {
    const zone = this.zoneOf(frame);
    this.poolOf(zone).free(this.within(frame, zone), order);
  }

  freeRange(first: Frame, count: number): void {
    if (!this.contains(first, count)) this.poolOf(-1);
    this.eachZone(first, count, (pool, start, frames) => {
      if (pool.notLiveIn(start, frames) !== -1) pool.freeRange(start, frames);
      return 0;
    });
    this.eachZone(first, count, (pool, start, frames) => {
      pool.freeRange(start, frames);
      return 0;
    });
  }

  split(frame: Frame, order: Order): void {
    const zone = this.zoneOf(frame);
    this.poolOf(zone).split(this.within(frame, zone), order);
  }

  reserve(first: Frame, count: number): 0 | Errno {
    if (!this.contains(first, count)) return EINVAL;
    const error = this.eachZone(first, count, (pool, start, frames) => pool.reservable(start, frames));
    return error === 0 ? this.eachZone(first, count, (pool, start, frames) => pool.reserve(start, frames)) : error;
  }

  freeBlocks(order: Order): number {
    let blocks = 0;
    for (const pool of this.pools) if (pool !== null) blocks += pool.freeBlocks(order);
    return blocks;
  }

  /** The pool of a zone, which counts its frames from 0; null where there is no such zone. */
  pool(kind: ZoneKind): BuddyAllocator | null {
    return this.pools[kind];
  }

  /** Kind of the zone that a frame belongs to, or -1 outside all. */
  zoneOf(frame: Frame): ZoneKind | -1 {
    if (!(frame >= 0 && frame < this.frameCount)) return -1;
    if (frame < this.head[8 * 2 + OF_FIRST]) return ZoneKind.Dma;
    return frame < this.head[8 * 3 + OF_FIRST] ? ZoneKind.Normal : ZoneKind.Movable;
  }

  /** Calls `visit` for the part of [first, first + count) in each zone, until it answers an error. */
  private eachZone(
    first: number,
    count: number,
    visit: (pool: BuddyAllocator, start: Frame, frames: number) => 0 | Errno,
  ): 0 | Errno {
    for (let zone = 0; zone < ZONES; zone++) {
      const at = 8 * (zone + 1);
      const from = max(first, this.head[at + OF_FIRST]);
      const to = min(first + count, this.head[at + OF_FIRST] + this.head[at + OF_FRAMES]);
      if (from >= to) continue;
      const error = visit(this.poolOf(zone), (from - this.head[at + OF_FIRST]) as Frame, to - from);
      if (error !== 0) return error;
    }
    return 0;
  }

  private contains(first: number, count: number): boolean {
    const whole = Number.isInteger(first) && Number.isInteger(count);
    return whole && first >= 0 && count >= 0 && first + count <= this.frameCount;
  }

  private poolOf(zone: number): BuddyAllocator {
    return this.pools[zone] ?? panic('buddy/bad-free', `frames are 0..${this.frameCount - 1}`);
  }

  private within(frame: Frame, zone: number): Frame {
    return (frame - this.head[8 * (zone + 1) + OF_FIRST]) as Frame;
  }

  private mayTake(pool: BuddyAllocator, zone: number, kind: number, frames: number, urgent: boolean): boolean {
    const mark = this.head[8 * (zone + 1) + (zone === kind ? OF_MIN : OF_HIGH)];
    return urgent || pool.freeFrames - frames >= mark || mark === 0;
  }
}

/** Writes new zones and their pools. @returns the head */
function format(options: ZonedOptions): Int32Array {
  const { maxOrder = 10, debug, minShare = 1 / 256, byteOffset = 0 } = options;
  if (!(minShare >= 0 && minShare <= 0.5)) throw new RangeError(`minShare: expected 0..0.5, got ${minShare}`);
  const frames = sizes(options);
  const bytes = ZonedAllocator.byteLength(options);
  const buffer = options.buffer ?? new ArrayBuffer(bytes);
  const head = viewOf(buffer, byteOffset, bytes / 4).subarray(0, HEAD_WORDS);
  head.fill(0);
  head[AT_MAGIC] = MAGIC;
  head[AT_VERSION] = VERSION;
  head[AT_FRAMES] = options.frameCount;
  head[AT_MAX_ORDER] = maxOrder;
  let first = 0;
  let offset = 4 * HEAD_WORDS;
  for (let zone = 0; zone < ZONES; zone++) {
    const at = 8 * (zone + 1);
    const frameCount = frames[zone];
    const mark = Math.floor(frameCount * minShare);
    head[at + OF_FIRST] = first;
    head[at + OF_FRAMES] = frameCount;
    head[at + OF_MIN] = mark;
    head[at + OF_LOW] = mark + (mark >>> 2);
    head[at + OF_HIGH] = mark + (mark >>> 1);
    if (frameCount === 0) continue;
    head[at + OF_POOL] = offset;
    offset += new BuddyAllocator({ frameCount, maxOrder, debug, buffer, byteOffset: byteOffset + offset }).byteLength;
    first += frameCount;
  }
  return head;
}
