/** System calls of machine code, from trap to trap, beside qemu-riscv64 (which hands them to the host's Linux). */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKernel, writeFile } from '@veridian-os/kernel';
import { linux } from '@veridian-os/linux';
import { EmulatedMachine } from '@veridian-os/machine-emulated';
import { suite } from '../../../tools/bench.mjs';
import { DATA, loopProgram } from './programs.mjs';

const folder = mkdtempSync(join(tmpdir(), 'veridian-calls-'));
const hasPeer = spawnSync('qemu-riscv64', ['--version']).status === 0;
const quick = process.argv.includes('--quick');

/** Nanoseconds of a whole run here, boot excluded. */
function ours(program) {
  const kernel = createKernel({
    machine: EmulatedMachine.create({ memoryBytes: 16 << 20 }),
    personalities: [linux()],
    verbose: false,
  });
  writeFile(kernel, '/bin/bench', program, 0o755);
  const process = kernel.launch({ path: '/bin/bench', args: ['bench'], files: [] });
  const start = performance.now();
  while (process.end === undefined) kernel.step();
  const elapsed = (performance.now() - start) * 1e6;
  if (process.end.kind !== 'exit') throw new Error(`ended by ${process.end.kind} ${process.end.value}`);
  kernel.machine.dispose();
  return elapsed;
}

function theirs(program) {
  const file = join(folder, 'program');
  writeFileSync(file, program);
  chmodSync(file, 0o755);
  const start = performance.now();
  const { status } = spawnSync('qemu-riscv64', [file]);
  if (status !== 0) throw new Error(`qemu-riscv64: ${status}`);
  return (performance.now() - start) * 1e6;
}

/** Fastest long run minus fastest short one: start and end cancel out, and so does what else the machine is doing. */
function perLoop(run, description, count) {
  const [long, short] = [loopProgram(count, description), loopProgram(count / 10, description)];
  const [longest, shortest] = [[], []];
  for (let round = 0; round < (quick ? 2 : 7); round++) {
    longest.push(run(long));
    shortest.push(run(short));
  }
  return Math.max(Math.min(...longest) - Math.min(...shortest), 0) / (count * 0.9);
}

const PIPE = { setUp: [[59, DATA, 0]] };
const cases = [
  { name: 'getpid', count: 500_000, loop: [[172]] },
  { name: 'clock_gettime', count: 500_000, loop: [[113, 1, DATA]] },
  {
    name: 'pipe: write 1 byte, read 1 byte',
    count: 200_000,
    ...PIPE,
    loop: [
      [64, 4, DATA, 1],
      [63, 3, DATA, 1],
    ],
  },
  {
    name: 'pipe: write 4 KiB, read 4 KiB',
    count: 100_000,
    ...PIPE,
    loop: [
      [64, 4, DATA, 4096],
      [63, 3, DATA, 4096],
    ],
  },
  {
    name: 'mmap and munmap of 64 KiB',
    count: 100_000,
    loop: [
      [222, 0x4000_0000, 65536, 3, 0x32, -1, 0],
      [215, 0x4000_0000, 65536],
    ],
  },
  { name: 'futex wake without waiters', count: 500_000, loop: [[98, DATA, 129, 1]] },
  { name: 'rt_sigprocmask', count: 500_000, loop: [[135, 0, DATA, DATA + 8, 8]] },
];

await suite(async ({ record }) => {
  for (const { name, count, setUp, loop } of cases) {
    const size = quick ? count / 10 : count;
    record({
      case: name,
      oursNs: perLoop(ours, { setUp, loop }, size),
      ...(hasPeer ? { peer: 'qemu-riscv64', peerNs: perLoop(theirs, { setUp, loop }, size) } : {}),
    });
  }
});
rmSync(folder, { recursive: true, force: true });
