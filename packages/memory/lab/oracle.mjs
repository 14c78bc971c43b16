/**
 * The oracle: knows every access to come, has the same bandwidth, starts with the same empty memory.
 *
 * Placement  before each tick it exchanges the pages that lose most by where they are for those that lose least, as long
 *            as that pays, at most `budget` moves; pages that come for the first time go where they will be wanted, at no cost.
 *            What a page is worth is the sum of its coming accesses, each tick less by a factor; every factor of a list is
 *            tried on the whole trace, with and without frames held back for better pages to come, and the best result
 *            counts. With factor 1 this is Belady's choice by counts.
 * Bound      greedy is not optimal; `lowerBound` says what no placement at all can beat
 */
import { latency } from './machines.mjs';

const FACTORS = [0.5, 0.75, 0.875, 0.94, 0.97, 0.985, 0.993, 1];

/** @returns the best of the factors, as `simulate` does */
export function oracle(trace, machine) {
  let best = null;
  for (const factor of FACTORS) {
    for (const holds of machine.nodes.length === 2 ? [false, true] : [false]) {
      const result = foresee(trace, machine, factor, holds);
      if (best === null || result.costNs < best.costNs) best = result;
    }
  }
  return { ...best, name: 'oracle' };
}

/** future[tick][cpu * pages + page]: accesses from this tick on, those of tick + k times factor^k. */
function futureOf(trace, factor) {
  const size = trace.cpus.length * trace.pages;
  const future = new Array(trace.ticks.length);
  let next = new Float32Array(size);
  for (let tick = trace.ticks.length - 1; tick >= 0; tick--) {
    const now = next.map((value) => value * factor);
    trace.ticks[tick].forEach(({ pages, counts }, cpu) => {
      for (let i = 0; i < pages.length; i++) now[cpu * trace.pages + pages[i]] += counts[i];
    });
    future[tick] = next = now;
  }
  return future;
}

/** @param holds keep frames of the fast node for better pages that are still to come */
function foresee(trace, machine, factor, holds) {
  const future = futureOf(trace, factor);
  const nodeOf = new Int8Array(trace.pages).fill(-1);
  const free = machine.nodes.map(({ frames }) => frames);
  const perTick = new Float64Array(trace.ticks.length);
  const worth = (tick, page, node) => {
    let cost = 0;
    trace.cpus.forEach((cpu, c) => (cost += future[tick][c * trace.pages + page] * latency(machine, cpu, node)));
    return cost;
  };
  let moves = 0;
  let fast = 0;
  let accesses = 0;
  trace.ticks.forEach((streams, tick) => {
    const cost = (page, node) => worth(tick, page, node);
    const moved = exchange(nodeOf, free, machine, cost);
    const least = holds ? worthAtRank(nodeOf, machine, cost) : 0;
    settle(streams, nodeOf, free, machine, cost, least);
    moves += moved;
    perTick[tick] = moved * machine.moveNs;
    streams.forEach(({ pages, counts }, stream) => {
      for (let i = 0; i < pages.length; i++) {
        perTick[tick] += counts[i] * latency(machine, trace.cpus[stream], nodeOf[pages[i]]);
        accesses += counts[i];
        if (machine.nodes[nodeOf[pages[i]]].tier === 0) fast += counts[i];
      }
    });
  });
  const costNs = perTick.reduce((sum, ns) => sum + ns, 0);
  return { costNs, perTick, fastShare: fast / accesses, moves, factor };
}

/** What the last of the pages gains that would be in the fast node if all could choose now, also those still to come. */
function worthAtRank(nodeOf, machine, cost) {
  const gains = Float64Array.from(nodeOf, (_, page) => cost(page, 1) - cost(page, 0)).sort();
  return gains[Math.max(0, gains.length - machine.nodes[0].frames)];
}

/** New pages: those that gain most choose first; those that gain less than `least` take the slow node. */
function settle(streams, nodeOf, free, machine, cost, least) {
  const fresh = [...new Set(streams.flatMap(({ pages }) => [...pages].filter((page) => nodeOf[page] < 0)))];
  const nodes = machine.nodes.map((_, node) => node);
  const spread = (page) =>
    Math.max(...nodes.map((node) => cost(page, node))) - Math.min(...nodes.map((node) => cost(page, node)));
  const spreads = new Map(fresh.map((page) => [page, spread(page)]));
  fresh.sort((a, b) => spreads.get(b) - spreads.get(a));
  for (const page of fresh) {
    const open = nodes.filter((n) => free[n] > 0).sort((a, b) => cost(page, a) - cost(page, b) || a - b);
    const node = spreads.get(page) < least ? open.at(-1) : open[0];
    nodeOf[page] = node;
    free[node]--;
  }
}

/** The pages of a node that gain most, most first: no more than can be moved. */
function best(most, nodeOf, node, gainOf) {
  const found = [];
  for (let page = 0; page < nodeOf.length; page++) {
    if (nodeOf[page] !== node) continue;
    const gain = gainOf(page);
    if (found.length === most && !(gain > found[most - 1].gain)) continue;
    let at = found.length === most ? most - 1 : found.length;
    for (; at > 0 && found[at - 1].gain < gain; at--) found[at] = found[at - 1];
    found[at] = { page, gain };
  }
  return found;
}

/** Exchanges between every two nodes, best first, while they pay. @returns moves made */
function exchange(nodeOf, free, machine, cost) {
  const queues = [];
  machine.nodes.forEach((_, from) => {
    machine.nodes.forEach((_node, to) => {
      if (from === to) return;
      const gains = best(machine.budget, nodeOf, from, (page) => cost(page, from) - cost(page, to));
      queues.push({ from, to, gains, at: 0 });
    });
  });
  const head = (queue) => {
    while (queue.at < queue.gains.length && nodeOf[queue.gains[queue.at].page] !== queue.from) queue.at++;
    return queue.gains[queue.at];
  };
  let left = machine.budget;
  for (;;) {
    let best = null;
    for (const queue of queues) {
      const hot = head(queue);
      if (hot === undefined) continue;
      const back = free[queue.to] > 0 ? null : queues.find(({ from, to }) => from === queue.to && to === queue.from);
      const cold = back === null ? null : head(back);
      if (cold === undefined) continue;
      const moves = cold === null ? 1 : 2;
      const net = hot.gain + (cold?.gain ?? 0) - moves * machine.moveNs;
      if (net > 0 && moves <= left && (best === null || net / moves > best.net / best.moves)) {
        best = { queue, hot, cold, moves, net };
      }
    }
    if (best === null) return machine.budget - left;
    const { queue, hot, cold, moves } = best;
    nodeOf[hot.page] = queue.to;
    if (cold !== null) nodeOf[cold.page] = queue.from;
    else {
      free[queue.to]--;
      free[queue.from]++;
    }
    left -= moves;
  }
}
