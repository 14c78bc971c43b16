/**
 * Who enters the guest: the first CPU on the kernel's thread, inside `run` and `next`; every other one on a worker, which
 * only ever calls KVM_RUN. What a way back means is looked at here, on the kernel's thread, also for the workers' CPUs:
 * the run pages are shared. So kernel data, contexts and devices need no locks.
 *
 * Invariant  a worker touches its run page only in state Running, this thread only in the others
 */
import type { ContextId, CpuId, Instructions, Nanoseconds } from '@veridian-os/abi';
import { NONE, panic } from '@veridian-os/abi';
import { Kicks } from '@veridian-os/hal';
import { Relay, koffiPath, startThread } from '@veridian-os/libc';
import type { Libc } from '@veridian-os/libc';
import type { KvmCpu, Runner } from './cpu.js';
import { After, NOBODY } from './cpu.js';
import type { HostClock } from './host/clock.js';
import { CONTROL, CpuState, serveCpu } from './host/serve-cpu.js';
import type { Alarm } from './internal/alarm.js';
import { SIGNAL } from './internal/alarm.js';

const { floor, max, min } = Math;
const NS_PER_SECOND = 1e9;
const NS_PER_MS = 1e6;
/** Milliseconds of one sleep; and sleeps for a worker that is to start or to end: ten seconds. */
const NAP_MS = 10;
const MAX_NAPS = 1000;

export class Cpus implements Runner {
  cpus: readonly KvmCpu[] = [];
  /** From other threads. */
  readonly kicks: Kicks;
  private readonly libc: Libc;
  private readonly clock: HostClock;
  private readonly alarm: Alarm;
  private readonly control: Int32Array<SharedArrayBuffer>;
  private failure: string | undefined;
  /** Where the search for CPUs that are back begins: behind the last one found. */
  private turn = 0;

  constructor(count: number, libc: Libc, clock: HostClock, alarm: Alarm) {
    this.libc = libc;
    this.clock = clock;
    this.alarm = alarm;
    this.control = new Int32Array(new SharedArrayBuffer(count * CONTROL.WORDS * 4));
    this.kicks = new Kicks(count, (words) => this.listen(words));
  }

  /** Starts the workers of all CPUs but the first. */
  open(cpus: readonly KvmCpu[]): void {
    this.cpus = cpus;
    if (cpus.length === 1) return;
    const common = { koffi: koffiPath(), control: this.control.buffer, signal: SIGNAL, thread: this.libc.gettid() };
    const failed = (error: unknown): void => void (this.failure = String(error));
    for (const { id } of cpus.slice(1)) startThread(serveCpu, { ...common, cpu: id }, failed);
    for (const { id } of cpus.slice(1)) this.awaitChange(id, CONTROL.THREAD, 0);
  }

  /** @throws KernelPanic as `Machine.start` */
  start(id: CpuId, context: ContextId, budget: Instructions): void {
    const cpu = this.cpus[id] ?? panic('cpu/start', `no CPU ${id}`);
    cpu.begin(context, budget);
    if (id !== 0 && !cpu.isBack) this.post(cpu);
  }

  run(cpu: KvmCpu, context: ContextId, budget: Instructions): void {
    cpu.begin(context, budget);
    if (cpu.id === 0) {
      for (let after: After = After.Enter; !cpu.isBack;) after = this.visit(cpu, Infinity, after);
    } else if (!cpu.isBack) {
      this.post(cpu);
      while (!cpu.isBack) {
        const bell = this.bell();
        this.poll(cpu);
        if (!cpu.isBack) this.sleep(bell, Infinity);
      }
    }
    cpu.isBack = false;
  }

  kick(cpu: KvmCpu): void {
    if (cpu.context === NOBODY) return;
    if (cpu.id === 0)
      cpu.vcpu.leave(); // it is started and waits for `next`
    else this.pull(cpu);
  }

