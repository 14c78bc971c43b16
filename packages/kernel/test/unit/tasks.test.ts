/** TypeScript tasks: signals, stops, time, failures. */
import { describe, expect, it } from '@jest/globals';
import { EINTR, EPERM, type Nanoseconds } from '@veridian-os/abi';
import { EmulatedMachine } from '@veridian-os/machine-emulated';
import {
  createKernel,
  SI_USER,
  SIGABRT,
  SIGCONT,
  SIGINT,
  SIGKILL,
  signalInfo,
  SIGSTOP,
  SIGTERM,
  type BootedKernel,
  type HostPorts,
  type Process,
  type ServiceSys,
  type SysOperation,
  type TaskMain,
} from '../../src/index.js';

const STEPS = 1000;
const SECOND = 1e9;

class World {
  readonly kernel: BootedKernel;
  private readonly machine: EmulatedMachine;

  constructor(main: TaskMain, paced = true, host: HostPorts = {}) {
    this.machine = EmulatedMachine.create({ memoryBytes: 16 << 20, console: { output: () => undefined } });
    this.kernel = createKernel({ machine: this.machine, programs: { main }, verbose: false, host });
    this.kernel.pacedTime = paced;
  }

  start(clock = false): Process {
    const process = this.kernel.launch({ path: '/bin/main', args: ['main'], files: [], endowment: { clock } });
    if (typeof process === 'number') throw new Error(`launch: ${process}`);
    this.settle();
    return process;
  }

  settle(): void {
    for (let step = 0; step < STEPS; step++) if (this.kernel.step().state !== 'busy') return;
    throw new Error(`busy after ${STEPS} steps`);
  }

  signal(process: Process, signal: number): void {
    this.kernel.signals.sendProcess(process, signalInfo(signal, SI_USER));
    this.settle();
  }

  advance(seconds: number): void {
    this.machine.clock.advance((this.kernel.now() + seconds * SECOND) as Nanoseconds);
    this.settle();
  }
}

const value = (process: Process): number | undefined => process.end?.value;

describe('a task in a wait', () => {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what the kernel sends differs from call to call
  function* readsPipe(sys: ServiceSys): Generator<SysOperation<unknown>, number, any> {
    const ends = yield* sys.pipe();
    if (typeof ends === 'number') return 1;
    const count = yield* sys.read(ends[0], new Uint8Array(1));
    return count === EINTR ? 42 : 2;
  }

  it('goes on waiting after a stop and a continue', () => {
    const world = new World(readsPipe);
    const process = world.start();
    world.signal(process, SIGSTOP);
    world.signal(process, SIGCONT);
    expect(process.end).toBeUndefined();
    world.signal(process, SIGTERM);
    expect(process.end).toEqual({ kind: 'signal', value: SIGTERM, core: false });
  });

  it('keeps the end of its sleep over a stop', () => {
    const world = new World(function* sleeps(sys) {
      return yield* sys.sleep(10 * SECOND);
    });
    const process = world.start();
    world.advance(6);
    world.signal(process, SIGSTOP);
    world.advance(3);
    world.signal(process, SIGCONT);
    expect(process.end).toBeUndefined();
    world.advance(2);
    expect(process.end).toEqual({ kind: 'exit', value: 0, core: false });
  });

  it('is told of a signal that it asked for, and only then', () => {
    const world = new World(function* interrupted(sys) {
      yield* sys.interruptOnSignal(SIGINT);
      return yield* readsPipe(sys);
    });
    const process = world.start();
    world.signal(process, SIGSTOP);
    world.signal(process, SIGCONT);
    expect(process.end).toBeUndefined();
    world.signal(process, SIGINT);
    expect(value(process)).toBe(42);
  });

  it('waits for children with the same rules', () => {
    const world = new World(function* parent(sys) {
      yield* sys.interruptOnSignal(SIGINT);
      yield* sys.spawn({
        path: 'child',
        args: ['child'],
        *task(child) {
          return yield* child.sleep(Infinity);
        },
      });
      const result = yield* sys.wait({});
      return result === EINTR ? 42 : 1;
    });
    const process = world.start();
    world.signal(process, SIGSTOP);
    world.signal(process, SIGCONT);
    expect(process.end).toBeUndefined();
    world.signal(process, SIGINT);
    expect(value(process)).toBe(42);
  });
});

describe('a task that is busy', () => {
  it('lets time pass, so that others wake', () => {
    const world = new World(function* parent(sys) {
      const child = yield* sys.spawn({
        path: 'child',
        args: ['child'],
        *task(busy) {
          for (;;) yield* busy.now();
        },
      });
      yield* sys.sleep(SECOND / 100);
      yield* sys.kill(child, SIGKILL);
      const result = yield* sys.wait({ pid: child });
      return typeof result === 'object' && result.kind === 'ended' && result.cpuTime > SECOND / 200 ? 7 : 1;
    }, false);
    expect(value(world.start())).toBe(7);
  });
});

describe('a task that fails', () => {
  it('aborts like a program, with a report; the kernel and its parent go on', () => {
    const world = new World(function* parent(sys) {
      const child = yield* sys.spawn({
        path: 'child',
        args: ['child'],
        *task(broken) {
          yield* broken.now();
          throw new TypeError('a bug');
        },
      });
      const result = yield* sys.wait({ pid: child });
      return typeof result === 'object' && result.kind === 'ended' ? result.end.value : 1;
    });
    expect(value(world.start())).toBe(SIGABRT);
    expect(world.kernel.faultLog).toEqual([expect.stringMatching(/^child\[\d+\]: uncaught TypeError: a bug$/)]);
  });

  it('and one that kills itself wakes its parent, also when nothing else runs', () => {
    const world = new World(function* parent(sys) {
      const child = yield* sys.spawn({
        path: 'child',
        args: ['child'],
        *task(lost) {
          yield* lost.kill(lost.pid, SIGKILL);
          return 0;
        },
      });
      const result = yield* sys.wait({ pid: child });
      return typeof result === 'object' && result.kind === 'ended' ? result.end.value : 1;
    });
    expect(value(world.start())).toBe(SIGKILL);
  });
});

describe('the time of day', () => {
  const tellsTime: TaskMain = function* tellsTime(sys) {
    const now = yield* sys.timeOfDay();
    if (typeof now === 'number') return now === EPERM ? 99 : 1;
    return now.sec === 1000 ? 7 : 2;
  };

  it('is known with the Clock capability only', () => {
    const host = { epochMs: 1_000_000 };
    expect(value(new World(tellsTime, true, host).start(true))).toBe(7);
    expect(value(new World(tellsTime, true, host).start(false))).toBe(99);
  });
});
