/** Nothing outlives a machine, and a machine's failures are errors that say what QEMU said. */
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ContextId, Instructions } from '@veridian-os/abi';
import { build } from 'esbuild';
import type { Isa } from '@veridian-os/hal';
import { QemuMachine, type QemuMachineOptions } from '@veridian-os/machine-qemu';
import { available, small as smallMachine } from '../helpers/qemu.js';

const ROOT = resolve(__dirname, '../../../..');
/** Machines in a row, and ways of sharing: the slower one is the same on every ISA. */
const WAYS = [
  ...available().map((isa) => ({ isa, sharing: 'mapped', cycles: 60 }) as const),
  ...available()
    .map((isa) => ({ isa, sharing: 'mirrored', cycles: 12 }) as const)
    .slice(0, 1),
];

const openFiles = (): number => readdirSync('/proc/self/fd').length;
const isAlive = (pid: number): boolean => {
  try {
    // A zombie is dead: only its parent's event loop has not looked yet.
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};
/** Also those of other test files that ran in this process: only the difference counts. */
const mappings = (): number => readFileSync('/proc/self/maps', 'utf8').match(/veridian-guest-ram/g)?.length ?? 0;

async function until(what: string, condition: () => boolean): Promise<void> {
  for (let i = 0; i < 2000 && !condition(); i++) await new Promise((done) => setTimeout(done, 10));
  if (!condition()) throw new Error(`${what} did not happen`);
}

const describeEachWay =
  WAYS.length > 0
    ? describe.each(WAYS)
    : describe.skip.each([{ isa: 'riscv64', sharing: 'mapped', cycles: 60 } as const]);

describeEachWay('qemu-$isa, $sharing', ({ isa, sharing, cycles }) => {
  const small = (one: Isa, more: QemuMachineOptions = {}) => smallMachine(one, { sharing, ...more });

  it(`${cycles} machines leave no process, descriptor or mapping`, async () => {
    small(isa).dispose();
    const before = openFiles();
    const mapped = mappings();
    const pids: number[] = [];
    for (let i = 0; i < cycles; i++) {
      const machine = small(isa, { memoryBytes: 4 * 1024 * 1024, maxContexts: 8 });
      pids.push(machine.pid);
      machine.dispose();
      if (i % 2 === 0) machine.dispose();
    }
    await until('the end of every QEMU', () => !pids.some(isAlive));
    expect(openFiles()).toBe(before);
    expect(mappings()).toBeLessThanOrEqual(mapped);
  });

  it('machines that fail to start leave nothing either', async () => {
    const before = openFiles();
    const mapped = mappings();
    for (let i = 0; i < 10; i++) {
      expect(() => small(isa, { qemu: 'false' })).toThrow('QEMU has ended');
      expect(() => small(isa, { qemu: 'qemu-system-of-nobody' })).toThrow('qemu-system-of-nobody');
      expect(() => small(isa, { qemu: 'yes', hangMs: 100 })).toThrow('cpu/host');
    }
    await until('the descriptors’ end', () => openFiles() <= before);
    expect(mappings()).toBeLessThanOrEqual(mapped);
  });

  it('what QEMU says before it ends is in the error', () => {
    expect(() => small(isa, { qemu: 'ls' })).toThrow(/its last output: ls: /);
  });

  it('killed while a program runs: an error, not a wait', () => {
    const machine = small(isa);
    const context = machine.contexts.create();
    spawn('sh', ['-c', `sleep 0.2; kill -9 ${machine.pid}`], { stdio: 'ignore' });
    expect(() => {
      for (;;) machine.cpus[0].run(context as ContextId, 1000 as Instructions);
    }).toThrow('cpu/host');
    machine.dispose();
  });
});

(available().length > 0 ? describe : describe.skip)('the parent', () => {
  // In the repository, so that Node finds koffi.
  const bundle = join(ROOT, `.build/qemu-parent-${process.pid}.mjs`);

  beforeAll(() =>
    build({
      absWorkingDir: ROOT,
      entryPoints: ['packages/machine-qemu/test/helpers/parent.ts'],
      outfile: bundle,
      bundle: true,
      platform: 'node',
      format: 'esm',
      packages: 'external',
      logLevel: 'error',
    }),
  );
  afterAll(() => rmSync(bundle, { force: true }));

  it.each([
    ['SIGKILL', 'mapped'],
    ['SIGTERM', 'mapped'],
    ['SIGINT', 'mapped'],
    ['SIGKILL', 'mirrored'],
  ] as const)('dies of %s: QEMU ends too, %s', async (signal, sharing) => {
    const args = [bundle, available()[0], sharing];
    const parent = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = await new Promise<number>((done, failed) => {
      parent.stdout.once('data', (data) => done(Number(data)));
      parent.once('exit', (code) => failed(new Error(`the parent ended with ${code}`)));
    });
    expect(isAlive(pid)).toBe(true);
    expect(readlinkSync(`/proc/${pid}/fd/3`)).toMatch(/ \(deleted\)$/); // guest RAM has no name
    parent.kill(signal);
    await until('the end of QEMU', () => !isAlive(pid));
  });
});

describe('without QEMU', () => {
  it.each(['mapped', 'mirrored'] as const)('creation says so at once, %s', (sharing) => {
    expect(() => QemuMachine.create({ sharing, qemu: 'qemu-system-of-nobody' })).toThrow(/qemu-system-of-nobody/);
  });
});
