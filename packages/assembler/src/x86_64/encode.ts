/**
 * Legacy and REX encodings: prefixes, opcode, ModRM, SIB, displacement, immediate.
 *
 * Source: Intel SDM volume 2, chapter 2.
 */
import { signed } from '../internal/checks.js';
import type { Memory, Register, VectorRegister } from './operands.js';

type AnyRegister = Register | VectorRegister;

export interface Encoding {
  /** Mandatory prefix 0x66, 0xf2 or 0xf3, before REX. */
  readonly prefix?: number;
  /** Operand size 64 by REX.W; 16 by prefix 0x66. */
  readonly bits?: number;
  readonly opcode: readonly number[];
  /** The ModRM `reg` field: a register or the opcode's extension. */
  readonly reg?: number | AnyRegister;
  readonly rm?: AnyRegister | Memory;
  readonly immediate?: readonly number[];
}

const REX = 0x40;

/** Low bytes of an integer, little-endian. */
export function littleEndian(value: number | bigint, count: number): number[] {
  const all = BigInt.asUintN(64, BigInt(value));
  return Array.from({ length: count }, (_, index) => Number((all >> BigInt(8 * index)) & 255n));
}

const indexOf = (operand: number | AnyRegister | undefined): number =>
  operand === undefined ? 0 : typeof operand === 'number' ? operand : operand.index;

/** spl, bpl, sil and dil exist with a REX prefix only. */
const needsRex = (operand: number | AnyRegister | Memory | undefined): boolean =>
  typeof operand === 'object' && operand.kind === 'general' && operand.bits === 8 && operand.index >= 4;

export function encode({ prefix, bits, opcode, reg, rm, immediate = [] }: Encoding): Uint8Array {
  const memory = rm?.kind === 'memory' ? rm : undefined;
  const base = memory === undefined ? indexOf(rm as AnyRegister | undefined) : indexOf(memory.base);
  let rex = bits === 64 ? 8 : 0;
  rex |= (indexOf(reg) >> 3) << 2;
  rex |= (indexOf(memory?.index) >> 3) << 1;
  rex |= base >> 3;
  const head = [
    ...(memory?.base?.bits === 32 || memory?.index?.bits === 32 ? [0x67] : []),
    ...(bits === 16 ? [0x66] : []),
    ...(prefix === undefined ? [] : [prefix]),
    ...(rex !== 0 || needsRex(reg) || needsRex(rm) ? [REX | rex] : []),
    ...opcode,
  ];
  if (rm === undefined) return Uint8Array.from([...head, ...immediate]);
  const tail = modrm(indexOf(reg) & 7, rm, head.length, immediate.length);
  return Uint8Array.from([...head, ...tail, ...immediate]);
}

/** ModRM and what follows it; `before` and `after` are the bytes of the instruction around them. */
export function modrm(reg: number, rm: AnyRegister | Memory, before: number, after: number, compress = true): number[] {
  if (rm.kind !== 'memory') return [0xc0 | (reg << 3) | (rm.index & 7)];
  if (rm.relative) {
    const fromEnd = signed('offset', rm.displacement, 32) - (before + 5 + after);
    return [(reg << 3) | 5, ...littleEndian(fromEnd, 4)];
  }
  const { base, index, displacement } = rm;
  signed('displacement', displacement, 32);
  const scale = { 1: 0, 2: 1, 4: 2, 8: 3 }[rm.scale];
  if (base === undefined) {
    return [
      (reg << 3) | 4,
      (scale << 6) | ((index === undefined ? 4 : index.index & 7) << 3) | 5,
      ...littleEndian(displacement, 4),
    ];
  }
  const low = base.index & 7;
  // Without a displacement, base 5 (rbp, r13) would mean something else.
  const none = displacement === 0 && low !== 5;
  const short = compress && displacement >= -128 && displacement < 128;
  const mode = none ? 0 : short ? 1 : 2;
  const bytes = none ? [] : littleEndian(displacement, short ? 1 : 4);
  // Base 4 (rsp, r12) means that a SIB byte follows.
  if (index === undefined && low !== 4) return [(mode << 6) | (reg << 3) | low, ...bytes];
  const sib = (scale << 6) | ((index === undefined ? 4 : index.index & 7) << 3) | low;
  return [(mode << 6) | (reg << 3) | 4, sib, ...bytes];
}
