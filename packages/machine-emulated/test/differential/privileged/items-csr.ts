/** Items that access CSRs: every number, every access, from every privilege. */
import type { Mnemonic } from '../../../src/testing.js';
import { INSTRUCTIONS, encode } from '../../../src/testing.js';
import type { Rng } from '../rng.js';
import type { Item, Privilege } from './image.js';
import { MSTATUS } from './image.js';
import type { CsrName } from './layout.js';
import { CSR, ROOT39, ROOT48, ROOT57 } from './layout.js';

export const OLD = 10;
export const OPERAND = 11;
export const BACK = 12;
/** Holds what an item writes before its access. */
const PRIMER = 28;
/** Not recorded: for values that nobody promises. */
export const VOID = 30;

export function op(name: Mnemonic, operands: Parameters<typeof encode>[1] = {}): number[] {
  const word = encode(INSTRUCTIONS.get(name)!, operands);
  return [word & 0xffff, word >>> 16];
}

export const PRIVILEGES: readonly Privilege[] = [0, 1, 3];
const NAMES = new Map<number, CsrName>(Object.entries(CSR).map(([name, number]) => [number, name as CsrName]));
const KNOWN = [...NAMES.keys()];

function nameOf(number: number): string {
  if (number >> 4 === 0x3b) return `pmpaddr${number & 15}`;
  return NAMES.get(number) ?? number.toString(16);
}

const ACCESSES = ['csrrw', 'csrrs', 'csrrc', 'csrrwi', 'csrrsi', 'csrrci'] as const;

/** Counters that run, implementation's numbers, debug triggers: only whether the access is legal is compared. */
function hasOwnValue(number: number): boolean {
  const counter = (number >= 0xb03 && number < 0xb20) || (number >= 0xc03 && number < 0xc20);
  const event = number >= 0x323 && number < 0x340;
  return counter || event || number === CSR.time || (number >= CSR.mvendorid && number <= CSR.mimpid);
}

/** The oracle has AIA, because without it it takes pending interrupts in the order of their numbers. */
const AIA = [
  ...[0x150, 0x151, 0x152, 0x153, 0x155, 0x156, 0x157, 0x15c, 0x350, 0x351, 0x352, 0x353, 0x355, 0x356, 0x357, 0x35c],
  ...[0xdb0, 0xfb0, 0x308, 0x309, 0x318, 0x319],
];

/**
 * CSRs that one side has and the other has not, legally: debug triggers (ours read as none: "tselect" of the debug
 * specification), and those of extensions that neither promises.
 */
export function isOutside(number: number): boolean {
  return (number >= 0x7a0 && number < 0x7b0) || number === 0x5a8 || AIA.includes(number);
}

/** Bits that are not written, since the item could not go on, or locked entries would outlive it. */
function tame(number: number, value: bigint, rng: Rng): bigint {
  if (number >> 4 === 0x3a) return value & ~0x8080808080808080n;
  if (number === CSR.mstatus) return value & ~((0xfn << 32n) | (0x3fn << 36n));
  if (number === CSR.sstatus) return value & ~(3n << 32n);
  if (number === CSR.stimecmp) return rng.below(2) === 0 ? 0n : (1n << 64n) - 1n;
  return number === CSR.satp ? addressSpace(rng) : value;
}

/** Some value of satp under which code goes on, or one that cannot be written. */
export function addressSpace(rng: Rng): bigint {
  const asid = BigInt(rng.below(1 << 16)) << 44n;
  switch (rng.below(6)) {
    case 0:
      return 0n;
    case 1:
      return (9n << 60n) | asid | BigInt(ROOT48 / 4096);
    case 2:
      return (10n << 60n) | asid | BigInt(ROOT57 / 4096);
    case 3: // no such mode
      return (rng.pick([1n, 2n, 7n, 11n, 12n, 13n, 14n, 15n]) << 60n) | asid | 1234n;
    default:
      return (8n << 60n) | asid | BigInt(ROOT39 / 4096);
  }
}

/** Values that show each field: all ones, single bits, anything. */
export function pattern(rng: Rng): bigint {
  switch (rng.below(6)) {
    case 0:
      return (1n << 64n) - 1n;
    case 1:
      return 0n;
    case 2:
      return 1n << BigInt(rng.below(64));
    case 3:
      return ((1n << 64n) - 1n) ^ (1n << BigInt(rng.below(64)));
    default:
      return rng.integer();
  }
}

function randomNumber(rng: Rng): number {
  for (;;) {
    const kind = rng.below(8);
    const number =
      kind < 6 ? rng.pick(KNOWN) : kind === 6 ? rng.below(4096) : 0xb00 + rng.below(32) + 256 * rng.below(2);
    if (!isOutside(number)) return number;
  }
}

