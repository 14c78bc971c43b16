/** Machine code under the kernel: what it must not reach, what it dies of, what it costs. */
import { describe, expect, it } from '@jest/globals';
import { SIGHUP, SIGKILL, SIGSEGV, SIGSTOP, SIGTERM, SIGUSR1, signalInfo } from '../../src/index.js';
import { resourceCounts, runProgram } from '../../src/testing.js';
import { ProcessState, writeFile, type BootedKernel } from '../../src/index.js';
import { Program, SYS, A0, A1 } from '@veridian-os/veridian/testing';
import {
  eatsMemory,
  forks,
  illegal,
  jumpsAway,
  kills,
  overflows,
  readsNull,
  spins,
  threadKills,
} from '@veridian-os/veridian/testing';
import { bootLinux } from '../helpers/linux-fixture.js';
import { inTask } from '../helpers/tasks.js';

const EPERM = 1;
const EACCES = 13;

async function execute(kernel: BootedKernel, bytes: Uint8Array, files = true) {
  writeFile(kernel, '/bin/program', bytes, 0o755);
  return runProgram(kernel, { program: '/bin/program', endowment: { files } });
}

describe('services', () => {
  it('cannot be killed or stopped by a guest, not by process and not by thread', async () => {
    const kernel = bootLinux();
    const services = kernel.processList();
    expect(services.map(({ name }) => name)).toEqual(['init', 'fileserver', 'console']);
    for (const { pid } of services) {
      for (const signal of [SIGKILL, SIGTERM, SIGSTOP, SIGSEGV, SIGUSR1]) {
        expect((await execute(kernel, kills(pid, signal))).status).toBe(EPERM);
        expect((await execute(kernel, threadKills(pid, signal))).status).toBe(EPERM);
      }
    }
    expect(services.map(({ state }) => state)).toEqual(services.map(() => ProcessState.Running));
    expect(
      (
        await inTask(
          function* (sys) {
            return (yield* sys.mkdir('/tmp/x')) === 0 ? 0 : 1;
          },
          { kernel },
        )
      ).status,
    ).toBe(0);
  });
});

/** Path calls of Linux by number, each with `/tmp` where it takes a name, and AT_FDCWD where a directory. */
const AT_FDCWD = -100;
const NAME = 'name';
const OUT = 'out';
const PATH_CALLS: readonly (readonly [string, number, ...(number | string)[]])[] = [
  ['openat', 56, AT_FDCWD, NAME, 0, 0],
  ['openat O_CREAT', 56, AT_FDCWD, NAME, 0o101, 0o644],
  ['mkdirat', 34, AT_FDCWD, NAME, 0o755],
  ['mknodat', 33, AT_FDCWD, NAME, 0o010644, 0],
  ['unlinkat', 35, AT_FDCWD, NAME, 0],
  ['unlinkat AT_REMOVEDIR', 35, AT_FDCWD, NAME, 0x200],
  ['symlinkat', 36, NAME, AT_FDCWD, NAME],
  ['linkat', 37, AT_FDCWD, NAME, AT_FDCWD, NAME, 0],
  ['renameat2', 276, AT_FDCWD, NAME, AT_FDCWD, NAME, 0],
  ['readlinkat', 78, AT_FDCWD, NAME, OUT, 64],
  ['newfstatat', 79, AT_FDCWD, NAME, OUT, 0],
  ['statx', 291, AT_FDCWD, NAME, 0, 0x7ff, OUT],
  ['statfs', 43, NAME, OUT],
  ['faccessat', 48, AT_FDCWD, NAME, 0],
  ['fchmodat', 53, AT_FDCWD, NAME, 0o600],
  ['fchownat', 54, AT_FDCWD, NAME, 0, 0, 0],
  ['utimensat', 88, AT_FDCWD, NAME, 0, 0],
  ['truncate', 45, NAME, 0],
  ['chdir', 49, NAME],
  ['chroot', 51, NAME],
  ['execve', 221, NAME, 0, 0],
];

/** Makes one call and exits with its error number. */
function makes(number: number, args: readonly (number | string)[]): Uint8Array {
  const program = new Program();
  args.forEach((arg, index) => (typeof arg === 'string' ? program.la(A0 + index, arg) : program.li(A0 + index, arg)));
  return program
    .call(number)
    .emit(0x40a00533) // neg a0, a0
    .call(SYS.exitGroup)
    .bytes(NAME, '/tmp\0')
    .space(OUT, 512)
    .elf();
}

describe('without a capability for files', () => {
  it.each(PATH_CALLS)('%s answers EACCES', async (_what, number, ...args) => {
    const result = await execute(bootLinux(), makes(number, args), false);
    expect([result.refusal, result.status]).toEqual([undefined, EACCES]);
  });

  it('descriptors that were given still work', async () => {
    const reads = new Program().li(A0, 0).la(A1, 'out').li(12, 8).call(SYS.read).call(SYS.exitGroup).space('out', 8);
    const kernel = bootLinux();
    writeFile(kernel, '/bin/program', reads.elf(), 0o755);
    const result = await runProgram(kernel, { program: '/bin/program', stdin: 'four', endowment: { files: false } });
    expect(result.status).toBe(4);
  });

  it('and with it the same calls are made', async () => {
    const kernel = bootLinux();
    for (const [what, number, ...args] of PATH_CALLS.filter(([name]) => /stat|access|chdir|utimens/.test(name))) {
      expect([what, (await execute(kernel, makes(number, args))).status]).toEqual([what, 0]);
    }
  });
});

