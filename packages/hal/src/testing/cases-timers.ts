/** Deadlines and kicks in more than one step: who is interrupted, what is lost, what waits. */
import type { ContextId, CpuId, Instructions, Nanoseconds } from '@veridian-os/abi';
import { FaultKind, TrapKind } from '../trap.js';
import { check, equal, fail } from './assert.js';
import { PLENTY, endless, expectKind, nameOf, type Bench, type Program } from './bench.js';
import type { CaseGroup } from './case-group.js';

const NEVER = Infinity as Nanoseconds;
/** Virtual time costs instructions, real time goes by itself and has interrupts of its own in it. */
const unitNs = ({ machine }: Bench): number => (machine.clock.virtual ? 50_000 : 1_000_000);

const after = (bench: Bench, units: number): Nanoseconds =>
  (bench.machine.clock.now() + units * unitNs(bench)) as Nanoseconds;

const spinner = (bench: Bench): Program => {
  const { code, work } = bench.guest;
  return bench.program(...endless(bench.guest, code.add(work[0], work[0], 1)));
};

/** Runs a program that never ends until the clock has passed `at`, however often it comes back. @returns the last kind */
function spinUntil(bench: Bench, context: ContextId, at: Nanoseconds): TrapKind {
  const { clock } = bench.machine;
  for (let round = 0; round < 1000; round++) {
    const { kind } = bench.runOnce(context, PLENTY);
    if (clock.now() >= at) return kind;
  }
  return fail(`the clock never came to ${at}`);
}

export const timerCases: CaseGroup = (tools) => {
  deadlineCases(tools);
  nextCases(tools);
  waitCases(tools);
};

const deadlineCases: CaseGroup = ({ add, guest }) => {
  add('deadline: ten in a row each interrupt', (bench) => {
    const { context } = spinner(bench);
    for (let round = 0; round < 10; round++) {
      const at = after(bench, 1);
      bench.machine.clock.setDeadline(at);
      equal(nameOf(TrapKind, spinUntil(bench, context, at)), 'Interrupt', `kind in round ${round}`);
    }
  });

  add('deadline: whichever context runs then is interrupted', (bench) => {
    const first = spinner(bench);
    const second = spinner(bench);
    let at = after(bench, 5);
    // A busy host may give each run a slice of its own scheduler.
    for (let attempt = 1; attempt <= 20; attempt++) {
      at = after(bench, 5 * attempt);
      bench.machine.clock.setDeadline(at);
      bench.runOnce(first.context, 10_000);
      if (bench.machine.clock.now() < at) break;
    }
    equal(nameOf(TrapKind, spinUntil(bench, second.context, at)), 'Interrupt', 'kind');
    equal(bench.cpu.trap.context as number, second.context as number, 'context');
  });

  add('deadline: system calls and faults until then neither lose nor move it', (bench) => {
    const { code } = guest;
    const caller = bench.program(...endless(guest, code.syscall()));
    const faulty = bench.program(code.illegal());
    const at = after(bench, 20);
    bench.machine.clock.setDeadline(at);
    for (let round = 0; round < 5; round++) {
      bench.runOnce(caller.context);
      bench.runOnce(faulty.context);
    }
    const { clock } = bench.machine;
    const { context } = spinner(bench);
    if (clock.now() < at) equal(nameOf(TrapKind, spinUntil(bench, context, at)), 'Interrupt', 'kind');
    clock.setDeadline(NEVER);
    expectKind(bench.run(context, 50_000), TrapKind.Budget);
  });

  add('deadline: a later one in place of an earlier one, and the other way round', (bench) => {
    const { context } = spinner(bench);
    const { clock } = bench.machine;
    const late = after(bench, 3);
    clock.setDeadline(after(bench, 1));
    clock.setDeadline(late);
    equal(nameOf(TrapKind, spinUntil(bench, context, late)), 'Interrupt', 'kind at the later one');
    const early = after(bench, 1);
    clock.setDeadline(after(bench, 1000));
    clock.setDeadline(early);
    equal(nameOf(TrapKind, spinUntil(bench, context, early)), 'Interrupt', 'kind at the earlier one');
  });

  add('deadline: a kick before it comes first, and it still comes', (bench) => {
    const { context } = spinner(bench);
    const at = after(bench, 40);
    bench.machine.clock.setDeadline(at);
    bench.cpu.interrupt();
    expectKind(bench.runOnce(context, PLENTY), TrapKind.Interrupt);
    // A host that was busy so long may have made one interrupt of the two.
    if (bench.machine.clock.now() >= at) return;
    equal(nameOf(TrapKind, spinUntil(bench, context, at)), 'Interrupt', 'kind at the deadline');
  });

  add('deadline: the interrupted program has lost nothing and gone on', (bench) => {
    const { context } = spinner(bench);
    const [counter = 0] = guest.work;
    let before = 0;
    for (let round = 0; round < 5; round++) {
      const at = after(bench, 1);
      bench.machine.clock.setDeadline(at);
      spinUntil(bench, context, at);
      const [lo, hi] = bench.get(context, counter);
      check(hi * 2 ** 32 + lo >= before, `round ${round}: the program went back`);
      before = hi * 2 ** 32 + lo;
    }
    // Not in every round: on a busy host a deadline may pass before the first instruction.
    check(before > 0, 'no progress');
  });

  add('the clock goes on between runs where it is real, and stands where it is virtual', ({ machine: { clock } }) => {
    const start = clock.now();
    let looks = 0;
    while (clock.now() === start && looks < 10_000_000) looks += clock.virtual ? 10_000 : 1;
    equal(clock.now() === start, clock.virtual, 'stood still');
  });
};

