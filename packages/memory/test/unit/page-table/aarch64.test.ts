import { describe, expect, it } from '@jest/globals';
import type { Frame } from '@veridian-os/abi';
import { PageFlag, aarch64, aarch64Lpa2 } from '@veridian-os/memory';
import { pageTableFormatKit } from '@veridian-os/memory/testing';

for (const format of [aarch64, aarch64Lpa2]) pageTableFormatKit({ describe, it }, format);

describe('aarch64', () => {
  const { Read, Write, Execute, Accessed, Dirty, Supervisor, Global, NonCacheable, Device } = PageFlag;
  const frame = 0x40000 as Frame;

  it.each([
    [Read, 0, 'nG SH RO EL0 page; UXN PXN', 0b1011_1100_0011, 0b11],
    [Read | Write | Accessed, 0, 'nG AF SH EL0 page; UXN PXN', 0b1111_0100_0011, 0b11],
    [Execute, 0, 'nG SH RO page; PXN', 0b1011_1000_0011, 0b01],
    [Read | Execute, 1, 'nG SH RO EL0 block; PXN', 0b1011_1100_0001, 0b01],
    [Read | Dirty, 2, 'nG SH RO EL0 block; dirty UXN PXN', 0b1011_1100_0001, 0b111],
    [Read | Write | Supervisor | Global, 0, 'SH page; UXN PXN', 0b0011_0000_0011, 0b11],
    [Execute | Supervisor, 0, 'nG SH RO page; UXN', 0b1011_1000_0011, 0b10],
    [Read | Device, 0, 'attribute 1', 0b1011_1100_0111, 0b11],
    [Read | NonCacheable, 0, 'attribute 2', 0b1011_1100_1011, 0b11],
    [Accessed | Global, 2, 'retained: only the software bit', 1 << 2, 0],
  ])('encodes flags %i of level %i as %s', (flags, level, _name, low, high) => {
    expect(aarch64.leafLo(frame, flags, level)).toBe(((0x40000 << 12) | low) >>> 0);
    expect(aarch64.leafHi(frame, flags)).toBe(high << 21);
  });

  it('has bits 48 to 51 of an address in bits 48, 49, 8 and 9 with 52-bit addresses', () => {
    const at = (bit: number) => {
      const number = (2 ** (bit - 12)) as Frame;
      return [aarch64Lpa2.tableLo(number), aarch64Lpa2.tableHi(number)];
    };
    expect([47, 48, 49, 50, 51].map(at)).toEqual([
      [3, 2 ** 15],
      [3, 2 ** 16],
      [3, 2 ** 17],
      [3 | (1 << 8), 0],
      [3 | (1 << 9), 0],
    ]);
  });
});
