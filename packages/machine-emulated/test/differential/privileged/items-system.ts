/** Items of privileged instructions, delegated exceptions, and interrupts. */
import type { Rng } from '../rng.js';
import type { Item } from './image.js';
import { MSTATUS } from './image.js';
import { OPERAND, PRIVILEGES, op } from './items-csr.js';
import { CSR, M_VECTORS, ROOT39, ROOT48, ROOT57, S_ECALL, S_ILLEGAL } from './layout.js';

const DELEGABLE = 0xb3ffn;
const ECALL_S = 1n << 9n;
const ILLEGAL = 1n << 2n;

/** Delegation under which the supervisor's handler still reaches machine mode. */
export function delegation(rng: Rng): { medeleg: bigint; stvec: bigint } {
  const medeleg = rng.bits64() & (rng.below(3) === 0 ? 0n : DELEGABLE);
  const vectored = BigInt(rng.below(2));
  if ((medeleg & ECALL_S) === 0n) return { medeleg, stvec: BigInt(S_ECALL) | vectored };
  return { medeleg: medeleg & ~ILLEGAL, stvec: BigInt(S_ILLEGAL) | vectored };
}

export function paging(rng: Rng): bigint {
  const asid = BigInt(rng.below(1 << 16)) << 44n;
  const modes = [0n, 0n, (8n << 60n) | BigInt(ROOT39 / 4096), (9n << 60n) | BigInt(ROOT48 / 4096)];
  const satp = rng.pick([...modes, (10n << 60n) | BigInt(ROOT57 / 4096)]);
  return satp === 0n ? 0n : satp | asid;
}

export function status(rng: Rng): bigint {
  const { SIE, SPIE, MPIE, SPP, FS, SUM, MXR, TVM, TW, TSR } = MSTATUS;
  return rng.bits64() & (SIE | SPIE | MPIE | SPP | FS | SUM | MXR | TVM | TW | TSR);
}

const WORDS: readonly (readonly [string, readonly number[]])[] = [
  ['ecall', op('ecall')],
  ['ebreak', op('ebreak')],
  ['c.ebreak', [0x9002]],
  ['wfi', op('wfi')],
  ['sfence.vma', op('sfence.vma')],
  ['sfence.vma rs', op('sfence.vma', { rs1: 10, rs2: 11 })],
  ['sinval.vma', op('sinval.vma', { rs1: 10, rs2: 11 })],
  ['sfence.w.inval', op('sfence.w.inval')],
  ['sfence.inval.ir', op('sfence.inval.ir')],
  ['fence', op('fence')],
  ['fence.i', op('fence.i')],
  ['fence.tso', [0x000f, 0x8330]],
  ['pause', op('pause')],
  ['c.unimp', [0]],
  ['uret', [0x0073, 0x0020]],
  ['dret', [0x0073, 0x7b20]],
  ['mnret', [0x0073, 0x7020]],
  ['hfence.vvma', [0x0073, 0x22b5]],
  ['hfence.gvma', [0x0073, 0x62b5]],
];

/** A system instruction from any privilege, with the bits that trap it, and delegation. */
export function systemItem(rng: Rng): Item {
  const [kind, code] = rng.pick(WORDS);
  return {
    kind,
    privilege: rng.pick(PRIVILEGES),
    status: status(rng),
    csrs: {
      ...delegation(rng),
      satp: paging(rng),
      // WFI has something to wake it.
      ...{ mip: 0x2n, mie: 0x2n, mideleg: 0n },
    },
    code,
  };
}

/** A write of mstatus, then MRET or SRET to the ECALL that ends the snippet: its cause tells the privilege. */
export function returnItem(rng: Rng): Item {
  const fromM = rng.below(2) === 0;
  const { MPP, MPRV, MIE, TSR } = MSTATUS;
  const mpp = rng.pick([0n, 1n, 2n, 3n]) << 11n;
  const wanted = (status(rng) & ~(MPP | MIE)) | mpp | (rng.bits64() & (MPRV | TSR));
  const epc = fromM ? CSR.mepc : CSR.sepc;
  const head = op('auipc', { rd: 10, imm: 0 });
  const setStatus = op('csrrw', { rd: 0, rs1: OPERAND, csr: CSR.mstatus });
  const toEnd = [...op('addi', { rd: 10, rs1: 10, imm: 20 }), ...op('csrrw', { rd: 0, rs1: 10, csr: epc })];
  const code = [...head, ...toEnd, ...setStatus, ...op(fromM ? 'mret' : 'sret')];
  return {
    kind: fromM ? 'mret' : 'sret',
    privilege: rng.below(4) === 0 ? rng.pick(PRIVILEGES) : 3,
    status: status(rng),
    csrs: { ...delegation(rng), satp: paging(rng) },
    code,
    x: new Map([[OPERAND, wanted]]),
  };
}

