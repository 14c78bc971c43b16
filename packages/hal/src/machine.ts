/**
 * The waist: everything the kernel knows about the hardware under it.
 *
 * A machine owns guest memory and CPUs. The kernel prepares a context (a register file bound to an address space), lets a
 * CPU run it, and reads why it came back. One CPU runs inline: `run` = `start` + `next`, synchronous. Further CPUs run
 * on workers and ring through `next`. Everything here is the same on the emulated machine, QEMU and KVM.
 *
 * Several CPUs (docs/adr/0009-many-cpus.md; the kit's group `cpus` holds every line of it):
 * - One thread, the kernel's, makes all calls; other threads have `kick` and nothing else. CPU 0 is *inline*: it makes
 *   progress only inside `run` and `next`. Every other CPU runs by itself from `start` on, also while the kernel does
 *   something else, until it comes back.
 * - A CPU is *started* from `start` until `next` returns it, exactly once per `start`; its trap record is valid from
 *   then to its next `start` or `run`. The context is *running* as long: the kernel then neither reads nor writes its
 *   register view (its contents are undefined), and every method of `Contexts` that takes it panics. All other
 *   contexts may be created, changed and destroyed meanwhile. A context runs on one CPU at a time.
 * - `interrupt` makes a started CPU come back soon, whatever it does; with Interrupt, or with what it was about to come
 *   back for (the kick then stays for its next run). There is no other way to take a running context off its CPU:
 *   `interrupt`, then `next` until it returns that CPU.
 * - `mmu` may be called while CPUs run. When a call returns, no CPU uses an old translation or old code: running ones
 *   have acknowledged between two instructions, the others forget before they run again. Exchanging an entry is
 *   atomic against the accessed and dirty bits that CPUs set in it.
 * - Guest memory may be shared (`SharedArrayBuffer`). Atomic guest instructions are atomic among CPUs and against
 *   `Atomics` on an `Int32Array` over the same bytes; everything else races as on hardware.
 */
import type {
  ContextId,
  CpuId,
  Frame,
  Instructions,
  MemoryRegion,
  MmuPort,
  Nanoseconds,
  PhysAddr,
} from '@veridian-os/abi';
import type { KickHandle } from './kick.js';
import type { RegisterLayout, RegisterView, Isa } from './registers.js';
import type { Trap } from './trap.js';

/** Sv39 on riscv64; four levels of 4 KiB tables on the others (48-bit virtual addresses, the lower half is the user's). */
export type PageTables = 'sv39' | 'x86_64' | 'aarch64';

/** What differs between machines and is fixed for a machine's life; conformance cases are skipped by it. */
export interface MachineFeatures {
  readonly isa: Isa;
  /** Format of the page tables that `Contexts.setAddressSpace` takes. */
  readonly pageTables: PageTables;
  /** A budget ends at exactly its instruction count. */
  readonly exactBudget: boolean;
  /** Two runs with the same inputs are identical, instruction for instruction. */
  readonly deterministic: boolean;
  /** The CPU itself sets accessed and dirty bits in page-table entries. */
  readonly hardwareAccessedDirty: boolean;
  /** Loads and stores of any alignment succeed. */
  readonly misaligned: boolean;
  /**
   * Accesses to physical addresses where nothing is come back as Bus faults; absent means true. False: loads give all
   * ones or zeroes and stores are lost, as on PC hardware.
   */
  readonly busFaults?: boolean;
  /** Largest number of contexts alive at once. */
  readonly maxContexts: number;
  /** Guest physical address space has a device at these addresses (`bus`). */
  readonly devices: readonly DeviceRange[];
}

/** A memory-mapped device as firmware describes it. */
export interface DeviceRange {
  /** FDT `compatible`: `'ns16550a'`, `'riscv,plic0'`, ... */
  readonly compatible: string;
  readonly base: PhysAddr;
  readonly length: number;
  /** Interrupt source at the interrupt controller, 0 = none. */
  readonly interrupt: number;
  /** True: a model in the host that only `bus` reaches; a guest that maps these addresses does not. Default false. */
  readonly hosted?: boolean;
}

