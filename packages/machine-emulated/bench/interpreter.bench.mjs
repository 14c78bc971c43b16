/**
 * Nanoseconds per guest instruction, Sv39 on, beside qemu-riscv64 on the same ELF in the same run. Both sides are CPU
 * time (user + system; ours includes V8's compiler threads), because the machine may be busy; QEMU's start-up, measured
 * with one round, is taken off.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from '../../../tools/bench.mjs';
import { runImage } from './hosted.mjs';
import { programs } from './programs.mjs';

const QUICK = process.argv.includes('--quick');
const RUNS = QUICK ? 1 : 3;
const folder = mkdtempSync(join(tmpdir(), 'veridian-mips-'));

/** CPU seconds of qemu-riscv64 on an image, or null when it is not installed. */
function qemuSeconds(elf) {
  const file = join(folder, 'image');
  writeFileSync(file, elf);
  chmodSync(file, 0o755);
  const { status, stdout } = spawnSync('sh', ['-c', 'qemu-riscv64 "$0" >/dev/null; s=$?; times; exit $s', file]);
  if (status !== 0) return null;
  const children = stdout.toString().trim().split('\n').at(-1); // 0m0.12s 0m0.01s
  return children.split(' ').reduce((sum, text) => sum + toSeconds(text), 0);
}

function toSeconds(text) {
  const [minutes, seconds] = text.replace('s', '').split('m');
  return Number(minutes) * 60 + Number(seconds);
}

function oursSeconds(elf) {
  const before = process.cpuUsage();
  const instructions = runImage(elf);
  const used = process.cpuUsage(before);
  return { seconds: (used.user + used.system) / 1e6, instructions };
}

function least(count, measure) {
  return Math.min(...Array.from({ length: count }, measure));
}

await suite(async ({ record }) => {
  for (const { name, build, rounds } of programs) {
    const elf = build(QUICK ? rounds / 4 : rounds);
    const idle = build(1);
    oursSeconds(idle);
    const { instructions } = oursSeconds(elf);
    const ours = least(RUNS, () => oursSeconds(elf).seconds);
    const qemu = qemuSeconds(elf) === null ? null : least(RUNS, () => qemuSeconds(elf)) - qemuSeconds(idle);
    const result = { case: `${name}, per instruction`, oursNs: (ours * 1e9) / instructions };
    record(qemu === null ? result : { ...result, peer: 'qemu-riscv64', peerNs: (qemu * 1e9) / instructions });
    console.log(`  ${name}: ${instructions} instructions, ${(instructions / ours / 1e6).toFixed(0)} MIPS`);
  }
});
rmSync(folder, { recursive: true });
