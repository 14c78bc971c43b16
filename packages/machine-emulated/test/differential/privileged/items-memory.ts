/** Items that access memory: under random page tables, protection and mstatus, aligned or not. */
import type { Mnemonic } from '../../../src/testing.js';
import type { Rng } from '../rng.js';
import type { Item, Privilege } from './image.js';
import { MSTATUS } from './image.js';
import { OPERAND, PRIVILEGES, op } from './items-csr.js';
import { delegation, status } from './items-system.js';
import { CSR, DATA, EXEC, ROOT39, ROOT48, ROOT57, tableOf } from './layout.js';

const PTE = { V: 1n, R: 2n, W: 4n, X: 8n, U: 16n, G: 32n, A: 64n, D: 128n } as const;
const N = 1n << 63n;
/** Register of the address that items access. */
export const ADDRESS = 13;
const FETCH = 'fetch';
/** The end of a page whose last halfword begins a word-sized instruction. */
export const CROSSING = 0x0073_0000_0000_0073n;

interface Access {
  readonly name: Mnemonic | typeof FETCH;
  readonly bytes: number;
  readonly code: readonly number[];
}

const access = (name: Mnemonic, bytes: number, code: readonly number[]): Access => ({ name, bytes, code });
const at = { rs1: ADDRESS, imm: 0 };
const LOADS = (['lb', 'lh', 'lw', 'ld', 'lbu', 'lhu', 'lwu'] as const).map((name, i) =>
  access(name, 1 << (i & 3), op(name, { ...at, rd: 10 })),
);
const STORES = (['sb', 'sh', 'sw', 'sd'] as const).map((name, i) => access(name, 1 << i, op(name, { ...at, rs2: 14 })));
const FLOATS = [
  access('flw', 4, op('flw', { ...at, rd: 3 })),
  access('fld', 8, op('fld', { ...at, rd: 3 })),
  access('fsw', 4, op('fsw', { ...at, rs2: 4 })),
  access('fsd', 8, op('fsd', { ...at, rs2: 4 })),
];
const AMOS = (['amoadd.w', 'amoswap.d', 'amoor.w', 'amomaxu.d', 'amocas.w', 'amocas.d', 'amocas.q'] as const).map(
  (name) =>
    access(name, name.endsWith('q') ? 16 : name.endsWith('d') ? 8 : 4, op(name, { rd: 10, rs1: ADDRESS, rs2: 14 })),
);
const LINKED = (['w', 'd'] as const).flatMap((size) => {
  const lr = op(`lr.${size}`, { rd: 10, rs1: ADDRESS });
  const sc = op(`sc.${size}`, { rd: 12, rs1: ADDRESS, rs2: 14 });
  const bytes = size === 'w' ? 4 : 8;
  return [access(`lr.${size}`, bytes, lr), access(`sc.${size}`, bytes, [...lr, ...sc])];
});
const BLOCKS = (['cbo.zero', 'cbo.clean', 'cbo.flush', 'cbo.inval'] as const).map((name) =>
  access(name, 64, op(name, { rs1: ADDRESS })),
);
const FETCHES = [{ name: FETCH, bytes: 2, code: op('jalr', { rd: 1, rs1: ADDRESS, imm: 0 }) }] as const;

const KINDS: readonly (readonly Access[])[] = [LOADS, LOADS, STORES, STORES, FLOATS, AMOS, LINKED, FETCHES, BLOCKS];
/** The two sides differ over parts of blocks (cbo-permission), and what one has zeroed stays. */
export const WITHOUT_BLOCKS = KINDS.slice(0, -1).map((kind) => kind.filter(({ bytes }) => bytes <= 8));

/** Physical address that an access of a page should reach: anywhere in it, its end more often. */
function target(rng: Rng, { name, bytes }: Access): number {
  const page = (name === FETCH ? EXEC : DATA) + rng.below(16) * 4096;
  if (name === FETCH) return page + (rng.below(4) === 0 ? 4094 : rng.below(2048) * 2);
  const offset = rng.below(6) === 0 ? 4096 - rng.between(1, bytes) : rng.below(4096);
  return page + (rng.below(3) === 0 ? offset : offset & -bytes);
}

/** Flags of a leaf: mostly sensible ones. */
function leafFlags(rng: Rng): bigint {
  const { V, R, W, X, U, G, A, D } = PTE;
  if (rng.below(8) === 0) return rng.bits64() & 0x3ffn;
  return V | R | (rng.below(2) ? W : 0n) | (rng.below(2) ? X : 0n) | (rng.bits64() & (U | G | A | D | 0x300n));
}

/** Upper bits that extensions use, or nobody. */
function upperBits(rng: Rng): bigint {
  return rng.below(8) === 0 ? (1n << BigInt(54 + rng.below(10))) | (rng.below(3) === 0 ? 1n << 61n : 0n) : 0n;
}

function leafEntry(rng: Rng, pa: number, level: number): bigint {
  let page = (BigInt(pa >>> 12) >> BigInt(9 * level)) << BigInt(9 * level);
  if (level > 0 && rng.below(8) === 0) page |= 1n << BigInt(rng.below(9 * level)); // misaligned
  let upper = upperBits(rng);
  if (rng.below(6) === 0) {
    upper |= N;
    page = rng.below(8) === 0 ? page : (page & ~15n) | 8n;
  }
  return (page << 10n) | leafFlags(rng) | upper;
}

function pointerEntry(rng: Rng, level: number): bigint {
  const plain = (BigInt(tableOf(level) / 4096) << 10n) | PTE.V;
  if (rng.below(12) > 0) return plain;
  return plain ^ rng.pick([PTE.V, PTE.W, PTE.U, PTE.A, PTE.D, PTE.G, 1n << 8n, N, 1n << 61n, 1n << 54n, 1n << 60n]);
}

