/** What the sample tables of the three instruction sets have in common. */
import * as fc from 'fast-check';
import type { Code } from '../code-buffer.js';

/** One instruction with operands: its code, and what a disassembler prints for it at address `at`. */
export interface Sample {
  readonly code: Code;
  readonly text: (at: number) => string;
}

export interface Samples {
  /** Name of the encoder. */
  readonly name: string;
  readonly sample: fc.Arbitrary<Sample>;
}

/** A sample whose text does not depend on where it is. */
export const fixed = (code: Code, text: string): Sample => ({ code, text: () => text });

/** An encoder without operands. */
export const plain = (name: string, code: Code, text = name): Samples => ({
  name,
  sample: fc.constant(fixed(code, text)),
});

/** An encoder whose operands `operands` draws. */
export const samples = <T extends unknown[]>(
  name: string,
  operands: { [K in keyof T]: fc.Arbitrary<T[K]> },
  make: (...drawn: T) => Sample,
): Samples => ({ name, sample: fc.tuple<T>(...operands).map((drawn) => make(...drawn)) });

export const index32: fc.Arbitrary<number> = fc.nat(31);

/** A signed integer of `bits` bits in units of `unit`; limits are as likely as everything between. */
export const offset = (bits: number, unit = 1): fc.Arbitrary<number> => {
  const limit = 2 ** (bits - 1);
  const value = fc.oneof(fc.integer({ min: -limit, max: limit - 1 }), fc.constantFrom(-limit, -1, 0, 1, limit - 1));
  return value.map((each) => each * unit);
};

export const unsignedOf = (bits: number): fc.Arbitrary<number> =>
  fc.oneof(fc.nat(2 ** bits - 1), fc.constantFrom(0, 2 ** bits - 1));

export const hex = (value: number | bigint): string => `0x${value.toString(16)}`;
