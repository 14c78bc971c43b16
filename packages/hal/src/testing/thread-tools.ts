/** What the cases about kicks from other threads share: a kick that comes by itself, and runs that it has to end. */
import type { CpuId } from '@veridian-os/abi';
import type { KickHandle } from '../kick.js';
import { TrapKind } from '../trap.js';
import { check, fail } from './assert.js';
import { nameOf, type Bench } from './bench.js';
import type { MachineKitOptions } from './machine-kit.js';

export type KickFromThread = NonNullable<MachineKitOptions['kickFromThread']>;

/** Time for the machine to get into its run; a host that takes longer makes cases repeat themselves. */
const DELAY_MS = 20;
/** Sleeps of the kit's own thread for one step of the other: two minutes, for a host that has other things to do. */
const NAP_MS = 100;
const MAX_NAPS = 1200;
/** Runs that end by themselves after the kick before it counts as lost. */
const MAX_SPENT = 3;
/** Of system calls, before the kick comes: minutes of them. */
const MAX_RUNS = 1e9;

/** A kick that another thread makes. */
export class FarKick {
  private readonly sign = new Int32Array(new SharedArrayBuffer(4));

  constructor(kickFromThread: KickFromThread, handles: readonly KickHandle[], delayMs = DELAY_MS) {
    kickFromThread(handles, delayMs, this.sign);
  }

  /** The thread is about to kick, or has. */
  get hasBegun(): boolean {
    return Atomics.load(this.sign, 0) >= 1;
  }

  get isDone(): boolean {
    return Atomics.load(this.sign, 0) >= 2;
  }

  /** Sleeps until the thread is about to kick (1), or has kicked (2). */
  await(step: 1 | 2): void {
    for (let naps = 0; ; naps++) {
      const at = Atomics.load(this.sign, 0);
      if (at >= step) return;
      check(naps < MAX_NAPS, `kickFromThread: sign[0] is ${at}, expected ${step}`);
      Atomics.wait(this.sign, 0, at, NAP_MS);
    }
  }
}

export const handleOf = ({ machine }: Bench, cpu: number): KickHandle =>
  machine.kickHandle?.(cpu as CpuId) ?? fail('kickHandle: expected a handle');

/**
 * Runs until the kick ends a run; spurious interrupts and spent budgets before it are nothing.
 * @param run one run that does not end by itself for long, or the kind `other` of a way back that does not count
 * @returns whether it had begun before the kick
 */
export function untilKicked(far: FarKick, run: () => TrapKind, other: TrapKind = TrapKind.Budget): boolean {
  for (let runs = 0, spent = 0; runs < MAX_RUNS && spent < MAX_SPENT; runs++) {
    const { isDone, hasBegun } = far;
    const kind = run();
    if (kind === TrapKind.Interrupt && far.hasBegun) return !hasBegun;
    const goesOn = kind === TrapKind.Interrupt || kind === TrapKind.Budget || kind === other;
    check(goesOn, `kind of trap before the kick: got ${nameOf(TrapKind, kind)}`);
    if (isDone) spent++;
  }
  return fail('a kick from another thread was lost');
}

/** A kick has to end a run that was under way; a busy host may need several attempts to get one there. */
export function endsRunUnderWay(kick: () => FarKick, run: () => TrapKind): void {
  for (let attempt = 0; attempt < 5; attempt++) if (untilKicked(kick(), run)) return;
  fail('kicks from another thread end no run that is under way');
}
