/**
 * Whole programs through the kernel, beside the host running them natively: computation by its CPU time, a busybox sh loop from start to end, and how long it takes until a program's first instruction runs.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KvmMachine, probeKvmSync } from '@veridian-os/machine-kvm';
import { run } from '@veridian-os/veridian';
import { locateProgram } from '../../../programs/locate.mjs';
import { suite } from '../../../tools/bench.mjs';

const ITERATIONS = 20_000;
/** Rounds of the computation: about a second. */
const ROUNDS = 250;
const SCRIPT = `i=0; while [ $i -lt ${ITERATIONS} ]; do i=$((i+1)); done; echo $i`;
/** `mov $60, %eax; xor %edi, %edi; syscall` as an ELF file of 132 bytes. */
const EXIT = [0xb8, 60, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05];

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const best = (values) => Math.min(...values);

/** The smallest static executable: one segment, nine bytes of code. */
function smallest() {
  const bytes = new Uint8Array(0x78 + EXIT.length);
  const view = new DataView(bytes.buffer);
  const BASE = 0x400000n;
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint32(0x10, (62 << 16) | 2, true);
  view.setUint32(0x14, 1, true);
  view.setBigUint64(0x18, BASE + 0x78n, true);
  view.setBigUint64(0x20, 0x40n, true);
  view.setUint32(0x34, (0x38 << 16) | 0x40, true);
  view.setUint32(0x38, 1, true);
  view.setUint32(0x40, 1, true);
  view.setUint32(0x44, 5, true);
  view.setBigUint64(0x50, BASE, true);
  view.setBigUint64(0x58, BASE, true);
  for (const at of [0x60, 0x68]) view.setBigUint64(at, BigInt(bytes.length), true);
  view.setBigUint64(0x70, 0x1000n, true);
  bytes.set(EXIT, 0x78);
  return bytes;
}

async function ours(bytes, options) {
  const machine = KvmMachine.create();
  const start = performance.now();
  const result = await run(bytes, { machine, ...options });
  if (result.kind !== 'exit' || result.status !== 0) throw new Error(`${result.kind}: ${result.status}`);
  return { ms: performance.now() - start, text: new TextDecoder().decode(result.stdout) };
}

function native(file, args) {
  const start = performance.now();
  const { stdout, status } = spawnSync(file, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${file}: ${status}`);
  return { ms: performance.now() - start, text: stdout };
}

/** CPU time, user and system, of this thread, which enters the guest, ns. (Node's other threads compile and collect.) */
const threadTime = () =>
  Number(readFileSync(`/proc/${process.pid}/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]);

async function spend(bytes, options) {
  const machine = KvmMachine.create();
  const [cpu, start] = [threadTime(), performance.now()];
  await run(bytes, { machine, ...options });
  return { cpu: threadTime() - cpu, elapsed: (performance.now() - start) * 1e6 };
}

function spendNatively(file, args) {
  const { ms, text } = native(file, args);
  return { cpu: Number(text.split(' ')[0]), elapsed: ms * 1e6 };
}

/** Time of many rounds without that of none: start and end do not count. */
async function compute(record, repeats) {
  const folder = mkdtempSync(join(tmpdir(), 'veridian-bench-'));
  try {
    const file = join(folder, 'compute');
    const { status } = spawnSync('cc', ['-O2', '-static', '-o', file, join(import.meta.dirname, 'compute.c')]);
    if (status !== 0) return console.log('computation: not here: needs a C compiler with a static C library');
    const bytes = readFileSync(file);
    for (const kind of ['alu', 'memory']) {
      const args = (rounds) => [kind, String(rounds)];
      const mine = [];
      const peer = [];
      for (let i = 0; i < repeats; i++) {
        for (const rounds of [ROUNDS, 0]) {
          mine.push(await spend(bytes, { name: 'compute', args: args(rounds) }));
          peer.push(spendNatively(file, args(rounds)));
        }
      }
      const report = (title, key, choose) => {
        const figure = (all) => choose(all.flatMap((run, i) => (i % 2 ? [] : [run[key] - all[i + 1][key]])));
        record({ case: `computation (${kind}), ${title}`, oursNs: figure(mine), peer: 'native', peerNs: figure(peer) });
      };
      report('CPU time: median', 'cpu', median);
      report('elapsed: best', 'elapsed', best);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function shell(record, rounds) {
  const found = locateProgram('busybox-x86_64');
  if (found === undefined || !existsSync(found.path)) {
    return console.log('busybox sh: not here: node tools/fetch-programs.mjs');
  }
  const bytes = readFileSync(found.path);
  const options = { name: 'busybox', args: ['sh', '-c', SCRIPT] };
  const mine = [];
  const peer = [];
  for (let round = 0; round < rounds; round++) {
    mine.push((await ours(bytes, options)).ms);
    peer.push(native(found.path, options.args).ms);
  }
  const title = `busybox sh, ${ITERATIONS} iterations, from boot to end`;
  record({ case: `${title}: best`, oursNs: best(mine) * 1e6, peer: 'native', peerNs: best(peer) * 1e6 });
  record({ case: `${title}: median`, oursNs: median(mine) * 1e6, peer: 'native', peerNs: median(peer) * 1e6 });
}

/** From the machine's creation, and from the kernel's boot, to the first instruction of a program. */
async function start(record, rounds) {
  const bytes = smallest();
  const create = [];
  const first = [];
  for (let round = 0; round < rounds; round++) {
    const begun = performance.now();
    const machine = KvmMachine.create();
    create.push(performance.now() - begun);
    const [cpu] = machine.cpus;
    const { run: enter } = cpu;
    const booted = performance.now();
    let at = 0;
    cpu.run = function (...values) {
      at ||= performance.now();
      return enter.apply(this, values);
    };
    await run(bytes, { machine });
    first.push(at - booted);
  }
  record({ case: 'machine made', oursNs: median(create) * 1e6 });
  record({ case: 'kernel booted, process made, first instruction', oursNs: median(first) * 1e6 });
}

await suite(async ({ record, quick }) => {
  const probe = probeKvmSync();
  if (!probe.available) return console.log(`not here: ${probe.problem}`);
  const rounds = quick ? 2 : 15;
  await start(record, rounds);
  await shell(record, quick ? 2 : 60);
  await compute(record, quick ? 1 : 7);
});
