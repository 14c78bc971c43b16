/** A broken invariant stops the kernel loudly; a guest cannot cause one. */
import { describe, expect, it } from '@jest/globals';
import { isKernelPanic } from '@veridian-os/abi';
import { EmulatedMachine } from '@veridian-os/machine-emulated';
import { createKernel, type BootedKernel } from '../../src/index.js';
import { inTask } from '../helpers/tasks.js';

function boot(verbose = true): { kernel: BootedKernel; screen: () => string } {
  const screen: Uint8Array[] = [];
  const machine = EmulatedMachine.create({
    memoryBytes: 8 << 20,
    console: { output: (bytes) => void screen.push(bytes.slice()) },
  });
  return { kernel: createKernel({ machine, verbose }), screen: () => Buffer.concat(screen).toString() };
}

/** Breaks an invariant: a thread waits on a queue that does not exist. */
const breaks = (kernel: BootedKernel) =>
  inTask(
    function* (sys) {
      kernel.waits.add(0 as never, 123_456 as never, 1);
      yield* sys.sleep(1);
    },
    { kernel },
  );

describe('a kernel panic', () => {
  it('is thrown, written to the console, and halts the kernel for good', async () => {
    const { kernel, screen } = boot();
    const error: unknown = await breaks(kernel).catch((thrown: unknown) => thrown);
    expect(isKernelPanic(error)).toBe(true);
    expect(screen()).toMatch(/KERNEL PANIC .*kernel\/wait-queue.*123456/);
    expect(kernel.haltReason).toMatch(/^panic: .*kernel\/wait-queue/);
    expect(kernel.step()).toEqual({ state: 'halted', deadline: Infinity });
  });

  it('does not write to the console of a kernel that is to be quiet', async () => {
    const { kernel, screen } = boot(false);
    await breaks(kernel).catch(() => undefined);
    expect([screen(), kernel.haltReason !== undefined]).toEqual(['', true]);
  });

  it('follows an input in the middle of a step', async () => {
    const { kernel } = boot();
    const types = inTask(
      function* () {
        kernel.type(Uint8Array.of(65));
      },
      { kernel },
    );
    await expect(types).rejects.toThrow('kernel/input');
  });
});

describe('shutdown', () => {
  it('halts and may be repeated', () => {
    const { kernel } = boot(false);
    kernel.shutdown();
    kernel.shutdown();
    expect([kernel.haltReason, kernel.step().state]).toEqual(['shut down', 'halted']);
  });
});

describe('devices', () => {
  it('interrupt their driver, and only it: what is typed reaches the terminal through the console task', () => {
    const { kernel, screen } = boot();
    const console_ = kernel.processList().find(({ name }) => name === 'console');
    kernel.step();
    const calls = (): number => console_?.leader?.systemCalls ?? 0;
    const before = calls();
    kernel.type(new TextEncoder().encode('abc'));
    kernel.step();
    expect(calls()).toBeGreaterThan(before);
    expect(screen().endsWith('abc')).toBe(true); // the terminal's echo
    expect(kernel.terminal?.discipline.hasInput).toBe(false); // no line yet
    kernel.type(Uint8Array.of(13));
    kernel.step();
    expect(kernel.terminal?.discipline.hasInput).toBe(true);
  });

  it('whose interrupt nobody holds are switched off', () => {
    const { kernel } = boot(false);
    kernel.interruptGrants.clear();
    kernel.type(Uint8Array.of(65));
    expect(kernel.step().state).toBe('idle');
    expect(kernel.machine.interrupts.pending()).toBe(false);
  });
});
