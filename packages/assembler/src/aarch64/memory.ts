/**
 * Loads and stores: `ldr(X0, mem(X1, 8))`, `ldp(q(0), q(1), post(SP, 32))`, exclusives and LSE atomics.
 *
 * Source: Arm Architecture Reference Manual for A-profile (DDI 0487), sections C4.1.94, C6, C7.
 */
import { scaled, signed } from '../internal/checks.js';
import { sf, sp, zr, type Address, type Register, type VectorRegister } from './operands.js';

type AnyRegister = Register | VectorRegister;

/** size | V | opc of single loads and stores. */
interface Kind {
  readonly bytes: number;
  readonly size: number;
  readonly vector: number;
  readonly opc: number;
}

function kindOf(register: AnyRegister, load: boolean): Kind {
  const bytes = register.bits / 8;
  const vector = register.kind === 'vector' ? 1 : 0;
  return { bytes, size: Math.log2(bytes) & 3, vector, opc: (load ? 1 : 0) | (bytes === 16 ? 2 : 0) };
}

const head = ({ size, vector, opc }: Kind): number =>
  (size * 2 ** 30 + ((7 << 27) | (vector << 26) | (opc << 22))) >>> 0;

function access(kind: Kind, rt: AnyRegister, address: Address): number {
  const registers = (sp('base', address.base) << 5) | zr('rt', rt);
  if (address.kind === 'offset') {
    if (address.offset < 0) throw new RangeError(`offset: expected at least 0 (see ldur, stur), got ${address.offset}`);
    const field = scaled('offset', address.offset, 13, kind.bytes);
    return (head(kind) | (1 << 24) | (field << 10) | registers) >>> 0;
  }
  return (
    (head(kind) |
      ((signed('offset', address.offset, 9) & 0x1ff) << 12) |
      ((address.kind === 'pre' ? 3 : 1) << 10) |
      registers) >>>
    0
  );
}

export const ldr = (rt: AnyRegister, address: Address): number => access(kindOf(rt, true), rt, address);
export const str = (rt: AnyRegister, address: Address): number => access(kindOf(rt, false), rt, address);

const narrow =
  (bytes: number, opc: number) =>
  (rt: Register, address: Address): number =>
    access({ bytes, size: Math.log2(bytes), vector: 0, opc }, rt, address);
/** Zero-extended; rt is a w register. */
export const ldrb = narrow(1, 1);
export const ldrh = narrow(2, 1);
export const strb = narrow(1, 0);
export const strh = narrow(2, 0);

const signExtended =
  (bytes: number) =>
  (rt: Register, address: Address): number =>
    access({ bytes, size: Math.log2(bytes), vector: 0, opc: rt.bits === 64 ? 2 : 3 }, rt, address);
export const ldrsb = signExtended(1);
export const ldrsh = signExtended(2);
/** rt is an x register. */
export const ldrsw = signExtended(4);

/** Any byte offset from -256 to 255. */
const unscaled =
  (load: boolean) =>
  (rt: AnyRegister, { base, offset }: Address): number =>
    (head(kindOf(rt, load)) |
      ((signed('offset', offset, 9) & 0x1ff) << 12) |
      (sp('base', base) << 5) |
      zr('rt', rt)) >>>
    0;
export const ldur = unscaled(true);
export const stur = unscaled(false);

/** Loads from `offset` bytes away from the instruction. */
export function ldrLiteral(rt: Register, offset: number): number {
  return ((sf(rt) << 30) | (0x18 << 24) | ((scaled('offset', offset, 19, 4) & 0x7ffff) << 5) | zr('rt', rt)) >>> 0;
}

const pair =
  (load: number) =>
  (first: AnyRegister, second: AnyRegister, address: Address): number => {
    if (first.bits !== second.bits || (first.kind === 'vector') !== (second.kind === 'vector')) {
      throw new RangeError(`registers: expected two of one size, got ${first.bits} and ${second.bits} bits`);
    }
    const vector = first.kind === 'vector';
    const opc = vector ? Math.log2(first.bits) - 5 : first.bits === 64 ? 2 : 0;
    const mode = { post: 1, offset: 2, pre: 3 }[address.kind];
    const offset = (scaled('offset', address.offset, 7, first.bits / 8) & 0x7f) << 15;
    const fields = (5 << 27) | (Number(vector) << 26) | (mode << 23) | (load << 22) | offset;
    return (
      (opc * 2 ** 30 + (fields | (zr('rt2', second) << 10) | (sp('base', address.base) << 5) | zr('rt', first))) >>> 0
    );
  };

export const ldp = pair(1);
export const stp = pair(0);

/** size | 001000 | o2 L o1 | rs | o0 | rt2 | rn | rt */
function exclusive(
  bits: number,
  o2: number,
  load: number,
  o0: number,
  rs: number,
  base: Register,
  rt: Register,
): number {
  const size = Math.log2(bits / 8);
  const fields = (8 << 24) | (o2 << 23) | (load << 22) | (rs << 16) | (o0 << 15) | (31 << 10);
  return (size * 2 ** 30 + (fields | (sp('base', base) << 5) | zr('rt', rt))) >>> 0;
}

const loadExclusive =
  (o2: number, o0: number) =>
  (rt: Register, base: Register): number =>
    exclusive(rt.bits, o2, 1, o0, 31, base, rt);
export const ldxr = loadExclusive(0, 0);
export const ldaxr = loadExclusive(0, 1);
export const ldar = loadExclusive(1, 1);

/** (status, rt, base): status, a w register, is 0 when it was stored. */
const storeExclusive =
  (o0: number) =>
  (status: Register, rt: Register, base: Register): number =>
    exclusive(rt.bits, 0, 0, o0, zr('status', status), base, rt);
export const stxr = storeExclusive(0);
export const stlxr = storeExclusive(1);
export const stlr = (rt: Register, base: Register): number => exclusive(rt.bits, 1, 0, 1, 31, base, rt);
export const clrex = (): number => 0xd5033f5f;

export type Ordering = '' | 'a' | 'l' | 'al';
const ORDER: Readonly<Record<Ordering, number>> = { '': 0, l: 1, a: 2, al: 3 };

/** (rs, rt, base): rt = memory[base], memory[base] = rt op rs; `'al'` is the form with acquire and release. */
const atomic =
  (o3: number, opc: number) =>
  (rs: Register, rt: Register, base: Register, ordering: Ordering = ''): number => {
    const size = sf(rs, rt) === 1 ? 3 : 2;
    const fields = (0x38 << 24) | (ORDER[ordering] << 22) | (1 << 21) | (zr('rs', rs) << 16) | (o3 << 15) | (opc << 12);
    return (size * 2 ** 30 + (fields | (sp('base', base) << 5) | zr('rt', rt))) >>> 0;
  };
export const ldadd = atomic(0, 0);
export const ldclr = atomic(0, 1);
export const ldeor = atomic(0, 2);
export const ldset = atomic(0, 3);
export const swp = atomic(1, 0);

/** Compares memory[base] with rs, stores rt when equal; rs = the old value. */
export const cas = (rs: Register, rt: Register, base: Register, ordering: Ordering = ''): number => {
  sf(rs, rt);
  const acquire = ORDER[ordering] >> 1;
  return exclusive(rt.bits, 1, acquire, ORDER[ordering] & 1, zr('rs', rs), base, rt) | (1 << 21);
};
