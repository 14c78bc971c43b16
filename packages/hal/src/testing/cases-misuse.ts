/** Bad arguments to a machine, and its end. */
import {
  PAGE_SIZE,
  type ContextId,
  type CpuId,
  type Instructions,
  type Nanoseconds,
  type PhysAddr,
} from '@veridian-os/abi';
import { TrapKind } from '../trap.js';
import { equal, panics, refuses } from './assert.js';
import { DATA, endless, expectKind, type Bench } from './bench.js';
import type { CaseGroup } from './case-group.js';

const BAD_BUDGETS = [0, -1, 2 ** 31, Number.NaN, Infinity];

export const misuseCases: CaseGroup = ({ add, guest }) => {
  add('run refuses budgets outside 1 .. 2^31-1 and stays usable', (bench) => {
    const { context } = bench.program(guest.code.syscall());
    for (const budget of BAD_BUDGETS) {
      refuses(() => bench.cpu.run(context, budget as Instructions), `budget ${budget}`);
    }
    expectKind(bench.run(context), TrapKind.Syscall);
  });

  add('start, or at the latest next, refuses budgets outside 1 .. 2^31-1', (bench) => {
    const { context } = bench.program(guest.code.syscall());
    for (const budget of BAD_BUDGETS) {
      refuses(() => {
        bench.machine.start(0 as CpuId, context, budget as Instructions);
        bench.machine.next(Infinity as Nanoseconds);
      }, `budget ${budget}`);
    }
    expectKind(bench.run(context), TrapKind.Syscall);
  });

  const FOREVER = Infinity as Nanoseconds;
  const start = ({ machine }: Bench, context: ContextId): void =>
    machine.start(0 as CpuId, context, 1000 as Instructions);

  add('start refuses a CPU that is started; what was started first comes back', (bench) => {
    const first = bench.program(guest.code.syscall());
    const second = bench.program(guest.code.syscall());
    start(bench, first.context);
    panics(() => start(bench, second.context), 'cpu/start');
    panics(() => bench.cpu.run(second.context, 1000 as Instructions), 'cpu/start');
    equal(bench.machine.next(FOREVER) as number, 0, 'next');
    equal(bench.cpu.trap.context as number, first.context as number, 'context');
    expectKind(bench.run(second.context), TrapKind.Syscall);
  });

  add('a context that is started is refused by all methods of contexts until it is back', (bench) => {
    const { contexts, info } = bench.machine;
    const { context, space } = bench.program(guest.code.syscall());
    const idle = bench.context();
    const state = new Uint8Array(info.layout.fpBytes);
    contexts.saveFp(idle, state);
    start(bench, context);
    for (const use of [
      () => contexts.destroy(context),
      () => contexts.reset(context),
      () => contexts.copy(context, idle),
      () => contexts.copy(idle, context),
      () => contexts.setAddressSpace(context, space.root, space.asid),
      () => contexts.saveFp(context, state),
      () => contexts.restoreFp(context, state),
    ]) {
      panics(use, 'hal/context');
    }
    bench.cpu.interrupt();
    equal(bench.machine.next(FOREVER) as number, 0, 'next');
    contexts.destroy(context);
  });

  add('start and run refuse a context that is not alive, and the CPU stays free', (bench) => {
    const dead = bench.context();
    bench.machine.contexts.destroy(dead);
    panics(() => start(bench, dead), 'hal/context');
    equal(bench.machine.next(FOREVER) as number, -1, 'next');
    panics(() => bench.cpu.run(dead, 1000 as Instructions), 'hal/context');
    expectKind(bench.run(bench.program(guest.code.syscall()).context), TrapKind.Syscall);
  });

  add('dispose while a CPU is started ends it', (bench) => {
    start(bench, bench.program(...endless(guest)).context);
    bench.machine.dispose();
  });

  add('machines are apart: the same program on two of them works on two memories', (bench, another) => {
    const [value = 0, base = 0] = guest.work;
    const programs = [bench, another()].map((each, index) => {
      const program = each.program(guest.code.store(32, value, base), guest.code.syscall());
      each.set(program.context, base, DATA);
      each.set(program.context, value, 0x100 + index);
      return [each, program] as const;
    });
    for (const [each, { context }] of programs) expectKind(each.run(context), TrapKind.Syscall);
    programs.forEach(([each, { dataFrame }], index) =>
      equal(each.memory.read32((dataFrame * PAGE_SIZE) as PhysAddr), 0x100 + index, `memory ${index}`),
    );
  });

  add('start refuses a CPU that is not there', (bench) => {
    const { context } = bench.program(guest.code.syscall());
    for (const cpu of [-1, bench.machine.cpus.length, 0.5]) {
      refuses(() => bench.machine.start(cpu as CpuId, context, 1 as Instructions), `cpu ${cpu}`);
    }
  });

  add('dispose is idempotent', (bench) => {
    bench.context() satisfies ContextId;
    bench.machine.dispose();
    bench.machine.dispose();
  });
};
