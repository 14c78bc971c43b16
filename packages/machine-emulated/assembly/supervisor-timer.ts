/** Sstc: the supervisor's comparator against `time`, and virtual time itself. */
import { HART_MENVCFG, HART_PS_PER_STEP, HART_STEPS, HART_STIMECMP, HART_TICK_SHIFT, HART_TIME_OFFSET } from './layout';
import { STCE } from './bits';

const TIMEBASE_NS: u64 = 100; // 10 MHz
const NEVER: u64 = 0xffffffffffffffff;
/** Nanoseconds beyond which a product with 1000 would not fit: 200 days. */
const FAR: u64 = 1 << 54;

/** Virtual time in ns: steps at a fixed ratio plus idle time skipped. */
function timeNs(): u64 {
  return load<u64>(HART_TIME_OFFSET) + (load<u64>(HART_STEPS) * load<u32>(HART_PS_PER_STEP)) / 1000;
}

/** The guest's `time`: mtime as it has set it. */
export function ticks(): u64 {
  return timeNs() / TIMEBASE_NS + load<u64>(HART_TICK_SHIFT);
}

export function comparatorEnabled(): bool {
  return (load<u64>(HART_MENVCFG) & STCE) != 0;
}

/** What `comparatorStep` answered last, and to what: it is asked twice after every instruction that the exact path does. */
let lastStep: u64 = 0;
let lastCompare: u64 = NEVER;
let lastShift: i64 = 0;
let lastOffset: u64 = 0;
let lastRatio: u32 = 0;

/** First step at which `time` reaches the comparator; all ones = never, or not in sight. */
export function comparatorStep(): u64 {
  const compare = load<u64>(HART_STIMECMP);
  if (compare == NEVER || !comparatorEnabled()) return NEVER;
  const shift = load<i64>(HART_TICK_SHIFT);
  const offset = load<u64>(HART_TIME_OFFSET);
  const ratio = load<u32>(HART_PS_PER_STEP);
  if (compare == lastCompare && shift == lastShift && offset == lastOffset && ratio == lastRatio) return lastStep;
  lastStep = stepOf(compare, shift, offset, ratio);
  lastCompare = compare;
  lastShift = shift;
  lastOffset = offset;
  lastRatio = ratio;
  return lastStep;
}

function stepOf(compare: u64, shift: i64, offset: u64, ps: u64): u64 {
  if (shift > 0 && compare <= <u64>shift) return 0;
  const reached = compare - <u64>shift;
  if (reached > NEVER / TIMEBASE_NS || (shift < 0 && reached < compare)) return NEVER;
  const at = reached * TIMEBASE_NS;
  if (at <= offset) return 0;
  if (at - offset > FAR) return NEVER;
  return ((at - offset) * 1000 + ps - 1) / ps;
}
