/** Items that PMP decides about: random entries around what they access, and locked ones. */
import type { Rng } from '../rng.js';
import type { Item } from './image.js';
import { PRIVILEGES } from './items-csr.js';
import { ADDRESS, WITHOUT_BLOCKS, plainItem, translatedItem } from './items-memory.js';
import { DATA, RAM } from './layout.js';

/** A configuration byte of PMP: any mode, any permissions that are not reserved, never locked. */
function pmpConfig(rng: Rng): number {
  const permissions = rng.pick([0, 1, 3, 4, 5, 7, 7]);
  return (rng.pick([0, 1, 1, 2, 3, 3]) << 3) | permissions;
}

function pmpAddress(rng: Rng, pa: number): bigint {
  const near = BigInt(pa + rng.between(-24, 24)) >> 2n;
  if (rng.below(3) === 0) return near;
  if (rng.below(8) === 0) return rng.bits64() & ((1n << 54n) - 1n);
  const ones = BigInt(rng.below(14));
  return ((near >> ones) << ones) | ((1n << ones) - 1n);
}

/** Entries 1..6 are random around `pa`; 0 keeps the code and 7, perhaps, the rest. */
function protection(rng: Rng, pa: number): Item['csrs'] {
  const code = (BigInt(RAM) >> 2n) | ((0x40_0000n >> 3n) - 1n);
  const bytes = [
    0x1f,
    ...Array.from({ length: 6 }, () => (rng.below(2) ? pmpConfig(rng) : 0)),
    rng.pick([0, 0x1f, 0x1f, 0x19]),
  ];
  const addresses = Array.from({ length: 6 }, () => pmpAddress(rng, pa));
  const [pmpaddr1, pmpaddr2, pmpaddr3, pmpaddr4, pmpaddr5, pmpaddr6] = addresses;
  const pmpcfg0 = bytes.reduce((all, byte, i) => all | (BigInt(byte) << BigInt(8 * i)), 0n);
  const pmpaddr7 = (1n << 54n) - 1n;
  return { pmpcfg0, pmpaddr0: code, pmpaddr1, pmpaddr2, pmpaddr3, pmpaddr4, pmpaddr5, pmpaddr6, pmpaddr7 };
}

/** Whether some entry is four bytes long. */
function hasTinyEntry(csrs: Item['csrs'] = {}): boolean {
  const { pmpcfg0 = 0n } = csrs;
  const addresses = [
    csrs.pmpaddr0,
    csrs.pmpaddr1,
    csrs.pmpaddr2,
    csrs.pmpaddr3,
    csrs.pmpaddr4,
    csrs.pmpaddr5,
    csrs.pmpaddr6,
  ];
  return addresses.some((address = 0n, i) => {
    const mode = (pmpcfg0 >> BigInt(8 * i + 3)) & 3n;
    return mode === 2n || (mode === 1n && i > 0 && address - (addresses[i - 1] ?? 0n) === 1n);
  });
}

/** An access that PMP decides about, its own or that of a page-table entry. */
export function protectedItem(rng: Rng): Item {
  const base = rng.below(3) === 0 ? translatedItem(rng, WITHOUT_BLOCKS) : plainItem(rng, WITHOUT_BLOCKS);
  const watch = base.watches ?? [];
  const about = rng.below(3) === 0 ? (watch[0] ?? DATA) : (watch.at(-2) ?? DATA);
  const rules = protection(rng, about);
  // The walk to the supervisor's handler may be denied, so what that causes is not the handler's.
  const medeleg = (base.csrs?.medeleg ?? 0n) & ~0x1002n;
  const x = new Map(base.x);
  // QEMU overlooks an entry that begins and ends inside an access (section 3.7.1: "matches any byte").
  if (hasTinyEntry(rules)) x.set(ADDRESS, (x.get(ADDRESS) ?? 0n) & ~7n);
  return { ...base, kind: `pmp ${base.kind}`, csrs: { ...base.csrs, ...rules, medeleg }, x };
}

const LOCK = 0x80n;

/**
 * Entries that get locked one after the other: machine mode must obey them, and writes of them have no effect. They cover
 * nothing but data, since the handler needs the rest; for a program of their own, since only a reset unlocks them.
 */
export function lockedItems(rng: Rng, count: number): Item[] {
  return Array.from({ length: count }, (_, i): Item => {
    const base = plainItem(rng, WITHOUT_BLOCKS);
    const pa = DATA + rng.below(16) * 4096 + rng.below(512) * 8;
    const rules = protection(rng, pa);
    const entry = BigInt(rng.between(2, 6));
    const near = (): bigint => {
      const ones = BigInt(rng.below(9));
      return ((BigInt(pa + 8 * rng.between(-3, 3)) >> (2n + ones)) << ones) | ((1n << ones) - 1n);
    };
    const [pmpaddr1, pmpaddr2, pmpaddr3, pmpaddr4, pmpaddr5, pmpaddr6] = Array.from({ length: 6 }, near);
    const pmpcfg0 = i % 8 === 7 ? (rules?.pmpcfg0 ?? 0n) | (LOCK << (8n * entry)) : (rules?.pmpcfg0 ?? 0n);
    return {
      ...base,
      kind: `pmp locked ${base.kind}`,
      privilege: rng.pick(PRIVILEGES),
      csrs: {
        ...base.csrs,
        ...rules,
        pmpcfg0,
        pmpaddr1,
        pmpaddr2,
        pmpaddr3,
        pmpaddr4,
        pmpaddr5,
        pmpaddr6,
        medeleg: 0n,
      },
      x: new Map(base.x).set(ADDRESS, BigInt(pa)),
      watches: [],
    };
  });
}
