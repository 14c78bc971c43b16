/** Random compressed instructions. Operands respect the reserved registers of generate.ts. */
import type { Rng } from './rng.js';

/** x8..x15 as three bits. */
export interface CompressedRegisters {
  /** Any register as a source. */
  source(): number;
  /** A register that may be written. */
  target(): number;
  /** Like `target`, among x9..x15. */
  smallTarget(): number;
  smallSource(): number;
  /** x8, which holds the data address. */
  readonly base: number;
}

function bit(value: number, from: number, to: number, width = 1): number {
  return ((value >> from) & ((1 << width) - 1)) << to;
}

function ci(f3: number, rd: number, imm6: number, quadrant: number): number {
  return (f3 << 13) | bit(imm6, 5, 12) | (rd << 7) | (bit(imm6, 0, 2, 5) | quadrant);
}

function memory(rng: Rng, r: CompressedRegisters, f3: number, data: number): number {
  const wide = (f3 & 3) !== 2;
  const offset = rng.below(32) * (wide ? 8 : 4);
  const low = wide ? bit(offset, 6, 5, 2) : bit(offset, 2, 6) | bit(offset, 6, 5);
  return (f3 << 13) | bit(offset, 3, 10, 3) | ((r.base - 8) << 7) | low | ((data - 8) << 2);
}

function stackLoad(rng: Rng, f3: number, rd: number): number {
  const wide = f3 !== 2;
  const offset = rng.below(64) * (wide ? 8 : 4);
  const low = wide ? bit(offset, 3, 5, 2) | bit(offset, 6, 2, 3) : bit(offset, 2, 4, 3) | bit(offset, 6, 2, 2);
  return (f3 << 13) | bit(offset, 5, 12) | (rd << 7) | low | 2;
}

function stackStore(rng: Rng, f3: number, rs2: number): number {
  const wide = f3 !== 6;
  const offset = rng.below(64) * (wide ? 8 : 4);
  const low = wide ? bit(offset, 3, 10, 3) | bit(offset, 6, 7, 3) : bit(offset, 2, 9, 4) | bit(offset, 6, 7, 2);
  return (f3 << 13) | low | (rs2 << 2) | 2;
}

function addi4spn(rng: Rng, rd: number): number {
  const imm = rng.between(1, 255) * 4;
  return bit(imm, 4, 11, 2) | bit(imm, 6, 7, 4) | bit(imm, 2, 6) | bit(imm, 3, 5) | ((rd - 8) << 2);
}

function arithmetic(rng: Rng, r: CompressedRegisters): number {
  const rd = (r.smallTarget() - 8) << 7;
  const shamt = rng.below(64);
  const immediate = bit(shamt, 5, 12) | bit(shamt, 0, 2, 5);
  const kind = rng.below(9);
  if (kind < 3) return 0x8001 | (kind << 10) | rd | immediate;
  const select = kind - 3; // sub xor or and subw addw
  return 0x8c01 | ((select >> 2) << 12) | ((select & 3) << 5) | rd | ((r.smallSource() - 8) << 2);
}

const FORMS: readonly ((rng: Rng, r: CompressedRegisters) => number)[] = [
  (rng, r) => addi4spn(rng, r.smallTarget()),
  (rng, r) => memory(rng, r, 1, rng.between(8, 15)),
  (rng, r) => memory(rng, r, 2, r.smallTarget()),
  (rng, r) => memory(rng, r, 3, r.smallTarget()),
  (rng, r) => memory(rng, r, 5, rng.between(8, 15)),
  (rng, r) => memory(rng, r, 6, r.smallSource()),
  (rng, r) => memory(rng, r, 7, r.smallSource()),
  (rng, r) => ci(0, r.target(), rng.below(64), 1),
  (rng, r) => ci(1, r.target(), rng.below(64), 1),
  (rng, r) => ci(2, r.target(), rng.below(64), 1),
  (rng, r) => ci(3, r.target(), rng.between(1, 63), 1),
  arithmetic,
  arithmetic,
  (rng, r) => ci(0, r.target(), rng.below(64), 2),
  (rng) => stackLoad(rng, 1, rng.below(32)),
  (rng, r) => stackLoad(rng, 2, r.target()),
  (rng, r) => stackLoad(rng, 3, r.target()),
  (_, r) => 0x8002 | (r.target() << 7) | (r.source() << 2),
  (_, r) => 0x9002 | (r.target() << 7) | (r.source() << 2),
  (rng) => stackStore(rng, 5, rng.below(32)),
  (rng, r) => stackStore(rng, 6, r.source()),
  (rng, r) => stackStore(rng, 7, r.source()),
];

/** One 16-bit instruction that neither jumps nor writes a reserved register. */
export function randomCompressed(rng: Rng, registers: CompressedRegisters): number {
  return rng.pick(FORMS)(rng, registers);
}
