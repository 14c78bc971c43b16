import type { BuddyOptions } from '../api.js';

const MAX_FRAMES = 2 ** 30;
const MAX_ORDER = 20;
const DEFAULT_ORDER = 10;

function checked(name: string, value: number, low: number, high: number): number {
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new RangeError(`${name}: expected an integer ${low}..${high}, got ${value}`);
  }
  return value;
}

/** @throws RangeError naming the option that is out of range */
export function checkedOptions(options: BuddyOptions): { frameCount: number; maxOrder: number } {
  return {
    frameCount: checked('frameCount', options.frameCount, 1, MAX_FRAMES),
    maxOrder: checked('maxOrder', options.maxOrder ?? DEFAULT_ORDER, 0, MAX_ORDER),
  };
}
