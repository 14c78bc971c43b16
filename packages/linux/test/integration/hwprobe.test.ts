/** riscv_hwprobe tells what the machine's ISA string says, no more and no less. */
import { describe, expect, it } from '@jest/globals';
import { extensionBits } from '../../src/calls/hwprobe.js';
import { scriptsOn } from '../helpers/scripted.js';

const KEYS = [3, 4, 6, 8, 12, 99];

describe('extensionBits', () => {
  it.each<[string, bigint]>([
    ['rv64ima', 0n],
    ['rv64imafdc', 3n],
    ['rv64imac', 2n],
    ['rv64imafdc_zicsr_zifencei_zba_zbb_zbc_zbs', 0xbbn],
    ['rv64imafdc_zicond', 3n | (1n << 35n)],
    ['rv64imafdc_zicbom_zicboz_zicntr', 0x43n | (1n << 50n) | (1n << 55n)],
    ['rv64imafdc_constructor', 3n],
  ])('%s', (isa, bits) => {
    const [lo, hi] = extensionBits(isa);
    expect((BigInt(hi) << 32n) | BigInt(lo)).toBe(bits);
  });
});

async function probe(on: 'emulated' | 'riscv64'): Promise<bigint[]> {
  const values: bigint[] = [];
  await scriptsOn(on)(function* (guest) {
    const at = guest.words(...KEYS.flatMap((key) => [key, 0]));
    values.push(BigInt(yield ['riscv_hwprobe', at, KEYS.length, 0, 0, 0]));
    const pairs = guest.peek(at, KEYS.length * 16);
    KEYS.forEach((_, i) => values.push(pairs.getBigUint64(i * 16 + 8, true)));
  });
  return values;
}

describe('riscv_hwprobe', () => {
  it('on the emulated machine has its extensions and their block sizes', async () => {
    const bits = [0, 1, 3, 4, 5, 6, 7, 32, 34, 35, 36, 50, 55].reduce((all, bit) => all | (1n << BigInt(bit)), 0n);
    expect(await probe('emulated')).toEqual([0n, 1n, bits, 64n, 10_000_000n, 64n, 0n]);
  });

  it('on a machine without them has none', async () => {
    const [, , bits, zicboz, , zicbom] = await probe('riscv64');
    expect([bits & (0xffffffffn << 32n), zicboz, zicbom]).toEqual([0n, 0n, 0n]);
  });
});
