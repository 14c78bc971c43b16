/** Boots the images in a folder (bios, kernel, initrd): `run.mjs FOLDER COMMAND_LINE MEMORY` prints what its marks say. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EmulatedMachine } from '@veridian-os/machine-emulated';
import { Marks } from './marks.mjs';

const STEP = 5_000_000;

const [folder, commandLine, memory] = process.argv.slice(2);
const [bios, kernel, initrd] = ['bios', 'kernel', 'initrd'].map((name) => readFileSync(join(folder, name)));
const before = process.cpuUsage();
const marks = new Marks(
  () => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) * 1000;
  },
  () => process.resourceUsage().maxRSS * 1024,
);
const output = (bytes) => marks.hear(String.fromCharCode(...bytes));
const machine = EmulatedMachine.create({ memoryBytes: Number(memory), codePages: 4096, console: { output } });
machine.boot({ bios, kernel, initrd, commandLine });
while (machine.system.run(STEP).kind !== 'stopped');
const { wasmBytes, guestBytes } = machine.translation;
machine.dispose();
process.stdout.write(JSON.stringify({ spent: marks.spent, peaks: marks.peaks, wasmRatio: wasmBytes / guestBytes }));
