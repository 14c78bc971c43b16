/**
 * General instructions in 64-bit mode: Intel's operand order, destination first. The size of the registers, or of the
 * memory operand, is the size of the operation. Offsets of branches are bytes from the branch's own first byte.
 *
 * Source: Intel SDM volume 2.
 */
import { signed, unsigned } from '../internal/checks.js';
import { encode, littleEndian } from './encode.js';
import type { Bits, Memory, Register } from './operands.js';

type Place = Register | Memory;
type Source = Register | Memory | number;

/** Operand size of one or two operands. @throws RangeError when they differ or none has one */
function size(...operands: readonly Source[]): Bits {
  const sizes = new Set(
    operands.flatMap((operand) => (typeof operand === 'number' || operand.bits === 0 ? [] : [operand.bits])),
  );
  const [bits] = sizes;
  if (bits === undefined || sizes.size > 1) {
    throw new RangeError(`operands: expected one operand size, got ${[...sizes].join(' and ') || 'none'}`);
  }
  return bits;
}

/** The opcode for 8 bits, else its neighbour for the other sizes. */
const wide = (opcode: number, bits: Bits): number => (bits === 8 ? opcode : opcode + 1);

/** An immediate of up to 32 bits, sign-extended by the CPU; unsigned ones are welcome where the operation is narrower. */
function immediate(value: number, bits: Bits): number[] {
  const width = Math.min(bits, 32);
  if (bits === 64 || value < 0) signed('immediate', value, width);
  else unsigned('immediate', value, width);
  return littleEndian(value, width / 8);
}

function isRegister(operand: Source): operand is Register {
  return typeof operand !== 'number' && operand.kind === 'general';
}

/** op r/m, r | op r, r/m, as the eight classic operations and mov have them at `opcode` .. `opcode` + 3. */
function twoOperands(opcode: number, to: Place, from: Place): Uint8Array {
  const bits = size(to, from);
  if (isRegister(from)) return encode({ bits, opcode: [wide(opcode, bits)], reg: from, rm: to });
  if (isRegister(to)) return encode({ bits, opcode: [wide(opcode + 2, bits)], reg: to, rm: from });
  throw new RangeError('operands: expected at most one in memory, got two');
}

const arithmetic =
  (operation: number) =>
  (to: Place, from: Source): Uint8Array => {
    if (typeof from !== 'number') return twoOperands(operation << 3, to, from);
    const bits = size(to);
    if (bits !== 8 && from >= -128 && from < 128) {
      return encode({ bits, opcode: [0x83], reg: operation, rm: to, immediate: littleEndian(from, 1) });
    }
    return encode({ bits, opcode: [wide(0x80, bits)], reg: operation, rm: to, immediate: immediate(from, bits) });
  };

export const add = arithmetic(0);
export const or = arithmetic(1);
export const adc = arithmetic(2);
export const sbb = arithmetic(3);
export const and = arithmetic(4);
export const sub = arithmetic(5);
export const xor = arithmetic(6);
export const cmp = arithmetic(7);

/** Immediates are sign-extended from 32 bits, see `movabs` for all 64. */
export function mov(to: Place, from: Source): Uint8Array {
  if (typeof from !== 'number') return twoOperands(0x88, to, from);
  const bits = size(to);
  if (isRegister(to) && bits !== 64) {
    const opcode = (bits === 8 ? 0xb0 : 0xb8) + (to.index & 7);
    return encodePlus(opcode, to, bits, immediate(from, bits));
  }
  return encode({ bits, opcode: [wide(0xc6, bits)], reg: 0, rm: to, immediate: immediate(from, bits) });
}

/** An instruction whose opcode byte names its register. */
function encodePlus(opcode: number, register: Register, bits: number, tail: readonly number[] = []): Uint8Array {
  const rex = (bits === 64 ? 8 : 0) | (register.index >> 3);
  const needed = rex !== 0 || (register.bits === 8 && register.index >= 4);
  return Uint8Array.from([...(bits === 16 ? [0x66] : []), ...(needed ? [0x40 | rex] : []), opcode, ...tail]);
}

