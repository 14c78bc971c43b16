/** The dispatch loop with two CPUs: who runs where, what takes a thread off its CPU, what holds between steps. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { NONE, type CpuId, type Nanoseconds, type ThreadId } from '@veridian-os/abi';
import { TrapKind } from '@veridian-os/hal';
import { EmulatedMachine } from '@veridian-os/machine-emulated';
import { SchedulingClass } from '@veridian-os/scheduler';
import { exits, forks, spins } from '@veridian-os/veridian/testing';
import {
  ProcessState,
  SIGCONT,
  SIGKILL,
  SIGSTOP,
  SIGTERM,
  signalInfo,
  writeFile,
  type BootedKernel,
  type KernelOptions,
  type Process,
} from '../../src/index.js';
import { resourceCounts, runProgram } from '../../src/testing.js';
import { interleaved } from '../helpers/interleaved.js';
import { bootLinux } from '../helpers/linux-fixture.js';
import { inTask } from '../helpers/tasks.js';

let kernels: BootedKernel[] = [];
afterEach(() => {
  for (const kernel of kernels) kernel.machine.dispose();
  kernels = [];
});

function boot(options: Partial<KernelOptions> = {}): BootedKernel {
  const machine = EmulatedMachine.create({ cpus: 2, memoryBytes: 16 << 20 });
  const kernel = bootLinux({ machine, ...options });
  kernels.push(kernel);
  writeFile(kernel, '/bin/spins', spins(), 0o755);
  return kernel;
}

/** Two CPUs that take turns: what happens in the middle of a step happens there every time. */
const bootInTurns = (): BootedKernel => boot({ machine: interleaved() });

function launch(kernel: BootedKernel, path = '/bin/spins'): Process {
  const process = kernel.launch({ path, args: [], files: [] });
  if (typeof process === 'number') throw new Error(`launch: ${process}`);
  return process;
}

/** Steps until a condition holds. */
function until(kernel: BootedKernel, condition: () => boolean): void {
  for (let step = 0; step < 10_000 && !kernel.isHalted; step++) {
    if (condition()) return;
    kernel.step();
  }
  if (!condition()) throw new Error(`never happened; the kernel ${kernel.haltReason ?? 'goes on'}`);
}

/** Does something in the middle of a step, while programs run. @returns whether it is done */
function inNextStep(kernel: BootedKernel, action: () => void): () => boolean {
  let isDone = false;
  kernel.timers.arm((kernel.now() + 100_000) as Nanoseconds, () => {
    isDone = true;
    action();
  });
  return () => isDone;
}

const cpuTime = (process: Process): number => process.leader?.cpuTime ?? 0;

describe('two CPUs', () => {
  it('run two programs, each on its own', () => {
    const kernel = boot();
    const programs = [launch(kernel), launch(kernel)];
    until(kernel, () => Math.min(...kernel.statistics().instructionsByCpu) > 3_000_000);
    expect(Math.min(...programs.map(cpuTime))).toBeGreaterThan(0);
    const { instructions, instructionsByCpu } = kernel.statistics();
    expect(instructionsByCpu.reduce((sum, count) => sum + count)).toBe(instructions);
  });

  it('run three programs, all of which get on', () => {
    const kernel = boot();
    const programs = [launch(kernel), launch(kernel), launch(kernel)];
    until(kernel, () => Math.min(...programs.map(cpuTime)) > 6_000_000);
    expect(kernel.scheduler.runnableCount).toBe(3);
  });

  it('leave every context alone between steps', () => {
    const kernel = boot();
    const programs = [launch(kernel), launch(kernel)];
    until(kernel, () => Math.min(...programs.map(cpuTime)) > 0);
    const { contexts, info } = kernel.machine;
    for (let step = 0; step < 20; step++) {
      kernel.step();
      for (const { leader } of programs) {
        expect(leader?.cpu).toBe(NONE);
        if (leader !== undefined) contexts.saveFp(leader.context, new Uint8Array(info.layout.fpBytes));
      }
      expect(kernel.machine.next(0 as Nanoseconds)).toBe(NONE);
    }
  });

  it('keep to the limit of instructions, together', () => {
    const limit = 5_000_000;
    const kernel = boot({ limits: { instructions: limit } });
    launch(kernel);
    launch(kernel);
    until(kernel, () => kernel.isHalted);
    expect([kernel.limitHit, kernel.statistics().instructions]).toEqual(['instructions', limit]);
  });

  it('leave tasks their turns', async () => {
    const kernel = boot();
    for (let i = 0; i < 4; i++) launch(kernel);
    const result = await inTask(
      function* (sys) {
        for (let i = 0; i < 100; i++) {
          yield* sys.mkdir(`/tmp/${i}`);
          yield* sys.sleep(10_000);
        }
        return 3;
      },
      { kernel },
    );
    expect(result.status).toBe(3);
  });
});

