/**
 * Register files in the private part of guest RAM, where the monitor loads and stores them in place.
 *
 * Shapes     slot i at CONTEXTS + i * context.bytes; `free` is a stack of slots; `views[i]` exists while i is alive
 * Invariant  the FP state of a context is in its slot, unless the registers of a CPU own it (`flushFp` brings it back)
 */
import type { ContextId, Frame } from '@veridian-os/abi';
import { ENOMEM, panic } from '@veridian-os/abi';
import type { Contexts, RegisterView } from '@veridian-os/hal';
import type { GuestRam } from './guest-ram.js';
import type { QemuIsa } from './isa.js';
import { CONTEXTS, EMPTY_ROOT } from './layout.js';

const MAX_ASID = 0xffff;

export class ContextTable implements Contexts {
  private readonly ram: GuestRam;
  private readonly isa: QemuIsa;
  private readonly flushFp: (address: number) => void;
  private readonly dropFp: (address: number) => void;
  private readonly features: number;
  private readonly views: (RegisterView | undefined)[] = [];
  private readonly isRunning: Uint8Array;
  private readonly free: Int32Array;
  private freeCount: number;

  /**
   * @param features what the monitor's reset code reported
   * @param flushFp stores the FP state of the context at a physical address, if a CPU has it
   * @param dropFp forgets it, if a CPU has it
   */
  constructor(
    ram: GuestRam,
    isa: QemuIsa,
    count: number,
    features: number,
    flushFp: (address: number) => void,
    dropFp: (address: number) => void,
  ) {
    this.ram = ram;
    this.isa = isa;
    this.features = features;
    this.flushFp = flushFp;
    this.dropFp = dropFp;
    this.isRunning = new Uint8Array(count);
    this.free = new Int32Array(count);
    for (let i = 0; i < count; i++) this.free[i] = count - 1 - i;
    this.freeCount = count;
  }

  create(): ContextId | number {
    if (this.freeCount === 0) return ENOMEM;
    const id = this.free[--this.freeCount] as ContextId;
    this.views[id] = this.ram.words(this.offset(id), this.isa.layout.count * 2);
    this.clear(id);
    this.isa.setRoot(this.root(id), this.isa.ramBase + EMPTY_ROOT, 0);
    return id;
  }

  destroy(context: ContextId): void {
    this.checkIdle(context);
    this.dropFp(this.physical(context));
    this.views[context] = undefined;
    this.free[this.freeCount++] = context;
  }

  reset(context: ContextId): void {
    this.checkIdle(context);
    this.dropFp(this.physical(context));
    this.clear(context);
  }

  copy(from: ContextId, to: ContextId): void {
    this.checkIdle(from);
    this.checkIdle(to);
    this.flushFp(this.physical(from));
    this.dropFp(this.physical(to));
    const { root } = this.isa.context;
    this.bytes(to, 0, root).set(this.bytes(from, 0, root));
  }

  registers(context: ContextId): RegisterView {
    return this.views[context] ?? panic('hal/context', `registers of ${context}, which is not alive`);
  }

  /** @throws RangeError when `asid` exceeds 65535; KernelPanic `machine-qemu/root` when the root is not in RAM */
  setAddressSpace(context: ContextId, root: Frame, asid: number): void {
    this.checkIdle(context);
    if (!(asid >= 0 && asid <= MAX_ASID)) throw new RangeError(`asid: expected 0 .. ${MAX_ASID}, got ${asid}`);
    this.isa.prepareRoot?.(this.ram.wordsAt(root * 4096, 1024));
    this.isa.setRoot(this.root(context), root * 4096, asid);
  }

  saveFp(context: ContextId, into: Uint8Array): void {
    this.checkIdle(context);
    this.flushFp(this.physical(context));
    into.set(this.fp(context));
  }

  restoreFp(context: ContextId, from: Uint8Array): void {
    this.checkIdle(context);
    this.dropFp(this.physical(context));
    const state = this.fp(context);
    state.set(from.subarray(0, state.length));
    this.isa.cleanFp(state, this.features);
  }

  /** Guest physical address of a live context that no CPU runs. @throws KernelPanic `hal/context` */
  idleAddress(context: ContextId): number {
    this.checkIdle(context);
    return this.physical(context);
  }

  /** Brings FP state that another CPU has back to memory. */
  takeFp(context: ContextId, cpuHas: number): void {
    const address = this.physical(context);
    if (cpuHas !== address) this.flushFp(address);
  }

  setRunning(context: ContextId, running: boolean): void {
    this.isRunning[context] = running ? 1 : 0;
  }

  private physical(context: number): number {
    return this.isa.ramBase + this.offset(context);
  }

  private offset(context: number): number {
    return CONTEXTS + context * this.isa.context.bytes;
  }

  private checkIdle(context: ContextId): void {
    if (this.views[context] === undefined) panic('hal/context', `${context} is not alive`);
    if (this.isRunning[context] !== 0) panic('hal/context', `${context} is running`);
  }

  private clear(context: ContextId): void {
    this.bytes(context, 0, this.isa.context.root).fill(0);
    if (this.isa.initialFp !== undefined) this.fp(context).set(this.isa.initialFp);
  }

  private bytes(context: number, from: number, to: number): Uint8Array {
    return this.ram.bytes(this.offset(context) + from, to - from);
  }

  private fp(context: number): Uint8Array {
    const { fp } = this.isa.context;
    return this.bytes(context, fp, fp + this.isa.layout.fpBytes);
  }

  private root(context: number): Uint32Array<ArrayBuffer> {
    return this.ram.words(this.offset(context) + this.isa.context.root, 2);
  }
}
