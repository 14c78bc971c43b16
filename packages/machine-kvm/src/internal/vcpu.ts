/**
 * One vCPU of the host's kernel: its run page, its registers, its ways in and out.
 *
 * Registers travel through the run page (`sync_regs`): a run costs one ioctl. The general registers of a context are
 * copied in before and out after; special registers are written where ring 3 differs from what the last exit left.
 *
 * Invariant  registers are exchanged only while nothing is in flight: an exception that the processor began to deliver is
 *            delivered first (`inFlight`)
 */
import { PAGE_SIZE, panic } from '@veridian-os/abi';
import type { RegisterView } from '@veridian-os/hal';
import { X86, X86_64 } from '@veridian-os/hal';
import type { Libc } from '@veridian-os/libc';
import { MappedMemory } from '@veridian-os/libc';
import type { Alarm } from './alarm.js';
import { EXIT, KVM, REG, RUN, SREG, VCPU_EVENTS_BYTES } from './kvm-abi.js';
import type { MonitorPlan } from './monitor-image.js';
import { DIRECT_HIGH } from './monitor-image.js';
import { KERNEL_CODE, KERNEL_DATA, USER_CODE, USER_DATA, resetSpecialRegisters } from './special-registers.js';
import type { Segment } from './special-registers.js';
import { PORT, VECTORS } from './stub.js';
import type { KvmVm } from './vm.js';
import { must } from './vm.js';

const EINTR = -4;
const TWO_32 = 4294967296;
const { floor } = Math;

/** What `run` comes back with beside the ports of the stub. */
export const BACK = { INTERRUPTED: 0x100, MMIO: 0x101, EMULATION: 0x102 } as const;

const { IMMEDIATE_EXIT } = RUN;
const { IO } = EXIT;
// Word indices in the run page.
const IO_PORT = RUN.IO_PORT >> 2; // its upper half
const REASON = RUN.EXIT_REASON / 4;
const VALID = RUN.VALID_REGS / 4;
const DIRTY = RUN.DIRTY_REGS / 4;
const REGS = RUN.REGS / 4;
const SREGS = RUN.SREGS / 4;
const RSP = REGS + REG.RSP * 2;
const RIP = REGS + REG.RIP * 2;
const RFLAGS = REGS + REG.RFLAGS * 2;
const CS = SREGS + SREG.CS / 4;
const SS = SREGS + SREG.SS / 4;
const CR2 = SREGS + SREG.CR2 / 4;
const CR3 = SREGS + SREG.CR3 / 4;
/** `KVM_SYNC_X86_REGS | KVM_SYNC_X86_SREGS` */
const SYNCED = 3;

/** Carry, parity, adjust, zero, sign, trap, direction, overflow, resume, alignment check, identification. */
const USER_FLAGS = 0x250dd5;
/** Always one; interrupts enabled. */
const FIXED_FLAGS = 0x202;
const STUB_FLAGS = 0x2;

/** Where each word of a context's registers is in the run page. One loop over a table stays small enough to be inlined. */
const VIEW_WORDS = X86_64.count * 2;
const PLACES = Int32Array.from({ length: VIEW_WORDS }, (_, word) => placeOf(word >> 1) + (word & 1));

function placeOf(register: number): number {
  if (register === X86.FS_BASE) return SREGS + SREG.FS / 4;
  if (register === X86.GS_BASE) return SREGS + SREG.GS / 4;
  const order = [X86.RAX, X86.RBX, X86.RCX, X86.RDX, X86.RSI, X86.RDI, X86.RSP, X86.RBP].indexOf(register as 0);
  return REGS + (order < 0 ? register : order) * 2; // r8 .. rflags are in the same places
}

/** Trap frame below the top of the stack, in words from the end of the state page: rip, cs, rflags, rsp, ss. */
const FRAME = PAGE_SIZE / 4 - 10;
const wordsOf = (...registers: number[]): Int32Array => Int32Array.from(registers.flatMap((r) => [2 * r, 2 * r + 1]));
/** What an exception leaves in its frame, and where there. */
const TRAP_WORDS = wordsOf(X86.RIP, X86.RFLAGS, X86.RSP);
const TRAP_PLACES = wordsOf(0, 2, 3).map((word) => FRAME + word);
/** Where SYSCALL leaves the first two of them. */
const SYSCALL_WORDS = wordsOf(X86.RCX, X86.R11);
const { SYSCALL } = PORT;

