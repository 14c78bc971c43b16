/**
 * Register files in plain memory; a run copies one into the run page of a vCPU and back. FP state is the pool's affair.
 *
 * Shapes     slot i at i * 160 bytes; `free` is a stack of slots; `views[i]` exists while i is alive; `roots[i]` = physical
 *            address of its root table
 */
import type { ContextId, Frame } from '@veridian-os/abi';
import { ENOMEM, PAGE_SIZE, panic } from '@veridian-os/abi';
import type { Contexts, RegisterView } from '@veridian-os/hal';
import { X86_64 } from '@veridian-os/hal';
import type { VcpuPool } from './internal/vcpu-pool.js';

const MAX_ASID = 0xffff;
const WORDS = X86_64.count * 2;

export interface RootPort {
  /** Root of a context without an address space: nothing is mapped for user programs. */
  readonly nothing: number;
  /** Puts the machine's own entries into a root table. @throws KernelPanic when it is not in RAM */
  adopt(root: number, asid: number): void;
}

export class KvmContexts implements Contexts {
  /** Physical address of each context's root table. */
  readonly roots: Float64Array;
  /** 1 = inside `start` .. `next`. */
  private readonly running: Uint8Array;
  private readonly words: Uint32Array<ArrayBufferLike>;
  private readonly views: (RegisterView | undefined)[] = [];
  private readonly pool: VcpuPool;
  private readonly port: RootPort;
  private readonly free: Int32Array;
  private freeCount: number;

  constructor(count: number, pool: VcpuPool, port: RootPort) {
    this.pool = pool;
    this.port = port;
    this.words = new Uint32Array(count * WORDS);
    this.roots = new Float64Array(count);
    this.running = new Uint8Array(count);
    this.free = new Int32Array(count);
    for (let i = 0; i < count; i++) this.free[i] = count - 1 - i;
    this.freeCount = count;
  }

  create(): ContextId | number {
    if (this.freeCount === 0) return ENOMEM;
    const id = this.free[--this.freeCount] as ContextId;
    const view = this.words.subarray(id * WORDS, (id + 1) * WORDS);
    view.fill(0);
    this.views[id] = view;
    this.roots[id] = this.port.nothing;
    return id;
  }

  destroy(context: ContextId): void {
    this.checkIdle(context);
    this.pool.forget(context);
    this.views[context] = undefined;
    this.free[this.freeCount++] = context;
  }

  reset(context: ContextId): void {
    this.checkIdle(context).fill(0);
    this.pool.forget(context);
  }

  copy(from: ContextId, to: ContextId): void {
    const source = this.checkIdle(from);
    this.checkIdle(to).set(source);
    this.pool.copy(from, to);
  }

  registers(context: ContextId): RegisterView {
    return this.views[context] ?? panic('hal/context', `registers of ${context}, which is not alive`);
  }

  /** @throws RangeError when `asid` exceeds 65535 */
  setAddressSpace(context: ContextId, root: Frame, asid: number): void {
    this.checkIdle(context);
    if (!(asid >= 0 && asid <= MAX_ASID)) throw new RangeError(`asid: expected 0 .. ${MAX_ASID}, got ${asid}`);
    this.port.adopt(root * PAGE_SIZE, asid);
    this.roots[context] = root * PAGE_SIZE;
  }

  saveFp(context: ContextId, into: Uint8Array): void {
    this.checkIdle(context);
    this.pool.save(context, into);
  }

  restoreFp(context: ContextId, from: Uint8Array): void {
    this.checkIdle(context);
    this.pool.restore(context, from);
  }

  /** A CPU takes the context. @returns its registers @throws KernelPanic `hal/context` when not alive or running */
  acquire(context: ContextId): RegisterView {
    const view = this.checkIdle(context);
    this.running[context] = 1;
    return view;
  }

  release(context: ContextId): void {
    this.running[context] = 0;
  }

  private checkIdle(context: ContextId): RegisterView {
    const view = this.views[context];
    return view === undefined || this.running[context] !== 0 ? this.refuse(context) : view;
  }

  private refuse(context: ContextId): never {
    panic('hal/context', `${context} ${this.views[context] === undefined ? 'is not alive' : 'is running'}`);
  }
}
