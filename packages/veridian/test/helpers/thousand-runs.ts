/**
 * A process of its own that runs programs on the machines it is told, in every way a run can end, and prints as JSON how
 * each ended and what the process held before and after. Arguments: MACHINE ISA COUNT, repeatedly. Needs --expose-gc.
 */
import type { Isa } from '@veridian-os/hal';
import type { MachineName } from '@veridian-os/veridian';
import { outcome, runKinds, type Place } from './run-kinds.js';
import { usage, type Usage } from './usage.js';

/** How long what ends by itself (processes, collected memory) may take on a busy host. */
const PATIENCE_MS = 60_000;
const NAP_MS = 50;

export interface Report {
  readonly runs: number;
  /** Runs that did not end as they should. */
  readonly wrong: readonly string[];
  /** Frames in use when a program ended by itself, by machine: always the same. */
  readonly frames: Readonly<Record<string, readonly number[]>>;
  readonly before: Usage;
  readonly after: Usage;
}

const places: (Place & { readonly count: number })[] = [];
for (let at = 2; at < process.argv.length; at += 3) {
  const [machine, isa, count] = process.argv.slice(at, at + 3);
  places.push({ machine: machine as MachineName, isa: isa as Isa, count: Number(count) });
}

const wrong: string[] = [];
const frames = new Map<string, Set<number>>();
let runs = 0;

async function runAll(place: Place, count: number): Promise<void> {
  const kinds = runKinds(place);
  for (let i = 0; i < count; i++) {
    const { name, ends, go } = kinds[i % kinds.length];
    const { text, frames: used } = await outcome(go());
    runs++;
    const label = `${place.machine}: ${name}`;
    if (!ends.test(text)) wrong.push(`${label}: ${text}`);
    if (name === 'exit') frames.set(place.machine, (frames.get(place.machine) ?? new Set<number>()).add(used));
  }
}

const nap = (): Promise<void> => new Promise((done) => setTimeout(done, NAP_MS));

/** What is held when nothing changes any more, or when it is no more than `wanted`. */
async function settled(wanted?: Usage): Promise<Usage> {
  const end = performance.now() + PATIENCE_MS;
  let last = usage();
  for (;;) {
    globalThis.gc?.();
    await nap();
    const now = usage();
    const isEnough = wanted === undefined ? JSON.stringify(now) === JSON.stringify(last) : isNoMore(now, wanted);
    if (isEnough || performance.now() > end) return now;
    last = now;
  }
}

const SLACK_MIB = 128;

function isNoMore(now: Usage, wanted: Usage): boolean {
  const { addressSpaceMiB, ...rest } = now;
  const { addressSpaceMiB: wantedMiB, ...wantedRest } = wanted;
  return JSON.stringify(rest) === JSON.stringify(wantedRest) && addressSpaceMiB <= wantedMiB + SLACK_MIB;
}

// Once each kind on each machine, for what is made once and kept: code, threads of the host, the reaper of children.
for (const place of places) await runAll(place, Math.min(place.count, runKinds(place).length));
const before = await settled();
for (const place of places) await runAll(place, place.count - Math.min(place.count, runKinds(place).length));
const after = await settled(before);

const report: Report = {
  runs,
  wrong,
  frames: Object.fromEntries([...frames].map(([machine, set]) => [machine, [...set]])),
  before,
  after,
};
process.stdout.write(JSON.stringify(report));
