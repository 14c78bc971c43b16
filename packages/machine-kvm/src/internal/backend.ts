/**
 * A virtual machine that is ready to run ring 3: memory, monitor, vCPUs, and which kind of KVM it is.
 *
 * The kind is found out by running one SYSCALL: where the processor executes ring 0, the monitor's OUT answers; where
 * ring 0 is interpreted, the fetch at the entry point faults in ring 3.
 */
import type { Libc } from '@veridian-os/libc';
import { Alarm } from './alarm.js';
import type { HostClock } from '../host/clock.js';
import { usableComponents } from './fp-state.js';
import { HostCounter } from './host-counter.js';
import { GuestRam } from './guest-ram.js';
import { KVM, XCRS_BYTES } from './kvm-abi.js';
import { Monitor } from './monitor.js';
import type { MonitorPlan } from './monitor-image.js';
import { EDIT_WORDS, buildMonitor, countDirectories, planMonitor } from './monitor-image.js';
import type { Settings } from './options.js';
import type { MonitorCode } from './stub.js';
import { monitorCode } from './stub.js';
import { Vcpu } from './vcpu.js';
import { VcpuPool } from './vcpu-pool.js';
import { syscallMsrs } from './special-registers.js';
import { KvmVm, must } from './vm.js';

const PAGE_WORDS = 1024;
/** CPUID leaf of the extended processor state. */
const STATE_LEAF = 0xd;

export class Backend {
  readonly vm: KvmVm;
  readonly ram: GuestRam;
  readonly plan: MonitorPlan;
  readonly code: MonitorCode;
  readonly pool: VcpuPool;
  readonly monitor: Monitor;
  readonly alarm: Alarm;
  readonly clock: HostClock;
  /** XCR0 of every vCPU. */
  private readonly components: number;
  /** Absent where the host has none that all its processors share. */
  readonly counter: HostCounter | undefined;
  private readonly words: Uint32Array<ArrayBufferLike>;

  /** @throws KvmUnavailable, or Error when the host has no room; nothing is left of it then */
  static open(libc: Libc, settings: Settings, clock: HostClock): Backend {
    const vm = new KvmVm(libc);
    const opened: { close(): void }[] = [vm];
    try {
      const alarm = new Alarm(libc, clock);
      opened.push(alarm);
      return new Backend(vm, alarm, settings, clock);
    } catch (error) {
      for (const each of opened.reverse()) each.close();
      throw error;
    }
  }

  private constructor(vm: KvmVm, alarm: Alarm, settings: Settings, clock: HostClock) {
    const { ram, cpus } = settings;
    const vcpus = settings.vcpus * cpus;
    this.vm = vm;
    this.alarm = alarm;
    this.clock = clock;
    this.counter = HostCounter.open(clock);
    this.plan = planMonitor(vcpus, countDirectories(ram));
    this.code = monitorCode(EDIT_WORDS * 4);
    this.words = new Uint32Array(vm.addMemory(this.plan.base, this.plan.length).windows[0]);
    buildMonitor({ words: this.words, plan: this.plan, vcpus, ranges: ram }, this.code);
    this.ram = new GuestRam(
      ram,
      ram.map(({ base, length }) => vm.addMemory(base, length)),
    );
    this.components = usableComponents((subleaf) => vm.cpuidLeaf(STATE_LEAF, subleaf));
    this.pool = new VcpuPool({
      libc: vm.libc,
      cpus,
      limit: settings.vcpus,
      components: this.components,
      make: (id) => this.makeVcpu(id),
    });
    this.monitor = new Monitor({ ...this, words: this.words });
  }

  /** Virtual address of what SYSCALL enters: low half; the high one is DIRECT_HIGH. */
  get entry(): number {
    return this.plan.code + this.code.syscall;
  }

  close(): void {
    this.alarm.close();
    this.pool.close();
    this.vm.close();
  }

  private makeVcpu(id: number): Vcpu {
    const { vm, plan, alarm } = this;
    const statePage = plan.state(id);
    const at = (statePage - plan.base) / 4;
    const state = this.words.subarray(at, at + PAGE_WORDS);
    const vcpu = new Vcpu({ vm, alarm, id, statePage, state });
    try {
      must(vm.libc.ioctlBytes(vcpu.fd, KVM.SET_CPUID2, vm.cpuid), 'KVM_SET_CPUID2');
      this.enableComponents(vcpu.fd);
      must(vm.libc.ioctlBytes(vcpu.fd, KVM.SET_MSRS, syscallMsrs(this.entry)), 'KVM_SET_MSRS');
      vm.shareCounter(vcpu.fd);
      this.alarm.attach(vcpu.fd);
      vcpu.boot(plan);
      return vcpu;
    } catch (error) {
      vcpu.close();
      throw error;
    }
  }

  private enableComponents(vcpu: number): void {
    const { libc } = this.vm;
    if (this.vm.cpuidLeaf(STATE_LEAF, 0).eax === 0) return; // a processor without XSAVE
    const registers = new Uint8Array(XCRS_BYTES);
    must(libc.ioctlBytes(vcpu, KVM.GET_XCRS, registers), 'KVM_GET_XCRS');
    new DataView(registers.buffer).setUint32(16, this.components, true); // xcrs[0].value
    must(libc.ioctlBytes(vcpu, KVM.SET_XCRS, registers), 'KVM_SET_XCRS');
  }
}
