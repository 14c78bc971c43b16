/**
 * Runs a whole program under the kernel's `linux` personality on the emulated machine: `run.mjs NAME FILE` prints CPU seconds
 * from its bytes to its result, and the process's peak memory.
 */
import { readFileSync } from 'node:fs';
import { EmulatedMachine, run } from '@veridian-os/veridian';
import { PROGRAMS, workFiles } from '../linux/workload.mjs';

const MEMORY = 256 << 20;

const [name, file] = process.argv.slice(2);
const [program, ...args] = PROGRAMS[name];
const files = Object.fromEntries(Object.entries(workFiles()).map(([path, text]) => [`/${path}`, text]));
const bytes = readFileSync(file);
const machine = EmulatedMachine.create({ memoryBytes: MEMORY });
const before = process.cpuUsage();
const { status, stderr } = await run(bytes, { machine, name: program, args, files });
const used = process.cpuUsage(before);
if (status !== 0) throw new Error(`${name}: expected status 0, got ${status}: ${Buffer.from(stderr)}`);
const { wasmBytes, guestBytes } = machine.translation;
const figures = {
  peakBytes: process.resourceUsage().maxRSS * 1024,
  ...(guestBytes > 0 ? { wasmRatio: wasmBytes / guestBytes } : {}),
};
process.stdout.write(JSON.stringify({ seconds: (used.user + used.system) / 1e6, ...figures }));
