/** Random operands of x86-64 instructions, and how objdump shows them in Intel's syntax. */
import * as fc from 'fast-check';
import * as x86 from '../x86_64/index.js';
import type { Bits, Memory, Register, VectorRegister } from '../x86_64/index.js';
import { fixed, hex, offset, type Samples } from './samples.js';

const LEGACY = ['ax', 'cx', 'dx', 'bx', 'sp', 'bp', 'si', 'di'];
const BYTES = ['al', 'cl', 'dl', 'bl', 'spl', 'bpl', 'sil', 'dil'];
const SUFFIX = { 8: 'b', 16: 'w', 32: 'd', 64: '' };
const WIDTH = { 0: '', 8: 'BYTE PTR ', 16: 'WORD PTR ', 32: 'DWORD PTR ', 64: 'QWORD PTR ' };

export function show(operand: Register | VectorRegister | Memory): string {
  if (operand.kind === 'memory') return `${WIDTH[operand.bits]}${showAddress(operand)}`;
  if (operand.kind === 'vector') return `${{ 128: 'x', 256: 'y', 512: 'z' }[operand.bits]}mm${operand.index}`;
  const { index, bits } = operand;
  if (index >= 8) return `r${index}${SUFFIX[bits]}`;
  return bits === 8 ? BYTES[index] : `${{ 16: '', 32: 'e', 64: 'r' }[bits]}${LEGACY[index]}`;
}

export function showAddress({ base, index, scale, displacement }: Memory): string {
  const signed = displacement < 0 ? `-${hex(-displacement)}` : `+${hex(displacement)}`;
  if (base === undefined && index === undefined) return `ds:${hex(BigInt.asUintN(64, BigInt(displacement)))}`;
  const scaled = index === undefined ? [] : [`${show(index)}*${scale}`];
  const sum = [...(base === undefined ? [] : [show(base)]), ...scaled].join('+');
  // without a displacement only these bases have a byte for one
  const needed = displacement !== 0 || base === undefined || (base.index & 7) === 5;
  return `[${sum}${needed ? signed : ''}]`;
}

export const table = <T>(functions: Record<string, T>, each: (name: string, encode: T) => Samples): Samples[] =>
  Object.entries(functions).map(([name, encode]) => each(name, encode));

export const index = fc.nat(15);
export const bits = fc.constantFrom<Bits>(8, 16, 32, 64);
const MAKE = { 8: x86.r8, 16: x86.r16, 32: x86.r32, 64: x86.r64 };
const MEMORY = { 0: x86.mem, 8: x86.mem8, 16: x86.mem16, 32: x86.mem32, 64: x86.mem64 };
export const register = (size: Bits): fc.Arbitrary<Register> => index.map(MAKE[size]);
export const displacement = fc.oneof(offset(32), offset(8), fc.constant(0));

export const memory = (size: Bits | 0): fc.Arbitrary<Memory> =>
  fc.oneof(
    fc.tuple(register(64), displacement).map(([base, by]) => MEMORY[size](base, by)),
    displacement.map((by) => MEMORY[size](undefined, by)),
    fc
      .tuple(
        fc.option(register(64), { nil: undefined }),
        displacement,
        register(64).filter((each) => each.index !== 4),
        fc.constantFrom<1 | 2 | 4 | 8>(1, 2, 4, 8),
      )
      .map(([base, by, index, scale]) => MEMORY[size](base, by, { index, scale })),
  );
export const place = (size: Bits): fc.Arbitrary<Register | Memory> => fc.oneof(register(size), memory(size));

/** An immediate that the operation sign-extends from 32 bits, and how it is printed: in the operation's size. */
export const immediate = (size: Bits): fc.Arbitrary<number> => fc.oneof(offset(Math.min(size, 32)), offset(8));
export const showImmediate = (value: number, size: Bits): string => hex(BigInt.asUintN(size, BigInt(value)));

export const sized = (
  name: string,
  body: (size: Bits) => fc.Arbitrary<readonly [Uint8Array, string]>,
  sizes = bits,
): Samples => ({
  name,
  sample: sizes.chain((size) => body(size).map(([code, text]) => fixed(code, text))),
});
