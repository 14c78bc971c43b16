/**
 * Random instruction sequences over every user-level instruction.
 *
 * Reserved   x2, x8, x31 = DATA_BASE (the boundary of two data pages), x30 = scratch, x29 = loop counter
 * An item is a short sequence that may be removed on its own: that is what shrinking removes.
 */
import type { Extension, Instruction, Mnemonic, Operands } from '../../src/testing.js';
import { INSTRUCTIONS, encode } from '../../src/testing.js';
import { randomCompressed } from './compressed.js';
import type { Rng } from './rng.js';

/** Halfwords of one item, in order. */
export type Item = readonly number[];

const SCRATCH = 30;
const COUNTER = 29;
const BASE = 31;
const SMALL_BASE = 8;
const RESERVED = [2, SMALL_BASE, COUNTER, SCRATCH, BASE];
const WRITABLE = Array.from({ length: 32 }, (_, i) => i).filter((i) => !RESERVED.includes(i));
const NOT_ZERO = WRITABLE.filter((i) => i !== 0);
const SMALL = [9, 10, 11, 12, 13, 14, 15];

const ROUNDING = [0, 1, 2, 3, 4, 7, 7, 7];
const FLOAT_CSRS = [1, 2, 3];
const AMO_SPAN = 64;

/** They jump, trap, or are privileged. */
const EXCLUDED = new Set<Mnemonic>(['ecall', 'ebreak', 'mret', 'sret', 'wfi', 'sfence.vma', 'jal', 'jalr']);
const BRANCHES = [...INSTRUCTIONS.values()].filter((i) => i.format === 'B');
/** Formats with generators of their own. */
const SPECIAL = ['B', 'lr', 'amo', 'cbo', 'csr', 'csri'];
const CSRS = [...INSTRUCTIONS.values()].filter((i) => i.format === 'csr' || i.format === 'csri');

function halves(word: number): number[] {
  return [word & 0xffff, word >>> 16];
}

function op(name: Mnemonic, operands: Operands): number[] {
  return halves(encode(INSTRUCTIONS.get(name)!, operands));
}

/** First registers of pairs of which both may be written. */
const PAIRS = NOT_ZERO.filter((i) => i % 2 === 0 && WRITABLE.includes(i + 1));

export class Generator {
  private readonly rng: Rng;
  private readonly straightLine: readonly Instruction[];
  private readonly amos: readonly Instruction[];
  private readonly swaps: readonly Instruction[];
  private readonly blocks: readonly Instruction[];

  /** @param lacks extensions to leave out: those that the other side has not got */
  constructor(rng: Rng, lacks: ReadonlySet<Extension> = new Set()) {
    this.rng = rng;
    const all = [...INSTRUCTIONS.values()].filter(
      (i) => !EXCLUDED.has(i.name) && i.extension !== 'Svinval' && !lacks.has(i.extension),
    );
    this.straightLine = all.filter((i) => !SPECIAL.includes(i.format));
    this.amos = all.filter((i) => i.format === 'amo' && !i.name.startsWith('sc.') && i.extension !== 'Zacas');
    this.swaps = all.filter((i) => i.extension === 'Zacas');
    // QEMU's user mode refuses those that only manage caches.
    this.blocks = all.filter((i) => i.name === 'cbo.zero');
  }

  item(): Item {
    const rng = this.rng;
    const kind = rng.below(64);
    if (kind < 12) return [this.compressed()];
    if (kind < 15) return this.forward();
    if (kind < 16) return this.loop();
    if (kind < 19) return this.amo();
    if (kind < 20) return this.reserved();
    if (kind < 22) return this.csr();
    if (kind < 23) return this.call();
    if (kind < 24 && this.blocks.length > 0) return this.block();
    if (kind < 25 && this.swaps.length > 0) return this.swap();
    return this.straight();
  }

  private target(): number {
    return this.rng.pick(WRITABLE);
  }

  private source(): number {
    return this.rng.below(32);
  }