/** Any 64-bit constant, ten bytes. */
export const movabs = (to: Register, value: bigint | number): Uint8Array =>
  encodePlus(0xb8 + (to.index & 7), to, 64, littleEndian(value, 8));

const extend =
  (opcode: number) =>
  (to: Register, from: Place): Uint8Array => {
    if (from.bits !== 8 && from.bits !== 16) throw new RangeError(`from: expected 8 or 16 bits, got ${from.bits}`);
    // spl..dil: encode() looks at the source's size by itself
    return encode({ bits: to.bits, opcode: [0x0f, wide(opcode, from.bits)], reg: to, rm: from });
  };

export const movzx = extend(0xb6);
export const movsx = extend(0xbe);
/** 32 to 64 bits. */
export const movsxd = (to: Register, from: Place): Uint8Array =>
  encode({ bits: 64, opcode: [0x63], reg: to, rm: from });
export const lea = (to: Register, from: Memory): Uint8Array =>
  encode({ bits: to.bits, opcode: [0x8d], reg: to, rm: from });

export function test(to: Place, from: Register | number): Uint8Array {
  if (typeof from !== 'number') {
    const bits = size(to, from);
    return encode({ bits, opcode: [wide(0x84, bits)], reg: from, rm: to });
  }
  const bits = size(to);
  return encode({ bits, opcode: [wide(0xf6, bits)], reg: 0, rm: to, immediate: immediate(from, bits) });
}

const unary =
  (opcode: number, extension: number) =>
  (operand: Place): Uint8Array => {
    const bits = size(operand);
    return encode({ bits, opcode: [wide(opcode, bits)], reg: extension, rm: operand });
  };

export const not = unary(0xf6, 2);
export const neg = unary(0xf6, 3);
/** rdx:rax = rax x operand, unsigned. */
export const mul = unary(0xf6, 4);
/** rax, rdx = rdx:rax / operand; #DE when the quotient does not fit. */
export const div = unary(0xf6, 6);
export const idiv = unary(0xf6, 7);
export const inc = unary(0xfe, 0);
export const dec = unary(0xfe, 1);
export const imul = (to: Register, from: Place): Uint8Array =>
  encode({ bits: size(to, from), opcode: [0x0f, 0xaf], reg: to, rm: from });

const shift =
  (extension: number) =>
  (operand: Place, amount: number | Register): Uint8Array => {
    const bits = size(operand);
    if (typeof amount === 'number') {
      const tail = [unsigned('amount', amount, bits === 64 ? 6 : 5)];
      return encode({ bits, opcode: [wide(0xc0, bits)], reg: extension, rm: operand, immediate: tail });
    }
    if (amount.bits !== 8 || amount.index !== 1)
      throw new RangeError('amount: expected a number or cl, got another register');
    return encode({ bits, opcode: [wide(0xd2, bits)], reg: extension, rm: operand });
  };

export const rol = shift(0);
export const ror = shift(1);
export const shl = shift(4);
export const shr = shift(5);
export const sar = shift(7);

export const xchg = (to: Place, from: Register): Uint8Array => {
  const bits = size(to, from);
  return encode({ bits, opcode: [wide(0x86, bits)], reg: from, rm: to });
};
export const xadd = (to: Place, from: Register): Uint8Array => {
  const bits = size(to, from);
  return encode({ bits, opcode: [0x0f, wide(0xc0, bits)], reg: from, rm: to });
};
export const cmpxchg = (to: Place, from: Register): Uint8Array => {
  const bits = size(to, from);
  return encode({ bits, opcode: [0x0f, wide(0xb0, bits)], reg: from, rm: to });
};
/** Makes a read-modify-write of memory atomic. */
export const lock = (instruction: Uint8Array): Uint8Array => Uint8Array.of(0xf0, ...instruction);