interface Walk {
  readonly satp: bigint;
  readonly va: bigint;
  readonly pokes: readonly (readonly [number, bigint])[];
}

/** A virtual address and the entries that lead from it to `pa`, or nearly. */
function walk(rng: Rng, pa: number): Walk {
  const levels = rng.between(3, 5);
  const root = [ROOT39, ROOT48, ROOT57][levels - 3];
  const leafLevel = rng.pick([0, 0, 0, 1, 1, 2, 3, 4].filter((level) => level < levels));
  let va = 0n;
  const pokes: (readonly [number, bigint])[] = [];
  let table = root;
  for (let level = levels - 1; level >= leafLevel; level--) {
    // Slots that the fixed translations leave free, and where no device of the board is.
    const index = level === levels - 1 ? rng.pick([8, 6, 7, 255, 256, 300, 511]) : rng.below(512);
    const low = level === 0 ? (index & ~15) | ((pa >>> 12) & 15) : index;
    va |= BigInt(low) << BigInt(12 + 9 * level);
    const entry = level === leafLevel ? leafEntry(rng, pa, level) : pointerEntry(rng, level - 1);
    pokes.push([table + low * 8, entry]);
    table = tableOf(level - 1);
  }
  const below = BigInt(12 + 9 * leafLevel);
  va |= BigInt(pa) & ((1n << below) - 1n);
  va = BigInt.asUintN(64, BigInt.asIntN(12 + 9 * levels, va));
  if (rng.below(16) === 0) va ^= 1n << BigInt(rng.between(12 + 9 * levels, 63));
  const asid = BigInt(rng.below(1 << 16)) << 44n;
  return { satp: (BigInt(levels + 5) << 60n) | asid | BigInt(root / 4096), va, pokes };
}

/** Runs an access in machine mode as if in the mode that MPP names (MPRV). */
function throughMprv(rng: Rng, code: readonly number[]): { code: readonly number[]; value: bigint } {
  const { MPP, MPRV, SUM, MXR, FS } = MSTATUS;
  const mpp = rng.pick([0n, 1n, 1n, 3n]) << 11n;
  return {
    code: [...op('csrrw', { rd: 0, rs1: OPERAND, csr: CSR.mstatus }), ...code],
    value: (mpp & MPP) | MPRV | FS | (rng.bits64() & (SUM | MXR)),
  };
}

function environment(rng: Rng): { menvcfg: bigint; senvcfg: bigint } {
  const bits = rng.bits64();
  const cbo = [0x00n, 0x10n, 0x30n, 0xf0n, 0xd0n];
  return { menvcfg: rng.pick(cbo) | (bits & (3n << 61n)), senvcfg: rng.pick(cbo) };
}

function registers(rng: Rng, address: bigint, value: bigint): Map<number, bigint> {
  const x = new Map([[ADDRESS, address]]);
  for (const i of [10, 12, 14, 15]) x.set(i, rng.bits64());
  return x.set(OPERAND, value);
}

/** The doublewords around `pa`. */
const watched = (pa: number): number[] => [pa - (pa % 8), pa - (pa % 8) + 8];

/** An access through a walk of its own. */
export function translatedItem(rng: Rng, kinds: typeof KINDS = KINDS): Item {
  const chosen = rng.pick(rng.pick(kinds));
  const pa = target(rng, chosen);
  const { satp, va, pokes } = walk(rng, pa);
  const crosses = chosen.name === FETCH && pa % 4096 === 4094;
  const privilege: Privilege = rng.pick([0, 1, 1, 3]);
  const through = privilege === 3 ? throughMprv(rng, chosen.code) : { code: chosen.code, value: 0n };
  return {
    kind: `translated ${chosen.name}`,
    privilege,
    status: status(rng) | MSTATUS.FS,
    csrs: { ...delegation(rng), satp, ...environment(rng) },
    code: through.code,
    x: registers(rng, va, through.value),
    pokes: [...pokes, ...(crosses ? [[pa - 6, CROSSING] as const] : [])],
    watches: [...pokes.map(([address]) => address), ...watched(pa)].slice(0, 8),
  };
}

/** An access in bare mode, or through the fixed translations: alignment, absent memory. */
export function plainItem(rng: Rng, kinds: typeof KINDS = KINDS): Item {
  const chosen = rng.pick(rng.pick(kinds));
  const inRam = rng.below(4) > 0;
  const pa = inRam ? target(rng, chosen) : rng.pick([0x8400_0000, 0x0200_0000_0000, 64]);
  const privilege = rng.pick(PRIVILEGES);
  return {
    kind: `plain ${chosen.name}`,
    privilege,
    status: status(rng),
    csrs: { ...delegation(rng), ...environment(rng) },
    code: chosen.code,
    x: registers(rng, BigInt(pa), 0n),
    watches: inRam ? watched(pa) : [],
  };
}

/** Each kind of access from each privilege where nothing forbids it. */
export function everyAccess(rng: Rng): Item[] {
  return [...new Set(KINDS)].flat().flatMap((chosen) =>
    PRIVILEGES.map((privilege) => {
      const pa = (chosen.name === FETCH ? EXEC : DATA) + rng.below(64) * 64;
      const csrs = { menvcfg: 0xf0n, senvcfg: 0xf0n };
      const x = registers(rng, BigInt(pa), 0n);
      return {
        kind: `free ${chosen.name}`,
        privilege,
        status: MSTATUS.FS,
        csrs,
        code: chosen.code,
        x,
        watches: watched(pa),
      };
    }),
  );
}
