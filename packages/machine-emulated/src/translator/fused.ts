/**
 * Whether this engine has a fused multiply-add: relaxed SIMD's may be fused or not, as the processor has it, so one is
 * asked for a product whose low half only a fused one keeps. Source: WebAssembly specification 3.0, relaxed_madd.
 */
/// <reference types="webassembly" />
import { Code, F64, buildModule } from './wasm.js';

const SIMD = 0xfd;
const SPLAT = 0x14;
const EXTRACT = 0x21;
const MADD = [0x87, 0x02];

/** Pushes a double again as a vector. */
export function splat(code: Code): Code {
  return code.ops(SIMD, SPLAT);
}

/** From three vectors, a x b + c of their first lanes. */
export function multiplyAdd(code: Code): Code {
  return code.ops(SIMD, ...MADD, SIMD, EXTRACT, 0);
}

let known: boolean | undefined;

/** (1 + 2^-30)^2 - (1 + 2^-29) is 2^-60, which a product that is rounded first loses. */
export function hasFusedMultiplyAdd(): boolean {
  known ??= probe();
  return known;
}

function probe(): boolean {
  const code = new Code();
  for (const local of [0, 0, 1]) splat(code.get(local));
  multiplyAdd(code);
  const bytes = buildModule([{ type: { params: [F64, F64], result: F64 }, locals: [], code }], 1);
  if (!WebAssembly.validate(bytes)) return false;
  const env = { memory: new WebAssembly.Memory({ initial: 1, maximum: 1 }) };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env });
  const multiply = exports['0'] as (factor: number, addend: number) => number;
  return multiply(1 + 2 ** -30, -(1 + 2 ** -29)) === 2 ** -60;
}
