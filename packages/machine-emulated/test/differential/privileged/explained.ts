/**
 * Differences between qemu-system-riscv64 10.0 and our hart that the specification explains. Each covers as little as it can;
 * every other difference is an error of one of the two. Sections are those of the RISC-V manuals, volume I
 * (unprivileged) and II (privileged).
 */
import type { Item } from './image.js';

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
  readonly theirValue: bigint;
}

export interface Explanation {
  readonly id: string;
  readonly section: string;
  readonly why: string;
  covers(difference: Difference): boolean;
}

const PMP_ADDRESS = (1n << 54n) - 1n;
/** W of the eight configurations. */
const WRITABLE = 0x0202_0202_0202_0202n;
const DELEGABLE = 0xb3ffn;

/** Whether the word is a value of the CSR that the item accessed, or that CSR itself. */
function isOf({ item, name }: Difference, pattern: RegExp): boolean {
  if (pattern.test(name)) return true;
  return /^x1[02]$/.test(name) && item.kind.startsWith('csr ') && pattern.test(item.kind.slice(4));
}

function legalConfigs(value: bigint): bigint {
  let legal = 0n;
  for (let i = 0n; i < 64n; i += 8n) {
    const byte = (value >> i) & 0x9fn;
    legal |= ((byte & 3n) === 2n ? byte & ~2n : byte) << i;
  }
  return legal;
}

export const EXPLANATIONS: readonly Explanation[] = [
  {
    id: 'xepc-bit-0',
    section: 'II, 3.1.14 "mepc", 10.1.7 "sepc"',
    why: 'Bit 0 of mepc and sepc is always zero; QEMU stores it and masks it only in MRET and SRET.',
    covers: (d) => isOf(d, /^[ms]epc$/) && d.ours === d.theirs - 1n && (d.theirs & 1n) === 1n,
  },
  {
    id: 'pmpaddr-width',
    section: 'II, 3.7.1 "PMP CSRs"',
    why: 'pmpaddr holds bits 55 to 2 of an address, the upper ten bits are zero; QEMU stores them.',
    covers: (d) => isOf(d, /^pmpaddr/) && d.ours === (d.theirs & PMP_ADDRESS),
  },
  {
    id: 'pmpcfg-reserved',
    section: 'II, 3.7.1 "PMP CSRs"',
    why: 'Bits 5 and 6 of a configuration are zero, and W without R is reserved (ours drops W, also where R is set later); QEMU stores both.',
    // Without W in some bytes: it was written without R, and a second instruction has set R.
    covers: (d) => isOf(d, /^pmpcfg/) && (d.ours | (legalConfigs(d.theirs) & WRITABLE)) === legalConfigs(d.theirs),
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
    section: 'II, 3.1.7 "mtvec", 10.1.2 "stvec"',
    why: 'MODE is WARL and 2 and 3 are reserved: ours keeps its low bit, QEMU ignores the whole write.',
    covers: (d) =>
      isOf(d, /^[ms]tvec$/) && (d.ours & 2n) === 0n && (d.theirs & 2n) === 0n && /[ms]tvec$/.test(d.item.kind),
  },
  {
    id: 'sip-with-sstc',
    section: 'II, 10.1.3 "sip and sie"; Sstc',
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
    section: 'I, CMO extensions, "Traps"',
    why: "Faults of cache-block instructions report rs1; QEMU reports the block's first byte.",
    covers: (d) =>
      /^(cbo|chunk|encoding|plain cbo|translated cbo|pmp .*cbo)/.test(d.item.kind) &&
      /^[ms]tval$/.test(d.name) &&
      d.theirs === d.ours - (d.ours % 64n),
  },
  {
    id: 'cbo-permission',
    section: 'I, CMO extensions, "Access-Fault Exception"; II, 3.7.1 "Priority and Matching Logic"',
    why: 'An operation on a block is denied where PMAs or PMP deny it, also where an entry covers only a part of the block; QEMU asks for less than the block, and manages caches of absent memory.',
    covers: (d) =>
      /(^pmp .* cbo\.)|( cbo\.(clean|flush|inval)$)/.test(d.item.kind) && d.cause === 7n && d.theirCause !== 7n,
  },
  {
    id: 'crossing-order',
    section: 'II, 3.1.15 "mcause"; 3.7.1 "Priority and Matching Logic"',
    why: "An access across two pages may be made in parts in any order. Ours meets the first page's access fault, QEMU translates both pages first and meets the page fault of the second.",
    covers: (d) =>
      ((d.cause === 5n && d.theirCause === 13n) || (d.cause === 7n && d.theirCause === 15n)) &&
      d.theirValue % 4096n === 0n,
  },
  {
    id: 'dirty-floating-point',
    section: 'II, 3.1.6.6 "Extension Context Status in mstatus Register"',
    why: 'FS may become Dirty by an instruction that might have changed the state; ours does so more often.',
    covers: (d) =>
      d.name === 'mstatus' && ((d.ours ^ d.theirs) & ~(0x6000n | (1n << 63n))) === 0n && (d.ours & 0x6000n) === 0x6000n,
  },
  {
    id: 'range-sets-bits',
    section: 'II, 12.3.2 "Virtual Address Translation Process"; Svnapot',
    why: 'A reserved range (N) faults before A and D are set; QEMU sets them first.',
    covers: (d) =>
      (/^watch/.test(d.name) && d.ours >> 63n === 1n && ((d.ours ^ d.theirs) & ~0xc0n) === 0n && d.cause >= 12n) ||
      // ... or finds that PMP forbids to set them.
      (/^pmp translated/.test(d.item.kind) &&
        d.cause >= 12n &&
        d.theirCause < 8n &&
        (d.item.pokes?.at(-1)?.[1] ?? 0n) >> 63n === 1n),
  },
  {
    id: 'menvcfg-bits',
    section: 'II, 3.1.18 "menvcfg"',
    why: 'A field of an extension that is not there is read-only zero, CBIE=2 is reserved; QEMU keeps both.',
    covers: (d) =>
      isOf(d, /^[ms]envcfg$/) && (d.ours & ~0x30n) === (d.theirs & ~0x30n & ~(1n << 60n)) && (d.ours & 0x30n) !== 0x20n,
  },
  {
    id: 'comparator-switched-off',
    section: 'Sstc; II, 3.1.9 "mip and mie"',
    why: "What STIP is when STCE goes off is not said: in ours what software last wrote, in QEMU the comparator's last value.",
    covers: (d) => /^csr menvcfg$/.test(d.item.kind) && /^[ms]ip$/.test(d.name) && (d.ours ^ d.theirs) === 0x20n,
  },
  {
    id: 'comparator-off',
    section: 'Sstc',
    why: 'With STCE off, stimecmp has no effect on STIP; in QEMU a write of it has.',
    covers: (d) =>
      /stimecmp$/.test(d.item.kind) &&
      /^[ms]ip$/.test(d.name) &&
      (d.ours ^ d.theirs) === 0x20n &&
      (d.item.csrs?.menvcfg ?? 0n) >> 63n === 0n,
  },
];
