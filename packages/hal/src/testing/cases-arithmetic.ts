/** Division, arithmetic that traps, and single steps, where the ISA has them. */
import { FaultKind, TrapKind } from '../trap.js';
import { equal } from './assert.js';
import { CODE, DATA, bytes, endless, expectError, expectKind, expectPc, type Bench, type Program } from './bench.js';
import type { CaseGroup, GroupTools } from './case-group.js';
import { equalFp, fpOf } from './fp-tools.js';
import type { GuestIsa } from './guest-isa.js';

export const arithmeticCases: CaseGroup = (tools) => {
  divisionCases(tools);
  trapCases(tools);
  const { setSingleStep } = tools.guest;
  if (setSingleStep !== undefined) stepCases(tools, setSingleStep);
};

const divisionCases: CaseGroup = ({ add, guest }) => {
  const { code, divisionByZero } = guest;
  const [quotient = 0, left = 0, right = 0] = guest.work;
  const divide = (bench: Bench): Program => bench.program(code.divide(quotient, left, right), code.syscall());

  add('division: signed quotients of 64 bits, towards zero', (bench) => {
    const { context } = divide(bench);
    for (const [a, b] of [
      [7n, 2n],
      [-7n, 2n],
      [7n, -2n],
      [2n ** 62n, 3n],
      [-(2n ** 63n), 2n ** 40n],
      [0n, 5n],
    ] as const) {
      setWide(bench, context, left, a);
      setWide(bench, context, right, b);
      bench.setPc(context, CODE);
      expectKind(bench.run(context), TrapKind.Syscall);
      const [lo, hi] = bench.get(context, quotient);
      equal(String(BigInt.asIntN(64, (BigInt(hi) << 32n) | BigInt(lo))), String(a / b), `${a} / ${b}`);
    }
  });

  add(`division by zero ${'fault' in divisionByZero ? 'is an arithmetic fault' : 'has a result'}`, (bench) => {
    const { context } = divide(bench);
    bench.set(context, left, 9);
    const result = bench.run(context);
    if ('fault' in divisionByZero) {
      expectError(result, divisionByZero);
      equal(bench.get(context, right).join(), '0,0', 'divisor');
    } else {
      expectKind(result, TrapKind.Syscall);
      equal(bench.get(context, quotient).join(), divisionByZero.join(), 'quotient');
    }
  });

  if (!('fault' in divisionByZero)) return;
  add('division that trapped succeeds once the divisor was repaired', (bench) => {
    const { context } = divide(bench);
    bench.set(context, left, 42);
    expectError(bench.run(context), divisionByZero);
    bench.set(context, right, 6);
    expectKind(bench.run(context), TrapKind.Syscall);
    equal(bench.get(context, quotient).join(), '7,0', 'quotient');
  });
};

function setWide(bench: Bench, context: Program['context'], register: number, value: bigint): void {
  bench.set(context, register, Number(value & 0xffffffffn), Number((value >> 32n) & 0xffffffffn));
}

const trapCases: CaseGroup = ({ add, guest }) => {
  for (const { name, number, before, trapping } of guest.arithmeticTraps) {
    const expected = { fault: FaultKind.Arithmetic, number };
    /** With its data page as stack. */
    const make = (bench: Bench): Program => {
      const program = bench.program(...before, trapping);
      bench.set(program.context, bench.machine.info.layout.sp, DATA + 2048);
      return program;
    };

    add(`${name}: an arithmetic fault at its pc, and again when run again`, (bench) => {
      const { context } = make(bench);
      for (let round = 0; round < 2; round++) {
        const result = bench.run(context);
        expectError(result, expected);
        expectPc(result, CODE + bytes(...before).length);
      }
    });

    add(`${name}: other contexts and new ones know nothing of it`, (bench) => {
      const other = bench.program(...endless(guest, guest.code.syscall()));
      expectKind(bench.run(other.context), TrapKind.Syscall);
      const { context } = make(bench);
      expectError(bench.run(context), expected);
      expectKind(bench.run(other.context), TrapKind.Syscall);
      equalFp(guest, fpOf(bench.machine, other.context), guest.fp.initial(), 'state of the other context');
      equalFp(guest, fpOf(bench.machine, bench.context()), guest.fp.initial(), 'state of a new context');
    });
  }
};

type SetSingleStep = NonNullable<GuestIsa['setSingleStep']>;

/** `addressLo` of a Breakpoint trap that is a single step. */
const STEP = 1;

const stepCases = ({ add, guest }: GroupTools, setSingleStep: SetSingleStep): void => {
  const { code } = guest;
  const [a = 0, base = 0] = guest.work;
  const step = (bench: Bench, { context }: Program, on = true): void =>
    setSingleStep(bench.machine.contexts.registers(context), on);

  add('single step: every instruction comes back, with the pc at the next one', (bench) => {
    const body = [code.add(a, a, 1), code.store(64, a, base), code.load(32, a, base), code.jump(0)];
    const program = bench.program(...body);
    bench.set(program.context, base, DATA);
    step(bench, program);
    let pc = CODE;
    for (const instruction of body.slice(0, -1)) {
      pc += instruction.length;
      const result = bench.run(program.context);
      expectKind(result, TrapKind.Breakpoint);
      expectPc(result, pc);
      equal(result.addressLo, STEP, 'number of the exception');
    }
    const jumped = bench.run(program.context);
    expectKind(jumped, TrapKind.Breakpoint);
    expectPc(jumped, pc);
    equal(bench.get(program.context, a).join(), '1,0', 'register');
  });

  add('single step: an instruction that faults is a fault, and steps once it can', (bench) => {
    const program = bench.program(code.load(64, a, base), code.add(a, a, 1));
    bench.set(program.context, base, 0x70000);
    step(bench, program);
    expectKind(bench.run(program.context), TrapKind.Fault);
    bench.set(program.context, base, DATA);
    const result = bench.run(program.context);
    expectKind(result, TrapKind.Breakpoint);
    expectPc(result, CODE + code.load(64, a, base).length);
  });

  add('single step: a system call is a system call', (bench) => {
    const program = bench.program(code.syscall(), code.add(a, a, 1));
    step(bench, program);
    const call = bench.run(program.context);
    expectKind(call, TrapKind.Syscall);
    expectPc(call, CODE + code.syscall().length);
    const behind = bench.run(program.context);
    expectKind(behind, TrapKind.Breakpoint);
    equal(bench.get(program.context, a)[0], 1, 'register');
  });

  add('single step: a breakpoint instruction is at its pc, with another number', (bench) => {
    const program = bench.program(code.add(a, a, 1), code.breakpoint());
    step(bench, program);
    expectKind(bench.run(program.context), TrapKind.Breakpoint);
    const result = bench.run(program.context);
    expectKind(result, TrapKind.Breakpoint);
    expectPc(result, CODE + code.add(a, a, 1).length);
    equal(result.addressLo === STEP, false, 'number of a single step');
  });

  add('single step: ends when it is turned off, and is no other context’s', (bench) => {
    const program = bench.program(...Array.from({ length: 9 }, () => code.add(a, a, 1)), code.syscall());
    const other = bench.program(...Array.from({ length: 9 }, () => code.add(a, a, 1)), code.syscall());
    step(bench, program);
    for (let i = 0; i < 3; i++) expectKind(bench.run(program.context), TrapKind.Breakpoint);
    expectKind(bench.run(other.context), TrapKind.Syscall);
    step(bench, program, false);
    expectKind(bench.run(program.context), TrapKind.Syscall);
    equal(bench.get(program.context, a)[0], 9, 'register');
  });
};