/** What decides over access from below machine mode. */
function gates(rng: Rng): Pick<Item, 'status' | 'csrs'> {
  const { FS, TVM, SUM, MXR } = MSTATUS;
  return {
    status: (BigInt(rng.below(4)) << 13n) | (rng.bits64() & (TVM | SUM | MXR | MSTATUS.SPP)) | (rng.below(2) ? FS : 0n),
    csrs: {
      mcounteren: pattern(rng) & 0xffffffffn,
      scounteren: pattern(rng) & 0xffffffffn,
      menvcfg: (rng.bits64() & 0xd1n) | (rng.bits64() & (7n << 61n)),
      senvcfg: rng.bits64() & 0xd1n,
      mideleg: rng.bits64() & 0x222n,
      satp: rng.below(2) === 0 ? 0n : (8n << 60n) | BigInt(ROOT39 / 4096),
    },
  };
}

/** One access of a CSR and what it reads afterwards. */
export function csrItem(rng: Rng, number = randomNumber(rng)): Item {
  // QEMU takes comparators near the end of time for past ones.
  const access = number === CSR.stimecmp ? 'csrrw' : rng.pick(ACCESSES);
  const own = hasOwnValue(number);
  const rd = own ? VOID : rng.below(8) === 0 ? 0 : OLD;
  const rs1 = rng.below(4) === 0 ? 0 : OPERAND;
  const source = access.endsWith('i') ? rng.below(32) : rs1;
  const before = number === CSR.mtvec || number === 0x340 ? op('csrrs', { rd: 29, rs1: 0, csr: number }) : [];
  const after = before.length > 0 ? op('csrrw', { rd: 0, rs1: 29, csr: number }) : [];
  // What a field keeps when a reserved value is written shows only where it held another than that after reset.
  const isPrimed = !own && rng.below(3) === 0;
  const code = [
    ...before,
    ...(isPrimed ? op('csrrw', { rd: 0, rs1: PRIMER, csr: number }) : []),
    ...op(access, { rd, rs1: source, csr: number }),
    ...op('csrrs', { rd: own ? VOID : BACK, rs1: 0, csr: number }),
    ...after,
  ];
  const least = (number >> 8) & 3;
  const privilege = rng.below(2) === 0 ? ((least === 2 ? 3 : least) as Privilege) : rng.pick(PRIVILEGES);
  const x = new Map([
    [OPERAND, tame(number, pattern(rng), rng)],
    [PRIMER, tame(number, pattern(rng), rng)],
  ]);
  return { kind: `csr ${nameOf(number)}`, privilege, ...gates(rng), code, x };
}

/** Several accesses of each CSR that we know. */
export function knownCsrs(rng: Rng): Item[] {
  return KNOWN.flatMap((number) => Array.from({ length: 12 }, () => csrItem(rng, number)));
}

/** Fields that have a reserved value: where they are, their legal values, the reserved ones. */
const RESERVED: readonly (readonly [number, bigint, readonly bigint[], readonly bigint[]])[] = [
  [CSR.mstatus, 11n, [0n, 1n, 3n], [2n]],
  [CSR.mtvec, 0n, [0n, 1n], [2n, 3n]],
  [CSR.stvec, 0n, [0n, 1n], [2n, 3n]],
  [CSR.menvcfg, 4n, [0n, 1n, 3n], [2n]],
  [CSR.senvcfg, 4n, [0n, 1n, 3n], [2n]],
  [CSR.pmpcfg0, 48n, [0n, 1n, 3n, 4n, 7n], [2n, 6n]],
];

/** Each reserved value after each legal one, and what the CSR then reads. */
export function reservedValues(): Item[] {
  const saved = { rd: 29, rs1: 0 };
  return RESERVED.flatMap(([csr, shift, legal, reserved]) =>
    legal.flatMap((old) =>
      reserved.map((value): Item => {
        const code = [
          ...op('csrrs', { ...saved, csr }),
          ...op('csrrw', { rd: 0, rs1: PRIMER, csr }),
          ...op('csrrw', { rd: OLD, rs1: OPERAND, csr }),
          ...op('csrrs', { rd: BACK, rs1: 0, csr }),
          ...op('csrrw', { rd: 0, rs1: saved.rd, csr }),
        ];
        const x = new Map([
          [OPERAND, value << shift],
          [PRIMER, old << shift],
        ]);
        return { kind: `csr ${nameOf(csr)}`, privilege: 3, code, x };
      }),
    ),
  );
}

/** A read of every CSR number from every privilege. */
export function csrSweep(rng: Rng): Item[] {
  const items: Item[] = [];
  for (let number = 0; number < 4096; number++) {
    if (isOutside(number)) continue;
    const own = hasOwnValue(number);
    for (const privilege of PRIVILEGES) {
      const code = op('csrrs', { rd: own ? VOID : OLD, rs1: 0, csr: number });
      items.push({ kind: 'csr sweep', privilege, ...gates(rng), code });
    }
  }
  return items;
}
