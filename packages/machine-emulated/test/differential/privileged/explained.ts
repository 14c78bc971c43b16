/**
 * Differences between qemu-system-riscv64 10.0 and our hart that the specification explains. Each covers as little as it can;
 * every other difference is an error of one of the two. Sections are those of the RISC-V manuals of 2026-01-20, volume I
 * (unprivileged) and II (privileged).
 */
import type { Item } from './image.js';
import { MSTATUS } from './image.js';
import { OPERAND } from './items-csr.js';
import { ADDRESS, CROSSING } from './items-memory.js';
import { RAM, RAM_BYTES } from './layout.js';

/** One recorded word that differs. */
export interface Difference {
  readonly item: Item;
  /** `x5`, `f3`, a CSR's name, `watch2`. */
  readonly name: string;
  readonly ours: bigint;
  readonly theirs: bigint;
  /** The trap that the item was about, on each side: the delegated one, if there was one. */
  readonly cause: bigint;
  readonly theirCause: bigint;
  readonly value: bigint;
  readonly theirValue: bigint;
}

export interface Explanation {
  readonly id: string;
  readonly section: string;
  readonly why: string;
  covers(difference: Difference): boolean;
}

const PMP_ADDRESS = (1n << 54n) - 1n;
/** W and X of the eight configurations. */
const NOT_ONLY_READABLE = 0x0606_0606_0606_0606n;
const DELEGABLE = 0xb3ffn;

/** Whether the word is a value of the CSR that the item accessed, or that CSR itself. */
function isOf({ item, name }: Difference, pattern: RegExp): boolean {
  if (pattern.test(name)) return true;
  return /^x1[02]$/.test(name) && item.kind.startsWith('csr ') && pattern.test(item.kind.slice(4));
}

/** What a trap leaves: an explanation of the trap covers these and no register or memory. */
const TRAP_STATE = /^(mstatus|[ms](cause|epc|tval))$/;

/** The table entry that the item's access ends at, and its level. Every level above it has one poke. */
function leafOf({ csrs, pokes = [] }: Item): { entry: bigint; level: number } {
  const walk = pokes.filter(([, value]) => value !== CROSSING);
  const levels = Number((csrs?.satp ?? 0n) >> 60n) - 5;
  return { entry: walk.at(-1)?.[1] ?? 0n, level: levels - walk.length };
}

/** Svnapot: N in an entry that is no range of 64 KiB. */
function isReservedRange(entry: bigint, level: number): boolean {
  return entry >> 63n === 1n && (level > 0 || ((entry >> 10n) & 15n) !== 8n);
}

/** Page fault by the access fault of the same kind of access. */
const PAGE_FAULTS = new Map([
  [1n, 12n],
  [5n, 13n],
  [7n, 15n],
]);
const PAGE_NUMBER = (1n << 44n) - 1n;

/** Whether the item's access is made at a physical address: in bare mode, or for machine mode although MPRV is set. */
function isUntranslated({ kind, privilege, x }: Item): boolean {
  return kind.startsWith('plain ') || (privilege === 3 && ((x?.get(OPERAND) ?? 0n) & MSTATUS.MPP) === MSTATUS.MPP);
}

/** QEMU's board has flash memory here, ours has nothing. */
const FLASH = { base: 0x2000_0000n, end: 0x2400_0000n };

/** Whether nothing is at a physical address: no RAM, and no device of the board. */
function isAbsent(address: bigint): boolean {
  const isFlash = address >= FLASH.base && address < FLASH.end;
  return isFlash || address >= BigInt(RAM + RAM_BYTES) || address < 0x100n;
}

function legalConfigs(value: bigint): bigint {
  let legal = 0n;
  for (let i = 0n; i < 64n; i += 8n) {
    const byte = (value >> i) & 0x9fn;
    legal |= ((byte & 3n) === 2n ? byte & ~6n : byte) << i;
  }
  return legal;
}

