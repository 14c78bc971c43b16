/**
 * The vCPUs that contexts take turns on, so that floating-point state stays in its vCPU for as long as possible:
 * exchanging it costs two ioctls, rebinding a context to the vCPU that still has it costs nothing.
 *
 * Shapes     V vCPUs, made when first needed; `owner[v]` = context whose FP state vCPU v holds, or NONE; `used[v]` = turn;
 *            `cpuOf[v]` = CPU that runs it
 * Invariant  a context is owner of at most one vCPU; what no vCPU holds is in `images` or initial
 */
import { NONE } from '@veridian-os/abi';
import { X86_64 } from '@veridian-os/hal';
import type { Libc } from '@veridian-os/libc';
import { acceptState, canonical, initialState, loadable } from './fp-state.js';
import { KVM, XSAVE_BYTES } from './kvm-abi.js';
import type { Vcpu } from './vcpu.js';
import { must } from './vm.js';

export interface VcpuPoolOptions {
  readonly libc: Libc;
  /** CPUs of the machine; each has vCPUs of its own, because a vCPU is at home on one thread of the host. */
  readonly cpus: number;
  /** Most vCPUs per CPU. */
  readonly limit: number;
  /** XCR0 of every vCPU. */
  readonly components: number;
  readonly make: (id: number) => Vcpu;
}

export class VcpuPool {
  readonly vcpus: Vcpu[] = [];
  private readonly options: VcpuPoolOptions;
  private readonly owner: number[] = [];
  private readonly cpuOf: number[] = [];
  private readonly used: number[] = [];
  private readonly images: (Uint8Array | undefined)[] = [];
  private readonly scratch = new Uint8Array(XSAVE_BYTES);
  private readonly initial = initialState();
  /** Counts the times that a context was about to run. */
  turn = 0;
  /** vCPU of each CPU's last `bind`. */
  private readonly last: number[] = [];

  /** @throws what `make` throws; no vCPU is left then */
  constructor(options: VcpuPoolOptions) {
    this.options = options;
    try {
      for (let cpu = 0; cpu < options.cpus; cpu++) this.last.push(this.add(cpu));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** The vCPU that CPU 0 ran last: the one whose translations are worth keeping. */
  get current(): Vcpu {
    return this.vcpus[this.last[0]];
  }

  /** A vCPU of `cpu` that holds `context`'s FP state. */
  bind(context: number, cpu: number): Vcpu {
    if (this.owner[this.last[cpu]] !== context) this.last[cpu] = this.choose(context, cpu);
    const vcpu = this.last[cpu];
    this.used[vcpu] = ++this.turn;
    return this.vcpus[vcpu];
  }

  /** Copies a context's state out. */
  save(context: number, into: Uint8Array): void {
    into.set(this.state(context).subarray(0, X86_64.fpBytes));
  }

  /** Replaces a context's state. */
  restore(context: number, from: Uint8Array): void {
    this.forget(context);
    this.images[context] = acceptState(from, this.options.components);
  }

  copy(from: number, to: number): void {
    const state = this.state(from).slice();
    this.forget(to);
    this.images[to] = state;
  }

  /** A context's state becomes the initial one; also when its number will be another context's. */
  forget(context: number): void {
    this.images[context] = undefined;
    const vcpu = this.owner.indexOf(context);
    if (vcpu !== NONE) this.owner[vcpu] = NONE;
  }

  close(): void {
    for (const vcpu of this.vcpus) vcpu.close();
  }

  /** The state as XSAVE stores it; valid until the next call. */
  private state(context: number): Uint8Array {
    const vcpu = this.owner.indexOf(context);
    if (vcpu === NONE) return this.images[context] ?? this.initial;
    this.read(vcpu, this.scratch);
    return this.scratch;
  }

  private read(vcpu: number, into: Uint8Array): void {
    must(this.options.libc.ioctlBytes(this.vcpus[vcpu].fd, KVM.GET_XSAVE, into), 'KVM_GET_XSAVE');
    canonical(into, this.options.components);
  }

  private choose(context: number, cpu: number): number {
    const holder = this.owner.indexOf(context);
    if (holder !== NONE) {
      if (this.cpuOf[holder] === cpu) return holder;
      this.evict(holder);
    }
    const vcpu = this.vacant(cpu);
    if (this.owner[vcpu] !== NONE) this.evict(vcpu);
    const image = loadable(this.images[context] ?? this.initial, this.scratch);
    must(this.options.libc.ioctlBytes(this.vcpus[vcpu].fd, KVM.SET_XSAVE, image), 'KVM_SET_XSAVE');
    this.images[context] = undefined;
    this.owner[vcpu] = context;
    return vcpu;
  }

  private evict(vcpu: number): void {
    const image = new Uint8Array(XSAVE_BYTES);
    this.read(vcpu, image);
    this.images[this.owner[vcpu]] = image;
    this.owner[vcpu] = NONE;
  }

  /** A vCPU of `cpu` without an owner, a new one, or the one that has been idle the longest. */
  private vacant(cpu: number): number {
    let oldest: number = NONE;
    let count = 0;
    for (let i = 0; i < this.vcpus.length; i++) {
      if (this.cpuOf[i] !== cpu) continue;
      if (this.owner[i] === NONE) return i;
      if (oldest === NONE || this.used[i] < this.used[oldest]) oldest = i;
      count++;
    }
    return count < this.options.limit ? this.add(cpu) : oldest;
  }

  private add(cpu: number): number {
    const id = this.vcpus.length;
    this.vcpus.push(this.options.make(id));
    this.owner.push(NONE);
    this.cpuOf.push(cpu);
    this.used.push(0);
    return id;
  }
}
