/**
 * Several CPUs over one memory: the first inline, the others on workers (docs/adr/0009-many-cpus.md, assembly/serve.ts).
 *
 * Everything here runs on the kernel's thread. A hart is *quiet* while no worker uses its translations and decoded
 * code: parked, back, paused between two instructions, or the inline one. Only then its core (an instance on this thread
 * over the same part of the memory) may change them.
 */
import type { ContextId, CpuId, Instructions, Nanoseconds } from '@veridian-os/abi';
import { NONE, panic } from '@veridian-os/abi';
import type { Kicks, Trap } from '@veridian-os/hal';
import { TrapKind } from '@veridian-os/hal';
import type { ContextTable } from './contexts.js';
import { EmulatedCpu, LOOK_EVERY, checkBudget } from './cpu.js';
import type { HartsClock } from './harts-clock.js';
import type { SharedCoreExports } from './internal/core.js';
import { HART, HART_BYTES, HartState, TRAP } from './internal/layout.js';

/** What `runHosted` answers when a worker has come back meanwhile. */
const RING = 7;
/** Most instructions of the inline CPU between two looks at the deadline; about 0.5 ms. */
const SLICE = 50_000;
/** Looks at a word before sleeping on it: about what waking up would cost. */
const SPINS = 2_000;
/** Milliseconds of one sleep. Virtual time moves without ringing: a deadline is noticed this late. */
const NAP_MS = 1;
/** Sleeps for one answer of a worker that is alive: a minute. */
const MAX_NAPS = 60_000;
const NOBODY = -1 as ContextId;

export class Hart extends EmulatedCpu {
  /** Its core on the kernel's thread. */
  readonly tables: SharedCoreExports;
  /** Address spaces to be forgotten before it runs again. */
  readonly forgotten = new Set<number>();
  /** Context between `start` and `next`, or NOBODY. */
  context: ContextId = NOBODY;
  /** Of the address space that it runs in. */
  asid = 0;
  /** Inline: instructions left of the started run, and done of it. */
  left = 0;
  done = 0;
  private readonly harts: Harts;

  constructor(id: CpuId, core: SharedCoreExports, words: Uint32Array<ArrayBufferLike>, harts: Harts) {
    super(id, core, words, harts.contexts, harts.kicks);
    this.tables = core;
    this.harts = harts;
  }

  override run(context: ContextId, budget: Instructions): Trap {
    this.harts.start(this.id, context, budget);
    this.harts.waitFor(this);
    return this.trap;
  }

  override interrupt(): void {
    this.harts.write(this, HART.KICK, 1);
  }

  /** One entry into the core, inline. @returns whether the run is over */
  step(budget: number): boolean {
    const kind = this.core.runHosted(this.contexts.addressOf(this.context), budget);
    this.done += this.consumed;
    this.left -= this.consumed;
    if (kind === RING || (kind === TrapKind.Budget && this.left > 0)) return false;
    this.finish(kind as TrapKind, this.done);
    return true;
  }

  /** The worker has filled its trap fields. */
  collect(kind: number): void {
    this.finish(kind as TrapKind, this.consumed);
  }

  private finish(kind: TrapKind, consumed: number): void {
    this.report(this.context, kind, consumed);
    this.contexts.release(this.context);
    this.context = NOBODY;
  }
}

export class Harts {
  readonly cpus: readonly Hart[];
  readonly contexts: ContextTable;
  readonly kicks: Kicks;
  /** Why a worker broke. */
  failure: string | undefined;
  private readonly clock: HartsClock;
  private readonly control: Int32Array;
  private startedCount = 0;
  /** Where the search for CPUs that are back begins: behind the last one found. */
  private turn = 0;

  constructor(
    cores: readonly SharedCoreExports[],
    words: Uint32Array<ArrayBufferLike>,
    contexts: ContextTable,
    clock: HartsClock,
    kicks: Kicks,
  ) {
    this.contexts = contexts;
    this.kicks = kicks;
    this.clock = clock;
    this.control = new Int32Array(words.buffer);
    this.cpus = cores.map((core, i) => new Hart(i as CpuId, core, words, this));
  }

  start(cpu: CpuId, context: ContextId, budget: Instructions): void {
    const hart = this.cpus[cpu] ?? panic('cpu/start', `no CPU ${cpu}`);
    if (hart.context !== NOBODY) panic('cpu/start', `CPU ${cpu} is started already`);
    if (this.failure !== undefined) panic('cpu/host', `a worker broke: ${this.failure}`);
    checkBudget(budget);
    const address = this.contexts.acquire(context);
    hart.context = context;
    hart.asid = this.contexts.asidOf(context);
    for (const asid of hart.forgotten) hart.tables.flushSpace(asid, 0, 0, 1);
    hart.forgotten.clear();
    this.clock.begin(cpu);
    this.startedCount++;
    hart.left = budget;
    hart.done = 0;
    this.hear();
    if (cpu === 0) return;
    this.write(hart, HART.REGISTERS, address);
    this.write(hart, HART.BUDGET, budget);
    this.post(hart, HART.STATE, HartState.Running);
  }

