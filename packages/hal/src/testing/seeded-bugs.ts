/**
 * Machines with one bug each, made from a working one: they prove that the kit notices.
 *
 * Whoever implements `Machine` can run the kit over `bug.plant(createMachine())` and expects at least one failure in
 * the named group. A bug is a wrapper around the public interface, so it fits every machine.
 */
import type { SeededBug } from './bug-tools.js';
import { counterBugs } from './bugs-counter.js';
import { cpuBugs } from './bugs-cpus.js';
import { fpBugs, laterBugs } from './bugs-later.js';
import { mmuBugs } from './bugs-mmu.js';
import { randomBugs } from './bugs-random.js';
import { deviceBugs, stateBugs } from './bugs-state.js';
import { threadBugs } from './bugs-threads.js';
import { timeBugs } from './bugs-time.js';
import { trapBugs } from './bugs-traps.js';

export type { SeededBug } from './bug-tools.js';

/** All bugs; `needs` says which a machine can show. */
export function seededBugs(): readonly SeededBug[] {
  return [
    ...trapBugs,
    ...mmuBugs,
    ...timeBugs(),
    ...counterBugs,
    ...stateBugs,
    ...deviceBugs,
    ...fpBugs,
    ...laterBugs,
    ...randomBugs,
    ...cpuBugs,
    ...threadBugs,
  ];
}
