/**
 * From the start of a process to the guest's first instructions, which send a byte: `veridian run` of a static program under
 * the `linux` personality, and the machine alone through its package. The peer is a whole `node -e 0`, in turn with them.
 * Medians. Wall time ends when the byte arrives here; CPU time is what all threads of the process have used by then.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import '@veridian-os/cli'; // built before, and not older than its sources
import { Assembler, REG, elfImage } from '@veridian-os/machine-emulated/testing';
import { suite } from '../../../tools/bench.mjs';

const BASE = 0x100000;
const ROUNDS = 31;
const QUICK_ROUNDS = 3;
const COMMAND = fileURLToPath(new URL('../../cli/dist/bin.js', import.meta.url));
const MACHINE = fileURLToPath(new URL('start/machine.mjs', import.meta.url));

/** write(1, sp, 1), read(0, sp, 1), which waits, and exit(0). */
function program() {
  const a = new Assembler(BASE);
  a.li(REG.a7, 64).li(REG.a0, 1).i('addi', REG.a1, REG.sp, 0).li(REG.a2, 1).op('ecall');
  a.li(REG.a7, 63).li(REG.a0, 0).op('ecall').li(REG.a7, 93).li(REG.a0, 0).op('ecall');
  return elfImage(a.finish(), BASE, BASE);
}

/** CPU time of all threads of a process, ns. */
function threadsTime(pid) {
  const tasks = readdirSync(`/proc/${pid}/task`);
  return tasks.reduce(
    (sum, id) => sum + Number(readFileSync(`/proc/${pid}/task/${id}/schedstat`, 'utf8').split(' ')[0]),
    0,
  );
}

/** Nanoseconds from here to the first byte of a Node program, which then waits for the end of its input. */
async function toFirstByte(args) {
  const began = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const [bytes] = await Promise.race([once(child.stdout, 'data'), once(child, 'close')]);
  if (!Buffer.isBuffer(bytes)) throw new Error(`${args.join(' ')}: expected a byte, got exit status ${bytes}`);
  const sample = { wall: (performance.now() - began) * 1e6, cpu: threadsTime(child.pid) };
  // It ends in peace, so that it leaves a compile cache.
  child.stdin.end();
  await once(child, 'close');
  return sample;
}

/** Of a whole `node -e 0`, as bash measures it (to the millisecond, with getrusage); null without bash. */
function wholeNode() {
  const script = 'TIMEFORMAT="%3R %3U %3S"; time "$0" -e 0';
  const { status, stderr } = spawnSync('bash', ['-c', script, process.execPath], { encoding: 'utf8' });
  if (status !== 0) return null;
  const [wall, user, system] = stderr
    .trim()
    .split(' ')
    .map((seconds) => Number(seconds) * 1e9);
  return { wall, cpu: user + system };
}

const median = (samples, kind) => samples.map((sample) => sample[kind]).sort((a, b) => a - b)[samples.length >> 1];

await suite(async ({ record, quick }) => {
  if (process.platform !== 'linux' || wholeNode() === null)
    return console.log('  not measured: it needs Linux and bash');
  const folder = mkdtempSync(join(tmpdir(), 'veridian-start-'));
  const file = join(folder, 'program');
  writeFileSync(file, program());
  const cases = { 'veridian run': [COMMAND, 'run', file], 'the machine alone': [MACHINE] };
  const samples = { node: [], ...Object.fromEntries(Object.keys(cases).map((name) => [name, []])) };
  for (const args of Object.values(cases)) await toFirstByte(args); // a compile cache fills
  for (let round = 0; round < (quick ? QUICK_ROUNDS : ROUNDS); round++) {
    samples.node.push(wholeNode());
    for (const [name, args] of Object.entries(cases)) samples[name].push(await toFirstByte(args));
  }
  for (const name of Object.keys(cases)) {
    for (const [kind, unit] of Object.entries({ wall: 'wall time', cpu: 'CPU time' })) {
      const [oursNs, peerNs] = [median(samples[name], kind), median(samples.node, kind)];
      record({ case: `start, ${name}, ${unit}`, oursNs, peer: 'node -e 0', peerNs });
      console.log(`  first user instruction ${((oursNs - peerNs) / 1e6).toFixed(0)} ms above node -e 0`);
    }
  }
  rmSync(folder, { recursive: true });
});