const nextCases: CaseGroup = ({ add }) => {
  const start = (bench: Bench, context: ContextId): void =>
    bench.machine.start(0 as CpuId, context, PLENTY as Instructions);

  add('next: -1 at its deadline while a program spins, which goes on afterwards', (bench) => {
    const { context } = spinner(bench);
    const { machine } = bench;
    const budget = (50 * unitNs(bench)) as Instructions;
    const begin = (): void => machine.start(0 as CpuId, context, budget);
    begin();
    const at = after(bench, 2);
    let back = machine.next(at) as number;
    for (let i = 0; i < 100 && back === 0; i++) {
      // One CPU alone may run to its end.
      if (machine.cpus.length === 1 && bench.cpu.trap.kind === TrapKind.Budget) return;
      equal(nameOf(TrapKind, bench.cpu.trap.kind), 'Interrupt', 'kind before the deadline');
      begin();
      back = machine.next(at);
    }
    equal(back, -1, 'next');
    check(machine.clock.now() >= at, 'before its deadline');
    bench.cpu.interrupt();
    equal(machine.next(NEVER) as number, 0, 'next after a kick');
    equal(nameOf(TrapKind, bench.cpu.trap.kind), 'Interrupt', 'kind after a kick');
    expectKind(bench.run(context, 50_000), TrapKind.Budget);
  });

  add('next: -1 at once when nothing was started, whatever the deadline', ({ machine }) => {
    equal(machine.next(NEVER) as number, -1, 'without a deadline');
    equal(machine.next(0 as Nanoseconds) as number, -1, 'with one that has passed');
  });

  add('next: a CPU comes back once per start', (bench) => {
    const { context } = spinner(bench);
    start(bench, context);
    bench.cpu.interrupt();
    equal(bench.machine.next(NEVER) as number, 0, 'first');
    equal(bench.machine.next(NEVER) as number, -1, 'second');
  });

  add('next: a kick between start and next is seen', (bench) => {
    const { context } = spinner(bench);
    for (let round = 0; round < 5; round++) {
      start(bench, context);
      bench.cpu.interrupt();
      equal(bench.machine.next(NEVER) as number, 0, `round ${round}`);
      equal(nameOf(TrapKind, bench.cpu.trap.kind), 'Interrupt', `kind in round ${round}`);
    }
  });
};

const waitCases: CaseGroup = ({ add, guest }) => {
  add('an instruction that waits for interrupts comes back by the deadline, or is refused', (bench) => {
    const { context } = bench.program(...endless(guest, guest.code.wait()));
    const at = after(bench, 5);
    bench.machine.clock.setDeadline(at);
    for (let round = 0; round < 1000; round++) {
      const { kind, fault } = bench.runOnce(context, PLENTY);
      if (kind === TrapKind.Fault) {
        check(fault === FaultKind.Illegal || fault === FaultKind.Protection, `fault: got ${nameOf(FaultKind, fault)}`);
        return;
      }
      const known = kind === TrapKind.Idle || kind === TrapKind.Interrupt || kind === TrapKind.Budget;
      check(known, `kind: got ${nameOf(TrapKind, kind)}`);
      if (bench.machine.clock.now() >= at) return;
      if (kind === TrapKind.Idle && bench.machine.clock.virtual) bench.machine.clock.advance(at);
    }
    fail('the deadline never came');
  });

  add('a kick ends an instruction that waits for interrupts, unless it is refused', (bench) => {
    const { context } = bench.program(...endless(guest, guest.code.wait()));
    for (let round = 0; round < 5; round++) {
      bench.cpu.interrupt();
      const { kind } = bench.runOnce(context, PLENTY);
      const known = kind === TrapKind.Idle || kind === TrapKind.Interrupt || kind === TrapKind.Fault;
      check(known, `kind: got ${nameOf(TrapKind, kind)}`);
    }
  });
};
