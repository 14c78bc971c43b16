/** The reference kernel with its shell, as `veridian start` has it at a terminal. Runs wherever JavaScript does. */
import { programs } from '@veridian-os/shell';
import { createKernel, EmulatedMachine, KernelDriver, linux } from '@veridian-os/veridian';
import type { Computer, Screen } from './protocol.js';

const MEMORY_BYTES = 128 << 20;

export async function bootKernel(screen: Screen): Promise<Computer> {
  const machine = await EmulatedMachine.createAsync({
    memoryBytes: MEMORY_BYTES,
    console: { output: (bytes) => screen.output(bytes) },
  });
  const kernel = createKernel({
    machine,
    personalities: [linux()],
    programs,
    host: { epochMs: Date.now() - performance.now(), hostNow: () => performance.now() },
  });
  const driver = new KernelDriver(kernel, { time: 'paced' });
  kernel.resize(screen.rows, screen.columns);
  const files = [0, 1, 2].map(() => {
    const file = kernel.openTerminal();
    if (typeof file === 'number') throw new Error(`no console device: ${file}`);
    return file;
  });
  const shell = kernel.launch({
    path: '/bin/vsh',
    args: ['vsh'],
    env: ['PATH=/bin', 'HOME=/', 'TERM=xterm', 'LANG=C.UTF-8'],
    files,
    terminal: kernel.terminal,
    endowment: { files: true, entropy: true, clock: true, system: true },
  });
  if (typeof shell === 'number') throw new Error(`the shell cannot be started: ${shell}`);
  const run = async (): Promise<string> => {
    await driver.run(() => shell.end !== undefined && kernel.terminal?.hasOutput !== true);
    kernel.shutdown();
    return `the shell has ended: ${shell.end?.value ?? 'the kernel halted'}`;
  };
  return {
    keys(bytes) {
      kernel.type(bytes);
      driver.kick();
    },
    ended: run(),
  };
}
