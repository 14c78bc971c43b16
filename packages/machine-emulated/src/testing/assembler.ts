/**
 * A small RISC-V assembler, so that tests and benches need no cross compiler. Instructions are emitted in order; labels
 * may be used before they are placed.
 */
import { INSTRUCTIONS } from './instructions.js';
import type { Mnemonic } from './instructions.js';
import type { Operands } from './encode.js';
import { encode } from './encode.js';

/** ABI register numbers. */
export const REG = {
  ...{ zero: 0, ra: 1, sp: 2, gp: 3, tp: 4, t0: 5, t1: 6, t2: 7, s0: 8, s1: 9, a0: 10, a1: 11, a2: 12, a3: 13, a4: 14 },
  ...{
    a5: 15,
    a6: 16,
    a7: 17,
    s2: 18,
    s3: 19,
    s4: 20,
    s5: 21,
    s6: 22,
    s7: 23,
    s8: 24,
    s9: 25,
    s10: 26,
    s11: 27,
    t3: 28,
  },
  ...{ t4: 29, t5: 30, t6: 31 },
} as const;

interface Fixup {
  readonly at: number;
  readonly label: string;
  readonly name: Mnemonic;
  readonly operands: Operands;
}

export class Assembler {
  /** Address of the first byte. */
  readonly base: number;
  private bytes = new Uint8Array(4096);
  private length = 0;
  private readonly labels = new Map<string, number>();
  private readonly fixups: Fixup[] = [];

  constructor(base: number) {
    this.base = base;
  }

  /** Address of the next byte. */
  get here(): number {
    return this.base + this.length;
  }

  label(name: string): this {
    if (this.labels.has(name)) throw new RangeError(`label: expected a new name, got ${name}`);
    this.labels.set(name, this.length);
    return this;
  }

  /** Address of a placed label. */
  addressOf(name: string): number {
    const offset = this.labels.get(name);
    if (offset === undefined) throw new RangeError(`label: expected a placed one, got ${name}`);
    return this.base + offset;
  }

  /** One instruction. */
  op(name: Mnemonic, operands: Operands = {}): this {
    return this.word(encode(INSTRUCTIONS.get(name)!, operands));
  }

  /** A branch or jump to a label. */
  to(name: Mnemonic, label: string, operands: Operands = {}): this {
    this.fixups.push({ at: this.length, label, name, operands });
    return this.word(0);
  }

  /** Register-register, by position. */
  r(name: Mnemonic, rd: number, rs1: number, rs2: number): this {
    return this.op(name, { rd, rs1, rs2 });
  }

  /** Register-immediate and loads, by position. */
  i(name: Mnemonic, rd: number, rs1: number, imm: number): this {
    return this.op(name, { rd, rs1, imm });
  }

  /** Stores, by position. */
  s(name: Mnemonic, rs2: number, rs1: number, imm: number): this {
    return this.op(name, { rs2, rs1, imm });
  }

  /** Loads a 64-bit constant. */
  li(rd: number, value: number | bigint): this {
    const v = BigInt.asIntN(64, BigInt(value));
    const low = Number(BigInt.asIntN(12, v));
    if (v === BigInt(low)) return this.i('addi', rd, 0, low);
    const upper = (v - BigInt(low)) >> 12n;
    if (v >= -0x80000000n && v < 0x80000000n) {
      this.op('lui', { rd, imm: Number(BigInt.asUintN(20, upper)) });
      return low === 0 ? this : this.i('addiw', rd, rd, low);
    }
    this.li(rd, BigInt.asIntN(52, upper)).i('slli', rd, rd, 12);
    return low === 0 ? this : this.i('addi', rd, rd, low);
  }

  word(value: number): this {
    return this.half(value & 0xffff).half(value >>> 16);
  }

  half(value: number): this {
    return this.raw([value & 255, (value >> 8) & 255]);
  }

  raw(bytes: ArrayLike<number>): this {
    while (this.length + bytes.length > this.bytes.length) {
      const wider = new Uint8Array(this.bytes.length * 2);
      wider.set(this.bytes);
      this.bytes = wider;
    }
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
    return this;
  }

  /** Zeroes up to a multiple of `bytes` from the base. */
  align(bytes: number): this {
    while (this.length % bytes !== 0) this.raw([0]);
    return this;
  }

  /** Resolves labels. @returns the code */
  finish(): Uint8Array {
    const view = new DataView(this.bytes.buffer);
    for (const { at, label, name, operands } of this.fixups) {
      const imm = this.addressOf(label) - this.base - at;
      view.setUint32(at, encode(INSTRUCTIONS.get(name)!, { ...operands, imm }), true);
    }
    return this.bytes.slice(0, this.length);
  }
}
