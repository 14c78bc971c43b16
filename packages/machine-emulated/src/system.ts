/**
 * The hart as a whole computer: M, S and U mode, its own traps, interrupts from the devices. For guests that bring
 * firmware or a kernel. It and the hosted CPU are one hart: use one of them at a time.
 */
import type { ContextId, Instructions, Nanoseconds } from '@veridian-os/abi';
import { ENOMEM } from '@veridian-os/abi';
import type { Kicks, RegisterView } from '@veridian-os/hal';
import type { Alarm } from './board.js';
import type { VirtualClock } from './clock.js';
import type { ContextTable } from './contexts.js';
import { LOOK_EVERY } from './cpu.js';
import type { StopRequest } from '@veridian-os/devices';
import type { CoreExports } from './internal/core.js';
import { HART, TRAP } from './internal/layout.js';

const TWO_32 = 4294967296;
const BUDGET = 0;
const IDLE = 5;
const KICK = 4;
const PC_WORD = 64;
/** Machine and supervisor external interrupts, in mie. */
const EXTERNAL = 0xa00;
/** Stores beside a watched doubleword that are worth some microseconds each to see those to it. */
const WATCH_CREDIT = 100_000;

/** Why a run of the whole hart ended. */
export interface SystemTrap {
  /** `idle`: WFI, nothing pending, no timer set. `stopped`: see {@link SystemHart.stopped}. */
  readonly kind: 'budget' | 'kick' | 'idle' | 'stopped';
  /** Instructions, traps included. */
  readonly consumed: Instructions;
}

export class SystemHart {
  private readonly core: CoreExports;
  private readonly words: Uint32Array<ArrayBufferLike>;
  private readonly contexts: ContextTable;
  private readonly clock: VirtualClock;
  private readonly kicks: Kicks;
  private readonly alarm: Alarm;
  private context: ContextId | null = null;
  /** Set when the guest used the test finisher. */
  stopped: StopRequest | null = null;

  constructor(
    core: CoreExports,
    words: Uint32Array<ArrayBufferLike>,
    contexts: ContextTable,
    clock: VirtualClock,
    kicks: Kicks,
    alarm: Alarm,
  ) {
    this.core = core;
    this.words = words;
    this.contexts = contexts;
    this.clock = clock;
    this.kicks = kicks;
    this.alarm = alarm;
  }

  /** A guest kernel has the hart: device interrupts are its business. */
  get inUse(): boolean {
    return this.context !== null;
  }

  /** The hart's registers. @throws RangeError when all contexts are in use */
  get registers(): RegisterView {
    return this.contexts.registers(this.own());
  }

  /**
   * Puts the hart into machine mode at `pc`, interrupts off, as after reset.
   * @param platform what the specification leaves to it: on the `board`, accessed and dirty bits are set by the hart and PMP
   *   is off; a `bare` program finds menvcfg zero (so a missing bit is a page fault) and all memory open to S and U mode
   */
  reset(pc: number, platform: 'board' | 'bare' = 'board'): void {
    const view = this.registers;
    view.fill(0);
    view[PC_WORD] = pc >>> 0;
    view[PC_WORD + 1] = Math.floor(pc / TWO_32);
    this.core.resetHart(platform === 'bare' ? 1 : 0);
    this.stopped = null;
  }

  /** Current privilege: 0 user, 1 supervisor, 3 machine. */
  get privilege(): number {
    return this.words[HART.PRIV / 4];
  }

  /**
   * Nanoseconds from now until a timer or the clock's alarm is due: how long an idle hart may sleep. Infinity: none is set.
   */
  get untilWake(): number {
    return Math.min(this.clock.untilDeadline, this.alarm.untilAlarm());
  }

  /** Whether the guest has enabled interrupts of devices, so that input can end an idle hart's wait. */
  get hearsDevices(): boolean {
    return (this.words[HART.MIE / 4] & EXTERNAL) !== 0;
  }

  /** Ends the wait of an idle hart as if WFI were a NOP, which it may be (privileged specification, section 3.3.3). */
  resume(): void {
    this.words[HART.WAITING / 4] = 0;
  }

  /**
   * From now on a run ends as by a kick behind each instruction that stores to a doubleword of RAM: until the next
   * reset, or until the guest has stored a hundred thousand times beside it in its page, where each store is slow
   * meanwhile.
   * @param offset of the doubleword in the buffer that all views of guest memory share
   */
  watch(offset: number): void {
    this.core.watch(offset, WATCH_CREDIT);
  }

  /** Which bytes of the watched doubleword were stored since the last call, bit 0 for the first. */
  takeStored(): number {
    const stored = this.words[HART.WATCH_BYTES / 4];
    this.words[HART.WATCH_BYTES / 4] = 0;
    return stored;
  }

  /** Lets time jump to the next timer or alarm. @returns false: nothing will come */
  skipIdle(): boolean {
    const { alarm, clock } = this;
    if (alarm.untilAlarm() >= clock.untilDeadline) return clock.skipToDeadline();
    clock.advance((clock.now() + Math.ceil(alarm.untilAlarm())) as Nanoseconds);
    alarm.tick();
    return true;
  }

  /**
   * Runs until the budget is spent, a kick, or nothing is left to do. Waiting for a timer costs no instructions: time jumps
   * to the deadline.
   * @param skipsIdle false: a hart that waits is `idle` at once. Call {@link skipIdle}, or sleep and advance the clock, and run again
   */
  run(budget: number, skipsIdle = true): SystemTrap {
    const address = this.contexts.addressOf(this.own());
    let consumed = 0;
    const { kicks, alarm } = this;
    for (;;) {
      if (kicks.take(0)) this.words[HART.KICK / 4] = 1;
      const slice = this.slice(budget - consumed);
      const kind = this.core.runSystem(address, slice);
      consumed += this.words[TRAP.CONSUMED / 4 + 1] * TWO_32 + this.words[TRAP.CONSUMED / 4];
      alarm.tick();
      if (this.stopped !== null) return { kind: 'stopped', consumed: consumed as Instructions };
      if (kind === KICK) return { kind: 'kick', consumed: consumed as Instructions };
      if (kind === BUDGET && consumed < budget) continue;
      if (kind !== IDLE) return { kind: 'budget', consumed: consumed as Instructions };
      if (!skipsIdle || !this.skipIdle()) return { kind: 'idle', consumed: consumed as Instructions };
    }
  }

  /** Instructions to run at once: the alarm rings between two slices. */
  private slice(left: number): number {
    const most = this.kicks.isOpen ? Math.min(LOOK_EVERY, left) : left;
    const untilAlarm = this.alarm.untilAlarm();
    return untilAlarm === Infinity ? most : Math.min(most, Math.max(1, this.clock.stepsIn(untilAlarm)));
  }

  private own(): ContextId {
    if (this.context !== null) return this.context;
    const made = this.contexts.create();
    if (made === ENOMEM) throw new RangeError('maxContexts: expected room for the system hart, got none');
    this.context = made as ContextId;
    return this.context;
  }
}
