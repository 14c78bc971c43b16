/**
 * Shared bench helper: nanoseconds per operation, ours beside a peer.
 *
 * Method     calls are batched to about BATCH_MS, the batches of ours and the peer alternate round by round (so that
 *            a noisy machine disturbs both), and the median of the rounds is the figure; p99 is that of the rounds.
 * Ratio      ours / peer: below 1, ours is faster.
 * GC         collections that began while our batches ran. `noGc: true` makes one an error.
 *
 *   import { suite } from '../../../tools/bench.mjs';
 *   await suite(async ({ bench, record }) => {
 *     await bench({ case: 'alloc order 0', ours: () => {...}, peer: 'name', peerFn: () => {...}, opsPerCall: 1000 });
 *     record({ case: 'measured otherwise', oursNs: 4.2, peer: 'qemu-riscv64', peerNs: 3.1 });
 *   });
 *
 * Options of the command line: `--json FILE` writes [{case, oursNs, peer, peerNs, ratio}] (null where there is no
 * peer); `--quick` takes few rounds, to see that a bench works. Where a bench knows them, rows also have `peakBytes` and
 * `peerPeakBytes` (peak resident memory of a process, bytes) and `wasmRatio` (bytes of WebAssembly per byte of guest code).
 */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { PerformanceObserver, performance } from 'node:perf_hooks';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const BATCH_MS = 1;
const FULL = { rounds: 200, minRounds: 7, sideMs: 2000, warmupMs: 300 };
const QUICK = { rounds: 10, minRounds: 2, sideMs: 200, warmupMs: 20 };

const { values: flags } = parseArgs({
  options: { json: { type: 'string' }, quick: { type: 'boolean', default: false } },
  strict: false,
});
const limits = flags.quick ? QUICK : FULL;

/** Start times of the collections seen so far; entries arrive after the fact, see `settleGc`. */
const gcStarts = [];
const observer = new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) gcStarts.push(entry.startTime);
});
observer.observe({ entryTypes: ['gc'] });
/** A turn of the event loop ends with what was observed: on a busy host the timer alone may come before that. */
async function settleGc() {
  await sleep(20);
  for (let turn = 0; turn < 2; turn++) await nextTurn();
}

/** One contestant: a function, how many calls fill a batch, and a sample of each round. */
class Side {
  constructor(fn, opsPerCall) {
    this.fn = fn;
    this.opsPerCall = opsPerCall;
    this.calls = 1;
    this.samples = [];
    this.spans = [];
    this.totalMs = 0;
  }

  /** Warms up and finds how many calls take BATCH_MS; learns whether the function is asynchronous. */
  async prepare() {
    const first = this.fn();
    this.asynchronous = typeof first?.then === 'function';
    await first;
    const end = performance.now() + limits.warmupMs;
    for (;;) {
      const elapsed = await this.batch();
      if (elapsed < BATCH_MS) this.calls = Math.ceil(this.calls * Math.min(10, (1.2 * BATCH_MS) / (elapsed + 1e-3)));
      if (performance.now() >= end) return;
    }
  }

  async batch() {
    const { fn, calls } = this;
    const start = performance.now();
    if (this.asynchronous) for (let i = 0; i < calls; i++) await fn();
    else for (let i = 0; i < calls; i++) fn();
    const stop = performance.now();
    this.last = [start, stop];
    return stop - start;
  }

  async round() {
    const elapsed = await this.batch();
    this.samples.push((elapsed * 1e6) / (this.calls * this.opsPerCall));
    this.spans.push(this.last);
    this.totalMs += elapsed;
  }

  get spent() {
    return this.samples.length >= limits.minRounds && this.totalMs >= limits.sideMs;
  }

  quantile(q) {
    const sorted = this.samples.toSorted((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
  }

  collections() {
    return gcStarts.filter((t) => this.spans.some(([start, stop]) => t >= start && t <= stop)).length;
  }
}

async function measure({ case: name, ours, peer = null, peerFn, opsPerCall = 1, noGc = false }) {
  const sides = [new Side(ours, opsPerCall)];
  if (peerFn) sides.push(new Side(peerFn, opsPerCall));
  for (const side of sides) await side.prepare();
  for (let round = 0; round < limits.rounds && !sides.every((side) => side.spent); round++) {
    for (const side of sides) await side.round();
  }
  await settleGc();
  const [mine, other] = sides;
  const gc = mine.collections();
  // A quick run is over before the compiler has settled: a collection or two are not the code's.
  if (noGc && gc > (flags.quick ? 2 : 0))
    throw new Error(`bench '${name}': ${gc} garbage collections during ours, expected none`);
  return {
    case: name,
    oursNs: mine.quantile(0.5),
    oursP99Ns: mine.quantile(0.99),
    peer: peerFn ? peer : null,
    peerNs: other ? other.quantile(0.5) : null,
    gc,
  };
}

function format(ns) {
  if (ns === null) return '-';
  if (ns < 100) return `${ns.toFixed(1)} ns`;
  if (ns < 1e5) return `${Math.round(ns)} ns`;
  return ns < 1e8 ? `${(ns / 1e6).toFixed(2)} ms` : `${(ns / 1e9).toFixed(2)} s`;
}

const mebibytes = (bytes) => `${Math.round(bytes / 2 ** 20)} MiB`;
/** Columns that few benches have. */
const EXTRAS = {
  peakBytes: (bytes) => `peak ${mebibytes(bytes)}`,
  peerPeakBytes: (bytes) => `peer's peak ${mebibytes(bytes)}`,
  wasmRatio: (ratio) => `wasm ${ratio.toFixed(1)}x`,
};

/** Those of a row that it has. */
const extrasOf = (row) => Object.fromEntries(Object.entries(row).filter(([name]) => name in EXTRAS));

function print(row) {
  const { case: name, oursNs, oursP99Ns, peer, peerNs, ratio, gc } = row;
  const columns = [name.padEnd(44), `${format(oursNs)}/op`.padStart(14)];
  if (oursP99Ns !== undefined) columns.push(`p99 ${format(oursP99Ns)}`.padStart(14));
  if (gc !== undefined) columns.push(`gc ${gc}`.padStart(6));
  if (peer !== null) columns.push(`  ${peer} ${format(peerNs)}/op, ratio ${ratio.toFixed(2)}`);
  for (const [extra, value] of Object.entries(extrasOf(row))) columns.push(`  ${EXTRAS[extra](value)}`);
  console.log(columns.join(' '));
}

/** Runs the benches that `body` declares, one after the other, and writes `--json FILE`. */
export async function suite(body) {
  const results = [];
  const record = (result) => {
    const { peer = null, peerNs = null } = result;
    const row = { ...result, peer, peerNs, ratio: peerNs === null ? null : result.oursNs / peerNs };
    results.push(row);
    print(row);
    return row;
  };
  console.log(`Node ${process.version}, ${cpus()[0].model}, ${cpus().length} cores`);
  await body({ bench: async (options) => record(await measure(options)), record, quick: flags.quick });
  observer.disconnect();
  if (!flags.json) return;
  const rows = results.map((row) => {
    const { case: name, oursNs, peer, peerNs, ratio } = row;
    return { case: name, oursNs, peer, peerNs, ratio, ...extrasOf(row) };
  });
  writeFileSync(flags.json, `${JSON.stringify(rows, null, 2)}\n`);
}
