/** Instruction budgets. */
import { TrapKind } from '../trap.js';
import { check, equal } from './assert.js';
import { CODE, DATA, bytes, endless, expectKind, type Bench, type Program } from './bench.js';
import type { CaseGroup } from './case-group.js';
import type { GuestIsa } from './guest-isa.js';

export const budgetCases: CaseGroup = (tools) => {
  generalCases(tools);
  if (tools.features.exactBudget) exactCases(tools);
};

/** Two instructions per round: count, jump back. */
const counting = (bench: Bench, guest: GuestIsa): Program =>
  bench.program(...endless(guest, guest.code.add(guest.work[0], guest.work[0], 1)));

const count = (bench: Bench, guest: GuestIsa, { context }: Program): number => {
  const [lo, hi] = bench.get(context, guest.work[0]);
  return hi * 2 ** 32 + lo;
};

const generalCases: CaseGroup = ({ add, guest, features }) => {
  add('an endless loop comes back when its budget is spent, every time', (bench) => {
    const program = counting(bench, guest);
    let before = -1;
    for (let round = 0; round < 20; round++) {
      const result = bench.run(program.context, 50_000);
      expectKind(result, TrapKind.Budget);
      check(result.consumed > 0, `consumed: expected more than 0, got ${result.consumed}`);
      const now = count(bench, guest, program);
      check(features.exactBudget ? now > before : now >= before, `count: ${now} after ${before}`);
      before = now;
    }
    check(before > 0, 'no progress');
  });

  add('a larger budget lets a loop run longer', (bench) => {
    const program = counting(bench, guest);
    const during = (budget: number): number => {
      const before = count(bench, guest, program);
      expectKind(bench.run(program.context, budget), TrapKind.Budget);
      return count(bench, guest, program) - before;
    };
    const small = Array.from({ length: 5 }, () => during(10_000)).sort((a, b) => a - b)[2];
    // Where a budget is a time, the larger one is beyond what a busy host adds to the smaller.
    const enough = features.exactBudget ? 100_000 : 100_000_000;
    const large = Array.from({ length: 3 }, () => during(enough)).sort((a, b) => a - b)[1];
    check(large > small, `turns: ${large} with the larger budget, ${small} with the smaller`);
  });

  add('a loop of a single jump comes back as well', (bench) => {
    const { context } = bench.program(...endless(guest));
    const result = bench.run(context, 3000);
    expectKind(result, TrapKind.Budget);
    equal(result.pcLo, CODE, 'pc');
  });

  add('the largest budget is accepted', (bench) => {
    const { context } = bench.program(guest.code.syscall());
    expectKind(bench.run(context, 2 ** 31 - 1), TrapKind.Syscall);
  });
};

const exactCases: CaseGroup = ({ add, guest }) => {
  const { code } = guest;
  const [counter = 0, base = 0] = guest.work;

  /** After `total` instructions of the counting loop, register and pc are known. */
  const expectState = (bench: Bench, program: Program, total: number): void => {
    equal(count(bench, guest, program), Math.ceil(total / 2), `count after ${total} instructions`);
    const pc = CODE + (total % 2) * code.add(counter, counter, 1).length;
    equal(bench.get(program.context, bench.machine.info.layout.pc)[0], pc, `pc after ${total} instructions`);
  };

  for (const budget of [1, 2, 3, 7, 64, 1000, 4095, 4096, 65537, 1_000_003]) {
    add(`a budget of ${budget} ends after exactly ${budget} instructions`, (bench) => {
      const program = counting(bench, guest);
      const result = bench.run(program.context, budget);
      expectKind(result, TrapKind.Budget);
      equal(result.consumed, budget, 'consumed');
      expectState(bench, program, budget);
    });
  }

  add('budgets of one step through a loop', (bench) => {
    const program = counting(bench, guest);
    for (let total = 1; total <= 50; total++) {
      equal(bench.run(program.context, 1).consumed, 1, 'consumed');
      expectState(bench, program, total);
    }
  });

  add('odd budgets stay exact in a loop that has become hot', (bench) => {
    const program = counting(bench, guest);
    let total = 0;
    for (const budget of [3_000_000, 1, 999_999, 17, 2, 500_001, 1, 1, 3, 250_000]) {
      const result = bench.run(program.context, budget);
      expectKind(result, TrapKind.Budget);
      equal(result.consumed, budget, 'consumed');
      total += budget;
      expectState(bench, program, total);
    }
  });

  add('a budget that ends right before a system call leaves it for the next run', (bench) => {
    const nop = code.add(counter, counter, 1);
    for (let length = 1; length <= 20; length++) {
      const { context } = bench.program(...Array.from({ length }, () => nop), code.syscall());
      const short = bench.run(context, length);
      expectKind(short, TrapKind.Budget);
      equal(short.consumed, length, 'consumed before');
      const rest = bench.run(context, 1);
      expectKind(rest, TrapKind.Syscall);
      equal(rest.consumed, 1, 'consumed by the call');
      const fresh = bench.program(...Array.from({ length }, () => nop), code.syscall());
      expectKind(bench.run(fresh.context, length + 1), TrapKind.Syscall);
    }
  });

  add('a budget that ends right before a fault leaves it for the next run', (bench) => {
    const nop = code.add(counter, counter, 1);
    const { context } = bench.program(nop, nop, code.load(8, counter, base));
    bench.set(context, base, 0x70000);
    expectKind(bench.run(context, 2), TrapKind.Budget);
    const result = bench.run(context, 1);
    expectKind(result, TrapKind.Fault);
    equal(result.consumed, 0, 'consumed');
  });

  add('the sum over system calls, budgets and faults is the number of instructions', (bench) => {
    const body = [code.add(counter, counter, 1), code.load(64, guest.work[2], base), code.syscall()];
    const program = bench.program(...endless(guest, ...body));
    bench.set(program.context, base, DATA);
    let consumed = 0;
    for (let round = 0; round < 3000; round++) consumed += bench.run(program.context, 1 + (round % 11)).consumed;
    // Each loop is four instructions, the counter is the first of them.
    equal(count(bench, guest, program), Math.ceil(consumed / 4), 'rounds');
  });

  add('budgets are exact in straight code across pages', (bench) => {
    const nop = code.add(counter, counter, 1);
    const perPage = Math.floor(4096 / nop.length);
    const { context, space } = bench.program();
    const page = bytes(...Array.from({ length: perPage }, () => nop));
    for (let index = 0; index < 3; index++) bench.place(space, 0x90000 + index * 4096, [page]);
    bench.setPc(context, 0x90000);
    let total = 0;
    for (const budget of [perPage - 1, 1, 1, 500, perPage]) {
      equal(bench.run(context, budget).consumed, budget, 'consumed');
      total += budget;
      equal(bench.get(context, counter)[0], total, 'instructions that ran');
    }
  });
};