describe('a program that runs on another CPU', () => {
  it('is killed', () => {
    const kernel = boot();
    const round = (): void => {
      const programs = [launch(kernel), launch(kernel)];
      until(kernel, () => Math.min(...programs.map(cpuTime)) > 0);
      for (const program of programs) kernel.signals.sendProcess(program, signalInfo(SIGKILL, 0));
      for (let step = 0; step < 5; step++) kernel.step();
      expect(programs.map(({ state }) => state >= ProcessState.Zombie)).toEqual([true, true]);
    };
    round(); // warms caches
    const before = resourceCounts(kernel);
    round();
    expect(resourceCounts(kernel)).toEqual(before);
  });

  it('is killed from inside the step, while it runs', () => {
    const kernel = bootInTurns();
    const victims = [launch(kernel), launch(kernel)];
    until(kernel, () => Math.min(...victims.map(cpuTime)) > 0);
    const wasOn: number[] = [];
    const killed = inNextStep(kernel, () => {
      for (const victim of victims) {
        wasOn.push(victim.leader?.cpu ?? NONE);
        kernel.signals.sendProcess(victim, signalInfo(SIGKILL, 0));
        expect(victim.leader?.cpu ?? NONE).toBe(NONE);
      }
    });
    until(kernel, killed);
    expect(wasOn.sort()).toEqual([0, 1]);
    expect(victims.map(({ state }) => state >= ProcessState.Zombie)).toEqual([true, true]);
  });

  it('has left its CPU when its parent hears that it is stopped', () => {
    const kernel = bootInTurns();
    const programs = [launch(kernel), launch(kernel)];
    until(kernel, () => Math.min(...programs.map(cpuTime)) > 0);
    const seen: number[] = [];
    const stopped = inNextStep(kernel, () => {
      for (const program of programs) {
        seen.push(program.leader?.cpu ?? NONE);
        kernel.signals['stopProcess'](program, SIGSTOP);
        seen.push(program.leader?.cpu ?? NONE);
      }
    });
    until(kernel, stopped);
    expect(seen.filter((cpu) => cpu !== NONE).sort()).toEqual([0, 1]);
    expect([seen[1], seen[3]]).toEqual([NONE, NONE]);
    const before = programs.map(cpuTime);
    for (let step = 0; step < 5; step++) kernel.step();
    expect(programs.map(cpuTime)).toEqual(before);
  });

  it('is stopped and continued', () => {
    const kernel = boot();
    const [stopped, other] = [launch(kernel), launch(kernel)];
    until(kernel, () => Math.min(cpuTime(stopped), cpuTime(other)) > 0);
    kernel.signals.sendProcess(stopped, signalInfo(SIGSTOP, 0));
    until(kernel, () => stopped.state === ProcessState.Stopped);
    kernel.step();
    const before = cpuTime(stopped);
    const target = cpuTime(other) + 5_000_000;
    until(kernel, () => cpuTime(other) > target);
    expect(cpuTime(stopped)).toBe(before);
    kernel.signals.sendProcess(stopped, signalInfo(SIGCONT, 0));
    until(kernel, () => cpuTime(stopped) > before);
  });

  it('makes the call that it made when it was stopped, after it goes on', () => {
    const kernel = boot();
    writeFile(kernel, '/bin/exits', exits(5), 0o755);
    const { machine } = kernel;
    const program = launch(kernel, '/bin/exits');
    // The trap of its exit arrives while somebody stops it: the stop calls it back, and finds it back.
    const next = machine.next.bind(machine);
    let stops = 0;
    let held: CpuId | -1 = NONE;
    machine.next = (deadline) => {
      if (held !== NONE) {
        const cpu = held;
        held = NONE;
        return cpu;
      }
      const cpu = next(deadline);
      if (cpu === NONE || stops > 0) return cpu;
      const { kind, context } = machine.cpus[cpu].trap;
      if (kind !== TrapKind.Syscall || context !== program.leader?.context) return cpu;
      stops++;
      held = cpu;
      kernel.signals['stopProcess'](program, SIGSTOP);
      return NONE;
    };
    until(kernel, () => stops > 0);
    for (let step = 0; step < 5; step++) kernel.step();
    expect([program.state, program.leader?.continuation !== undefined]).toEqual([ProcessState.Stopped, true]);
    kernel.signals.continueProcess(program);
    until(kernel, () => program.end !== undefined);
    expect(program.end).toEqual({ kind: 'exit', value: 5, core: false });
  });

  it('hears of a signal before the step ends', () => {
    const kernel = bootInTurns();
    const victims = [launch(kernel), launch(kernel)];
    until(kernel, () => Math.min(...victims.map(cpuTime)) > 0);
    const sent = inNextStep(kernel, () => {
      for (const victim of victims) kernel.signals.sendProcess(victim, signalInfo(SIGTERM, 0));
    });
    until(kernel, sent);
    expect(victims.map(({ state }) => state >= ProcessState.Zombie)).toEqual([true, true]);
  });

  it('makes room for a better thread before the step ends', () => {
    const kernel = bootInTurns();
    const others = [launch(kernel), launch(kernel)];
    const better = launch(kernel);
    until(kernel, () => Math.min(...[...others, better].map(cpuTime)) > 0);
    kernel.scheduler.setParameters(better.leader?.slot ?? (0 as ThreadId), {
      class: SchedulingClass.RealTimeFifo,
      priority: 5,
    });
    kernel.signals.sendProcess(better, signalInfo(SIGSTOP, 0));
    until(kernel, () => better.state === ProcessState.Stopped);
    kernel.step();
    const woken = inNextStep(kernel, () => kernel.signals.continueProcess(better));
    const before = cpuTime(better);
    until(kernel, woken);
    expect(cpuTime(better)).toBeGreaterThan(before);
  });

  it('makes room for a thread that has become better', () => {
    const kernel = boot();
    const programs = [launch(kernel), launch(kernel)];
    until(kernel, () => Math.min(...programs.map(cpuTime)) > 0);
    const last = launch(kernel);
    until(kernel, () => cpuTime(last) > 0);
    // A real-time thread has a CPU of its own from now on: whoever had it comes off, though its slice is not over.
    const slot = last.leader?.slot ?? (0 as ThreadId);
    kernel.scheduler.setParameters(slot, { class: SchedulingClass.RealTimeFifo, priority: 5 });
    for (let step = 0; step < 5; step++) kernel.step();
    const current = kernel.machine.cpus.map(({ id }) => kernel.scheduler.current(id));
    expect(current).toContain(slot);
  });

  it('takes a thread off a CPU that it may no longer use, and runs it at once where it may', () => {
    const kernel = bootInTurns();
    const program = launch(kernel);
    until(kernel, () => cpuTime(program) > 0);
    const slot = program.leader?.slot ?? (0 as ThreadId);
    for (const target of [1, 0, 1]) {
      const before = kernel.statistics().instructionsByCpu[target];
      const isDone = inNextStep(kernel, () => {
        kernel.scheduler.setParameters(slot, { class: SchedulingClass.Fair, affinity: 1 << target });
      });
      kernel.step();
      expect(isDone()).toBe(true);
      expect(kernel.statistics().instructionsByCpu[target]).toBeGreaterThan(before);
      const at = kernel.statistics().instructionsByCpu[1 - target];
      for (let step = 0; step < 3; step++) expect(kernel.step().state).toBe('busy');
      expect(kernel.statistics().instructionsByCpu[1 - target]).toBe(at);
    }
  });

  it('lets three equal threads share two CPUs evenly', () => {
    const kernel = bootInTurns();
    const programs = [launch(kernel), launch(kernel), launch(kernel)];
    for (let step = 0; step < 100; step++) kernel.step();
    const times = programs.map(cpuTime);
    const total = times.reduce((sum, time) => sum + time, 0);
    for (const time of times) expect(Math.abs(time / total - 1 / 3)).toBeLessThan(0.08); // 0.17 if nobody moves
  });
});

describe('what programs leave behind on two CPUs', () => {
  it('is nothing after fork bombs and a hundred exits', async () => {
    const kernel = boot({ limits: { processes: 20 } });
    writeFile(kernel, '/bin/bomb', forks(), 0o755);
    writeFile(kernel, '/bin/exits', exits(4), 0o755);
    const round = async (): Promise<void> => {
      const bomb = await runProgram(kernel, { program: '/bin/bomb', endowment: { files: true } });
      expect(bomb.status).toBe(11);
      await inTask(
        function* (sys) {
          return -(yield* sys.kill(-1, SIGKILL));
        },
        { kernel },
      );
      for (let step = 0; step < 5; step++) kernel.step();
      for (let i = 0; i < 100; i++) {
        expect((await runProgram(kernel, { program: '/bin/exits', endowment: { files: true } })).status).toBe(4);
      }
    };
    await round();
    const before = resourceCounts(kernel);
    await round();
    expect(resourceCounts(kernel)).toEqual(before);
  });
});
