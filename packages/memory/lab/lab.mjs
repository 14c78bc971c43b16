/**
 * The policy laboratory: replays memory traces over tier and NUMA policies, against an oracle that knows the future.
 *
 *   npm run lab -w packages/memory -- [options]
 *     --out FOLDER     where lab.md and the charts go; default lab-out
 *     --seed N[,N...]  seeds of the traces that nothing was tuned on; default 201,202
 *     --no-guests      leave out the traces that are recorded from guest programs
 *     --quick          one seed, short traces
 *     --help           this text
 *
 * Figures are times relative to the oracle's, 1 = as good; in brackets the share of accesses to the fastest memory. Beside
 * the oracle stands by how much it may be worse than the best there is: it is compared with a bound.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildJs } from '../../../tools/lib/build-js.mjs';

const { values: options } = parseArgs({
  options: {
    out: { type: 'string', default: 'lab-out' },
    seed: { type: 'string', default: '201,202' },
    'no-guests': { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  const [, text] = readFileSync(import.meta.filename, 'utf8').match(/\/\*\*\n([^]*?) \*\//);
  console.log(text.replaceAll(/^ \* ?/gm, ''));
  process.exit(0);
}
const seeds = options.seed.split(',').map(Number);
if (!seeds.every((seed) => Number.isSafeInteger(seed) && seed >= 0)) {
  throw new RangeError(`--seed: expected numbers >= 0, got ${options.seed}`);
}

await buildJs(['memory', 'buddy-alloc', 'veridian', 'machine-emulated', 'hostfs']);
const { TUNED, UNTUNED, twoNodes } = await import('./traces.mjs');
const { numaMachine, tieredMachine } = await import('./machines.mjs');
const { simulate } = await import('./simulate.mjs');
const { oracle } = await import('./oracle.mjs');
const { lowerBound } = await import('./bound.mjs');
const { createDraw, costBars, costLines } = await import('./chart.mjs');
const { section } = await import('./report.mjs');

/** The only seed that constants of the balancer were chosen by. */
const TUNED_SEED = 1;
const SCALE = options.quick ? { pages: 1024, ticks: 120 } : {};
const local = { kind: 'local' };
const TIER_POLICIES = [
  { name: 'local only (first touch)', numa: local },
  { name: 'interleave', numa: { kind: 'interleave', nodes: [0, 1] } },
  { name: 'weighted interleave 1:3', numa: { kind: 'weighted-interleave', nodes: [0, 1], weights: [1, 3] } },
  { name: 'tiers, accessed bits', numa: local, balance: {} },
  { name: 'tiers, bits and samples', numa: local, balance: { samplePeriod: 1000 } },
];
const NUMA_POLICIES = [
  { name: 'local (first touch)', numa: local },
  { name: 'preferred: node 1', numa: { kind: 'preferred', nodes: [1] } },
  { name: 'bind: DRAM', numa: { kind: 'bind', nodes: [0, 1] } },
  { name: 'interleave', numa: { kind: 'interleave', nodes: [0, 1] } },
  { name: 'weighted interleave 5:5:2', numa: { kind: 'weighted-interleave', nodes: [0, 1, 2], weights: [5, 5, 2] } },
];

const charts = [];
const started = process.hrtime.bigint();
const progress = (text) =>
  console.error(`${String((process.hrtime.bigint() - started) / 1_000_000_000n).padStart(4)} s  ${text}`);

/** One trace under all policies. */
function measure(trace, seed, machine, policies) {
  progress(
    `${trace.name}${seed === undefined ? '' : `, seed ${seed}`}: ${trace.pages} pages, ${trace.ticks.length} ticks`,
  );
  const results = policies.map((policy) => simulate(trace, machine, policy));
  const best = oracle(trace, machine);
  const above = machine.nodes.length === 2 ? best.costNs / lowerBound(trace, machine, best.costNs) - 1 : undefined;
  if (above < -1e-9) throw new Error(`${trace.name}: the oracle beats the bound by ${-above}: one of them is wrong`);
  return { trace: trace.name, seed, results, oracle: { ...best, above } };
}

