/** Kicks, deadlines, the clock, start and next. */
import type { ContextId, CpuId, Instructions, Nanoseconds } from '@veridian-os/abi';
import { TrapKind } from '../trap.js';
import { check, equal, fail, throwsRangeError } from './assert.js';
import { PLENTY, endless, expectKind, type Bench } from './bench.js';
import type { CaseGroup } from './case-group.js';
import type { GuestIsa } from './guest-isa.js';

export const interruptCases: CaseGroup = (tools) => {
  kickCases(tools);
  clockCases(tools);
  startCases(tools);
};

/** Long enough that a kick is noticed within it on every machine (10,000 instructions at most). */
const LONG = 1_000_000;

const spinner = (bench: Bench, guest: GuestIsa) =>
  bench.program(...endless(guest, guest.code.add(guest.work[0], guest.work[0], 1)));

const kickCases: CaseGroup = ({ add, guest, features }) => {
  add('a kick before a run makes it return Interrupt', (bench) => {
    const { context } = spinner(bench, guest);
    bench.cpu.interrupt();
    const result = bench.runOnce(context, LONG);
    expectKind(result, TrapKind.Interrupt);
    equal(result.context as number, context as number, 'trap.context');
  });

  add('a kick between runs is not lost, whatever context runs next', (bench) => {
    const { context } = spinner(bench, guest);
    const other = spinner(bench, guest);
    expectKind(bench.run(context, 1000), TrapKind.Budget);
    bench.cpu.interrupt();
    expectKind(bench.runOnce(other.context, LONG), TrapKind.Interrupt);
  });

  add('a kick is not lost to a system call, nor the system call to a kick', (bench) => {
    const program = bench.program(
      ...endless(guest, guest.code.add(guest.work[0], guest.work[0], 1), guest.code.syscall()),
    );
    for (let round = 1; round <= 20; round++) {
      bench.cpu.interrupt();
      const seen = new Set<TrapKind>();
      for (let attempt = 0; attempt < 2; attempt++) seen.add(bench.runOnce(program.context, LONG).kind);
      check(seen.has(TrapKind.Interrupt), `round ${round}: the kick was lost`);
      if (seen.has(TrapKind.Syscall)) continue;
      expectKind(bench.run(program.context), TrapKind.Syscall);
    }
    // At most one system call per round was taken, and none was skipped.
    const [counted] = bench.get(program.context, guest.work[0]);
    equal(counted, 20, 'loops');
  });

  add('a program goes on after kicks, and finishes', (bench) => {
    const [counter = 0] = guest.work;
    const nops = Array.from({ length: 50 }, () => guest.code.add(counter, counter, 1));
    const { context } = bench.program(...nops, guest.code.syscall());
    for (let i = 0; i < 5; i++) {
      bench.cpu.interrupt();
      bench.runOnce(context, 3);
    }
    expectKind(bench.run(context), TrapKind.Syscall);
    equal(bench.get(context, counter)[0], 50, 'instructions that counted');
  });

  if (!features.deterministic) return;
  add('two kicks are one, and none comes without a kick', (bench) => {
    const { context } = spinner(bench, guest);
    bench.cpu.interrupt();
    bench.cpu.interrupt();
    expectKind(bench.runOnce(context, LONG), TrapKind.Interrupt);
    for (let i = 0; i < 5; i++) expectKind(bench.runOnce(context, 20_000), TrapKind.Budget);
  });
};