/** @param operand 64 bits, or an immediate sign-extended from 32 */
export function push(operand: Source): Uint8Array {
  if (typeof operand === 'number') {
    return operand >= -128 && operand < 128
      ? Uint8Array.of(0x6a, operand & 255)
      : Uint8Array.of(0x68, ...immediate(operand, 64));
  }
  return isRegister(operand)
    ? encodePlus(0x50 + (operand.index & 7), operand, 32)
    : encode({ opcode: [0xff], reg: 6, rm: operand });
}

export const pop = (operand: Place): Uint8Array =>
  isRegister(operand)
    ? encodePlus(0x58 + (operand.index & 7), operand, 32)
    : encode({ opcode: [0x8f], reg: 0, rm: operand });

/** Condition codes by mnemonic suffix. */
const CONDITIONS = {
  o: 0,
  no: 1,
  b: 2,
  ae: 3,
  e: 4,
  ne: 5,
  be: 6,
  a: 7,
  s: 8,
  ns: 9,
  p: 10,
  np: 11,
  l: 12,
  ge: 13,
  le: 14,
  g: 15,
};
export type Condition = keyof typeof CONDITIONS;

const near = (opcode: readonly number[], offset: number): Uint8Array => {
  const length = opcode.length + 4;
  return Uint8Array.from([...opcode, ...littleEndian(signed('offset', offset - length, 32), 4)]);
};

/** Five bytes; or to where a register or memory points. */
export function jmp(target: number | Place): Uint8Array {
  if (typeof target === 'number') return near([0xe9], target);
  return encode({ opcode: [0xff], reg: 4, rm: target });
}

export function call(target: number | Place): Uint8Array {
  if (typeof target === 'number') return near([0xe8], target);
  return encode({ opcode: [0xff], reg: 2, rm: target });
}

/** Two bytes, -126 to 129 from the instruction's start. */
export const jmpShort = (offset: number): Uint8Array => Uint8Array.of(0xeb, signed('offset', offset - 2, 8) & 255);
/** Six bytes: `jcc('ne', offset)` is jne. */
export const jcc = (condition: Condition, offset: number): Uint8Array =>
  near([0x0f, 0x80 + CONDITIONS[condition]], offset);
export const jccShort = (condition: Condition, offset: number): Uint8Array =>
  Uint8Array.of(0x70 + CONDITIONS[condition], signed('offset', offset - 2, 8) & 255);
export const setcc = (condition: Condition, to: Place): Uint8Array =>
  encode({ opcode: [0x0f, 0x90 + CONDITIONS[condition]], reg: 0, rm: to });
export const cmovcc = (condition: Condition, to: Register, from: Place): Uint8Array =>
  encode({ bits: size(to, from), opcode: [0x0f, 0x40 + CONDITIONS[condition]], reg: to, rm: from });

const simple =
  (...bytes: readonly number[]) =>
  (): Uint8Array =>
    Uint8Array.from(bytes);

export const ret = simple(0xc3);
export const nop = simple(0x90);
export const pause = simple(0xf3, 0x90);
export const cld = simple(0xfc);
export const std = simple(0xfd);
/** Sign of rax into rdx. */
export const cqo = simple(0x48, 0x99);
export const cdq = simple(0x99);
export const pushfq = simple(0x9c);
export const popfq = simple(0x9d);
/** Copies rcx bytes from [rsi] to [rdi]. */
export const repMovsb = simple(0xf3, 0xa4);
/** Copies rcx quadwords from [rsi] to [rdi]. */
export const repMovsq = simple(0xf3, 0x48, 0xa5);
/** Stores rax to rcx quadwords at [rdi]. */
export const repStosq = simple(0xf3, 0x48, 0xab);
export const mfence = simple(0x0f, 0xae, 0xf0);
export const lfence = simple(0x0f, 0xae, 0xe8);
export const sfence = simple(0x0f, 0xae, 0xf8);
export const cpuid = simple(0x0f, 0xa2);
export const rdtsc = simple(0x0f, 0x31);
export const rdtscp = simple(0x0f, 0x01, 0xf9);
