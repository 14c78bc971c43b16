/** fast-check generators of valid executables and of damage to them. */
import fc from 'fast-check';
import type { BuildElf, BuildSegment } from './build-elf.js';

/** Descriptions that `buildElf` turns into valid executables: 1 to 5 disjoint segments, entry in an executable one. */
export function elfDescriptions(): fc.Arbitrary<BuildElf> {
  const part = fc.record({
    gapPages: fc.integer({ min: 1, max: 5000 }),
    skew: fc.integer({ min: 0, max: 4095 }),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 300 }),
    zeroes: fc.integer({ min: 0, max: 100_000 }),
    prot: fc.integer({ min: 0, max: 7 }),
  });
  return fc
    .record({
      parts: fc.array(part, { minLength: 1, maxLength: 5 }),
      positionIndependent: fc.boolean(),
      machine: fc.constantFrom('riscv64', 'x86_64', 'aarch64'),
      interpreter: fc.option(fc.constantFrom('/lib/ld.so', '/lib/ld-linux-riscv64-lp64d.so.1'), { nil: undefined }),
      executableStack: fc.option(fc.boolean(), { nil: undefined }),
      entryAt: fc.nat(1_000_000),
    })
    .map(({ parts, positionIndependent, machine, interpreter, executableStack, entryAt }): BuildElf => {
      let end = 0x10000;
      const segments = parts.map((from, index): BuildSegment => {
        const virtualAddress = Math.ceil(end / 4096) * 4096 + from.gapPages * 4096 + from.skew;
        const memoryBytes = from.bytes.length + from.zeroes;
        end = virtualAddress + memoryBytes;
        return { virtualAddress, bytes: from.bytes, memoryBytes, prot: index === 0 ? from.prot | 4 : from.prot };
      });
      const entry = segments[0].virtualAddress + (entryAt % segments[0].memoryBytes!);
      return {
        machine,
        positionIndependent,
        entry,
        segments,
        headersAt: 0x10000,
        ...(interpreter === undefined ? {} : { interpreter }),
        ...(executableStack === undefined ? {} : { executableStack }),
      };
    });
}

/** One change to a file: bytes written somewhere, or its end cut off. */
export type Damage =
  | { readonly kind: 'write'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'cut'; readonly keep: number };

/** Damage aimed at the first `reach` bytes, with values that break careless arithmetic more often than chance would. */
export function damages(reach: number): fc.Arbitrary<Damage[]> {
  const nasty = fc.constantFrom(0n, 1n, 0x7fffffffn, 0xffffffffn, 2n ** 38n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n);
  const word = nasty.map((value) => new Uint8Array(BigUint64Array.of(value).buffer));
  const write = fc.record({
    kind: fc.constant('write' as const),
    at: fc.nat(reach - 1),
    bytes: fc.oneof(word, fc.uint8Array({ minLength: 1, maxLength: 8 })),
  });
  const cut = fc.record({ kind: fc.constant('cut' as const), keep: fc.nat(reach) });
  return fc.array(fc.oneof({ weight: 8, arbitrary: write }, { weight: 1, arbitrary: cut }), {
    minLength: 1,
    maxLength: 4,
  });
}

/** A damaged copy of `file`. */
export function applyDamage(file: Uint8Array, list: readonly Damage[]): Uint8Array {
  let copy = file.slice();
  for (const damage of list) {
    if (damage.kind === 'cut') copy = copy.subarray(0, Math.min(copy.length, damage.keep));
    else copy.set(damage.bytes.subarray(0, Math.max(0, copy.length - damage.at)), Math.min(damage.at, copy.length));
  }
  return copy;
}
