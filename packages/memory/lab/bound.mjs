/**
 * What no placement can beat, whatever it knows, on a machine of two nodes with CPUs at the first.
 *
 * Method     Lagrangian relaxation: a frame of the fast node has a price in each tick, and so has a move. Without shared limits
 *            every page has a cheapest way through time of its own, found exactly (two states per tick); what all pages pay
 *            together, less the price of the frames and moves that there are, is below the cost of any placement that keeps to
 *            the limits. Prices are raised where the pages want more than there is (subgradient, Polyak's step); every
 *            round gives a bound, the best one counts.
 * Source     Held, Wolfe and Crowder, "Validation of subgradient optimization", Mathematical Programming 6, 1974
 */
import { latency } from './machines.mjs';

const ROUNDS = 120;

/** @param upper cost of a placement that is possible (the oracle's) @returns a bound in nanoseconds */
export function lowerBound(trace, machine, upper) {
  const problem = createProblem(trace, machine);
  let best = 0;
  let scale = 1;
  let sinceBetter = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const value = relax(problem);
    if (value > best) {
      sinceBetter = value > best * 1.0002 ? 0 : sinceBetter + 1;
      best = value;
    } else sinceBetter++;
    if (sinceBetter >= 6) {
      scale /= 2;
      sinceBetter = 0;
    }
    raisePrices(problem, scale * (upper - value));
  }
  return best;
}

function createProblem(trace, machine) {
  const ticks = trace.ticks.length;
  const counts = new Float32Array(trace.pages * ticks);
  const first = new Int32Array(trace.pages).fill(-1);
  trace.ticks.forEach((streams, tick) =>
    streams.forEach(({ pages, counts: n }) => {
      for (let i = 0; i < pages.length; i++) {
        counts[pages[i] * ticks + tick] += n[i];
        if (first[pages[i]] < 0) first[pages[i]] = tick;
      }
    }),
  );
  return {
    pages: trace.pages,
    ticks,
    counts,
    first,
    frames: machine.nodes[0].frames,
    budget: machine.budget,
    moveNs: machine.moveNs,
    fastNs: latency(machine, 0, 0),
    slowNs: latency(machine, 0, 1),
    framePrice: new Float64Array(ticks),
    movePrice: new Float64Array(ticks),
    used: new Int32Array(ticks),
    moved: new Int32Array(ticks),
    /** Bit 0, 1: a page that is in the slow, fast node in this tick was in the other one before. */
    came: new Uint8Array(ticks),
  };
}

/** Every page's cheapest way at the present prices; notes how much of everything they use. */
function relax(problem) {
  const { pages, first, framePrice, movePrice, frames, budget, used, moved } = problem;
  used.fill(0);
  moved.fill(0);
  let value = 0;
  for (let page = 0; page < pages; page++) if (first[page] >= 0) value += cheapest(problem, page);
  for (let tick = 0; tick < used.length; tick++) value -= framePrice[tick] * frames + movePrice[tick] * budget;
  return value;
}

function cheapest({ ticks, counts, first, moveNs, fastNs, slowNs, framePrice, movePrice, used, moved, came }, page) {
  const start = first[page];
  const at = page * ticks;
  let slow = counts[at + start] * slowNs;
  let fast = counts[at + start] * fastNs + framePrice[start];
  for (let tick = start + 1; tick < ticks; tick++) {
    const move = moveNs + movePrice[tick];
    const down = fast + move < slow;
    const up = slow + move < fast;
    const accesses = counts[at + tick];
    const nextSlow = (down ? fast + move : slow) + accesses * slowNs;
    fast = (up ? slow + move : fast) + accesses * fastNs + framePrice[tick];
    slow = nextSlow;
    came[tick] = (down ? 1 : 0) | (up ? 2 : 0);
  }
  let isFast = fast < slow ? 1 : 0;
  for (let tick = ticks - 1; tick >= start; tick--) {
    used[tick] += isFast;
    if (tick > start && (came[tick] >> isFast) & 1) {
      moved[tick]++;
      isFast ^= 1;
    }
  }
  return Math.min(slow, fast);
}

function raisePrices({ used, moved, frames, budget, framePrice, movePrice }, gap) {
  let norm = 0;
  for (let tick = 0; tick < used.length; tick++) {
    const [over, fast] = [used[tick] - frames, moved[tick] - budget];
    if (over > 0 || framePrice[tick] > 0) norm += over * over;
    if (fast > 0 || movePrice[tick] > 0) norm += fast * fast;
  }
  if (norm === 0) return;
  const step = gap / norm;
  for (let tick = 0; tick < used.length; tick++) {
    framePrice[tick] = Math.max(0, framePrice[tick] + step * (used[tick] - frames));
    movePrice[tick] = Math.max(0, movePrice[tick] + step * (moved[tick] - budget));
  }
}
