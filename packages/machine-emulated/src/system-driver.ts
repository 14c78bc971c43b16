/**
 * Drives a whole computer from an event loop: runs it in steps, lets the host's events in between two of them, and where
 * the hart waits, waits as well or lets virtual time jump.
 *
 * Order  time never passes an event that the host already had: a hart that waits is run again when one has come, and only
 *        then does time jump, or the host sleep
 */
import type { Nanoseconds } from '@veridian-os/abi';
import type { VirtualClock } from './clock.js';
import type { SystemHart, SystemTrap } from './system.js';

const NS_PER_MS = 1e6;
/** What a timer of the host's takes. */
const LONGEST_MS = 2 ** 31 - 1;

/** The part of a machine that is driven. */
export interface DrivenMachine {
  readonly system: Pick<SystemHart, 'run' | 'untilWake' | 'skipIdle'>;
  readonly clock: Pick<VirtualClock, 'now' | 'advance'>;
}

export interface DriverHost {
  /** Milliseconds of the host's that never go back. */
  now(): number;
  /** Lets events in that are there already. */
  turn(): Promise<void>;
  /** Resolves after `mostMs`, 0 .. 2^31 - 1, or earlier at an event. */
  wait(mostMs: number): Promise<void>;
}

/** How a hart's waiting is spent. */
export interface Waiting {
  /** Host time passes while the hart waits for a timer; else virtual time jumps to it. */
  readonly paced: boolean;
  /** Something outside may wake a hart that has no timer. */
  readonly hasSource: boolean;
  /** Milliseconds after which the host has something to do, from 0; Infinity: nothing. */
  readonly mostMs: number;
}

export class SystemDriver {
  private readonly machine: DrivenMachine;
  private readonly host: DriverHost;
  private idle = false;
  private heard = false;

  constructor(machine: DrivenMachine, host: DriverHost) {
    this.machine = machine;
    this.host = host;
  }

  /** An event of the host's has reached a device of the machine: the hart is to look before it waits any longer. */
  notice(): void {
    this.heard = true;
  }

  /** Runs at most `budget` instructions. */
  run(budget: number): SystemTrap {
    const trap = this.machine.system.run(budget, false);
    this.idle = trap.kind === 'idle';
    this.heard = false;
    return trap;
  }

  /**
   * What belongs between two runs.
   * @param waiting asked once the host's events were heard, if the hart waits
   * @returns false: the hart waits for what nothing will bring
   */
  async rest(waiting: () => Waiting): Promise<boolean> {
    const { system, clock } = this.machine;
    await this.host.turn();
    if (!this.idle || this.heard) return true;
    const { untilWake } = system;
    const { paced, hasSource, mostMs } = waiting();
    if (untilWake === Infinity && !hasSource) return false;
    if (untilWake !== Infinity && !paced) return system.skipIdle();
    const began = this.host.now();
    await this.host.wait(Math.min(untilWake / NS_PER_MS, mostMs, LONGEST_MS));
    const slept = (this.host.now() - began) * NS_PER_MS;
    clock.advance((clock.now() + Math.round(Math.min(slept, untilWake))) as Nanoseconds);
    return true;
  }
}
