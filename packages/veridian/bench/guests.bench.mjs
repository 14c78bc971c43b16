/**
 * What a Linux program pays in the kernel, beside the host's own Linux doing the same (host.c, if there is a compiler) and
 * qemu-riscv64 on the same executable (whose system calls and page faults are the host's):
 *
 * process switch    two processes that send a byte back and forth: two switches of address space per round trip
 * thread switch     the same with two threads
 * fork-exec-wait    a child that runs another program and ends
 * page fault        a fresh page of memory, mapped and unmapped 64 at a time
 *
 * Time of a long run minus that of a short one, the least of some rounds: start and end cancel out.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKernel, EmulatedMachine, linux } from '@veridian-os/veridian';
import { exits, forkExecLoop, pingPong, touchesPages } from '@veridian-os/veridian/testing';
import { writeFile } from '@veridian-os/kernel';
import { suite } from '../../../tools/bench.mjs';

const PAGES = 64;
const ROUNDS = process.argv.includes('--quick') ? 2 : 7;
const folder = mkdtempSync(join(tmpdir(), 'veridian-guests-'));
function ours(program) {
  const machine = EmulatedMachine.create({ memoryBytes: 32 << 20 });
  const kernel = createKernel({ machine, personalities: [linux()], verbose: false });
  writeFile(kernel, '/bin/loop', program, 0o755);
  writeFile(kernel, '/bin/child', exits(0), 0o755);
  const first = kernel.launch({ path: '/bin/loop', args: ['loop'], files: [] });
  const start = performance.now();
  while (first.end === undefined) kernel.step();
  const elapsed = performance.now() - start;
  if (first.end.value !== 0) throw new Error(`the loop ended with ${first.end.kind} ${first.end.value}`);
  kernel.shutdown();
  return elapsed;
}

function executed(file, args) {
  const start = performance.now();
  const { status } = spawnSync(file, args);
  if (status !== 0) throw new Error(`${file} ${args.join(' ')}: ${status}`);
  return performance.now() - start;
}

function onQemu(program) {
  const file = join(folder, 'program');
  writeFileSync(file, program);
  chmodSync(file, 0o755);
  return executed('qemu-riscv64', [file]);
}

const host = join(folder, 'host');
const hasHost =
  spawnSync('cc', ['-O2', '-static', '-pthread', '-o', host, join(import.meta.dirname, 'host.c')]).status === 0;
const hasQemu = spawnSync('qemu-riscv64', ['--version']).status === 0;

/** Nanoseconds per repetition of what `run(count)` times in ms. */
function perRepetition(run, count) {
  const [long, short] = [[], []];
  run(count / 10);
  for (let round = 0; round < ROUNDS; round++) {
    long.push(run(count));
    short.push(run(count / 10));
  }
  return (Math.max(Math.min(...long) - Math.min(...short), 0) * 1e6) / (count * 0.9);
}

const cases = [
  { name: 'process switch (pipe round trip)', count: 20_000, make: (n) => pingPong(n, 'process'), mode: 'processes' },
  { name: 'thread switch (pipe round trip)', count: 20_000, make: (n) => pingPong(n, 'thread'), mode: 'threads' },
  { name: 'fork-exec-wait', count: 1000, make: (n) => forkExecLoop(n, '/bin/child'), mode: 'spawn', isOurs: true },
  { name: 'page fault', count: 500, make: (n) => touchesPages(n, PAGES), mode: 'touch', each: PAGES },
];

await suite(async ({ record }) => {
  for (const { name, count, make, mode, isOurs = false, each = 1 } of cases) {
    const oursNs = perRepetition((n) => ours(make(n)), count) / each;
    const peers = [
      ...(hasHost ? [['Linux on the host', (n) => executed(host, [mode, String(n)])]] : []),
      ...(hasQemu && !isOurs ? [['qemu-riscv64', (n) => onQemu(make(n))]] : []),
    ];
    if (peers.length === 0) record({ case: name, oursNs });
    for (const [peer, run] of peers) {
      record({ case: `${name}, ${peer}`, oursNs, peer, peerNs: perRepetition(run, count) / each });
    }
  }
});
rmSync(folder, { recursive: true });
