/**
 * Memory traces: which pages are accessed how often in each tick.
 *
 * Shape      { name, pages, cpus, ticks }: a tick is a list of streams, one for each node that has CPUs, in the order in
 *            which they run; a stream is { pages: Uint32Array, counts: Uint32Array } in the order of first accesses
 * Tick       what a scan of accessed bits sees at once; 10,000 accesses, each one that missed the caches
 * Seeds      the same seed gives the same trace everywhere
 */
export const ACCESSES_PER_TICK = 10_000;

/** Numbers from 0 to below 1; splitmix32. */
export function randomOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return ((z ^ (z >>> 16)) >>> 0) / 2 ** 32;
  };
}

function shuffled(n, random) {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** Draws ranks 0 .. n - 1 with probabilities proportional to 1 / (rank + 1)^exponent. */
function zipfRanks(n, exponent, random) {
  const upTo = new Float64Array(n);
  let sum = 0;
  for (let i = 0; i < n; i++) upTo[i] = sum += (i + 1) ** -exponent;
  return () => {
    const at = random() * sum;
    let low = 0;
    let high = n - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (upTo[middle] > at) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

/** Collects accesses into a stream. */
export class StreamBuilder {
  constructor(pages) {
    this.index = new Int32Array(pages).fill(-1);
    this.order = [];
    this.counts = [];
  }

  add(page, count = 1) {
    const at = this.index[page];
    if (at >= 0) this.counts[at] += count;
    else {
      this.index[page] = this.order.length;
      this.order.push(page);
      this.counts.push(count);
    }
  }

  /** The stream; the builder is empty afterwards. */
  take() {
    const stream = { pages: Uint32Array.from(this.order), counts: Uint32Array.from(this.counts) };
    for (const page of this.order) this.index[page] = -1;
    this.order = [];
    this.counts = [];
    return stream;
  }
}

/** A trace of one node's CPUs: first every page once, in order, as programs clear or fill memory; then what `next(tick)` says. */
function single(name, pages, ticks, next) {
  const builder = new StreamBuilder(pages);
  const all = [];
  for (let tick = 0; tick < ticks; tick++) {
    if (tick === 0) for (let page = 0; page < pages; page++) builder.add(page);
    for (let i = tick === 0 ? pages : 0; i < ACCESSES_PER_TICK; i++) builder.add(next(tick));
    all.push([builder.take()]);
  }
  return { name, pages, cpus: [0], ticks: all };
}

/** Few pages take most accesses, always the same ones. */
export function zipf({ seed, pages = 4096, ticks = 400, exponent = 0.99 }) {
  const random = randomOf(seed);
  const page = shuffled(pages, random);
  const rank = zipfRanks(pages, exponent, random);
  return single('zipf', pages, ticks, () => page[rank()]);
}

/** Memory is gone through in order again and again, faster than it could be moved; three accesses in ten are zipf's. */
export function scan({ seed, pages = 4096, ticks = 400 }) {
  const random = randomOf(seed);
  const page = shuffled(pages, random);
  const rank = zipfRanks(pages, 1.1, random);
  let at = 0;
  let left = 0;
  const sweep = () => {
    if (left-- > 0) return at;
    left = 15;
    return (at = (at + 1) % pages);
  };
  return single('scan', pages, ticks, () => (random() < 0.3 ? page[rank()] : sweep()));
}

/** Zipf whose hot pages become others at once, every `phase` ticks on average. */
export function phaseChange({ seed, pages = 4096, ticks = 600, exponent = 0.99, phase = 150 }) {
  const random = randomOf(seed);
  const rank = zipfRanks(pages, exponent, random);
  let page = shuffled(pages, random);
  let last = 0;
  let change = 0;
  return single('phase change', pages, ticks, (tick) => {
    if (tick !== last) {
      last = tick;
      if (change === 0) change = tick - 1 + Math.round(phase * (0.75 + 0.5 * random()));
      if (tick >= change) {
        page = shuffled(pages, random);
        change = tick + Math.round(phase * (0.75 + 0.5 * random()));
      }
    }
    return page[rank()];
  });
}

/** Zipf whose pages change places one by one: in every tick some pages swap ranks with others. */
export function drift({ seed, pages = 4096, ticks = 400, exponent = 0.9, swaps = 6 }) {
  const random = randomOf(seed);
  const page = shuffled(pages, random);
  const rank = zipfRanks(pages, exponent, random);
  let last = 0;
  return single('drift', pages, ticks, (tick) => {
    if (tick !== last) {
      last = tick;
      for (let i = 0; i < swaps; i++) {
        const [a, b] = [rank(), Math.floor(random() * pages)];
        [page[a], page[b]] = [page[b], page[a]];
      }
    }
    return page[rank()];
  });
}

/** Walks over a graph grown by preferential attachment, 32 vertices to a page; each walk starts near where it is told. */
export function graphWalk({ seed, pages = 4096, ticks = 400 }) {
  const random = randomOf(seed);
  const vertices = pages * 32;
  const degree = 4;
  const edges = new Uint32Array(vertices * degree);
  for (let v = 1; v < vertices; v++) {
    for (let k = 0; k < degree; k++) {
      // The end of a random earlier edge, else a random vertex: the first is preferential.
      const other = Math.floor(random() * v);
      edges[v * degree + k] = random() < 0.7 ? edges[other * degree + Math.floor(random() * degree)] : other;
    }
  }
  const place = shuffled(vertices, random);
  let at = 0;
  let steps = 0;
  return single('graph walk', pages, ticks, () => {
    if (steps-- <= 0) {
      steps = 64;
      at = 1 + Math.floor(random() * (vertices - 1));
    } else at = edges[at * degree + Math.floor(random() * degree)];
    return place[at] >>> 5;
  });
}

/** Threads on two nodes: half of the accesses of each go to its own part, the rest to what both share. */
export function twoNodes({ seed, pages = 4096, ticks = 300 }) {
  const random = randomOf(seed);
  const third = Math.floor(pages / 3);
  const page = shuffled(pages, random);
  const rank = zipfRanks(third, 0.8, random);
  const builder = new StreamBuilder(pages);
  const all = [];
  for (let tick = 0; tick < ticks; tick++) {
    // The first thread initialises everything: first touch puts it all on one node.
    const streams = [0, 1].map((cpu) => {
      if (tick === 0 && cpu === 0) for (let i = 0; i < pages; i++) builder.add(page[i]);
      for (let i = 0; i < ACCESSES_PER_TICK / 2; i++) {
        const part = random() < 0.5 ? cpu : 2;
        builder.add(page[part * third + rank()]);
      }
      return builder.take();
    });
    all.push(streams);
  }
  return { name: 'two nodes', pages, cpus: [0, 1], ticks: all };
}

/** A window of pages, used evenly, that slides over memory. */
export function slidingWindow({ seed, pages = 4096, ticks = 400 }) {
  const random = randomOf(seed);
  const width = Math.floor(pages / 6);
  return single('sliding window', pages, ticks, (tick) => {
    const start = (tick * pages) / 512;
    return Math.floor(random() < 0.1 ? random() * pages : start + random() * width) % pages;
  });
}

/** Kinds that constants of the balancer were chosen by, and one that they were not. */
export const TUNED = { zipf, scan, phaseChange, graphWalk, drift };
export const UNTUNED = { slidingWindow };
