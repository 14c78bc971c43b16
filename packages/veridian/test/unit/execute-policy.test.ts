import { describe, expect, it } from '@jest/globals';
import { EmulatedMachine } from '@veridian-os/machine-emulated';
import { createKernel, KernelDriver, writeFile, type Personality } from '@veridian-os/kernel';
import { LinuxPersonality } from '@veridian-os/linux';
import { exits } from '../../src/testing.js';

class StrictLinux extends LinuxPersonality {
  override readonly executePolicy = 'strict';
}

/** Runs a program whose one segment is writable and executable. */
async function statusUnder(personality: Personality): Promise<number | undefined> {
  const machine = EmulatedMachine.create({ memoryBytes: 16 << 20 });
  const kernel = createKernel({ machine, personalities: [personality], verbose: false });
  writeFile(kernel, '/bin/program', exits(7), 0o755);
  const process = kernel.launch({ path: '/bin/program', args: ['program'], files: [] });
  if (typeof process === 'number') throw new Error(`launch: ${process}`);
  await new KernelDriver(kernel).run(() => process.end !== undefined);
  return process.end?.value;
}

describe('write or execute is the personality’s choice', () => {
  it('runs a writable and executable segment as Linux does', async () => {
    expect(await statusUnder(new LinuxPersonality())).toBe(7);
  });

  it('refuses it under a strict personality', async () => {
    expect(await statusUnder(new StrictLinux())).toBe(126);
  });
});