export interface VcpuOptions {
  readonly vm: KvmVm;
  /** What interrupts it. */
  readonly alarm: Alarm;
  readonly id: number;
  /** Guest physical address of its state page, and the page. */
  readonly statePage: number;
  readonly state: Uint32Array<ArrayBufferLike>;
}

export class Vcpu {
  readonly id: number;
  /** The run page. */
  readonly words: Uint32Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly fd: number;
  /** Translations that were edited while another vCPU ran may still be cached here. */
  stale = false;
  private readonly libc: Libc;
  private readonly alarm: Alarm;
  private readonly page: MappedMemory;
  /** End of the ring-0 stack, low half of its virtual address. */
  private readonly stack: number;
  /** The state page. */
  private readonly state: Uint32Array<ArrayBufferLike>;
  private readonly events = new Uint8Array(VCPU_EVENTS_BYTES);

  constructor({ vm, alarm, id, statePage, state }: VcpuOptions) {
    this.libc = vm.libc;
    this.alarm = alarm;
    this.id = id;
    this.stack = statePage + PAGE_SIZE;
    this.state = state;
    this.fd = vm.createVcpu(id);
    this.page = this.mapPage(vm.runBytes);
    this.words = new Uint32Array(this.page.windows[0]);
    this.bytes = new Uint8Array(this.page.windows[0]);
  }

  /** Puts the special registers into the state of a 64-bit system whose root table is the plan's. */
  boot(plan: MonitorPlan): void {
    this.words[VALID] = SYNCED;
    this.bytes[RUN.IMMEDIATE_EXIT] = 1;
    this.libc.ioctl(this.fd, KVM.RUN, 0); // fills the run page; dirty bits before that would reset the vCPU to zeroes
    this.bytes[RUN.IMMEDIATE_EXIT] = 0;
    resetSpecialRegisters(this.words, SREGS, plan, plan.state(this.id));
    this.setRoot(plan.root);
  }

  /** Physical address of the root table that the next `call` works in; `run` names its own. */
  get root(): number {
    return this.words[CR3 + 1] * TWO_32 + this.words[CR3];
  }

  setRoot(root: number): void {
    this.words[CR3] = root >>> 0;
    this.words[CR3 + 1] = floor(root / TWO_32);
  }

  /** Gets ready to run ring 3 with the registers of `view` in the address space at `root` (a physical address). */
  prepare(view: RegisterView, root: number): void {
    this.setRoot(root);
    this.copyIn(view);
    this.loadSegments(USER_CODE, USER_DATA);
    this.words[DIRTY] = SYNCED;
  }

  /** Runs on, on this thread. @returns a port of the stub or one of BACK */
  enter(): number {
    const back = this.decode(this.libc.ioctl(this.fd, KVM.RUN, 0));
    if (back === BACK.INTERRUPTED) this.alarm.acknowledge(); // while it is pending no entry gets anywhere
    return back;
  }

  /** What a result of KVM_RUN means, on whatever thread it was called. */
  decode(result: number): number {
    const { words } = this;
    words[DIRTY] = 0;
    this.bytes[IMMEDIATE_EXIT] = 0;
    return result === 0 && words[REASON] === IO ? words[IO_PORT] >>> 16 : this.decodeOther(result);
  }

  private decodeOther(result: number): number {
    const { words } = this;
    if (result === EINTR) return BACK.INTERRUPTED;
    must(result, 'KVM_RUN');
    switch (words[REASON]) {
      case EXIT.MMIO:
        return BACK.MMIO;
      case EXIT.INTERNAL_ERROR:
        return words[RUN.EXIT / 4] === 1 ? BACK.EMULATION : this.broken();
      default:
        return this.broken();
    }
  }

  /** Makes a KVM_RUN on another thread return before it enters the guest; a signal must follow for one that has. */
  leave(): void {
    this.bytes[RUN.IMMEDIATE_EXIT] = 1;
  }

  /** Prepares, enters until nothing is in flight, and copies the registers back. */
  run(view: RegisterView, root: number): number {
    this.prepare(view, root);
    let back = this.enter();
    while (back === BACK.INTERRUPTED && this.inFlight()) back = this.enter();
    this.copyOut(view, back);
    return back;
  }

