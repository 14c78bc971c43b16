import { describe, expect, it } from '@jest/globals';
import { ENOMEM } from '@veridian-os/abi';
import { DYNAMIC_BASE, USER_LIMIT, chooseBase, parseElf, type ElfImage, type ElfMachine } from '@veridian-os/elf';
import { buildElf, type BuildElf } from '@veridian-os/elf/testing';

function image(change: Partial<BuildElf> = {}, align = 4096, size = 0x2345): ElfImage {
  const segments = [{ virtualAddress: 0, bytes: new Uint8Array(64), memoryBytes: size, prot: 5, align }];
  const parsed = parseElf(buildElf({ positionIndependent: true, entry: 0, segments, ...change }));
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed;
}

describe('chooseBase', () => {
  it("uses Linux's places, two thirds of the window", () => {
    // DEFAULT_MAP_WINDOW of each ISA; Linux cuts the quotient to a page.
    const windows: Record<ElfMachine, bigint> = { riscv64: 1n << 38n, x86_64: (1n << 47n) - 4096n, aarch64: 1n << 47n };
    for (const machine of ['riscv64', 'x86_64', 'aarch64'] as const) {
      const window = windows[machine];
      const twoThirds = machine === 'aarch64' ? (2n * window) / 3n : (window / 3n) * 2n;
      expect(BigInt(DYNAMIC_BASE[machine])).toBe(twoThirds & ~4095n);
      expect(chooseBase(image({ machine }))).toBe(DYNAMIC_BASE[machine]);
    }
  });

  it('leaves fixed images where they are', () => {
    const segments = [{ virtualAddress: 0x10000, bytes: new Uint8Array(4), prot: 5 }];
    expect(chooseBase(image({ positionIndependent: false, entry: 0x10000, segments }))).toBe(0);
  });

  it('moves by the random pages and keeps the largest alignment', () => {
    expect(chooseBase(image(), { randomPages: 3 })).toBe(DYNAMIC_BASE.riscv64 + 3 * 4096);
    const aligned = chooseBase(image({}, 0x200000), { randomPages: 777 });
    expect(aligned % 0x200000).toBe(0);
    expect(aligned).toBeLessThanOrEqual(DYNAMIC_BASE.riscv64 + 777 * 4096);
    expect(aligned).toBeGreaterThan(DYNAMIC_BASE.riscv64 + 777 * 4096 - 0x200000);
  });

  it('puts an interpreter right below the given address', () => {
    expect(chooseBase(image(), { below: 0x3f00000000 })).toBe(0x3f00000000 - 0x3000);
    expect(chooseBase(image(), { below: 0x3f00000000, randomPages: 2 })).toBe(0x3f00000000 - 0x5000);
  });

  it('counts from the lowest segment', () => {
    const segments = [{ virtualAddress: 0x400000, bytes: new Uint8Array(4), prot: 5 }];
    expect(chooseBase(image({ entry: 0x400000, segments }))).toBe(DYNAMIC_BASE.riscv64 - 0x400000);
  });

  it('answers ENOMEM when the image does not fit', () => {
    expect(chooseBase(image({}, 4096, USER_LIMIT.riscv64 / 2))).toBe(ENOMEM);
    expect(chooseBase(image(), { below: 0x2000 })).toBe(ENOMEM);
    expect(chooseBase(image(), { below: 0x3000 })).toBe(ENOMEM); // page 0 stays free
    expect(chooseBase(image(), { addressLimit: DYNAMIC_BASE.riscv64 })).toBe(ENOMEM);
    const segments = [{ virtualAddress: 0x3000000000, bytes: new Uint8Array(4), prot: 5 }];
    expect(chooseBase(image({ entry: 0x3000000000, segments }))).toBe(ENOMEM);
  });

  it('refuses bad arguments', () => {
    expect(() => chooseBase(image(), { randomPages: -1 })).toThrow('randomPages: expected 0 to 268435456, got -1');
    expect(() => chooseBase(image(), { below: Number.NaN })).toThrow('below: expected an address, got NaN');
  });
});
