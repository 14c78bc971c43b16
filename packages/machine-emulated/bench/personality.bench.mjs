/**
 * Whole programs under our kernel's `linux` personality on the emulated machine, beside qemu-riscv64, whose system calls are the
 * host's; `-- linux` has the same programs in a full system. CPU time of the program from its bytes to its result (ours) and of
 * the whole process (the peer, which starts in 10 ms), least of some runs in turn, and peak memory. With a second Node
 * (processes.mjs) there are rows for it. Needs the fetched programs (tools/fetch-programs.mjs --dynamic).
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import '@veridian-os/veridian'; // built before
import { locateProgram } from '../../../programs/locate.mjs';
import { suite } from '../../../tools/bench.mjs';
import { PROGRAMS, workFiles } from './linux/workload.mjs';
import { nodes, runNode, runPeer } from './processes.mjs';

const RUNS = 3;

/** The programs' arguments for a tree that is a folder of the host. */
const moved = (folder, args) =>
  args.map((arg) =>
    arg.replace(/^(--outfile=)?\/(tmp|src)\//, (_, option = '', name) => `${option}${folder}/${name}/`),
  );

function least(results) {
  const found = results.filter((result) => result !== null);
  if (found.length === 0) return null;
  const [seconds, peaks] = [found.map((one) => one.seconds), found.map((one) => one.peakBytes)];
  return { ...found[0], seconds: Math.min(...seconds), peakBytes: Math.max(...peaks) };
}

async function measure(record, folder, [name, [program, ...args]], runs) {
  const { path: file } = locateProgram(program);
  const ours = nodes().map((node) => ({ ...node, results: [] }));
  const theirs = [];
  for (let i = 0; i < runs; i++) {
    for (const { path, results } of ours) results.push(runNode(path, 'personality/run.mjs', [name, file]));
    theirs.push(await runPeer(['qemu-riscv64', file, ...moved(folder, args)]));
  }
  const their = least(theirs);
  const peer =
    their === null ? {} : { peer: 'qemu-riscv64', peerNs: their.seconds * 1e9, peerPeakBytes: their.peakBytes };
  for (const { suffix, results } of ours) {
    const { seconds, ...figures } = least(results);
    record({ case: `${name}, linux personality${suffix}`, oursNs: seconds * 1e9, ...figures, ...peer });
  }
}

await suite(async ({ record, quick }) => {
  const missing = ['busybox', 'esbuild'].find((name) => locateProgram(name) === undefined);
  if (missing !== undefined) return console.log(`  not measured: ${missing} is missing`);
  const folder = mkdtempSync(join(tmpdir(), 'veridian-personality-'));
  for (const [path, text] of Object.entries(workFiles())) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  for (const entry of Object.entries(PROGRAMS)) await measure(record, folder, entry, quick ? 1 : RUNS);
  rmSync(folder, { recursive: true });
});
