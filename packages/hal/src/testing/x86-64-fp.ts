/**
 * The XSAVE area in its standard format: what a state is, and when two of them are the same.
 *
 * Shapes     bytes 0..511 legacy (x87, MXCSR, xmm0..15), 512..575 header (XSTATE_BV first), then one area per component
 * Equality   a component whose bit in XSTATE_BV is clear is in its initial state, whatever its bytes; the addresses of
 *            the last x87 instruction, mxcsr_mask and reserved bytes say nothing
 * Source     Intel SDM volume 1, sections 10.5.1 and 13.4
 */
import { x86_64 as x86 } from '@veridian-os/assembler';
import { X86_64 } from '../registers.js';
import type { FpState, VectorRegisters } from './guest-isa.js';

const FCW = 0;
const FSW = 2;
const FTW = 4;
const MXCSR = 24;
const ST = 32;
const XMM = 160;
const XSTATE_BV = 512;

const Component = { X87: 0, Sse: 1, Avx: 2, Opmask: 5, ZmmHigh: 6, HighZmm: 7, Pkru: 9 } as const;
/** Where components other than x87 have their registers. */
const AREAS: readonly (readonly [component: number, offset: number, length: number])[] = [
  [Component.Sse, XMM, 256],
  [Component.Avx, 576, 256],
  [Component.Opmask, 1088, 64],
  [Component.ZmmHigh, 1152, 512],
  [Component.HighZmm, 1664, 1024],
  [Component.Pkru, 2688, 4],
];
const ALL = [Component.X87, ...AREAS.map(([component]) => component)].reduce((sum, bit) => sum | (1 << bit), 0);

const INITIAL_FCW = 0x37f;
const INITIAL_MXCSR = 0x1f80;

const viewOf = (state: Uint8Array): DataView => new DataView(state.buffer, state.byteOffset, state.length);
const components = (state: Uint8Array): number => viewOf(state).getUint16(XSTATE_BV, true);
const has = (state: Uint8Array, component: number): boolean => ((components(state) >> component) & 1) === 1;

function initial(): Uint8Array {
  const state = new Uint8Array(X86_64.fpBytes);
  viewOf(state).setUint16(FCW, INITIAL_FCW, true);
  viewOf(state).setUint32(MXCSR, INITIAL_MXCSR, true);
  return state;
}

function pattern(seed: number, template?: Uint8Array): Uint8Array {
  const state = initial();
  const view = viewOf(state);
  const present = template === undefined ? ALL : components(template) & ALL;
  view.setUint16(XSTATE_BV, present, true);
  const fill = (offset: number, length: number): void => {
    for (let i = offset; i < offset + length; i++) state[i] = (i * 37 + (i >> 8) + seed) & 255;
  };
  for (const [component, offset, length] of AREAS) if (((present >> component) & 1) === 1) fill(offset, length);
  // Key 0 is everybody's: a program must still reach its memory.
  if (((present >> Component.Pkru) & 1) === 1) view.setUint32(AREAS[5][1], (seed << 4) | 0x54, true);
  // Rounding modes and flags that were raised; all exceptions masked.
  view.setUint32(MXCSR, INITIAL_MXCSR | ((seed & 3) << 13) | (1 + (seed & 31)), true);
  view.setUint16(FCW, INITIAL_FCW | ((seed & 3) << 10), true);
  view.setUint16(FSW, (seed & 7) << 11, true);
  state[FTW] = 255;
  for (let register = 0; register < 8; register++) fill(ST + register * 16, 10);
  return state;
}

function normal(state: Uint8Array): Uint8Array {
  const same = initial();
  const copy = (offset: number, length: number): void => same.set(state.subarray(offset, offset + length), offset);
  copy(MXCSR, 4);
  for (const [component, offset, length] of AREAS) if (has(state, component)) copy(offset, length);
  if (!has(state, Component.X87)) return same;
  copy(FCW, 4);
  copy(FTW, 1);
  for (let register = 0; register < 8; register++) copy(ST + register * 16, 10);
  return same;
}

export const x86Fp: FpState = {
  initial,
  pattern,
  normal,
  getDouble: (state, register) => (has(state, Component.Sse) ? viewOf(state).getFloat64(XMM + register * 16, true) : 0),
  setDouble(state, register, value) {
    if (!has(state, Component.Sse)) state.fill(0, XMM, XMM + 256);
    viewOf(state).setUint16(XSTATE_BV, components(state) | (1 << Component.Sse), true);
    viewOf(state).setFloat64(XMM + register * 16, value, true);
  },
};

/** Registers 0 to 15 of one width, in the pieces that the area has them in. */
const vectors = (
  name: string,
  needed: readonly number[],
  make: (register: number) => x86.VectorRegister,
  pieces: (register: number) => readonly (readonly [offset: number, length: number])[],
): VectorRegisters => {
  const move = make(0).bits === 128 ? x86.movdqu : x86.vmovdqu;
  return {
    name,
    count: 16,
    bytes: make(0).bits / 8,
    has: (template) => needed.every((component) => has(template, component)),
    load: (register, base) => move(make(register), x86.mem(x86.r64(base))),
    store: (register, base) => move(x86.mem(x86.r64(base)), make(register)),
    read: (state, register) =>
      Uint8Array.from(pieces(register).flatMap(([offset, length]) => [...state.subarray(offset, offset + length)])),
  };
};

const low = (register: number) => [XMM + register * 16, 16] as const;
const middle = (register: number) => [576 + register * 16, 16] as const;
const high = (register: number) => [1152 + register * 32, 32] as const;

export const x86Vectors: readonly VectorRegisters[] = [
  vectors('SSE', [Component.Sse], x86.xmm, (register) => [low(register)]),
  vectors('AVX', [Component.Sse, Component.Avx], x86.ymm, (register) => [low(register), middle(register)]),
  vectors('AVX-512', [Component.Sse, Component.Avx, Component.ZmmHigh], x86.zmm, (register) => [
    low(register),
    middle(register),
    high(register),
  ]),
];
