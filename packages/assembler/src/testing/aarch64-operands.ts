/** Random operands of A64 instructions, and how objdump shows them. */
import * as fc from 'fast-check';
import * as arm from '../aarch64/index.js';
import type { Samples } from './samples.js';

export type Register = arm.Register;

export const table = <T>(functions: Record<string, T>, each: (name: string, encode: T) => Samples): Samples[] =>
  Object.entries(functions).map(([name, encode]) => each(name, encode));

export const show = (register: Register | arm.VectorRegister): string => {
  if (register.kind === 'vector') return `${'bhsdq'[Math.log2(register.bits) - 3]}${register.index}`;
  if (register.kind === 'stack') return 'sp';
  return `${register.bits === 64 ? 'x' : 'w'}${register.kind === 'zero' ? 'zr' : register.index}`;
};

export const index = fc.nat(31);
export const x = index.map(arm.x);
export const w = index.map(arm.w);
export const wide = fc.boolean();
export const of = (is64: boolean, ...indices: number[]): Register[] => indices.map(is64 ? arm.x : arm.w);
/** A base register: never the zero register. */
export const base = fc.oneof(fc.nat(30).map(arm.x), fc.constant(arm.SP));
