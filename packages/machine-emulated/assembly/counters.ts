/**
 * mcycle and minstret. Cycles are steps, which are also virtual time: that never stops, so mcycle keeps its distance to them,
 * and what mcountinhibit stops is held aside (privileged specification, sections 3.1.10 and 3.1.12).
 */
import { HART_CYCLE_BASE, HART_HELD_CYCLE, HART_HELD_RETIRED, HART_INHIBIT, HART_RETIRED, HART_STEPS } from './layout';

const CY: u64 = 1;
const IR: u64 = 4;

function inhibited(bit: u64): bool {
  return (load<u64>(HART_INHIBIT) & bit) != 0;
}

export function cycles(): u64 {
  return inhibited(CY) ? load<u64>(HART_HELD_CYCLE) : load<u64>(HART_STEPS) - load<u64>(HART_CYCLE_BASE);
}

export function retired(): u64 {
  return inhibited(IR) ? load<u64>(HART_HELD_RETIRED) : load<u64>(HART_RETIRED);
}

export function writeCycles(v: u64): bool {
  if (inhibited(CY)) store<u64>(HART_HELD_CYCLE, v);
  else store<u64>(HART_CYCLE_BASE, load<u64>(HART_STEPS) - v);
  return true;
}

export function writeRetired(v: u64): bool {
  if (inhibited(IR)) store<u64>(HART_HELD_RETIRED, v);
  else store<u64>(HART_RETIRED, v - 1); // the write itself retires after taking effect
  return true;
}

/** TIME cannot be inhibited, and there are no other counters. A counter that stops or starts keeps its value. */
export function writeInhibit(v: u64): bool {
  const cycle = cycles();
  const instructions = retired();
  const changed = (load<u64>(HART_INHIBIT) ^ v) & (CY | IR);
  store<u64>(HART_INHIBIT, v & (CY | IR));
  if (changed & CY) writeCycles(cycle);
  if (changed & IR) writeRetired(instructions);
  return true;
}
