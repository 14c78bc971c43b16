/**
 * Integer instructions of A64: destination first, sizes by register. Offsets of branches are bytes from the instruction.
 *
 * Source: Arm Architecture Reference Manual for A-profile (DDI 0487), chapters C4 and C6.
 */
import { scaled, unsigned } from '../internal/checks.js';
import { sf, sp, w, x, zr, type Register } from './operands.js';

const word = (value: number): number => value >>> 0;
/** A field that reaches bit 31. */
const top = (value: number): number => value * 2 ** 31;

const wideMove =
  (opcode: number) =>
  (rd: Register, immediate: number, shift: 0 | 16 | 32 | 48 = 0): number =>
    word(
      top(sf(rd)) +
        ((opcode << 29) |
          (0x25 << 23) |
          ((shift / 16) << 21) |
          (unsigned('immediate', immediate, 16) << 5) |
          zr('rd', rd)),
    );

export const movn = wideMove(0);
export const movz = wideMove(2);
export const movk = wideMove(3);

/** Register to register, sp too. */
export function mov(rd: Register, rn: Register): number {
  return rd.kind === 'stack' || rn.kind === 'stack' ? add(rd, rn, 0) : orr(rd, rn.bits === 64 ? x(31) : w(31), rn);
}

/** Any constant: one to four instructions. */
export function movConstant(rd: Register, constant: bigint | number): readonly number[] {
  const value = BigInt.asUintN(rd.bits, BigInt(constant));
  const parts = [0, 16, 32, 48].slice(0, rd.bits / 16) as (0 | 16 | 32 | 48)[];
  const part = (shift: number): number => Number((value >> BigInt(shift)) & 0xffffn);
  const ones = parts.filter((shift) => part(shift) === 0xffff).length;
  const zeroes = parts.filter((shift) => part(shift) === 0).length;
  const background = ones > zeroes ? 0xffff : 0;
  const [first = 0, ...rest] = parts.filter((shift) => part(shift) !== background);
  const start = background === 0 ? movz(rd, part(first), first) : movn(rd, part(first) ^ 0xffff, first);
  return [start, ...rest.map((shift) => movk(rd, part(shift), shift))];
}

/** Left shift of a register operand. */
export interface Shift {
  readonly lsl?: number;
  readonly lsr?: number;
  readonly asr?: number;
}

function shiftOf({ lsl, lsr, asr }: Shift): number {
  const type = asr !== undefined ? 2 : lsr !== undefined ? 1 : 0;
  return (type << 22) | (unsigned('shift', asr ?? lsr ?? lsl ?? 0, 6) << 10);
}

/** op rd, rn, rm | op rd, rn, #imm (12 bits, or 12 bits shifted by 12). */
const addSub =
  (op: number, flags: number) =>
  (rd: Register, rn: Register, rm: Register | number, shift: Shift = {}): number => {
    const head = top(sf(rd, rn)) + ((op << 30) | (flags << 29));
    if (typeof rm === 'number') {
      const high = rm >= 4096;
      const immediate = unsigned('immediate', high ? rm / 4096 : rm, 12);
      const to = flags === 1 ? zr('rd', rd) : sp('rd', rd);
      return word(head + ((0x22 << 23) | (Number(high) << 22) | (immediate << 10) | (sp('rn', rn) << 5) | to));
    }
    sf(rd, rm);
    // sp is allowed in the extended-register form only: uxtx or uxtw by nothing
    if (rn.kind === 'stack' || rd.kind === 'stack') {
      const extended = (0x59 << 21) | (zr('rm', rm) << 16) | ((rd.bits === 64 ? 3 : 2) << 13);
      return word(head + (extended | (sp('rn', rn) << 5) | (flags === 1 ? zr('rd', rd) : sp('rd', rd))));
    }
    return word(head + ((0x0b << 24) | shiftOf(shift) | (zr('rm', rm) << 16) | (rn.index << 5) | rd.index));
  };

export const add = addSub(0, 0);
export const adds = addSub(0, 1);
export const sub = addSub(1, 0);
export const subs = addSub(1, 1);
const zeroLike = (register: Register): Register => (register.bits === 64 ? x(31) : w(31));
export const cmp = (rn: Register, rm: Register | number): number => subs(zeroLike(rn), rn, rm);
export const cmn = (rn: Register, rm: Register | number): number => adds(zeroLike(rn), rn, rm);

