/** Whether QEMU works here: asked by running it, never by looking for a file or a device. */
import type { Isa } from '@veridian-os/hal';
import type { QemuProbe } from './api.js';
import { nodeChildProcess } from './node.js';
import { QemuMachine } from './machine.js';
import { sharingProblem } from './sharing/open.js';

export interface ProbeOptions {
  /** Default `auto`, as a machine's. */
  readonly accelerator?: 'auto' | 'tcg' | 'kvm';
  /** Executable; default `qemu-system-ISA` on PATH. */
  readonly qemu?: string;
  /** How long a machine may take to start; default 5,000. */
  readonly timeoutMs?: number;
}

const SMALLEST = 4 * 1024 * 1024;
const VERSION = /version (\d+\.\d+\S*)/;

/** Asks QEMU for its version, then starts a machine and runs its monitor. Blocks; never longer than twice the timeout. */
export function probeQemu(isa: Isa, options: ProbeOptions = {}): QemuProbe {
  const { accelerator = 'auto', qemu = `qemu-system-${isa}`, timeoutMs = 5000 } = options;
  const no = (reason: string): QemuProbe => ({ ok: false, reason });
  const asked = nodeChildProcess().spawnSync(qemu, ['--version'], { encoding: 'utf8', timeout: timeoutMs });
  if (asked.error !== undefined) return no(`${qemu} does not run (${asked.error.message}).`);
  const version = VERSION.exec(asked.stdout)?.[1];
  if (version === undefined) return no(`${qemu} --version does not say what it is.`);
  const begun = performance.now();
  try {
    const options = { isa, accelerator, qemu, memoryBytes: SMALLEST, maxContexts: 1, hangMs: timeoutMs };
    const machine = QemuMachine.create(options);
    machine.dispose();
    const startMs = performance.now() - begun;
    const slower = sharingProblem();
    const found = { version, accelerator: machine.accelerator, startMs };
    return { ok: true, ...found, ...(slower === undefined ? {} : { slower }) };
  } catch (error) {
    return no(`${qemu} ${version} (${accelerator}) does not start a machine: ${(error as Error).message}`);
  }
}
