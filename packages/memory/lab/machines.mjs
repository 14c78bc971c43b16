/** Machines that traces are replayed on: nodes of memory, distances as in a SLIT, costs, bandwidth. */
const NS_PER_DISTANCE = 10;

/** What watching and moving costs, besides the accesses; the oracle pays for moves alone. */
const COSTS = { moveNs: 3000, scanNs: 5, sampleNs: 1000 };

/** Moves per tick: 32 for 4,096 pages. */
const budgetOf = (pages) => Math.max(2, Math.round(pages / 128));

/** One CPU node with a quarter of the trace's pages, and CXL memory for all of them. */
export function tieredMachine(pages, share = 0.25) {
  return {
    nodes: [
      { frames: Math.round(pages * share), tier: 0 },
      { frames: pages, tier: 1 },
    ],
    distances: [
      [10, 25],
      [25, 10],
    ],
    ...COSTS,
    budget: budgetOf(pages),
  };
}

/** Two sockets, each with DRAM for half of the pages, and CXL memory at the first. */
export function numaMachine(pages) {
  return {
    nodes: [
      { frames: Math.round(pages * 0.6), tier: 0 },
      { frames: Math.round(pages * 0.6), tier: 0 },
      { frames: pages, tier: 1 },
    ],
    distances: [
      [10, 17, 25],
      [17, 10, 32],
      [25, 32, 10],
    ],
    ...COSTS,
    budget: budgetOf(pages),
  };
}

export const latency = (machine, cpu, node) => machine.distances[cpu][node] * NS_PER_DISTANCE;
