import type { CacheOptions, SlabDebug } from '../api.js';

/** @throws RangeError naming the argument, unless `value` is an integer low .. high */
export function checked(name: string, value: number, low: number, high: number): number {
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new RangeError(`${name}: expected an integer ${low}..${high}, got ${value}`);
  }
  return value;
}

/** @throws RangeError naming the argument, unless `value` is a power of two low .. high */
export function checkedPower(name: string, value: number, low: number, high: number): number {
  if (!Number.isInteger(value) || value < low || value > high || (value & (value - 1)) !== 0) {
    throw new RangeError(`${name}: expected a power of two ${low}..${high}, got ${value}`);
  }
  return value;
}

/** Debug options in full. */
export function debugOf(debug: boolean | SlabDebug): Required<SlabDebug> {
  if (typeof debug === 'boolean') return { redZone: debug, poison: debug, track: debug };
  return { redZone: debug.redZone ?? false, poison: debug.poison ?? false, track: debug.track ?? false };
}

export const MAX_SIZE = 2 ** 22;
export const MAX_CAPACITY = 1024;

/** Options of a cache with their defaults. @throws RangeError for a bad one */
export function cacheShape(options: CacheOptions, debugDefault: boolean | SlabDebug) {
  const size = checked('size', options.size, 1, MAX_SIZE);
  const debug = debugOf(options.debug ?? debugDefault);
  const debugged = debug.redZone || debug.poison || debug.track;
  return {
    name: options.name,
    size,
    align: checkedPower('align', options.align ?? 8, 8, 4096),
    // A constructed object must not be overwritten while it is free.
    debug: { ...debug, poison: debug.poison && options.construct === undefined },
    construct: options.construct,
    maxOrder: checked('maxOrder', options.maxOrder ?? 3, 0, 10),
    minPartial: checked('minPartial', options.minPartial ?? defaultMinPartial(size), 0, 1024),
    // What is debugged goes to its slab at once: every object is looked at, and reused as late as possible.
    sheafCapacity: debugged
      ? 0
      : checked('sheafCapacity', options.sheafCapacity ?? defaultCapacity(size), 0, MAX_CAPACITY),
    secret: options.secret === undefined ? undefined : checked('secret', options.secret, -(2 ** 31), 2 ** 32 - 1),
    mergeable: (options.merge ?? true) && !debugged && options.construct === undefined && options.secret === undefined,
  };
}

export type CacheShape = ReturnType<typeof cacheShape>;

/** As many objects as about a frame or two hold, but not more than one CPU may keep to itself. */
function defaultCapacity(size: number): number {
  if (size >= 4096) return 4;
  if (size >= 1024) return 12;
  return size >= 256 ? 28 : 60;
}

/** Half of log2 of the size, as Linux does it: large objects are dear to allocate again. */
function defaultMinPartial(size: number): number {
  return Math.min(10, Math.max(5, (31 - Math.clz32(size)) >>> 1));
}