/** Physical reads and writes of device registers; synchronous. Widths in bits. */
export interface Bus {
  read8(address: PhysAddr): number;
  read16(address: PhysAddr): number;
  read32(address: PhysAddr): number;
  write8(address: PhysAddr, value: number): void;
  write16(address: PhysAddr, value: number): void;
  write32(address: PhysAddr, value: number): void;
}

/** External interrupts as a driver's owner sees them. */
export interface InterruptController {
  /** Sources are 1..sources. */
  readonly sources: number;
  /** Lets `source` interrupt; `priority` 1 (low) .. 7. @throws RangeError for a bad source or priority */
  enable(source: number, priority: number): void;
  disable(source: number): void;
  /** Highest-priority pending source, now in service, or 0. */
  claim(): number;
  /** Ends service; a level that is still high becomes pending again. */
  complete(source: number): void;
  /** True when `claim` would return a source. */
  pending(): boolean;
}

/** The only thing in the kernel that knows what time is. */
export interface Clock {
  /**
   * Nanoseconds since the machine was created. On a deterministic machine: retired instructions x a fixed ratio, plus
   * idle time skipped by `advance`.
   */
  now(): Nanoseconds;
  /**
   * Makes a running CPU return Interrupt at about this time; Infinity = no deadline. One deadline, the last set. With
   * several CPUs the first that notices returns, others may.
   */
  setDeadline(at: Nanoseconds): void;
  /**
   * Virtual time only: the machine is idle, jump forward (never back) to `to`.
   * @throws RangeError when the clock is paced by the host
   */
  advance(to: Nanoseconds): void;
  /** True when time moves only with instructions and `advance`. */
  readonly virtual: boolean;
}

/**
 * A straight piece of the clock: ns(t) = ns + floor((t - ticks) x multiplier / 2^shift), t in ticks of the counter since
 * its origin. All are integers from 0 on; multiplier < 2^22, shift < 32.
 */
export interface ClockLine {
  readonly ticks: number;
  readonly ns: number;
  readonly multiplier: number;
  readonly shift: number;
}

/**
 * A counter that user mode reads with one instruction (`rdtsc`, `cntvct_el0`): the same on every CPU, at a constant rate,
 * and what `clock.now()` is computed from. A program that follows the same line sees the kernel's time without a call.
 *
 * Order     every CPU and `read` see one sequence. `read` gives a value that is no less than what a CPU had seen when it
 *           came back last, and no more than what a CPU sees when it runs next (a CPU that runs meanwhile may be ahead).
 * Promise   `clock.now()` is `line` at `read()`, always
 */
export interface Counter {
  /** The counter's value that ticks are counted from, modulo 2^64: two halves. */
  readonly originLo: number;
  readonly originHi: number;
  /** Ticks per second, as far as the machine knows. */
  readonly hertz: number;
  /** Ticks since `origin`. */
  read(): number;
  /** What the clock follows until `steer` says that it has changed. */
  readonly line: ClockLine;
  /**
   * Bends the line towards the host's clock, if it is time for that (some times per second; cheap otherwise). Call it
   * while no CPU is started, and pass the new line on before one runs.
   * @returns whether `line` is another one now; it begins where the old one is
   */
  steer(): boolean;
}

/** What firmware hands over at boot. */
export interface Firmware {
  readonly kind: 'fdt' | 'acpi';
  /** Flattened device tree blob, or the RSDP-rooted tables. */
  readonly blob: Uint8Array;
  /** Where the guest would find it. */
  readonly address: PhysAddr;
}

