/**
 * Where a machine's private things are: the first bytes of guest RAM, which no region of `Machine.memory` shows.
 *
 * Units      offsets are bytes from the start of RAM, which is the start of the shared file
 * Shapes     CPU i has 16 KiB at CPU_AREAS + i * CPU_BYTES: mailbox page, list page, stack; context i has
 *            `contextBytes` at CONTEXTS + i * contextBytes
 * Invariant  host and monitor agree on these numbers because both sides take them from here
 */

/** Left to QEMU: its device tree on aarch64, the reset stub on riscv64, legacy memory on x86_64. */
export const MONITOR = 0x20_0000;
/** Descriptor tables, the monitor's own page tables. */
export const TABLES = 0x21_0000;
/** A page of zeroes: the root of a context without an address space. */
export const EMPTY_ROOT = 0x24_0000;
export const CPU_AREAS = 0x28_0000;
export const CPU_BYTES = 0x4000;
export const MAX_CPUS = 16;
/** The machine's device tree. */
export const TREE = 0x2c_0000;
export const CONTEXTS = 0x30_0000;
/** The public part of RAM starts at a multiple of this. */
export const PRIVATE_UNIT = 0x20_0000;

export const privateBytes = (contexts: number, contextBytes: number): number =>
  Math.ceil((CONTEXTS + contexts * contextBytes) / PRIVATE_UNIT) * PRIVATE_UNIT;

/**
 * A CPU's mailbox, byte offsets. The host writes arguments, then SEQ; the monitor writes results, then DONE = SEQ. Who is
 * about to sleep says so (SLEEPING, WAITING) and looks once more; who publishes looks at that flag afterwards and rings.
 */
export const MAILBOX = {
  /** Number of the last command; written by the host. */
  SEQ: 0x00,
  /** Number of the last command that is done; written by the monitor. */
  DONE: 0x04,
  /** The monitor waits for the doorbell. */
  SLEEPING: 0x08,
  /** The host waits for a byte. */
  WAITING: 0x0c,
  /** Bits, sticky: the current or next run returns and reports them in ADDRESS. The host sets one per byte (`Kick`). */
  KICK: 0x10,
  /** Polls of SEQ before the monitor sleeps. */
  SPIN: 0x14,
  /** Translations and code to forget, number of the request and of the last one that was served. */
  FORGET: 0x18,
  FORGOTTEN: 0x1c,
  OPCODE: 0x20,
  /** 1 = the access of a command had no answer; 2 = the monitor itself faulted. */
  STATUS: 0x24,
  /** The context to run, as the monitor addresses it (64 bits, like all that follow unless they say words). */
  CONTEXT: 0x28,
  /** Timer ticks until the run ends, relative; all ones = none. */
  TICKS: 0x30,
  CAUSE: 0x38,
  ADDRESS: 0x40,
  /** Further word of a trap: x86's error code. */
  DETAIL: 0x48,
  /** Context whose floating-point state is in the registers, as the monitor addresses it; 0 = nobody's. */
  FP_OWNER: 0x50,
  ARGUMENT: 0x58,
  VALUE: 0x60,
  /** Words: whether to forget all translations; entries in the list of code to forget. */
  FLUSH: 0x68,
  SYNC_COUNT: 0x6c,
  /** x86_64: 2^32 x nanoseconds per tick. */
  SCALE: 0x70,
  /** End of what the host writes between commands, from SPIN on; the monitor leaves it alone while it waits. */
  HOST_END: 0x78,
  /** Time at which the timer is set to ring, all ones = off; and at which this run ends. */
  ARMED: 0x78,
  WANTED: 0x80,
  /** What the reset code found: riscv64 the address of QEMU's device tree, x86_64 the components of FP state. */
  BOOT: 0x88,
  /** Word: CPUs of the machine. */
  CPUS: 0x90,
  /** x86_64: the address of this page. */
  SELF: 0x98,
  /** x86_64, aarch64: the counter that user mode reads, as it was just before DONE. */
  COUNTER: 0xa0,
  /** End of what the host reads. */
  FIELDS_END: 0xa8,
  /** Room for registers that a trap handler must put aside. */
  SCRATCH: 0xc0,
  /** Pairs (first address, bytes), 64 bits each. */
  SYNC_LIST: 0x1000,
  STACK_TOP: CPU_BYTES,
} as const;

export const LIST_ENTRIES = 128;

/** Who wants a run to return, as bytes of KICK: somebody's `interrupt` (also the monitor's own bit); a CPU to stand still. */
export const Kick = { Interrupt: 0, Pause: 1 } as const;
export type Kick = (typeof Kick)[keyof typeof Kick];

export const Opcode = {
  Nothing: 0,
  Run: 1,
  SaveFp: 2,
  Read8: 3,
  Read16: 4,
  Read32: 5,
  Write8: 6,
  Write16: 7,
  Write32: 8,
  // x86_64 only: input and output, ARGUMENT is the port.
  In8: 9,
  In16: 10,
  In32: 11,
  Out8: 12,
  Out16: 13,
  Out32: 14,
} as const;
export type Opcode = (typeof Opcode)[keyof typeof Opcode];

/** Values of CAUSE beside the ISA's own: they have bit 62 set and are never a hardware cause. */
export const CAUSE_INTERRUPT = 1;
export const CAUSE_TIMER = 2;
export const SPECIAL_HI = 0x4000_0000;

/** Bytes on the doorbell: a command waits; a kick from another thread. */
export const BELL = 0x42;
export const KICK = 0x4b;
/** Byte from the monitor: something is done. */
export const DONE_BYTE = 0x21;
