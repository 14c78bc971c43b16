/**
 * Random instruction sequences over every user-level instruction.
 *
 * Reserved   x2, x8, x31 = DATA_BASE (the boundary of two data pages), x30 = scratch, x29 = loop counter
 * An item is a short sequence that may be removed on its own: that is what shrinking removes.
 */
import type { Instruction, Mnemonic, Operands } from '../../src/testing.js';
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

/** Zicond is younger than the QEMU that we compare with; the rest jumps, traps, or is privileged. */
const EXCLUDED = new Set<Mnemonic>([
  'czero.eqz',
  'czero.nez',
  'ecall',
  'ebreak',
  'mret',
  'sret',
  'wfi',
  'sfence.vma',
  'jal',
  'jalr',
]);
const STRAIGHT: readonly Instruction[] = [...INSTRUCTIONS.values()].filter(
  (i) => !EXCLUDED.has(i.name) && !['B', 'lr', 'amo', 'csr', 'csri'].includes(i.format),
);
const BRANCHES = [...INSTRUCTIONS.values()].filter((i) => i.format === 'B');
const AMOS = [...INSTRUCTIONS.values()].filter((i) => i.format === 'amo' && !i.name.startsWith('sc.'));
const CSRS = [...INSTRUCTIONS.values()].filter((i) => i.format === 'csr' || i.format === 'csri');

function halves(word: number): number[] {
  return [word & 0xffff, word >>> 16];
}

function op(name: Mnemonic, operands: Operands): number[] {
  return halves(encode(INSTRUCTIONS.get(name)!, operands));
}

export class Generator {
  private readonly rng: Rng;

  constructor(rng: Rng) {
    this.rng = rng;
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
    const instruction = rng.pick(STRAIGHT);
    const memory = ['load', 'S', 'fload', 'FS'].includes(instruction.format);
    const imm = memory && rng.below(3) === 0 ? rng.between(-16, 16) : rng.between(-2048, 2047);
    const float = instruction.format.startsWith('F') || instruction.format === 'fload';
    if (instruction.name === 'ctzw') return this.ctzw(instruction);
    const toFloat = (float && !instruction.format.includes('x')) || instruction.format.startsWith('xF');
    return halves(
      encode(instruction, {
        rd: toFloat ? rng.below(32) : this.target(),
        rs1: memory ? BASE : rng.below(32),
        rs2: rng.below(32),
        rs3: rng.below(32),
        imm: instruction.format === 'U' ? rng.bits() & 0xfffff : imm,
        rm: rng.pick(ROUNDING),
      }),
    );
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

  /** A counted backward loop. */
  private loop(): number[] {
    const body = this.body(this.rng.between(1, 5));
    return [
      ...op('addi', { rd: COUNTER, rs1: 0, imm: this.rng.between(1, 9) }),
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

  private aligned(): number[] {
    return op('addi', { rd: SCRATCH, rs1: BASE, imm: this.rng.between(-AMO_SPAN, AMO_SPAN) * 8 });
  }

  private amo(): number[] {
    const operands = { rd: this.target(), rs1: SCRATCH, rs2: this.source(), order: this.rng.below(4) };
    return [...this.aligned(), ...halves(encode(this.rng.pick(AMOS), operands))];
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
