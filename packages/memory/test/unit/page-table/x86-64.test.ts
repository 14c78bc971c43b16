import { describe, expect, it } from '@jest/globals';
import type { Frame } from '@veridian-os/abi';
import { PageFlag, x86_64, x86_64La57 } from '@veridian-os/memory';
import { pageTableFormatKit } from '@veridian-os/memory/testing';

for (const format of [x86_64, x86_64La57]) pageTableFormatKit({ describe, it }, format);

describe('x86_64', () => {
  const frame = 0x40000 as Frame;
  const { Read, Write, Execute, Accessed, Dirty, Supervisor, Global, NonCacheable, Device } = PageFlag;

  it.each([
    [Read, 0, 'U P', 0b101, true],
    [Read | Write, 0, 'U W P', 0b111, true],
    [Execute, 0, 'U P', 0b101, false],
    [Read, 1, 'PS U P', 0b1000_0101, true],
    [Read | Accessed | Dirty, 0, 'D A U P', 0b110_0101, true],
    [Read | Supervisor | Global, 2, 'G PS P', 0b1_1000_0001, true],
    [Read | NonCacheable, 0, 'PWT U P', 0b1101, true],
    [Read | Device, 1, 'PS PCD PWT U P', 0b1001_1101, true],
    [Device | Global | Dirty, 1, 'retained: only the software bit', 1 << 9, false],
  ])('encodes flags %i of level %i as %s', (flags, level, _name, bits, noExecute) => {
    expect(x86_64.leafLo(frame, flags, level)).toBe(((0x40000 << 12) | bits) >>> 0);
    expect(x86_64.leafHi(frame, flags)).toBe(noExecute ? 2 ** 31 : 0);
  });
});
