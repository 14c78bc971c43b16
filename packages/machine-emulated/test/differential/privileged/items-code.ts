/** Items of ordinary code in any privilege and address space, and of arbitrary encodings. */
import { INSTRUCTIONS } from '../../../src/testing.js';
import { Generator } from '../generate.js';
import type { Rng } from '../rng.js';
import type { Item } from './image.js';
import { MSTATUS } from './image.js';
import { PRIVILEGES } from './items-csr.js';
import { delegation, paging, status } from './items-system.js';
import { CHUNK_DATA, ROOT39, USER_DATA } from './layout.js';

/** Registers that random code expects to hold its data address. */
const DATA_REGISTERS = [2, 8, 31];
const PIECES = 60;

function floats(rng: Rng): bigint[] {
  return Array.from({ length: 32 }, () => rng.floatRegister());
}

function integers(rng: Rng, data: number): Map<number, bigint> {
  const x = new Map(Array.from({ length: 31 }, (_, i) => [i + 1, rng.integer()] as const));
  for (const register of DATA_REGISTERS) x.set(register, BigInt(data));
  return x;
}

/** Random user-level code (see ../generate.ts). */
export function chunkItem(rng: Rng): Item {
  const generator = new Generator(rng);
  const privilege = rng.pick(PRIVILEGES);
  const satp = paging(rng);
  const data = privilege === 0 && satp !== 0n ? USER_DATA : CHUNK_DATA;
  return {
    kind: 'chunk',
    privilege,
    status: status(rng) | (rng.below(16) === 0 ? 0n : MSTATUS.FS),
    csrs: { ...delegation(rng), satp, menvcfg: 0xf0n, senvcfg: 0xf0n },
    code: Array.from({ length: PIECES }, () => generator.item()).flat(),
    x: integers(rng, data),
    f: floats(rng),
    fcsr: rng.below(32) | (rng.below(5) << 5),
  };
}

const LEGAL = [...INSTRUCTIONS.values()];
const JUMPS = [0x63, 0x67, 0x6f];
const SYSTEM = 0x73;

/** Words that go somewhere else, or belong to the items of CSRs and of system instructions. */
function leaves(word: number): boolean {
  return JUMPS.includes(word & 0x7f) || (word & 0x7f) === SYSTEM;
}

function jumps(half: number): boolean {
  const [quadrant, f3] = [half & 3, (half >> 13) & 7];
  if (quadrant === 1) return f3 >= 5;
  return quadrant === 2 && f3 === 4 && ((half >> 2) & 31) === 0 && (half & 0xf80) !== 0;
}

/** A word that is a legal instruction with some bits turned, or any. */
function encoding(rng: Rng): number[] {
  for (;;) {
    if (rng.below(2) === 0) {
      const half = rng.below(0x10000);
      if ((half & 3) !== 3 && !jumps(half)) return [half];
      continue;
    }
    const { bits } = rng.pick(LEGAL);
    const operands = rng.bits() & 0x01ff8f80;
    const noise = rng.below(2) === 0 ? 0 : 1 << rng.between(7, 31);
    const word = (rng.below(8) === 0 ? rng.bits() | 3 : (bits | operands) ^ noise) >>> 0;
    if ((word & 3) === 3 && (word & 0x1c) !== 0x1c && !leaves(word)) return [word & 0xffff, word >>> 16];
  }
}

/** Any encoding, with registers that mostly point nowhere: legal or not, and with which value. */
export function encodingItem(rng: Rng): Item {
  return {
    kind: 'encoding',
    privilege: 0,
    status: rng.below(4) === 0 ? 0n : MSTATUS.FS,
    csrs: { ...delegation(rng), satp: (8n << 60n) | BigInt(ROOT39 / 4096), menvcfg: 0xf0n, senvcfg: 0xf0n },
    code: encoding(rng),
    x: integers(rng, USER_DATA),
    f: floats(rng),
    fcsr: rng.pick([0, 0, 0x20, 0xa0, 0xe0]),
  };
}
