/** A machine whose clock is the host's, as a real CPU's is: nothing may jump ahead. */
import { describe, expect, it } from '@jest/globals';
import type { Nanoseconds } from '@veridian-os/abi';
import type { Clock, Machine } from '@veridian-os/hal';
import { override } from '@veridian-os/hal/testing';
import { linux } from '@veridian-os/linux';
import { EmulatedMachine } from '@veridian-os/machine-emulated';
import { sleeps } from '@veridian-os/veridian/testing';
import { createKernel, KernelDriver, writeFile } from '../../src/index.js';

const realClock: Clock = {
  virtual: false,
  now: () => (performance.now() * 1e6) as Nanoseconds,
  setDeadline: () => undefined,
  advance() {
    throw new RangeError('to: expected a virtual clock');
  },
};

function realMachine(): Machine {
  return override<Machine>(EmulatedMachine.create({ memoryBytes: 8 << 20 }), { clock: realClock });
}

describe('a machine with a real clock', () => {
  it('sleeps as long as the program asks, by the clock of the host', async () => {
    const kernel = createKernel({ machine: realMachine(), personalities: [linux()], verbose: false });
    writeFile(kernel, '/bin/sleeps', sleeps(1), 0o755);
    const begin = kernel.now();
    const process = kernel.launch({ path: '/bin/sleeps', args: ['sleeps'], files: [] });
    if (typeof process === 'number') throw new Error(`launch: ${process}`);
    await new KernelDriver(kernel).run(() => process.end !== undefined);
    expect(process.end).toMatchObject({ kind: 'exit', value: 0 });
    expect(kernel.now() - begin).toBeGreaterThanOrEqual(1e9);
  });

  it('is idle until a timer, instead of skipping to it', () => {
    const kernel = createKernel({ machine: realMachine(), personalities: [linux()], verbose: false });
    writeFile(kernel, '/bin/sleeps', sleeps(255), 0o755);
    kernel.launch({ path: '/bin/sleeps', args: ['sleeps'], files: [] });
    let result = kernel.step();
    while (result.state === 'busy') result = kernel.step();
    expect(result.state).toBe('idle');
    expect(result.deadline).toBeGreaterThan(kernel.now());
  });

  it('cannot be driven in virtual time', () => {
    const kernel = createKernel({ machine: realMachine(), verbose: false });
    expect(() => new KernelDriver(kernel, { time: 'virtual' })).toThrow(
      "time: expected 'paced' on the machine 'emulated', whose clock is real, got 'virtual'",
    );
  });
});
