/** Every item that is not left to chance: all CSRs, every cause from every privilege that can raise it. */
import { Rng } from '../rng.js';
import type { Item, Privilege } from './image.js';
import { MSTATUS } from './image.js';
import { PRIVILEGES, csrSweep, knownCsrs, op, reservedValues } from './items-csr.js';
import { everyAccess } from './items-memory.js';
import { delegatedOnly, systemWords } from './items-system.js';
import { DATA, M_VECTORS, ROOT39, S_ECALL, tableOf } from './layout.js';

const ABSENT = 0x8400_0000n;
const ALL_INTERRUPTS = 0xaaan;

/** Each synchronous cause, as code that raises it when x13 holds `address`. */
const RAISES: readonly (readonly [number, readonly number[], bigint, boolean])[] = [
  [1, op('jalr', { rd: 0, rs1: 13, imm: 0 }), ABSENT, false],
  [2, [0], 0n, false],
  [3, op('ebreak'), 0n, false],
  [4, op('lr.d', { rd: 10, rs1: 13 }), BigInt(DATA) + 1n, false],
  [5, op('ld', { rd: 10, rs1: 13, imm: 0 }), ABSENT, false],
  [6, op('amoadd.d', { rd: 10, rs1: 13, rs2: 14 }), BigInt(DATA) + 4n, false],
  [7, op('sd', { rs1: 13, rs2: 14, imm: 0 }), ABSENT, false],
  [8, op('ecall'), 0n, false],
  [12, op('jalr', { rd: 0, rs1: 13, imm: 0 }), 0n, true],
  [13, op('ld', { rd: 10, rs1: 13, imm: 0 }), 0n, true],
  [15, op('sd', { rs1: 13, rs2: 14, imm: 0 }), 0n, true],
];
const SV39 = (8n << 60n) | BigInt(ROOT39 / 4096);
/** In Sv39's slot 8: nothing. */
const SLOT = 8n << 30n;

function cause([number, code, address, paged]: (typeof RAISES)[number], privilege: Privilege, medeleg: bigint): Item {
  return {
    kind: `cause ${number}`,
    privilege,
    status: MSTATUS.FS | MSTATUS.SUM,
    csrs: { medeleg, satp: paged ? SV39 : 0n, stvec: BigInt(S_ECALL) },
    code,
    x: new Map([[13, paged ? SLOT : address]]),
    pokes: paged ? [[ROOT39 + 8 * 8, 0n]] : [],
    watches: [tableOf(0)],
  };
}

function interrupt(bit: number, privilege: Privilege, mideleg: bigint): Item {
  return {
    kind: `interrupt ${bit}`,
    privilege,
    status: MSTATUS.SIE | MSTATUS.MPIE,
    csrs: {
      mtvec: BigInt(M_VECTORS) | 1n,
      stvec: BigInt(S_ECALL) | 1n,
      mip: (1n << BigInt(bit)) & 0x222n,
      mie: ALL_INTERRUPTS,
      mideleg,
    },
    timerPending: bit === 7,
    softwarePending: bit === 3,
    code: [1],
  };
}

const UART = 0x1000_0000n;
const UART_PRIORITY = 0x0c00_0028n;
const MACHINE_ENABLES = 0x0c00_2000n;
const MACHINE_CLAIM = 0x0c20_0004n;

/** Writes the low byte or word of x14 after setting it. */
const put = (name: 'sb' | 'sw', value: number, rs1: number, imm = 0): number[] => [
  ...op('addi', { rd: 14, rs1: 0, imm: value }),
  ...op(name, { rs1, rs2: 14, imm }),
];

/** The UART's interrupt through the PLIC: made pending by an item, taken by three, claimed and taken back. */
function externalInterrupts(): Item[] {
  const x = new Map([
    [10, UART],
    [11, UART_PRIORITY],
    [12, MACHINE_ENABLES],
    [13, MACHINE_CLAIM],
  ]);
  const enable = [...put('sw', 1, 11), ...put('sw', 1 << 10, 12)];
  // Last, since QEMU's PLIC looks only when a source changes: the transmitter is empty.
  const raise = [...enable, ...put('sb', 2, 10, 1)];
  const claim = op('lw', { rd: 15, rs1: 13, imm: 0 });
  const lower = [...claim, ...put('sb', 0, 10, 1), ...op('sw', { rs1: 13, rs2: 15, imm: 0 }), ...put('sw', 0, 12)];
  const taken = PRIVILEGES.map((privilege): Item => ({ ...interrupt(11, privilege, 0n), kind: 'interrupt 11' }));
  return [{ kind: 'plic', privilege: 3, code: raise, x }, ...taken, { kind: 'plic', privilege: 3, code: lower, x }];
}

/**
 * @param sweep reads of every CSR number too
 * @returns items whose records must agree and that reach every cause, delegated and not
 */
export function directedItems(seed = 1, sweep = false): Item[] {
  const rng = new Rng(seed);
  const exceptions = RAISES.flatMap((raise) =>
    PRIVILEGES.filter((privilege) => privilege !== 3 || raise[0] < 12).flatMap((privilege) => [
      cause(raise, privilege, 0n),
      cause(raise, privilege, delegatedOnly(raise[0])),
    ]),
  );
  const interrupts = [1, 3, 5, 7, 9].flatMap((bit) =>
    PRIVILEGES.flatMap((privilege) => [interrupt(bit, privilege, 0n), interrupt(bit, privilege, 0x222n)]),
  );
  return [
    ...exceptions,
    ...interrupts,
    ...externalInterrupts(),
    ...everyAccess(rng),
    ...systemWords(rng),
    ...(sweep ? csrSweep(rng) : knownCsrs(rng)),
    ...reservedValues(),
  ];
}
