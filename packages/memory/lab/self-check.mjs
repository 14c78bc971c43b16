/**
 * Checks the yardsticks of the laboratory on traces so small that the best placement can be found by trying all:
 * bound <= best <= oracle. Prints how close they come; exit code 1 when they are out of order.
 *
 *   node lab/self-check.mjs [seeds]     default 200
 */
import { lowerBound } from './bound.mjs';
import { latency } from './machines.mjs';
import { oracle } from './oracle.mjs';
import { randomOf } from './traces.mjs';

const PAGES = 5;
const TICKS = 6;

function tinyTrace(seed) {
  const random = randomOf(seed);
  const ticks = Array.from({ length: TICKS }, () => {
    const pages = Array.from({ length: PAGES }, (_, page) => page).filter(() => random() < 0.6);
    return [{ pages: Uint32Array.from(pages), counts: Uint32Array.from(pages, () => 1 + Math.floor(random() * 60)) }];
  });
  return { name: `tiny ${seed}`, pages: PAGES, cpus: [0], ticks };
}

const tinyMachine = (seed) => ({
  nodes: [
    { frames: 1 + (seed % 3), tier: 0 },
    { frames: PAGES, tier: 1 },
  ],
  distances: [
    [10, 25],
    [25, 10],
  ],
  moveNs: [0, 500, 3000][(seed % 7) % 3],
  budget: 1 + (seed % 4),
});

const bits = (set) => set.toString(2).replaceAll('0', '').length;

/** Cost of the best placement: every set of pages in the fast node, in every tick. */
function bestOfAll(trace, machine) {
  let known = 0;
  let costs = new Map([[0, 0]]);
  for (const [{ pages, counts }] of trace.ticks) {
    let now = 0;
    for (const page of pages) now |= 1 << page;
    const fresh = now & ~known;
    const next = new Map();
    for (const [before, cost] of costs) {
      for (let set = 0; set < 2 ** PAGES; set++) {
        const moves = bits((set ^ before) & known);
        if ((set & ~(known | fresh)) !== 0 || bits(set) > machine.nodes[0].frames || moves > machine.budget) continue;
        let total = cost + moves * machine.moveNs;
        pages.forEach((page, i) => (total += counts[i] * latency(machine, 0, (set >> page) & 1 ? 0 : 1)));
        if (total < (next.get(set) ?? Infinity)) next.set(set, total);
      }
    }
    costs = next;
    known |= fresh;
  }
  return Math.min(...costs.values());
}

const seeds = Number(process.argv[2] ?? 200);
let [worstBound, worstOracle] = [1, 1];
for (let seed = 1; seed <= seeds; seed++) {
  const [trace, machine] = [tinyTrace(seed), tinyMachine(seed)];
  const best = bestOfAll(trace, machine);
  const found = oracle(trace, machine).costNs;
  const bound = lowerBound(trace, machine, found);
  if (!(bound <= best * (1 + 1e-9) && best <= found * (1 + 1e-9))) {
    console.error(`seed ${seed}: expected bound <= best <= oracle, got ${bound}, ${best}, ${found}`);
    process.exitCode = 1;
  }
  worstBound = Math.min(worstBound, bound / best);
  worstOracle = Math.max(worstOracle, found / best);
}
console.log(
  `${seeds} traces: bound at least ${worstBound.toFixed(3)}, oracle at most ${worstOracle.toFixed(3)} of the best`,
);
