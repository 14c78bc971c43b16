/**
 * C programs (bench/compute), one static ELF each, in supervisor mode under Sv39 on this machine and on qemu-system-riscv64:
 * CPU seconds of both (ours with V8's compiler threads), least of some runs; QEMU's start-up, measured with one round, is
 * taken off. `cold-350k` is generated (compute/cold.mjs). A second row has qemu-riscv64 on the same source, as a program of
 * user mode. Needs riscv64-linux-gnu-gcc and qemu-system-riscv64; without them it measures nothing.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BareProgram, EmulatedMachine } from '@veridian-os/machine-emulated';
import { suite } from '../../../tools/bench.mjs';
import { coldProgram } from './compute/cold.mjs';

const QUICK = process.argv.includes('--quick');
const RUNS = QUICK ? 1 : 2;
const SOURCES = fileURLToPath(new URL('compute/', import.meta.url));
/** Rounds for about a second of QEMU. */
const ROUNDS = {
  ...{ 'coremark-like': 600, 'dhrystone-like': 4000, sieve: 40, sha256: 200, quicksort: 20, 'list-walk': 800 },
  ...{ 'matmul-f64': 30, bytecode: 20, recursion: 100, memcpy: 8000, strsearch: 1200, 'cold-350k': 50 },
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

function toSeconds(text) {
  const [minutes, seconds] = text.replace('s', '').split('m');
  return Number(minutes) * 60 + Number(seconds);
}

const SYSTEM = 'qemu-system-riscv64 -M virt -m 128 -bios none -display none -serial none -monitor none -kernel';

/** CPU seconds of QEMU, or null when it is missing or the program fails. */
function qemuSeconds(file, qemu = SYSTEM) {
  const { status, stdout } = spawnSync('sh', ['-c', `${qemu} "$0"; s=$?; times; exit $s`, file]);
  if (status !== 0) return null;
  const children = stdout.toString().trim().split('\n').at(-1);
  return children.split(' ').reduce((sum, text) => sum + toSeconds(text), 0);
}

/** Of several: what is taken off must not be more than it was. */
function leastStartUp(file) {
  const times = Array.from({ length: 5 }, () => qemuSeconds(file));
  return times.includes(null) ? null : Math.min(...times);
}

/** CPU seconds of this machine. @throws Error when the program fails */
function oursSeconds(file) {
  const machine = EmulatedMachine.create({ memoryBytes: 64 * 2 ** 20, maxContexts: 4 });
  new BareProgram(machine, readFileSync(file), () => undefined);
  const before = process.cpuUsage();
  const { kind } = machine.system.run(2e10);
  const used = process.cpuUsage(before);
  const { stopped } = machine.system;
  if (kind !== 'stopped' || stopped.code !== 0) throw new Error(`${file}: expected success, got ${kind}`);
  return (used.user + used.system) / 1e6;
}

await suite(({ record }) => {
  const idle = build('list-walk', 1);
  const startUp = idle === null ? null : leastStartUp(idle);
  if (startUp === null) {
    console.log('  not measured: riscv64-linux-gnu-gcc or qemu-system-riscv64 is missing');
    return;
  }
  const logarithms = [];
  for (const [name, fullRounds] of Object.entries(ROUNDS)) {
    const rounds = QUICK ? Math.ceil(fullRounds / 4) : fullRounds;
    const file = build(name, rounds);
    const program = build(name, rounds, 'user');
    const ours = Math.min(...Array.from({ length: RUNS }, () => oursSeconds(file)));
    const system = Math.min(...Array.from({ length: RUNS }, () => qemuSeconds(file))) - startUp;
    const user = Math.min(...Array.from({ length: RUNS }, () => qemuSeconds(program, 'qemu-riscv64') ?? NaN));
    const theirs = Math.max(system, 0.01);
    if (name !== 'cold-350k') logarithms.push(Math.log(ours / theirs));
    record({ case: name, oursNs: ours * 1e9, peer: 'qemu-system-riscv64', peerNs: theirs * 1e9 });
    const peer = Number.isNaN(user) ? {} : { peer: 'qemu-riscv64', peerNs: user * 1e9 };
    record({ case: `${name}, user mode of QEMU`, oursNs: ours * 1e9, ...peer });
  }
  console.log(
    `  geometric mean: ${Math.exp(logarithms.reduce((sum, value) => sum + value, 0) / logarithms.length).toFixed(2)}`,
  );
});
rmSync(folder, { recursive: true });