  /**
   * Calls the stub's code at virtual address `entry` (low half) in ring 0, in the address space of the last run.
   * Registers: rsi, rdi (direct map), rcx.
   */
  call(entry: number, address: number, count: number): void {
    const { words } = this;
    const high = floor(address / TWO_32) + DIRECT_HIGH;
    for (const at of [REGS + 8, REGS + 10]) {
      words[at] = address >>> 0;
      words[at + 1] = high;
    }
    words[REGS + 4] = count;
    words[REGS + 5] = 0;
    words[RSP] = this.stack;
    words[RSP + 1] = DIRECT_HIGH;
    words[RIP] = entry;
    words[RIP + 1] = DIRECT_HIGH;
    words[RFLAGS] = STUB_FLAGS;
    words[RFLAGS + 1] = 0;
    this.loadSegments(KERNEL_CODE, KERNEL_DATA);
    words[DIRTY] = SYNCED;
    let back = this.enter();
    while (back === BACK.INTERRUPTED) back = this.enter();
    if (back !== PORT.DONE) panic('cpu/host', `the monitor came back with ${back}`);
  }

  /** Error code of the exception that `run` came back with. */
  errorCode(): number {
    return this.state[FRAME - 2];
  }

  // What a run that came back with MMIO asks for.

  get mmioLo(): number {
    return this.words[RUN.MMIO_ADDRESS / 4];
  }

  get mmioHi(): number {
    return this.words[RUN.MMIO_ADDRESS / 4 + 1];
  }

  get mmioLength(): number {
    return this.words[RUN.MMIO_LENGTH / 4];
  }

  get mmioIsWrite(): boolean {
    return this.bytes[RUN.MMIO_IS_WRITE] !== 0;
  }

  get mmioData(): number {
    return this.words[RUN.MMIO_DATA / 4];
  }

  get mmioDataHigh(): number {
    return this.words[RUN.MMIO_DATA / 4 + 1];
  }

  /** The value that was read. */
  answer(lo: number, hi: number): void {
    this.words[RUN.MMIO_DATA / 4] = lo;
    this.words[RUN.MMIO_DATA / 4 + 1] = hi;
  }

  /** After MMIO: takes the instruction out of the vCPU; the registers of the last run stay as they were copied. */
  abandon(): void {
    do {
      this.answer(0, 0);
      this.bytes[RUN.IMMEDIATE_EXIT] = 1;
    } while (this.enter() === BACK.MMIO);
  }

  get faultLo(): number {
    return this.words[CR2];
  }

  get faultHi(): number {
    return this.words[CR2 + 1];
  }

  close(): void {
    this.page.release();
    this.libc.close(this.fd);
  }

  private mapPage(bytes: number): MappedMemory {
    try {
      return MappedMemory.file(this.libc, this.fd, bytes);
    } catch (error) {
      this.libc.close(this.fd);
      throw error;
    }
  }

  private broken(): never {
    const details = Array.from(this.words.subarray(RUN.EXIT / 4, RUN.EXIT / 4 + 8), (word) => word.toString(16));
    return panic('cpu/host', `KVM_RUN: exit ${this.words[REASON]} (${details.join(' ')})`);
  }

  /** After an interruption: the processor is in ring 0 or about to be, and must run on before anything else. */
  inFlight(): boolean {
    if ((this.words[CS + 4] & 3) === 0) return true; // ring 0: the stub has not come to its OUT
    must(this.libc.ioctlBytes(this.fd, KVM.GET_VCPU_EVENTS, this.events), 'KVM_GET_VCPU_EVENTS');
    return this.events[0] !== 0; // exception.injected
  }

  private loadSegments(code: Segment, data: Segment): void {
    const { words } = this;
    for (let i = 0; i < 3; i++) {
      words[CS + 3 + i] = code[i];
      words[SS + 3 + i] = data[i];
    }
  }

  private copyIn(view: RegisterView): void {
    const { words } = this;
    for (let i = 0; i < VIEW_WORDS; i++) words[PLACES[i]] = view[i];
    words[RFLAGS] = (words[RFLAGS] & USER_FLAGS) | FIXED_FLAGS;
    words[RFLAGS + 1] = 0;
  }

  /** Copies the registers of ring 3 to `view`, from wherever `back` left them. */
  copyOut(view: RegisterView, back: number): void {
    const { words, state } = this;
    for (let i = 0; i < VIEW_WORDS; i++) view[i] = words[PLACES[i]];
    if (back < VECTORS) {
      for (let i = 0; i < 6; i++) view[TRAP_WORDS[i]] = state[TRAP_PLACES[i]];
    } else if (back === SYSCALL) {
      for (let i = 0; i < 4; i++) view[TRAP_WORDS[i]] = view[SYSCALL_WORDS[i]];
    }
  }
}
