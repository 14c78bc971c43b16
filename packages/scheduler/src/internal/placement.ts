/**
 * Where threads should be: the CPU for one that wakes, and the one that a busy CPU should take from another.
 *
 * Cost  O(cpus) to place; O(cpus * MOST_CANDIDATES) to find a thread to move, once a period
 */
import { NONE } from '@veridian-os/abi';
import { MAX_THREADS } from '../api.js';
import type { Affinity } from './affinity.js';
import type { Balance } from './balance.js';
import type { Policy } from './policy.js';

/** Above every cost of placement. */
const MAX_COST = 2 * MAX_THREADS + 1;
/** Waiting threads of a class and CPU that balancing looks at. */
const MOST_CANDIDATES = 8;

/** What the scheduler knows, by its own names; shapes there. */
export interface Tables {
  readonly affinity: Affinity;
  readonly balance: Balance;
  readonly policies: readonly Policy[];
  readonly layer: Uint8Array<ArrayBuffer>;
  readonly rank: Int16Array<ArrayBuffer>;
  readonly lastCpu: Int32Array<ArrayBuffer>;
  readonly running: Int32Array<ArrayBuffer>;
  readonly load: Int32Array<ArrayBuffer>;
}

export class Placement {
  private readonly tables: Tables;

  constructor(tables: Tables) {
    this.tables = tables;
  }

  /**
   * CPU where a thread should wait: the one it used last if that is idle, else an idle one, else one whose current thread it
   * outranks, else the least loaded; the nearest to the last one (upwards, cyclic) among equals.
   */
  place(thread: number): number {
    const { affinity, lastCpu, load: loads, rank, running: current } = this.tables;
    const cpus = loads.length;
    let cpu = lastCpu[thread];
    if (cpus === 1) return cpu;
    let best = NONE;
    let bestCost = MAX_COST;
    for (let i = 0; i < cpus && bestCost > 0; i++, cpu = cpu + 1 === cpus ? 0 : cpu + 1) {
      if (!affinity.allows(thread, cpu)) continue;
      const load = loads[cpu];
      const running = current[cpu];
      const mustWait = load > 0 && running !== NONE && rank[running] >= rank[thread];
      const cost = mustWait ? load + MAX_THREADS : load;
      if (cost >= bestCost) continue;
      best = cpu;
      bestCost = cost;
    }
    return best;
  }

  /** One that outranks the thread running on `cpu`; else one of the heaviest CPU, of the running thread's class or above. */
  findMove(cpu: number, now: number): number {
    const { affinity, balance, policies, layer: layers, rank, load, running: current } = this.tables;
    const cpus = load.length;
    const running = current[cpu];
    let best = NONE;
    let bestGain = 0;
    for (let i = 1, from = cpu; i < cpus; i++) {
      from = from + 1 === cpus ? 0 : from + 1;
      for (let layer = 0; layer <= layers[running]; layer++) {
        const policy = policies[layer];
        let thread = policy.queued(from) === 0 ? NONE : policy.candidate(from, NONE);
        for (let tries = 0; thread !== NONE && tries < MOST_CANDIDATES; tries++) {
          const isAllowed = affinity.allows(thread, cpu);
          if (isAllowed && rank[thread] > rank[running]) return thread;
          const gain = isAllowed ? balance.gain(thread, from, cpu, now) : 0;
          if (gain > bestGain) {
            best = thread;
            bestGain = gain;
          }
          thread = policy.candidate(from, thread);
        }
      }
    }
    return best;
  }
}