  private compressed(): number {
    return randomCompressed(this.rng, {
      source: () => this.rng.between(1, 31),
      target: () => this.rng.pick(NOT_ZERO),
      smallTarget: () => this.rng.pick(SMALL),
      smallSource: () => this.rng.between(8, 15),
      base: SMALL_BASE,
    });
  }

  /** One instruction of any straight-line kind. */
  private straight(): number[] {
    const rng = this.rng;
    const instruction = rng.pick(this.straightLine);
    const memory = ['load', 'S', 'fload', 'FS'].includes(instruction.format);
    const imm = memory && rng.below(3) === 0 ? rng.between(-16, 16) : rng.between(-2048, 2047);
    const float = instruction.format.startsWith('F') || ['fload', 'fli'].includes(instruction.format);
    if (instruction.name === 'ctzw') return this.ctzw(instruction);
    const toFloat = (float && !instruction.format.includes('x')) || instruction.format.startsWith('xF');
    const rd = toFloat ? rng.below(32) : this.target();
    const word = encode(instruction, {
      rd,
      rs1: memory ? BASE : rng.below(32),
      rs2: rng.below(32),
      rs3: rng.below(32),
      imm: instruction.format === 'U' ? rng.bits() & 0xfffff : imm,
      rm: rng.pick(ROUNDING),
    });
    // QEMU 10.0 drops fround and froundnx with their flags when nothing reads the result, so something does.
    const read = instruction.name.startsWith('fround') ? op('fsd', { rs1: BASE, rs2: rd, imm: imm & -8 }) : [];
    return [...halves(word), ...read];
  }

  /** QEMU 7.2 counts into the upper half when the lower is zero (fixed in 8.0), so bit 31 is set first. */
  private ctzw(instruction: Instruction): number[] {
    const operand = op('bseti', { rd: SCRATCH, rs1: this.source(), imm: 31 });
    return [...operand, ...halves(encode(instruction, { rd: this.target(), rs1: SCRATCH }))];
  }

  private body(count: number): number[] {
    return Array.from({ length: count }, () =>
      this.rng.below(3) === 0 ? [this.compressed()] : this.straight(),
    ).flat();
  }

  /** A branch, taken or not, or a jump, over some instructions. */
  private forward(): number[] {
    const rng = this.rng;
    const body = this.body(rng.between(1, 6));
    const skip = body.length * 2;
    const small = rng.pick([9, 10, 11, 12, 13, 14, 15]);
    switch (rng.below(5)) {
      case 0:
        return [...op('jal', { rd: this.target(), imm: skip + 4 }), ...body];
      case 1:
        return [compressedBranch(rng.below(2), small, skip + 2), ...body];
      case 2:
        return [compressedJump(skip + 2), ...body];
      default:
        return [
          ...halves(encode(rng.pick(BRANCHES), { rs1: this.source(), rs2: this.source(), imm: skip + 4 })),
          ...body,
        ];
    }
  }

  /** A counted backward loop, some of them long. */
  private loop(): number[] {
    const body = this.body(this.rng.between(1, 5));
    const turns = this.rng.below(4) === 0 ? this.rng.between(10, 200) : this.rng.between(1, 9);
    return [
      ...op('addi', { rd: COUNTER, rs1: 0, imm: turns }),
      ...body,
      ...op('addi', { rd: COUNTER, rs1: COUNTER, imm: -1 }),
      ...op('bne', { rs1: COUNTER, rs2: 0, imm: -(body.length * 2 + 4) }),
    ];
  }

  /** An indirect jump just past itself, in one of its forms. */
  private call(): number[] {
    const here = op('auipc', { rd: SCRATCH, imm: 0 });
    const rng = this.rng;
    if (rng.below(2) === 0) {
      // The low bit of the sum is ignored.
      return [...here, ...op('jalr', { rd: this.target(), rs1: SCRATCH, imm: 8 + rng.below(2) })];
    }
    const jump = rng.below(2) === 0 ? 0x8002 : 0x9002; // c.jr, c.jalr (links into x1)
    return [...here, ...op('addi', { rd: SCRATCH, rs1: SCRATCH, imm: 10 }), jump | (SCRATCH << 7)];
  }