describe('deaths', () => {
  it.each([
    ['illegal instruction', illegal(), 132, /^program\[\d+\]: SIGILL at pc 0x10000: illegal instruction 0x0$/],
    ['read of nothing', readsNull(), 139, /^program\[\d+\]: SIGSEGV at pc 0x10000: invalid read of 0x0$/],
    ['wild jump', jumpsAway(), 139, /^program\[\d+\]: SIGSEGV at pc 0x50000000: invalid jump to 0x50000000$/],
    ['stack overflow', overflows(), 139, /^program\[\d+\]: SIGSEGV at pc 0x10004: invalid write to 0x3f[0-9a-f]+$/],
  ])('name signal, pc and cause, and free everything: %s', async (_what, bytes, status, report) => {
    const lines: string[] = [];
    const kernel = bootLinux({ onFault: (line) => void lines.push(line) });
    await execute(kernel, bytes);
    const before = resourceCounts(kernel);
    const result = await execute(kernel, bytes);
    expect([result.status, result.faults.length, lines.length]).toEqual([status, 1, 2]);
    expect(result.faults[0]).toMatch(report);
    expect(lines[1]).toBe(result.faults[0]);
    expect(resourceCounts(kernel)).toEqual(before);
  });

  it('are logged a hundred times at most', async () => {
    const kernel = bootLinux();
    for (let count = 0; count < 105; count++) await execute(kernel, readsNull());
    expect(kernel.faultLog).toHaveLength(100);
  });
});

describe('memory', () => {
  it('that the machine has not got ends the program that asks, and comes back', async () => {
    const kernel = bootLinux();
    const first = await execute(kernel, eatsMemory());
    expect([first.status, kernel.limitHit]).toEqual([137, 'memory']);
    expect(first.faults[0]).toMatch(/out of memory/);
    const before = resourceCounts(kernel);
    expect(before.freeFrames).toBeGreaterThan(3000);
    await execute(kernel, eatsMemory());
    expect(resourceCounts(kernel)).toEqual(before);
  });

  it('has a limit per process', async () => {
    const kernel = bootLinux({ limits: { memory: 1 << 20 } });
    let lowest = Infinity;
    const { freeFrames } = kernel.memory.statistics();
    kernel.processObservers.push(() => {
      lowest = Math.min(lowest, kernel.memory.statistics().freeFrames);
    });
    expect((await execute(kernel, eatsMemory())).status).toBe(137);
    expect(kernel.limitHit).toBe('memory');
    expect(lowest).toBeGreaterThan(freeFrames - 256 - 100);
  });
});

describe('a fork bomb', () => {
  it('ends at the limit and leaves nothing', async () => {
    const kernel = bootLinux({ limits: { processes: 20 } });
    const result = await execute(kernel, forks());
    expect([result.status, kernel.limitHit]).toEqual([11, 'processes']);
    expect(kernel.statistics().processes).toBe(3 + 19);
    await inTask(
      function* (sys) {
        return -(yield* sys.kill(-1, SIGKILL));
      },
      { kernel },
    );
    for (let step = 0; step < 5; step++) kernel.step();
    expect(kernel.statistics().processes).toBe(3);
    expect(kernel.memory.statistics().freeFrames).toBeGreaterThan(3900);
  });
});

describe('a program that does nothing but call or fault', () => {
  const calls = new Program().label('again').call(SYS.getpid).jump('again').elf();

  it.each([
    ['calls', calls],
    ['faults', eatsMemory()],
  ])('%s: a step ends all the same', (_, program) => {
    const kernel = bootLinux();
    writeFile(kernel, '/bin/program', program, 0o755);
    kernel.launch({ path: '/bin/program', args: [], files: [] });
    for (let step = 0; step < 3; step++) {
      const before = kernel.statistics().traps;
      expect(kernel.step().state).toBe('busy');
      expect(kernel.statistics().traps - before).toBeLessThanOrEqual(1000);
    }
    expect(kernel.statistics().traps).toBeGreaterThan(1000);
  });
});

describe('several programs', () => {
  it('share the processor fairly', async () => {
    const kernel = bootLinux();
    writeFile(kernel, '/bin/program', spins(), 0o755);
    const loops = [1, 2, 3].map(() => kernel.launch({ path: '/bin/program', args: [], files: [] }));
    while (kernel.statistics().instructions < 60_000_000) kernel.step();
    const times = loops.map((loop) => (typeof loop === 'object' ? (loop.leader?.cpuTime ?? 0) : 0));
    for (const time of times) expect(time / 20_000_000).toBeCloseTo(1, 0);
    expect(Math.max(...times) - Math.min(...times)).toBeLessThan(8_000_000);
  });
});

describe('signals of one thread', () => {
  it('that instructions raised come before all others', () => {
    const kernel = bootLinux();
    writeFile(kernel, '/bin/program', spins(), 0o755);
    const process = kernel.launch({ path: '/bin/program', args: [], files: [] });
    if (typeof process === 'number' || process.leader === undefined) throw new Error('launch');
    const { leader } = process;
    for (const signal of [SIGHUP, SIGSEGV]) leader.pending.add(signalInfo(signal, 0));
    process.pending.add(signalInfo(SIGTERM, 0));
    const order = [0, 1, 2, 3].map(() => kernel.signals.take(leader)?.signal);
    expect(order).toEqual([SIGSEGV, SIGHUP, SIGTERM, undefined]);
  });
});
