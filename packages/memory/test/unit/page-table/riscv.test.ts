import { describe, expect, it } from '@jest/globals';
import type { Frame } from '@veridian-os/abi';
import { PageFlag, sv39, sv48, sv57 } from '@veridian-os/memory';
import { pageTableFormatKit } from '@veridian-os/memory/testing';

for (const format of [sv39, sv48, sv57]) pageTableFormatKit({ describe, it }, format);

describe('sv39', () => {
  const frame = 0x80123 as Frame;

  it.each([
    [PageFlag.Read, 'U R V', 0b10011],
    [PageFlag.Read | PageFlag.Write, 'U W R V', 0b10111],
    [PageFlag.Write, 'U W R V: W without R is reserved', 0b10111],
    [PageFlag.Execute, 'U X V', 0b11001],
    [PageFlag.Read | PageFlag.Accessed | PageFlag.Dirty, 'D A U R V', 0b11010011],
    [PageFlag.Read | PageFlag.Supervisor | PageFlag.Global, 'G R V', 0b100011],
    [PageFlag.Accessed, 'retained: only the software bit', 1 << 8],
    [PageFlag.Device, 'retained: only the software bit', 1 << 8],
    [0, 'retained: only the software bit', 1 << 8],
  ])('encodes flags %i as %s', (flags, _name, bits) => {
    for (const level of [0, 1, 2]) expect(sv39.leafLo(frame, flags, level)).toBe(((0x80123 << 10) | bits) >>> 0);
    expect(sv39.leafHi(frame, flags)).toBe(0);
  });

  it('puts the upper bits of a frame number into the high word', () => {
    const high = (2 ** 43 + 2 ** 22 + 5) as Frame;
    expect(sv39.leafHi(high, PageFlag.Read)).toBe(2 ** 21 + 1);
    expect(sv39.tableHi(high)).toBe(2 ** 21 + 1);
    expect(sv39.tableLo(high)).toBe((5 << 10) | 1);
  });

  it.each([
    [PageFlag.NonCacheable, 1],
    [PageFlag.Device, 2],
    [PageFlag.Device | PageFlag.NonCacheable, 2],
  ])('encodes memory type %i as PBMT %i', (type, pbmt) => {
    expect(sv39.leafHi(frame, PageFlag.Read | type)).toBe(pbmt * 2 ** 29);
  });

  it('has no permissions where the hardware sees no page', () => {
    expect(sv39.flags(0xfe, 0)).toBe(0);
  });
});