function chartBars(file, title, rows) {
  const policies = rows[0].results.map(({ name }) => name);
  const values = rows.flatMap(({ trace, seed, results, oracle: best }) =>
    results.map(({ name, costNs }) => ({
      trace: seed === undefined ? trace : `${trace} ${seed}`,
      policy: name,
      ratio: costNs / best.costNs,
    })),
  );
  charts.push({ file, title, spec: costBars(title, values, policies) });
}

function chartLines(file, title, { results, oracle: best }) {
  const all = [...results, best];
  const values = all.flatMap(({ name, perTick }) =>
    Array.from(perTick, (ns, tick) => ({ tick, policy: name, ms: ns / 1e6 })).slice(1),
  );
  charts.push({
    file,
    title,
    spec: costLines(
      title,
      values,
      all.map(({ name }) => name),
    ),
  });
}

const tiered = (trace, seed) => measure(trace, seed, tieredMachine(trace.pages), TIER_POLICIES);
const parts = [];
const add = (file, title, text, rows) => {
  parts.push(section(title, text, rows));
  chartBars(file, title, rows);
};

const tuned = Object.values(TUNED).map((make) => tiered(make({ seed: TUNED_SEED, ...SCALE }), TUNED_SEED));
add('tiers-tuned', 'Tiers, traces that the balancer was tuned on', 'DRAM for a quarter of the pages.', tuned);
const heldOut = (options.quick ? seeds.slice(0, 1) : seeds).flatMap((seed) =>
  Object.values({ ...TUNED, ...UNTUNED }).map((make) => tiered(make({ seed, ...SCALE }), seed)),
);
add(
  'tiers-held-out',
  'Tiers, traces and seeds that nothing was tuned on',
  'Of the sliding window no seed was ever tuned on.',
  heldOut,
);
const phases = heldOut.find(({ trace }) => trace === 'phase change');
chartLines('phase-change', `Phase change, seed ${phases.seed}`, phases);

if (!options['no-guests']) {
  const { findPrograms } = await import('./programs.mjs');
  const { record } = await import('./record.mjs');
  const { found, missing } = findPrograms();
  for (const name of missing) progress(`${name}: left out, the program is not here (tools/fetch-programs.mjs)`);
  const rows = [];
  for (const program of options.quick ? found.slice(-1) : found) {
    progress(`recording ${program.name}`);
    rows.push(tiered(await record(program), undefined));
  }
  const text = 'Recorded on the emulated machine; nothing was tuned on them.';
  if (rows.length > 0) add('tiers-guests', 'Tiers, traces of guest programs', text, rows);
}

const numa = (options.quick ? seeds.slice(0, 1) : seeds).map((seed) => {
  const trace = twoNodes({ seed, ...SCALE });
  return measure(trace, seed, numaMachine(trace.pages), NUMA_POLICIES);
});
add(
  'numa',
  'NUMA policies',
  'Threads on two nodes; the first one initialises all memory. In brackets: accesses to DRAM.',
  numa,
);

const folder = resolve(process.env.INIT_CWD ?? '.', options.out);
mkdirSync(folder, { recursive: true });
const draw = await createDraw();
if (draw === null) progress('no charts: vega and vega-lite are not installed');
else {
  for (const { file, title, spec } of charts) {
    writeFileSync(join(folder, `${file}.svg`), await draw(spec));
    parts.push(`![${title}](${file}.svg)`);
  }
}
const text = `# Policy laboratory\n\nTime relative to the oracle's (accesses to the fastest memory). The last column also says how much more time the oracle takes, at most, than the best placement there is.\n\n${parts.join('\n')}\n`;
writeFileSync(join(folder, 'lab.md'), text);
console.log(text);
progress(`written to ${folder}`);