  takeKick({ id }: KvmCpu): boolean {
    return this.kicks.take(id);
  }

  /** Takes every CPU that runs now out of the guest; those that go on forget their translations first. */
  shootDown(): void {
    const running = this.cpus.filter(({ id }) => id !== 0 && this.load(id, CONTROL.STATE) === CpuState.Running);
    for (const cpu of running) this.pull(cpu);
    for (const cpu of running) {
      this.awaitChange(cpu.id, CONTROL.STATE, CpuState.Running);
      this.poll(cpu);
    }
  }

  next(deadline: Nanoseconds): CpuId | -1 {
    const [inline] = this.cpus;
    let isFirst = true;
    for (;;) {
      const bell = this.bell();
      const back = this.takeBack();
      if (back !== NONE) return back;
      if (this.cpus.every(({ context }) => context === NOBODY)) return NONE;
      const now = this.clock.now();
      if (now >= this.clock.deadline) this.ring();
      // With one CPU a deadline that has passed is no reason to do nothing.
      if (now >= deadline && !(isFirst && this.cpus.length === 1)) return NONE;
      isFirst = false;
      if (inline.context === NOBODY) this.sleep(bell, min(deadline, this.clock.deadline));
      else this.advance(inline, deadline);
    }
  }

  /** Ends the workers, whatever they run. */
  close(): void {
    this.kicks.close();
    for (const cpu of this.cpus.slice(1)) {
      const { id } = cpu;
      if (this.failure !== undefined) continue;
      this.store(id, CONTROL.STATE, CpuState.Quit);
      Atomics.notify(this.control, id * CONTROL.WORDS + CONTROL.STATE);
      this.pull(cpu);
      this.awaitChange(id, CONTROL.STATE, CpuState.Quit);
    }
  }

  /** Takes up the inline CPU, until it is back, or until `deadline` or another CPU's return. */
  private advance(cpu: KvmCpu, deadline: number): void {
    if (cpu.isBack) return;
    cpu.goOn();
    let after: After = After.Enter;
    do {
      after = this.visit(cpu, deadline, after);
      if (after === After.Done) return;
    } while (
      after !== After.Pause ||
      (this.clock.now() < deadline && !this.cpus.some(({ id }) => this.load(id, CONTROL.STATE) === CpuState.Back))
    );
    cpu.setAside();
  }

  /** The inline CPU once into the guest and back. The hot path: short enough to be inlined whole. */
  private visit(cpu: KvmCpu, deadline: number, before: After): After {
    if (before === After.Deliver) return cpu.after(cpu.vcpu.enter());
    this.alarm.ensure(min(cpu.end, this.clock.deadline, deadline), cpu.entered);
    const isAlone = this.cpus.length === 1 && !this.kicks.isOpen;
    return cpu.after(isAlone ? cpu.vcpu.enter() : this.enterWatched(cpu));
  }

  /**
   * Enters the guest, unless it is kicked or another CPU is back: not while something is to be delivered, which must get
   * through.
   */
  private enterWatched(cpu: KvmCpu): number {
    this.store(0, CONTROL.INLINE, 1); // from here on who kicks or comes back sends a signal
    const isBack = this.cpus.some(({ id }) => this.load(id, CONTROL.STATE) === CpuState.Back);
    if (isBack || this.kicks.isKicked(0)) cpu.vcpu.leave();
    const back = cpu.vcpu.enter();
    this.store(0, CONTROL.INLINE, 0);
    return back;
  }

  /** A CPU that is back, with its record filled, or -1. */
  private takeBack(): CpuId | -1 {
    const count = this.cpus.length;
    for (const cpu of this.cpus) this.poll(cpu);
    for (let i = 1; i <= count; i++) {
      const cpu = this.cpus[(this.turn + i) % count];
      if (!cpu.isBack) continue;
      cpu.isBack = false;
      this.turn = cpu.id;
      return cpu.id;
    }
    return NONE;
  }