  next(deadline: Nanoseconds): CpuId | -1 {
    const [inline] = this.cpus;
    // Once at the start, so that workers which use up the time meanwhile cannot keep the inline CPU from its turn.
    let room = this.clock.instructionsUntil(deadline);
    for (;;) {
      this.hush();
      this.hear();
      const back = this.takeBack();
      if (back !== NONE) return back;
      if (this.startedCount === 0) return NONE;
      if (room <= 0) return NONE;
      if (inline.context === NOBODY) this.sleep(inline, HART.BELL, 0, NAP_MS);
      else if (this.advance(inline, room)) return inline.id;
      room = this.clock.instructionsUntil(deadline);
    }
  }

  /** Runs until this one CPU is back; others that come back stay so. */
  waitFor(hart: Hart): void {
    for (let naps = 0; ; naps++) {
      this.hush();
      this.hear();
      if (hart.id === 0 ? this.advance(hart, SLICE) : this.take(hart)) return;
      if (hart.id === 0) continue;
      this.checkAlive(naps, hart);
      this.sleep(hart, HART.STATE, HartState.Running, NAP_MS);
    }
  }

  /**
   * Does `work` on every hart's core: at once on those that are quiet or run where `concerns`, which are paused for it.
   * For the others `later`.
   */
  quietly(concerns: (hart: Hart) => boolean, work: (hart: Hart) => void, later: (hart: Hart) => void): void {
    const paused: Hart[] = [];
    for (const hart of this.cpus) {
      if (this.isQuiet(hart)) work(hart);
      else if (!concerns(hart)) later(hart);
      else {
        this.post(hart, HART.PAUSE, this.read(hart, HART.PAUSE) + 1);
        paused.push(hart);
      }
    }
    for (const hart of paused) this.awaitPause(hart);
    for (const hart of paused) {
      work(hart);
      this.post(hart, HART.PAUSE, this.read(hart, HART.PAUSE) + 1);
    }
  }

  /** Orders what this thread wrote before what it reads next. */
  fence(): void {
    Atomics.add(this.control, HART.FENCE / 4, 1);
  }

  read(hart: Hart, field: number): number {
    return Atomics.load(this.control, (hart.id * HART_BYTES + field) / 4);
  }

  write(hart: Hart, field: number, value: number): void {
    Atomics.store(this.control, (hart.id * HART_BYTES + field) / 4, value);
  }

  /** Ends the workers; whatever they run ends with them. */
  quit(): void {
    for (const hart of this.cpus) {
      if (hart.id === 0) continue;
      this.post(hart, HART.STATE, HartState.Quit);
      hart.interrupt();
      if (this.read(hart, HART.PAUSE) & 1) this.post(hart, HART.PAUSE, this.read(hart, HART.PAUSE) + 1);
    }
  }

  private post(hart: Hart, field: number, value: number): void {
    this.write(hart, field, value);
    Atomics.notify(this.control, (hart.id * HART_BYTES + field) / 4);
  }

  private hush(): void {
    Atomics.store(this.control, HART.BELL / 4, 0);
  }

  /** Passes kicks from other threads on: here, because whoever waits for a CPU comes by every NAP_MS or SLICE. */
  private hear(): void {
    if (!this.kicks.isOpen) return;
    for (const hart of this.cpus) if (this.kicks.take(hart.id)) hart.interrupt();
  }

  private isQuiet(hart: Hart): boolean {
    return hart.id === 0 || this.read(hart, HART.STATE) !== HartState.Running;
  }

  private awaitPause(hart: Hart): void {
    const request = this.read(hart, HART.PAUSE);
    for (let naps = 0; ; naps++) {
      const answer = this.read(hart, HART.PAUSED);
      if (answer === request || this.isQuiet(hart)) return;
      this.checkAlive(naps, hart);
      this.sleep(hart, HART.PAUSED, answer, NAP_MS);
    }
  }

  /** Waits while a field has this value: first looking, then asleep. */
  private sleep(hart: Hart, field: number, value: number, ms: number): void {
    for (let i = 0; i < SPINS; i++) if (this.read(hart, field) !== value) return;
    Atomics.wait(this.control, (hart.id * HART_BYTES + field) / 4, value, ms);
  }

  private checkAlive(naps: number, hart: Hart): void {
    if (naps > MAX_NAPS) panic('cpu/host', `the worker of CPU ${hart.id} does not answer`);
  }

  /** Runs the inline CPU for a while. @returns whether it came back */
  private advance(inline: Hart, room: number): boolean {
    const slice = this.kicks.isOpen ? LOOK_EVERY : SLICE;
    if (!inline.step(Math.min(inline.left, slice, room))) return false;
    this.ended(inline);
    return true;
  }

  private takeBack(): CpuId | -1 {
    const { cpus } = this;
    for (let i = 0; i < cpus.length; i++) {
      const hart = cpus[(this.turn + i) % cpus.length];
      if (hart.id === 0 || !this.take(hart)) continue;
      this.turn = hart.id + 1;
      return hart.id;
    }
    return NONE;
  }

  /** @returns whether the worker's CPU had come back */
  private take(hart: Hart): boolean {
    if (hart.context === NOBODY || this.read(hart, HART.STATE) !== HartState.Back) return false;
    hart.collect(this.read(hart, TRAP.KIND));
    this.write(hart, HART.STATE, HartState.Parked);
    this.ended(hart);
    return true;
  }

  private ended(hart: Hart): void {
    this.startedCount--;
    this.clock.end(hart.id);
  }
}