/**
 * N, immr, imms of a logical immediate: a rotated run of ones, repeated; 13 bits.
 * @throws RangeError for a value that has none
 */
export function logicalImmediate(constant: bigint | number, bits: 32 | 64): number {
  let value = BigInt.asUintN(bits, BigInt(constant));
  if (bits === 32) value |= value << 32n;
  for (let size = 2; size <= 64; size *= 2) {
    const mask = (1n << BigInt(size)) - 1n;
    const element = value & mask;
    let repeated = 0n;
    for (let at = 0; at < 64; at += size) repeated |= element << BigInt(at);
    if (repeated !== value) continue;
    for (let ones = 1; ones < size; ones++) {
      const run = (1n << BigInt(ones)) - 1n;
      for (let rotate = 0; rotate < size; rotate++) {
        const rotated = ((run >> BigInt(rotate)) | (run << BigInt(size - rotate))) & mask;
        if (rotated !== element) continue;
        const imms = ((~(size * 2 - 1) & 0x3f) | (ones - 1)) & 0x3f;
        return ((size === 64 ? 1 : 0) << 12) | (rotate << 6) | imms;
      }
    }
    break;
  }
  throw new RangeError(`immediate: expected a repeated, rotated run of ones, got 0x${value.toString(16)}`);
}

const logical =
  (op: number, invert: number) =>
  (rd: Register, rn: Register, rm: Register | number | bigint, shift: Shift = {}): number => {
    const head = top(sf(rd, rn)) + (op << 29);
    if (typeof rm === 'object') {
      sf(rd, rm);
      const fields = (0x0a << 24) | (invert << 21) | shiftOf(shift) | (zr('rm', rm) << 16);
      return word(head + (fields | (zr('rn', rn) << 5) | zr('rd', rd)));
    }
    if (invert === 1) throw new RangeError('rm: expected a register, got an immediate');
    const to = op === 3 ? zr('rd', rd) : sp('rd', rd);
    return word(head + ((0x24 << 23) | (logicalImmediate(rm, rd.bits) << 10) | (zr('rn', rn) << 5) | to));
  };

export const and = logical(0, 0);
export const bic = logical(0, 1);
export const orr = logical(1, 0);
export const orn = logical(1, 1);
export const eor = logical(2, 0);
export const ands = logical(3, 0);
export const tst = (rn: Register, rm: Register | number | bigint): number => ands(zeroLike(rn), rn, rm);
export const mvn = (rd: Register, rm: Register): number => orn(rd, zeroLike(rd), rm);

const bitfield =
  (op: number) =>
  (rd: Register, rn: Register, immr: number, imms: number): number => {
    const size = sf(rd, rn);
    const width = size === 1 ? 6 : 5;
    const fields = (unsigned('immr', immr, width) << 16) | (unsigned('imms', imms, width) << 10);
    return word(top(size) + ((op << 29) | (0x26 << 23) | (size << 22) | fields | (zr('rn', rn) << 5) | zr('rd', rd)));
  };

export const sbfm = bitfield(0);
export const bfm = bitfield(1);
export const ubfm = bitfield(2);
export const lsr = (rd: Register, rn: Register, amount: number): number => ubfm(rd, rn, amount, rd.bits - 1);
export const asr = (rd: Register, rn: Register, amount: number): number => sbfm(rd, rn, amount, rd.bits - 1);
export const lsl = (rd: Register, rn: Register, amount: number): number =>
  ubfm(rd, rn, (rd.bits - amount) % rd.bits, rd.bits - 1 - amount);
/** rd = rn[low + width - 1 : low] */
export const ubfx = (rd: Register, rn: Register, low: number, width: number): number =>
  ubfm(rd, rn, low, low + width - 1);
/** rd[low + width - 1 : low] = rn */
export const bfi = (rd: Register, rn: Register, low: number, width: number): number =>
  bfm(rd, rn, (rd.bits - low) % rd.bits, width - 1);

