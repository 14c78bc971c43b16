/**
 * C programs (bench/compute), one static ELF each, in supervisor mode under Sv39 on this machine and on qemu-system-riscv64:
 * CPU seconds of both (ours with V8's compiler threads), least of some runs; QEMU's start-up, measured with one round, is
 * taken off. Needs riscv64-linux-gnu-gcc and qemu-system-riscv64; without them it measures nothing.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BareProgram, EmulatedMachine } from '@veridian-os/machine-emulated';
import { suite } from '../../../tools/bench.mjs';

const QUICK = process.argv.includes('--quick');
const RUNS = QUICK ? 1 : 2;
const SOURCES = fileURLToPath(new URL('compute/', import.meta.url));
/** Rounds for about a second of QEMU. */
const ROUNDS = {
  ...{ 'coremark-like': 600, 'dhrystone-like': 4000, sieve: 40, sha256: 200, quicksort: 20, 'list-walk': 800 },
  ...{ 'matmul-f64': 30, bytecode: 20, recursion: 100, memcpy: 8000, strsearch: 1200 },
};
const FLAGS = [
  ...['-O2', '-march=rv64gc', '-mabi=lp64d', '-mcmodel=medany', '-ffreestanding', '-nostdlib', '-static', '-fno-pic'],
  ...['-DSYSTEM', '-Wl,--build-id=none', '-Wl,--no-warn-rwx-segments', '-Wl,--defsym=BASE=0x80000000'],
];
const folder = mkdtempSync(join(tmpdir(), 'veridian-compute-'));

/** @returns path of the ELF, or null without a compiler */
function build(name, rounds) {
  const out = join(folder, `${name}-${rounds}`);
  const files = ['-T', `${SOURCES}system.ld`, `${SOURCES}start.S`, `${SOURCES}${name}.c`, '-o', out, '-lgcc'];
  const { status, error } = spawnSync('riscv64-linux-gnu-gcc', [...FLAGS, `-DROUNDS=${rounds}`, ...files]);
  return error === undefined && status === 0 ? out : null;
}

function toSeconds(text) {
  const [minutes, seconds] = text.replace('s', '').split('m');
  return Number(minutes) * 60 + Number(seconds);
}

/** CPU seconds of qemu-system-riscv64, or null when it is missing or the program fails. */
function qemuSeconds(file) {
  const command =
    'qemu-system-riscv64 -M virt -m 128 -bios none -display none -serial none -monitor none -kernel "$0"; s=$?; times; exit $s';
  const { status, stdout } = spawnSync('sh', ['-c', command, file]);
  if (status !== 0) return null;
  const children = stdout.toString().trim().split('\n').at(-1);
  return children.split(' ').reduce((sum, text) => sum + toSeconds(text), 0);
}

/** Of several: what is taken off must not be more than it was. */
function leastStartUp(file) {
  const times = Array.from({ length: 5 }, () => qemuSeconds(file));
  return times.includes(null) ? null : Math.min(...times);
}

function oursSeconds(file) {
  const machine = EmulatedMachine.create({ memoryBytes: 64 * 2 ** 20, maxContexts: 4 });
  new BareProgram(machine, readFileSync(file), () => undefined);
  const before = process.cpuUsage();
  const { kind, consumed } = machine.system.run(2e10);
  const used = process.cpuUsage(before);
  const { stopped } = machine.system;
  if (kind !== 'stopped' || stopped.code !== 0) throw new Error(`${file}: expected success, got ${kind}`);
  return { seconds: (used.user + used.system) / 1e6, instructions: consumed };
}

await suite(({ record }) => {
  const idle = build('list-walk', 1);
  const startUp = idle === null ? null : leastStartUp(idle);
  if (startUp === null) {
    console.log('  not measured: riscv64-linux-gnu-gcc or qemu-system-riscv64 is missing');
    return;
  }
  let logarithms = 0;
  for (const [name, rounds] of Object.entries(ROUNDS)) {
    const file = build(name, QUICK ? Math.ceil(rounds / 4) : rounds);
    const ours = Array.from({ length: RUNS }, () => oursSeconds(file));
    const peer = Array.from({ length: RUNS }, () => qemuSeconds(file) - startUp);
    const { instructions } = ours[0];
    const seconds = Math.min(...ours.map((run) => run.seconds));
    const theirs = Math.max(Math.min(...peer), 0.01);
    logarithms += Math.log(seconds / theirs);
    const perInstruction = 1e9 / instructions;
    record({
      case: `${name}, per instruction`,
      oursNs: seconds * perInstruction,
      peer: 'qemu-system-riscv64',
      peerNs: theirs * perInstruction,
    });
  }
  console.log(`  geometric mean: ${Math.exp(logarithms / Object.keys(ROUNDS).length).toFixed(2)}`);
});
rmSync(folder, { recursive: true });
