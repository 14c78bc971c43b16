/** Runs a bare ELF some times on machines of their own: `run.mjs FILE RUNS` prints CPU seconds of each, and memory. */
import { readFileSync } from 'node:fs';
import { BareProgram, EmulatedMachine } from '@veridian-os/machine-emulated';

const [file, runs] = process.argv.slice(2);
const elf = readFileSync(file);
const seconds = [];
let figures = {};
for (let i = 0; i < Number(runs); i++) {
  const machine = EmulatedMachine.create({ memoryBytes: 64 * 2 ** 20, maxContexts: 4 });
  new BareProgram(machine, elf, () => undefined);
  const before = process.cpuUsage();
  const { kind } = machine.system.run(2e10);
  const used = process.cpuUsage(before);
  const { stopped } = machine.system;
  if (kind !== 'stopped' || stopped.code !== 0) throw new Error(`${file}: expected success, got ${kind}`);
  seconds.push((used.user + used.system) / 1e6);
  if (i > 0) continue;
  const { wasmBytes, guestBytes } = machine.translation;
  figures = { wasmBytes, guestBytes, peakBytes: process.resourceUsage().maxRSS * 1024 };
}
process.stdout.write(JSON.stringify({ seconds, ...figures }));