/** SRET from supervisor mode to sepc, which the launcher set to the snippet's second word. */
export function supervisorReturn(rng: Rng): Item {
  const { SPP, SPIE, SIE, TSR, SUM, MXR } = MSTATUS;
  const set = op('csrrw', { rd: 0, rs1: OPERAND, csr: CSR.sstatus });
  const pc = [...op('auipc', { rd: 10, imm: 0 }), ...op('addi', { rd: 10, rs1: 10, imm: 20 })];
  return {
    kind: 'sret',
    privilege: 1,
    status: rng.bits64() & TSR,
    csrs: { ...delegation(rng), satp: rng.below(2) ? paging(rng) : 0n },
    code: [...pc, ...op('csrrw', { rd: 0, rs1: 10, csr: CSR.sepc }), ...set, ...op('sret')],
    x: new Map([[OPERAND, rng.bits64() & (SPP | SPIE | SIE | SUM | MXR)]]),
  };
}

/** Interrupts: any set pending, enabled and delegated, seen at the first instruction after MRET. */
export function interruptItem(rng: Rng): Item {
  const sstc = rng.below(3) === 0;
  const few = (): bigint => rng.bits64() & rng.bits64() & 0xaaan;
  return {
    kind: 'interrupt',
    privilege: rng.pick(PRIVILEGES),
    status: status(rng),
    csrs: {
      ...delegation(rng),
      mtvec: BigInt(M_VECTORS) | 1n,
      satp: paging(rng),
      menvcfg: sstc ? 1n << 63n : 0n,
      stimecmp: rng.below(2) ? 0n : (1n << 64n) - 1n,
      mip: few() & 0x222n,
      mie: rng.below(2) ? 0xaaan : few(),
      mideleg: rng.bits64() & 0x222n,
    },
    timerPending: rng.below(3) === 0,
    softwarePending: rng.below(3) === 0,
    code: rng.below(2) ? [1] : op('csrrsi', { rd: 10, rs1: 2, csr: CSR.sstatus }),
  };
}

/** An interrupt that the snippet itself makes pending or enables. */
export function lateInterrupt(rng: Rng): Item {
  const csr = rng.pick([CSR.mip, CSR.mie, CSR.mstatus, CSR.mideleg, CSR.sip, CSR.sie, CSR.sstatus]);
  const bits = csr === CSR.mstatus || csr === CSR.sstatus ? MSTATUS.SIE | MSTATUS.MIE : 0x222n;
  return {
    ...interruptItem(rng),
    kind: 'late interrupt',
    privilege: rng.pick([1, 3]),
    code: [...op('csrrs', { rd: 10, rs1: OPERAND, csr }), ...op('addi', { rd: 12, rs1: 0, imm: 1 })],
    x: new Map([[OPERAND, rng.below(2) ? bits : rng.bits64() & bits]]),
  };
}

/** Jumps to addresses that are not there, not aligned to words, or not canonical. */
export function jumpItem(rng: Rng): Item {
  const target = rng.pick([0x40n, 0x8800_0000n, 1n << 38n, 1n << 47n, 1n << 56n, rng.bits64(), -2n]);
  return {
    kind: 'jump',
    privilege: rng.pick(PRIVILEGES),
    status: status(rng) & ~MSTATUS.MXR,
    csrs: { ...delegation(rng), satp: paging(rng) },
    code: op('jalr', { rd: 1, rs1: 10, imm: 0 }),
    x: new Map([[10, BigInt.asUintN(64, target)]]),
  };
}

/** Delegation of one exception, which the supervisor's handler survives. */
export function delegatedOnly(cause: number): bigint {
  return (1n << BigInt(cause)) & DELEGABLE;
}

/** Each system instruction from each privilege, with and without the bits that trap it. */
export function systemWords(rng: Rng): Item[] {
  const { TVM, TW, TSR } = MSTATUS;
  return WORDS.flatMap(([kind, code]) =>
    PRIVILEGES.flatMap((privilege) =>
      [0n, TVM | TW | TSR].map((traps) => ({ ...systemItem(rng), kind, privilege, status: traps, code })),
    ),
  );
}