  private aligned(bytes = 8): number[] {
    const steps = (AMO_SPAN * 8) / bytes;
    return op('addi', { rd: SCRATCH, rs1: BASE, imm: this.rng.between(-steps, steps) * bytes });
  }

  /** A compare-and-swap, which often finds what it expects. Its target is not x0, which QEMU 10.0 then overwrites. */
  private swap(): number[] {
    const rng = this.rng;
    const instruction = rng.pick(this.swaps);
    const quad = instruction.name === 'amocas.q';
    const rd = rng.pick(quad ? PAIRS : NOT_ZERO);
    const rs2 = quad ? rng.below(16) * 2 : this.source();
    const expected = op(instruction.name === 'amocas.w' ? 'lw' : 'ld', { rd, rs1: SCRATCH });
    const upper = quad ? op('ld', { rd: rd + 1, rs1: SCRATCH, imm: 8 }) : [];
    return [
      ...this.aligned(quad ? 16 : 8),
      ...(rng.below(2) === 0 ? [] : expected),
      ...(rng.below(3) === 0 ? [] : upper),
      ...halves(encode(instruction, { rd, rs1: SCRATCH, rs2, order: rng.below(4) })),
    ];
  }

  /** An operation on the cache block around any address of the data pages. */
  private block(): number[] {
    const address = op('addi', { rd: SCRATCH, rs1: BASE, imm: this.rng.between(-2048, 2047) });
    return [...address, ...halves(encode(this.rng.pick(this.blocks), { rs1: SCRATCH }))];
  }

  private amo(): number[] {
    const operands = { rd: this.target(), rs1: SCRATCH, rs2: this.source(), order: this.rng.below(4) };
    return [...this.aligned(), ...halves(encode(this.rng.pick(this.amos), operands))];
  }

  /** LR and SC, mostly as a pair. */
  private reserved(): number[] {
    const rng = this.rng;
    const size = rng.pick(['w', 'd'] as const);
    const address = this.aligned();
    const lr = op(`lr.${size}`, { rd: this.target(), rs1: SCRATCH, order: rng.below(4) });
    const sc = op(`sc.${size}`, { rd: this.target(), rs1: SCRATCH, rs2: this.source(), order: rng.below(4) });
    switch (rng.below(6)) {
      case 0:
        return [...address, ...sc];
      case 1:
        return [...address, ...lr, ...sc, ...sc];
      case 2: // SC elsewhere
        return [...address, ...lr, ...op('addi', { rd: SCRATCH, rs1: BASE, imm: 1024 }), ...sc];
      default:
        return [...address, ...lr, ...op('xor', { rd: 5, rs1: 6, rs2: 7 }), ...sc];
    }
  }

  /** Flags and rounding mode; a valid rounding mode is left behind. */
  private csr(): number[] {
    const rng = this.rng;
    const csr = rng.pick(FLOAT_CSRS);
    const access = encode(rng.pick(CSRS), { rd: this.target(), rs1: rng.below(32), csr });
    const valid = op('csrrwi', { rd: 0, rs1: rng.below(5), csr: 2 });
    return csr === 1 ? halves(access) : [...halves(access), ...valid];
  }
}

function field(value: number, from: number, to: number, width = 1): number {
  return ((value >> from) & ((1 << width) - 1)) << to;
}

function compressedJump(offset: number): number {
  return (
    0xa001 |
    field(offset, 11, 12) |
    field(offset, 4, 11) |
    field(offset, 8, 9, 2) |
    field(offset, 10, 8) |
    field(offset, 6, 7) |
    field(offset, 7, 6) |
    field(offset, 1, 3, 3) |
    field(offset, 5, 2)
  );
}

function compressedBranch(notEqual: number, rs1: number, offset: number): number {
  return (
    (notEqual ? 0xe001 : 0xc001) |
    field(offset, 8, 12) |
    field(offset, 3, 10, 2) |
    ((rs1 - 8) << 7) |
    field(offset, 6, 5, 2) |
    field(offset, 1, 3, 2) |
    field(offset, 5, 2)
  );
}
