/**
 * Register files in the machine's memory, where the interpreter works on them in place.
 *
 * Shapes     slot i at plan.contexts + i * 576 bytes; `free` is a stack of slots; `views[i]` exists while i is alive
 */
import type { ContextId, Frame } from '@veridian-os/abi';
import { ENOMEM, panic } from '@veridian-os/abi';
import type { Contexts, RegisterView } from '@veridian-os/hal';
import { RISCV64 } from '@veridian-os/hal';
import { CONTEXT } from './internal/layout.js';

const SV39 = 8;
const MAX_ASID = 0xffff;
/** satp of a context without an address space: a mode in which every access is a page fault. */
const NO_ROOT_LO = 0;
const NO_ROOT_HI = 0xf0000000;

export class ContextTable implements Contexts {
  private readonly buffer: ArrayBufferLike;
  private readonly base: number;
  private readonly forget: () => void;
  private readonly views: (RegisterView | undefined)[] = [];
  private readonly free: Int32Array;
  private freeCount: number;
  /** 1 = inside `run`, or between `start` and the `next` that returns its CPU. */
  private readonly busy: Uint8Array;

  /** @param forget drops the load reservation; called when a register file becomes another thread's */
  constructor(buffer: ArrayBufferLike, base: number, count: number, forget: () => void) {
    this.buffer = buffer;
    this.base = base;
    this.forget = forget;
    this.free = new Int32Array(count);
    for (let i = 0; i < count; i++) this.free[i] = count - 1 - i;
    this.freeCount = count;
    this.busy = new Uint8Array(count);
  }

  create(): ContextId | number {
    if (this.freeCount === 0) return ENOMEM;
    const id = this.free[--this.freeCount] as ContextId;
    const view = new Uint32Array(this.buffer, this.base + id * CONTEXT.BYTES, RISCV64.count * 2);
    this.views[id] = view;
    this.bytes(id).fill(0);
    this.writeSatp(id, NO_ROOT_LO, NO_ROOT_HI);
    return id;
  }

  destroy(context: ContextId): void {
    this.checkIdle(context);
    this.forget();
    this.views[context] = undefined;
    this.free[this.freeCount++] = context;
  }

  reset(context: ContextId): void {
    this.checkIdle(context);
    this.forget();
    this.bytes(context).fill(0, 0, CONTEXT.SATP);
  }

  copy(from: ContextId, to: ContextId): void {
    this.checkIdle(from);
    this.checkIdle(to);
    this.forget();
    this.bytes(to).set(this.bytes(from).subarray(0, CONTEXT.SATP));
  }

  registers(context: ContextId): RegisterView {
    return this.views[context] ?? panic('hal/context', `registers of ${context}, which is not alive`);
  }

  /** @throws RangeError when `asid` exceeds 65535 */
  setAddressSpace(context: ContextId, root: Frame, asid: number): void {
    this.checkIdle(context);
    if (!(asid >= 0 && asid <= MAX_ASID)) throw new RangeError(`asid: expected 0 .. ${MAX_ASID}, got ${asid}`);
    const high = Math.floor(root / 4294967296) & 0xfff;
    this.writeSatp(context, root >>> 0, ((SV39 << 28) | (asid << 12) | high) >>> 0);
  }

  saveFp(context: ContextId, into: Uint8Array): void {
    this.checkIdle(context);
    into.set(this.bytes(context).subarray(CONTEXT.F, CONTEXT.F + RISCV64.fpBytes));
  }

  restoreFp(context: ContextId, from: Uint8Array): void {
    this.checkIdle(context);
    const bytes = this.bytes(context);
    bytes.set(from.subarray(0, RISCV64.fpBytes), CONTEXT.F);
    // Only fflags and frm exist; the words after them belong to the machine.
    bytes.fill(0, CONTEXT.FCSR + 1, CONTEXT.SATP);
  }

  /** Address of a live context's register file. @throws KernelPanic `hal/context` */
  addressOf(context: ContextId): number {
    if (this.views[context] === undefined) panic('hal/context', `${context} is not alive`);
    return this.base + context * CONTEXT.BYTES;
  }

  /** Begins a run: its register file's address. @throws KernelPanic `hal/context` when not alive or running */
  acquire(context: ContextId): number {
    this.checkIdle(context);
    this.busy[context] = 1;
    return this.base + context * CONTEXT.BYTES;
  }

  /** The run has ended. */
  release(context: ContextId): void {
    this.busy[context] = 0;
  }

  /** The tag of a live context's address space. */
  asidOf(context: ContextId): number {
    const words = new Uint32Array(this.buffer, this.base + context * CONTEXT.BYTES + CONTEXT.SATP, 2);
    return (words[1] >>> 12) & MAX_ASID;
  }

  private checkIdle(context: ContextId): void {
    if (this.views[context] === undefined) panic('hal/context', `${context} is not alive`);
    if (this.busy[context] !== 0) panic('hal/context', `${context} is running`);
  }

  private bytes(context: number): Uint8Array {
    return new Uint8Array(this.buffer, this.base + context * CONTEXT.BYTES, CONTEXT.BYTES);
  }

  private writeSatp(context: number, lo: number, hi: number): void {
    const words = new Uint32Array(this.buffer, this.base + context * CONTEXT.BYTES + CONTEXT.SATP, 2);
    words[0] = lo;
    words[1] = hi;
  }
}