const clockCases: CaseGroup = ({ add, guest, features }) => {
  /** Runs that no interrupt may end: on a deterministic machine not even a spurious one comes. */
  const undisturbed = (bench: Bench, context: ContextId) =>
    features.deterministic ? bench.runOnce(context, LONG) : bench.run(context, LONG);

  const at = (bench: Bench, from: number): Nanoseconds => (bench.machine.clock.now() + from) as Nanoseconds;
  const NEVER = Infinity as Nanoseconds;

  add('the clock never goes back and moves while a program runs', (bench) => {
    const { context } = spinner(bench, guest);
    const { clock } = bench.machine;
    const start = clock.now();
    let last = start;
    check(Number.isFinite(start) && start >= 0, `now: got ${start}`);
    for (let i = 0; i < 50; i++) {
      bench.run(context, 20_000);
      check(clock.now() >= last, 'the clock went back');
      last = clock.now();
    }
    check(last > start, 'the clock stood still');
  });

  add('a deadline interrupts a running program, not before its time', (bench) => {
    const { context } = spinner(bench, guest);
    const { clock } = bench.machine;
    const deadline = at(bench, 2_000_000);
    clock.setDeadline(deadline);
    let result = bench.runOnce(context, 2 ** 31 - 1);
    // Other machines may return early; what they may not do is to return never.
    for (let i = 0; i < 100 && clock.now() < deadline; i++) result = bench.runOnce(context, 2 ** 31 - 1);
    expectKind(result, TrapKind.Interrupt);
    check(clock.now() >= deadline, `interrupted at ${clock.now()}, before ${deadline}`);
  });

  add('a deadline in the past interrupts at once; without one nothing does', (bench) => {
    const { context } = spinner(bench, guest);
    bench.machine.clock.setDeadline(bench.machine.clock.now());
    expectKind(bench.runOnce(context, LONG), TrapKind.Interrupt);
    bench.machine.clock.setDeadline(NEVER);
    expectKind(undisturbed(bench, context), TrapKind.Budget);
  });

  add('only the last deadline counts', (bench) => {
    const { context } = spinner(bench, guest);
    bench.machine.clock.setDeadline(at(bench, 1000));
    bench.machine.clock.setDeadline(NEVER);
    expectKind(undisturbed(bench, context), TrapKind.Budget);
  });

  if (features.deterministic) {
    add('two machines that do the same have the same clock and the same returns', (bench, another) => {
      const log = (machine: Bench): string => {
        const program = machine.program(
          ...endless(guest, guest.code.add(guest.work[0], guest.work[0], 1), guest.code.syscall()),
        );
        machine.machine.clock.setDeadline(at(machine, 500_000));
        const lines: string[] = [];
        for (let i = 0; i < 200; i++) {
          const { kind, consumed, pcLo } = machine.runOnce(program.context, 1 + ((i * 7919) % 1000));
          lines.push(`${kind} ${consumed} ${pcLo} ${machine.machine.clock.now()}`);
        }
        return lines.join('\n');
      };
      equal(log(another()), log(bench), 'log');
    });
  }

  add('advance: forward only where time is virtual, a RangeError where it is not', (bench) => {
    const { clock } = bench.machine;
    const target = at(bench, 1_000_000_000);
    if (!clock.virtual) {
      throwsRangeError(() => clock.advance(target), 'advance');
      return;
    }
    clock.advance(target);
    equal(clock.now() as number, target as number, 'now');
    clock.advance((target - 500_000_000) as Nanoseconds);
    equal(clock.now() as number, target as number, 'now after an attempt to go back');
  });

  add('advance past a deadline lets the next run be interrupted', (bench) => {
    const { clock } = bench.machine;
    if (!clock.virtual) return;
    const { context } = spinner(bench, guest);
    clock.setDeadline(at(bench, 1_000_000_000));
    expectKind(bench.run(context, 1000), TrapKind.Budget);
    clock.advance(at(bench, 2_000_000_000));
    expectKind(bench.runOnce(context, LONG), TrapKind.Interrupt);
  });
};

const startCases: CaseGroup = ({ add, guest }) => {
  const NEVER = Infinity as Nanoseconds;
  const start = (bench: Bench, cpu: number, context: ContextId, budget: number): void =>
    bench.machine.start(cpu as CpuId, context, budget as Instructions);

  /** Starts CPU 0 and waits for it, again after interrupts. */
  const startUntil = (bench: Bench, context: ContextId): void => {
    for (let attempt = 0; attempt < 100; attempt++) {
      start(bench, 0, context, PLENTY);
      equal(bench.machine.next(NEVER) as number, 0, 'next');
      if (bench.cpu.trap.kind !== TrapKind.Interrupt) return;
    }
    fail('100 interrupts in a row');
  };

  add('start and next are run in two steps', (bench) => {
    const { context } = bench.program(guest.code.syscall());
    startUntil(bench, context);
    equal(bench.cpu.trap.kind as number, TrapKind.Syscall, 'kind');
    equal(bench.cpu.trap.context as number, context as number, 'context');
  });

  add('next answers -1 at its deadline when no CPU was started', (bench) => {
    equal(bench.machine.next(bench.machine.clock.now()) as number, -1, 'next');
  });

  add('every CPU is numbered by its place, runs, and comes back once', (bench) => {
    const { machine } = bench;
    machine.cpus.forEach((cpu, index) => equal(cpu.id as number, index, 'id'));
    const contexts = machine.cpus.map(() => bench.program(guest.code.syscall()).context);
    contexts.forEach((context, index) => start(bench, index, context, PLENTY));
    const back: number[] = [];
    for (let attempt = 0; attempt < 100 && back.length < machine.cpus.length; attempt++) {
      const cpu = machine.next(NEVER) as number;
      if (machine.cpus[cpu]?.trap.kind === TrapKind.Interrupt) start(bench, cpu, contexts[cpu], PLENTY);
      else back.push(cpu);
    }
    back.sort((a, b) => a - b);
    equal(back.join(), machine.cpus.map((_, index) => index).join(), 'CPUs that came back');
    machine.cpus.forEach((cpu, index) => {
      equal(cpu.trap.kind as number, TrapKind.Syscall, `kind of CPU ${index}`);
      equal(cpu.trap.context as number, contexts[index] as number, `context of CPU ${index}`);
    });
  });
};