export const EXPLANATIONS: readonly Explanation[] = [
  {
    id: 'xepc-bit-0',
    section: 'II, 3.1.14 "mepc", 12.1.7 "sepc"',
    why: 'Bit 0 of mepc and sepc is always zero; QEMU stores it and masks it only in MRET and SRET.',
    covers: (d) => isOf(d, /^[ms]epc$/) && d.ours === d.theirs - 1n && (d.theirs & 1n) === 1n,
  },
  {
    id: 'pmpaddr-width',
    section: 'II, 3.7.1 "Physical Memory Protection CSRs"',
    why: 'pmpaddr holds bits 55 to 2 of an address, the upper ten bits are zero; QEMU stores them.',
    covers: (d) => isOf(d, /^pmpaddr/) && d.ours === (d.theirs & PMP_ADDRESS),
  },
  {
    id: 'pmpcfg-reserved',
    section: 'II, 3.7.1 "Physical Memory Protection CSRs"',
    why: 'Bits 5 and 6 of a configuration are zero, and W without R is reserved (ours then permits nothing, as the Sail model, also where R is set later); QEMU stores both.',
    // Without W and X in some bytes: W was written without R, and a second instruction has set R.
    covers: (d) =>
      isOf(d, /^pmpcfg/) && (d.ours | (legalConfigs(d.theirs) & NOT_ONLY_READABLE)) === legalConfigs(d.theirs),
  },
  {
    id: 'medeleg-bits',
    section: 'II, 3.1.8 "medeleg and mideleg"',
    why: "A hart may make bits read-only zero, and must for causes that cannot happen below machine mode (11); QEMU's are those of all extensions.",
    covers: (d) => isOf(d, /^medeleg$/) && d.ours === (d.theirs & DELEGABLE),
  },
  {
    id: 'mideleg-bits',
    section: 'II, 3.1.8 "medeleg and mideleg"',
    why: "Bits of interrupts that a hart has not got are zero; QEMU keeps those of the hypervisor's and of Sscofpmf's.",
    covers: (d) => isOf(d, /^(mideleg|mie|sie|mip|sip)$/) && d.ours === (d.theirs & 0xaaan),
  },
  {
    id: 'inhibit-bits',
    section: 'II, 3.1.12 "mcountinhibit"',
    why: 'Ours has no hardware performance counters to inhibit (section 3.1.10 lets them be zero); QEMU has.',
    covers: (d) => isOf(d, /^mcountinhibit$/) && d.ours === (d.theirs & 5n),
  },
  {
    id: 'xtvec-mode',
    section: 'II, 3.1.7 "mtvec", 12.1.2 "stvec"',
    why: 'MODE is WARL and 2 and 3 are reserved: ours keeps MODE and takes the base, as the Sail model; QEMU ignores the whole write.',
    covers: (d) =>
      isOf(d, /^[ms]tvec$/) && (d.ours & 2n) === 0n && (d.theirs & 2n) === 0n && /[ms]tvec$/.test(d.item.kind),
  },
  {
    id: 'mpp-reserved',
    section: 'II, 3.1.6.1 "Privilege and Global Interrupt-Enable Stack in mstatus register"',
    why: 'MPP is WARL, and 2 is no mode: it becomes user mode in ours, as in the Sail model; in QEMU MPP stays what it was.',
    covers: (d) =>
      /^csr mstatus$/.test(d.item.kind) && isOf(d, /^mstatus$/) && (d.ours ^ d.theirs) === (d.theirs & MSTATUS.MPP),
  },
  {
    id: 'sip-with-sstc',
    section: 'II, 12.1.3 "sip and sie", 20 "Sstc"',
    why: "With STCE, STIP in mip is the comparator's, and sip shows it when delegated; QEMU's sip, with AIA, reads zero.",
    covers: (d) =>
      /^(late interrupt|csr sip)/.test(d.item.kind) &&
      /^x1[02]$/.test(d.name) &&
      (d.ours ^ d.theirs) === 0x20n &&
      (d.ours & 0x20n) !== 0n &&
      (d.item.csrs?.menvcfg ?? 0n) >> 63n === 1n,
  },
  {
    id: 'cbo-address',
    section: 'I, "CMO", "Page-Fault, Guest-Page-Fault, and Access-Fault Exceptions"',
    why: "Faults of cache-block instructions report rs1; QEMU reports the block's first byte.",
    covers: (d) =>
      /^(chunk|encoding|plain cbo|translated cbo)/.test(d.item.kind) &&
      /^[ms]tval$/.test(d.name) &&
      d.theirs === d.ours - (d.ours % 64n),
  },
  {
    id: 'cbo-permission',
    section:
      'I, "CMO", "Page-Fault, Guest-Page-Fault, and Access-Fault Exceptions"; II, 3.6.2 "Supported Access Type PMAs"',
    why: 'Managing the cache of memory that is not there is an access fault; QEMU does nothing and goes on.',
    covers: (d) =>
      / cbo\.(clean|flush|inval)$/.test(d.item.kind) &&
      isUntranslated(d.item) &&
      TRAP_STATE.test(d.name) &&
      d.cause === 7n &&
      d.value === d.item.x?.get(ADDRESS) &&
      isAbsent(d.value),
  },
  {
    id: 'table-absent',
    section: 'II, 12.3.2 "Virtual Address Translation Process", step 2',
    why: 'A page-table entry where no memory is violates a PMA check, which is an access fault; in QEMU it is a page fault.',
    covers: (d) => {
      const { entry } = leafOf(d.item);
      const isPointer = (entry & 0b1011n) === 1n;
      return (
        TRAP_STATE.test(d.name) &&
        /translated /.test(d.item.kind) &&
        isPointer &&
        isAbsent(((entry >> 10n) & PAGE_NUMBER) << 12n) &&
        d.theirCause === PAGE_FAULTS.get(d.cause) &&
        d.value === d.theirValue
      );
    },
  },
  {
    id: 'crossing-order',
    section: 'II, 3.1.15 "mcause", 3.7.1.3 "Priority and Matching Logic"',
    why: "An access across two pages may be made in parts in any order. Ours meets the first page's access fault, QEMU translates both pages first and meets the page fault of the second.",
    covers: (d) =>
      TRAP_STATE.test(d.name) &&
      ((d.cause === 5n && d.theirCause === 13n) || (d.cause === 7n && d.theirCause === 15n)) &&
      d.theirValue % 4096n === 0n &&
      BigInt.asUintN(64, d.theirValue - d.value - 1n) < 7n,
  },
  {
    id: 'dirty-floating-point',
    section: 'II, 3.1.6.7 "Extension Context Status in mstatus Register"',
    why: 'FS may become Dirty by an instruction that might have changed the state; ours does so more often.',
    covers: (d) =>
      d.name === 'mstatus' && ((d.ours ^ d.theirs) & ~(0x6000n | (1n << 63n))) === 0n && (d.ours & 0x6000n) === 0x6000n,
  },
  {
    id: 'range-sets-bits',
    section: 'II, 12.3.2 "Virtual Address Translation Process", 13 "Svnapot"',
    why: 'A reserved range (N) faults before A and D are set; QEMU sets them first.',
    covers: (d) => {
      const { entry, level } = leafOf(d.item);
      if (!/translated /.test(d.item.kind) || !isReservedRange(entry, level) || d.cause < 12n) return false;
      if (/^watch/.test(d.name)) return d.ours === entry && (d.theirs | 0xc0n) === (entry | 0xc0n);
      // ... or finds that PMP forbids to set them: an access fault of the same kind of access.
      return TRAP_STATE.test(d.name) && d.cause === PAGE_FAULTS.get(d.theirCause) && d.value === d.theirValue;
    },
  },
  {
    id: 'menvcfg-bits',
    section: 'II, 3.1.18 "menvcfg"',
    why: 'A field of an extension that is not there is read-only zero, CBIE=2 is reserved (0 in ours, as in the Sail model); QEMU keeps both.',
    covers: (d) =>
      isOf(d, /^[ms]envcfg$/) && (d.ours & ~0x30n) === (d.theirs & ~0x30n & ~(1n << 60n)) && (d.ours & 0x30n) !== 0x20n,
  },
  {
    id: 'comparator-switched-off',
    section: 'II, 3.1.9 "mip and mie", 20 "Sstc"',
    why: "What STIP is when STCE goes off is not said: in ours what software last wrote, in QEMU the comparator's last value.",
    covers: (d) => /^csr menvcfg$/.test(d.item.kind) && /^[ms]ip$/.test(d.name) && (d.ours ^ d.theirs) === 0x20n,
  },
  {
    id: 'comparator-off',
    section: 'II, 3.1.18 "menvcfg" (STCE), 12.1.12 "stimecmp"',
    why: 'With STCE off, stimecmp has no effect on STIP; in QEMU a write of it has.',
    covers: (d) =>
      /stimecmp$/.test(d.item.kind) &&
      /^[ms]ip$/.test(d.name) &&
      (d.ours ^ d.theirs) === 0x20n &&
      (d.item.csrs?.menvcfg ?? 0n) >> 63n === 0n,
  },
];
