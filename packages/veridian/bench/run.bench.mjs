/**
 * `run` from call to result for the smallest program there is, and from boot to the first user instruction, beside starting
 * qemu-riscv64 on the same executable. Memory is the default of 256 MiB, and 16 MiB.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKernel, EmulatedMachine, linux, run } from '@veridian-os/veridian';
import { writeFile } from '@veridian-os/kernel';
import { exits } from '@veridian-os/veridian/testing';
import { suite } from '../../../tools/bench.mjs';

const program = exits(0);
const folder = mkdtempSync(join(tmpdir(), 'veridian-run-'));
const file = join(folder, 'program');
writeFileSync(file, program);
chmodSync(file, 0o755);
const hasQemu = spawnSync('qemu-riscv64', [file]).status === 0;
const peer = hasQemu ? { peer: 'qemu-riscv64', peerFn: () => spawnSync('qemu-riscv64', [file]) } : {};

/** A new machine and kernel, and the program up to its first instruction. */
function bootToProgram() {
  const machine = EmulatedMachine.create({ memoryBytes: 16 << 20 });
  const kernel = createKernel({ machine, personalities: [linux()], verbose: false });
  writeFile(kernel, '/bin/program', program, 0o755);
  const first = kernel.launch({ path: '/bin/program', args: ['program'], files: [] });
  while (first.end === undefined) kernel.step();
}

await suite(async ({ bench }) => {
  await bench({ case: 'boot and first user instructions, 16 MiB', ours: bootToProgram, ...peer });
  const limits = { memory: 16 << 20 };
  await bench({ case: 'run() of exit(0), 16 MiB', ours: () => run(program, { limits }), ...peer });
  await bench({ case: 'run() of exit(0), 256 MiB', ours: () => run(program), ...peer });
});
rmSync(folder, { recursive: true });