  /** Looks at a worker's CPU if it came back, and sends it on unless there is something to report. */
  private poll(cpu: KvmCpu): void {
    if (this.failure !== undefined) panic('cpu/host', `a worker broke: ${this.failure}`);
    if (cpu.id === 0 || this.load(cpu.id, CONTROL.STATE) !== CpuState.Back) return;
    this.store(cpu.id, CONTROL.STATE, CpuState.Parked);
    const back = cpu.vcpu.decode(this.load(cpu.id, CONTROL.RESULT));
    const after = cpu.after(back);
    if (after === After.Done) return;
    if (cpu.vcpu.stale && after === After.Pause) cpu.refresh();
    if (cpu.vcpu.stale && after === After.Enter) cpu.vcpu.leave(); // finishes an access to a device, no more
    this.post(cpu, after);
  }

  /** Lets the worker enter the guest; its timer rings when the budget is spent. */
  private post(cpu: KvmCpu, after: After = After.Enter): void {
    const { id, vcpu, end } = cpu;
    const left = max(1, min(end, this.clock.deadline) - this.clock.now());
    const time = after === After.Deliver ? 0 : left; // 0 = no timer
    this.store(id, CONTROL.VCPU, vcpu.fd);
    this.store(id, CONTROL.SECONDS, floor(time / NS_PER_SECOND));
    this.store(id, CONTROL.NANOSECONDS, floor(time % NS_PER_SECOND));
    this.store(id, CONTROL.STATE, CpuState.Running);
    Atomics.notify(this.control, id * CONTROL.WORDS + CONTROL.STATE);
    // Since `begin` looked. What is to be delivered must get through.
    if (after !== After.Deliver && this.kicks.isKicked(id)) this.pull(cpu);
  }

  /** Kicks from other threads become signals to whoever is in the guest. */
  private listen(words: Int32Array<SharedArrayBuffer>): Relay {
    const lines = this.cpus.map(({ id }) => {
      const call = { thread: id === 0 ? this.libc.gettid() : this.load(id, CONTROL.THREAD), signal: SIGNAL };
      const base = id * CONTROL.WORDS;
      if (id === 0) return { call, gate: CONTROL.INLINE, open: 1 };
      return { call, gate: base + CONTROL.STATE, open: CpuState.Running };
    });
    return new Relay({ words, gates: this.control, lines });
  }

  /** The clock's deadline has passed: some CPU has to notice. */
  private ring(): void {
    const cpu = this.cpus.find(({ id, context }) => id !== 0 && context !== NOBODY);
    if (this.cpus[0].context === NOBODY && cpu !== undefined) this.pull(cpu);
  }

  /** Takes a worker out of the guest. */
  private pull({ id, vcpu }: KvmCpu): void {
    vcpu.leave();
    this.libc.tgkill(this.load(id, CONTROL.THREAD), SIGNAL);
  }

  private bell(): number {
    return this.load(0, CONTROL.BELL);
  }

  /** Until the bell has rung since `bell`, or until a time of the clock. */
  private sleep(bell: number, until: number): void {
    const ms = (until - this.clock.now()) / NS_PER_MS;
    if (ms > 0) Atomics.wait(this.control, CONTROL.BELL, bell, ms);
  }

  private awaitChange(id: number, field: number, from: number): void {
    for (let naps = 0; this.load(id, field) === from; naps++) {
      if (naps === MAX_NAPS) panic('cpu/host', `the worker of CPU ${id} does not answer`);
      Atomics.wait(this.control, id * CONTROL.WORDS + field, from, NAP_MS);
    }
  }

  private load(id: number, field: number): number {
    return Atomics.load(this.control, id * CONTROL.WORDS + field);
  }

  private store(id: number, field: number, value: number): void {
    Atomics.store(this.control, id * CONTROL.WORDS + field, value);
  }
}