/** Register files and FP state of guest threads. */
export interface Contexts {
  /** Registers zero, no address space; ENOMEM when `maxContexts` are alive. */
  create(): ContextId | number;
  /** @throws KernelPanic `hal/context` when not alive or running (also the methods below) */
  destroy(context: ContextId): void;
  /** Zeroes integer and FP state; keeps the address space. */
  reset(context: ContextId): void;
  /** Copies integer and FP state (fork, clone), not the address space. */
  copy(from: ContextId, to: ContextId): void;
  /** The integer registers, in place; the same object for a context's whole life. */
  registers(context: ContextId): RegisterView;
  /** Address space that the context runs in: root table and tag. */
  setAddressSpace(context: ContextId, root: Frame, asid: number): void;
  /** Copies FP and vector state out, `layout.fpBytes` bytes (signal frames, snapshots). */
  saveFp(context: ContextId, into: Uint8Array): void;
  restoreFp(context: ContextId, from: Uint8Array): void;
}

/** One processor. */
export interface Cpu {
  readonly id: CpuId;
  /** Reused record of the last way back. */
  readonly trap: Trap;
  /**
   * Runs `context` until it traps or spends `budget` (1 .. 2^31-1) instructions; blocks. Other CPUs that are started
   * go on, and remain for `next`.
   * @returns `trap`
   * @throws KernelPanic `cpu/host` when the backend breaks, `cpu/start` when this CPU is started, `cpu/budget`,
   * `hal/context` when the context is not alive or runs elsewhere
   */
  run(context: ContextId, budget: Instructions): Trap;
  /** Makes the current or next run return Interrupt. Sticky, idempotent. From another thread: `Machine.kickHandle`. */
  interrupt(): void;
}

export interface MachineInfo {
  /** `'emulated'`, `'kvm'`, `'qemu-riscv64'`, ... */
  readonly name: string;
  /** One line for the boot console. */
  readonly description: string;
  readonly layout: RegisterLayout;
}

export interface Machine {
  readonly info: MachineInfo;
  readonly features: MachineFeatures;
  readonly memory: readonly MemoryRegion[];
  readonly cpus: readonly Cpu[];
  readonly contexts: Contexts;
  readonly mmu: MmuPort;
  readonly bus: Bus;
  readonly interrupts: InterruptController;
  readonly clock: Clock;
  /** Absent where user mode has no such counter, or the machine cannot promise all of it. */
  readonly counter?: Counter;
  readonly firmware: Firmware;

  /**
   * Lets `cpu` run `context`; returns at once for CPUs on workers, inline CPUs run in `next`.
   * @throws KernelPanic `cpu/start` when the CPU is started already or does not exist, `cpu/budget`, `hal/context` when
   * the context is not alive or runs elsewhere
   */
  start(cpu: CpuId, context: ContextId, budget: Instructions): void;
  /**
   * Waits until `deadline` (of `clock`; may be passed a little) for a started CPU to come back, running the inline CPU
   * meanwhile if it is started.
   * @returns the CPU that came back; -1 when none is started, or none came back in time. CPUs that are back are
   * returned before the inline one goes on; the inline one stays started then. A deadline that has passed polls: only
   * CPUs that are back are returned, the inline one makes no progress (a
   * machine with one CPU may run it all the same, and to its end: its budget and `clock.setDeadline` bound that).
   */
  next(deadline: Nanoseconds): CpuId | -1;
  /**
   * What another thread of this process interrupts `cpu` with: it calls `kick(handle)`, whether this thread is inside
   * `run` or `next`, does something else, or has disposed the machine (then nothing happens). When `kick` has returned,
   * the current run ends soon or the next one at once. Absent on machines that other threads cannot reach.
   * @throws RangeError when there is no such CPU; Error where the host has no shared memory
   */
  kickHandle?(cpu: CpuId): KickHandle;
  /** Bytes that arrive at the console device, from the host; absent without one. */
  receive?(bytes: Uint8Array): void;
  /** Releases workers, processes and mappings, also of CPUs that are started; idempotent. */
  dispose(): void;
}

/** Bytes to and from the machine's console device (UART). Host side. */
export interface ConsolePort {
  /** Guest output; called synchronously. The array is only valid during the call. */
  output(bytes: Uint8Array): void;
}