const twoSources =
  (opcode: number) =>
  (rd: Register, rn: Register, rm: Register): number =>
    word(
      top(sf(rd, rn, rm)) + ((0xd6 << 21) | (zr('rm', rm) << 16) | (opcode << 10) | (zr('rn', rn) << 5) | zr('rd', rd)),
    );

export const udiv = twoSources(2);
export const sdiv = twoSources(3);
export const lslv = twoSources(8);
export const lsrv = twoSources(9);
export const asrv = twoSources(10);

export const madd = (rd: Register, rn: Register, rm: Register, ra: Register): number =>
  word(
    top(sf(rd, rn, rm, ra)) +
      ((0xd8 << 21) | (zr('rm', rm) << 16) | (zr('ra', ra) << 10) | (zr('rn', rn) << 5) | zr('rd', rd)),
  );
export const mul = (rd: Register, rn: Register, rm: Register): number => madd(rd, rn, rm, zeroLike(rd));

const CONDITIONS = {
  eq: 0,
  ne: 1,
  cs: 2,
  cc: 3,
  mi: 4,
  pl: 5,
  vs: 6,
  vc: 7,
  hi: 8,
  ls: 9,
  ge: 10,
  lt: 11,
  gt: 12,
  le: 13,
};
export type Condition = keyof typeof CONDITIONS;

export const csel = (rd: Register, rn: Register, rm: Register, condition: Condition): number =>
  word(
    top(sf(rd, rn, rm)) +
      ((0xd4 << 21) | (zr('rm', rm) << 16) | (CONDITIONS[condition] << 12) | (zr('rn', rn) << 5) | zr('rd', rd)),
  );
export const csinc = (rd: Register, rn: Register, rm: Register, condition: Condition): number =>
  (csel(rd, rn, rm, condition) | 0x400) >>> 0;

const near =
  (opcode: number) =>
  (offset: number): number =>
    word(opcode * 2 ** 26 + (scaled('offset', offset, 26, 4) & 0x3ffffff));
/** Plus or minus 128 MiB. */
export const branch = near(0x05);
export const bl = near(0x25);
const imm19 = (offset: number): number => (scaled('offset', offset, 19, 4) & 0x7ffff) << 5;
/** `bCond('ne', offset)` is b.ne, plus or minus 1 MiB. */
export const bCond = (condition: Condition, offset: number): number =>
  word((0x54 << 24) | imm19(offset) | CONDITIONS[condition]);
export const cbz = (rt: Register, offset: number): number =>
  word(top(sf(rt)) + ((0x34 << 24) | imm19(offset) | zr('rt', rt)));
export const cbnz = (rt: Register, offset: number): number =>
  word(top(sf(rt)) + ((0x35 << 24) | imm19(offset) | zr('rt', rt)));

const testBranch =
  (opcode: number) =>
  (rt: Register, bit: number, offset: number): number => {
    unsigned('bit', bit, rt.bits === 64 ? 6 : 5);
    const target = (scaled('offset', offset, 14, 4) & 0x3fff) << 5;
    return word(top(bit >> 5) + ((opcode << 24) | ((bit & 31) << 19) | target | zr('rt', rt)));
  };
/** Branches when a bit is 0; plus or minus 32 KiB. */
export const tbz = testBranch(0x36);
export const tbnz = testBranch(0x37);

const toRegister =
  (opcode: number) =>
  (rn: Register): number =>
    word((opcode << 10) | (zr('rn', rn) << 5));
export const br = toRegister(0x3587c0);
export const blr = toRegister(0x358fc0);
export const ret = (rn: Register = x(30)): number => word((0x3597c0 << 10) | (zr('rn', rn) << 5));

const pcRelative = (opcode: number, immediate: number, rd: Register): number =>
  word(top(opcode) + ((0x10 << 24) | ((immediate & 3) << 29) | (((immediate >> 2) & 0x7ffff) << 5) | zr('rd', rd)));
/** rd = pc + offset, plus or minus 1 MiB. */
export const adr = (rd: Register, offset: number): number => pcRelative(0, scaled('offset', offset, 21, 1), rd);
/** rd = page of pc + offset, a multiple of 4096, plus or minus 4 GiB. */
export const adrp = (rd: Register, offset: number): number => pcRelative(1, scaled('offset', offset, 21, 4096), rd);
