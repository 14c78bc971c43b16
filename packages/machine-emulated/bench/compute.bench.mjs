/**
 * C programs (bench/compute), one static ELF each, in supervisor mode under Sv39 on this machine and on qemu-system-riscv64:
 * CPU seconds of both (ours with V8's compiler threads), least of some runs; QEMU's start-up, measured with one round, is
 * taken off. `cold-350k` is generated (compute/cold.mjs). A second row has qemu-riscv64 on the same source, as a program of
 * user mode. With a second Node (processes.mjs) each case has a row for it. Peak memory is that of the whole process (ours:
 * Node and the first run), `wasm` the bytes of WebAssembly per byte of guest code that has been translated.
 * Needs riscv64-linux-gnu-gcc and qemu-system-riscv64; without them it measures nothing.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from '../../../tools/bench.mjs';
import { coldProgram } from './compute/cold.mjs';
import { nodes, runNode, runPeer } from './processes.mjs';

const QUICK = process.argv.includes('--quick');
const RUNS = QUICK ? 1 : 2;
const SOURCES = fileURLToPath(new URL('compute/', import.meta.url));
/** Rounds for about a second of QEMU. */
const ROUNDS = {
  ...{ 'coremark-like': 900, 'dhrystone-like': 4000, sieve: 70, sha256: 700, quicksort: 28, 'list-walk': 1700 },
  ...{ 'matmul-f64': 30, bytecode: 20, recursion: 120, memcpy: 8000, strsearch: 1800, 'cold-350k': 50 },
};
const FLAGS = [
  ...['-O2', '-march=rv64gc', '-mabi=lp64d', '-mcmodel=medany', '-ffreestanding', '-nostdlib', '-static', '-fno-pic'],
  ...['-Wl,--build-id=none', '-Wl,--no-warn-rwx-segments'],
];
const TARGETS = { system: ['-DSYSTEM', '-Wl,--defsym=BASE=0x80000000'], user: ['-Wl,--defsym=BASE=0x10000'] };
const folder = mkdtempSync(join(tmpdir(), 'veridian-compute-'));

/** @returns path of the ELF, or null without a compiler */
function build(name, rounds, target = 'system') {
  const out = join(folder, `${name}-${rounds}-${target}`);
  const files = ['-T', `${SOURCES}system.ld`, `${SOURCES}start.S`, sourceOf(name, rounds), '-o', out, '-lgcc'];
  const flags = [...FLAGS, ...TARGETS[target], `-DROUNDS=${rounds}`];
  const { status, error } = spawnSync('riscv64-linux-gnu-gcc', [...flags, ...files]);
  return error === undefined && status === 0 ? out : null;
}

function sourceOf(name, rounds) {
  if (name !== 'cold-350k') return `${SOURCES}${name}.c`;
  const file = join(folder, `${name}.S`);
  writeFileSync(file, coldProgram(rounds));
  return file;
}

const SYSTEM = 'qemu-system-riscv64 -M virt -m 128 -bios none -display none -serial none -monitor none -kernel'.split(
  ' ',
);

/** The least CPU time of some runs, the greatest peak; null when the peer is missing or the program fails. */
async function least(runs, command) {
  const results = [];
  for (let i = 0; i < runs; i++) results.push(await runPeer(command));
  if (results.includes(null)) return null;
  const [seconds, peaks] = [results.map((one) => one.seconds), results.map((one) => one.peakBytes)];
  return { seconds: Math.min(...seconds), peakBytes: Math.max(...peaks) };
}

/** Records a case for one Node; @returns ours / qemu-system */
function recordCase(record, name, ours, { system, user }) {
  const oursNs = Math.min(...ours.seconds) * 1e9;
  const peerNs = Math.max(system.seconds, 0.01) * 1e9;
  const { peakBytes, wasmBytes, guestBytes } = ours;
  const memory = { peakBytes, ...(guestBytes > 0 ? { wasmRatio: wasmBytes / guestBytes } : {}) };
  record({ case: name, oursNs, peer: 'qemu-system-riscv64', peerNs, ...memory, peerPeakBytes: system.peakBytes });
  const peer = user === null ? {} : { peer: 'qemu-riscv64', peerNs: user.seconds * 1e9, peerPeakBytes: user.peakBytes };
  record({ case: `${name}, user mode of QEMU`, oursNs, ...peer });
  return oursNs / peerNs;
}

const geometricMean = (values) => Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

/** Ratios of all cases, a column for each Node; cold code is no part of the means. */
function printTable(ratios) {
  const columns = [...ratios.values()];
  const line = (name, numbers) =>
    console.log(`  ${name.padEnd(36)}${numbers.map((number) => number.toFixed(2).padStart(14)).join('')}`);
  const names = nodes().map(({ suffix }) => (suffix === '' ? `Node ${process.versions.node}` : suffix.slice(2)));
  console.log(`\n  ${'ours / qemu-system-riscv64'.padEnd(36)}${names.map((name) => name.padStart(14)).join('')}`);
  const cases = Object.keys(columns[0]);
  for (const name of cases)
    line(
      name,
      columns.map((column) => column[name]),
    );
  const means = { 'geometric mean': ['cold-350k'], 'geometric mean without sieve': ['cold-350k', 'sieve'] };
  for (const [name, without] of Object.entries(means)) {
    const some = cases.filter((each) => !without.includes(each));
    line(
      name,
      columns.map((column) => geometricMean(some.map((each) => column[each]))),
    );
  }
}

await suite(async ({ record }) => {
  const idle = build('list-walk', 1);
  // Of several: what is taken off must not be more than it was.
  const startUp = idle === null ? null : await least(5, [...SYSTEM, idle]);
  if (startUp === null) {
    console.log('  not measured: riscv64-linux-gnu-gcc or qemu-system-riscv64 is missing');
    return;
  }
  const ratios = new Map(nodes().map(({ suffix }) => [suffix, {}]));
  for (const [name, fullRounds] of Object.entries(ROUNDS)) {
    const rounds = QUICK ? Math.ceil(fullRounds / 4) : fullRounds;
    const file = build(name, rounds);
    const program = build(name, rounds, 'user');
    const ours = nodes().map((node) => ({
      ...node,
      figures: runNode(node.path, 'compute/run.mjs', [file, String(RUNS)]),
    }));
    const whole = await least(RUNS, [...SYSTEM, file]);
    const system = { ...whole, seconds: whole.seconds - startUp.seconds };
    const user = await least(RUNS, ['qemu-riscv64', program]);
    for (const { suffix, figures } of ours)
      ratios.get(suffix)[name] = recordCase(record, `${name}${suffix}`, figures, { system, user });
  }
  printTable(ratios);
});
rmSync(folder, { recursive: true });
