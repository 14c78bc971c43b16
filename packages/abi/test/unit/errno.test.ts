import { constants } from 'node:os';
import { describe, expect, it } from '@jest/globals';
import * as abi from '@veridian-os/abi';

const NAMES = Object.keys(abi).filter((name) => /^E[A-Z0-9]+$/.test(name)) as (keyof typeof abi)[];

describe('errno', () => {
  it('has unique negative numbers, each with its name', () => {
    const numbers = NAMES.map((name) => abi[name] as number);
    expect(NAMES.length).toBeGreaterThan(55);
    expect(new Set(numbers).size).toBe(numbers.length);
    for (const [index, number] of numbers.entries()) {
      expect(number).toBeLessThan(0);
      expect(number).toBeGreaterThan(-4096); // Linux's MAX_ERRNO: every one may be a system-call result
      expect(abi.errnoName(number)).toBe(NAMES[index]);
    }
  });

  (process.platform === 'linux' ? it : it.skip)("has the host's numbers (Linux)", () => {
    const host = constants.errno as Record<string, number>;
    const known = NAMES.filter((name) => host[name] !== undefined);
    expect(known.length).toBeGreaterThan(50);
    for (const name of known) expect([name, abi[name]]).toEqual([name, -host[name]]);
  });

  it('keeps internal results out of the range that a guest can see', () => {
    expect(abi.WOULD_BLOCK).toBeLessThan(-4095);
    expect(abi.RESTART).toBeLessThan(-4095);
    expect([abi.errnoName(abi.WOULD_BLOCK), abi.errnoName(abi.RESTART)]).toEqual(['WOULD_BLOCK', 'RESTART']);
  });

  it('names unknown numbers by their digits', () => {
    expect(abi.errnoName(-9999)).toBe('-9999');
    expect(abi.errnoName(0)).toBe('0');
  });

  it('tells errors from values', () => {
    expect([abi.isErrno(-1), abi.isErrno(abi.WOULD_BLOCK), abi.isErrno(0), abi.isErrno(2 ** 40)]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});
