/** Random programs and register contents: what a run leaves is what the model says, however it is cut. */
import fc from 'fast-check';
import { PAGE_SIZE, type Frame } from '@veridian-os/abi';
import { TrapKind } from '../trap.js';
import { registerContents, straightLineProgram, type ProgramStep } from './arbitraries.js';
import { equal, equalBytes } from './assert.js';
import { CODE, DATA, bytes, expectKind, type Bench, type Program } from './bench.js';
import type { CaseGroup } from './case-group.js';
import type { Entry, GuestIsa } from './guest-isa.js';
import { RX } from './guest-space.js';
import { ProgramModel, encodeProgram } from './models.js';

/** The program's window of memory: in the middle of its data page, whose other bytes must stay. */
const WINDOW = 1024;
const WINDOW_BYTES = 1536;
/** Enough for any program, whatever the machine counts. */
const PLENTY = 2 ** 31 - 1;

interface Plan {
  readonly program: readonly ProgramStep[];
  readonly registers: readonly Entry[];
  readonly memory: Uint8Array;
  /** First byte of the code in the first of its two pages, in units of four. */
  readonly start: number;
}

export const randomProgramCases: CaseGroup = ({ add, guest, features }) => {
  const [pointer = 0, ...data] = guest.work;
  const kept = guest.general.filter((register) => !guest.syscallSaves.some(([saved]) => saved === register));
  const others = kept.filter((register) => !guest.work.includes(register));
  const plan: fc.Arbitrary<Plan> = fc.record({
    program: straightLineProgram({
      registers: data.length,
      windowBytes: WINDOW_BYTES,
      misaligned: features.misaligned,
    }),
    registers: fc.array(registerContents(), { minLength: guest.general.length, maxLength: guest.general.length }),
    memory: fc.uint8Array({ minLength: PAGE_SIZE, maxLength: PAGE_SIZE }),
    start: fc.oneof(fc.nat(PAGE_SIZE / 4 - 1), fc.integer({ min: PAGE_SIZE / 4 - 30, max: PAGE_SIZE / 4 - 1 })),
  });

  /** Runs the plan by `drive`, then compares registers and memory with the model. */
  const carryOut = (rig: ProgramRig, planned: Plan, drive: (instructions: number) => void): void => {
    const model = new ProgramModel(
      planned.registers.slice(0, data.length),
      planned.memory.subarray(WINDOW, WINDOW + WINDOW_BYTES),
    );
    const code = encodeProgram(guest, planned.program, pointer, data);
    const end = rig.load(code, planned, [...data, ...others], pointer);
    drive(code.length);
    model.run(planned.program);
    rig.expect(model, planned, data, others);
    equal(rig.pc(), end, 'pc');
  };

  add('a random program leaves the registers and the memory of the model', (bench) => {
    const rig = new ProgramRig(bench, guest);
    const property = fc.property(plan, (planned) => {
      carryOut(rig, planned, () => expectKind(bench.run(rig.program.context, PLENTY), TrapKind.Syscall));
    });
    fc.assert(property, { numRuns: 60 });
  });

  add('budgets that end at random points change nothing of what a random program leaves', (bench) => {
    const rig = new ProgramRig(bench, guest);
    const budgets = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 20 });
    const property = fc.property(plan, budgets, (planned, cuts) => {
      carryOut(rig, planned, (instructions) => rig.runInPieces(cuts, instructions));
    });
    fc.assert(property, { numRuns: 60 });
  });

  add('random register contents survive a spent budget, a system call and a fault', (bench) => {
    const { context } = bench.program(...[guest.code.jump(0), guest.code.syscall(), guest.code.illegal()]);
    const contents = fc.array(registerContents(), {
      minLength: guest.general.length,
      maxLength: guest.general.length,
    });
    const afterLoop = CODE + guest.code.jump(0).length;
    const property = fc.property(contents, (registers) => {
      guest.general.forEach((register, index) => bench.set(context, register, ...registers[index]));
      const compare = (when: string, among: readonly number[]): void =>
        guest.general.forEach((register, index) => {
          if (!among.includes(register)) return;
          equal(bench.get(context, register).join(), registers[index].join(), `register ${register} after ${when}`);
        });
      bench.setPc(context, CODE);
      expectKind(bench.run(context, 100), TrapKind.Budget);
      compare('a spent budget', guest.general);
      bench.setPc(context, afterLoop);
      expectKind(bench.run(context, PLENTY), TrapKind.Syscall);
      compare('a system call', kept);
      expectKind(bench.run(context, PLENTY), TrapKind.Fault);
      compare('a fault', kept);
    });
    fc.assert(property, { numRuns: 50 });
  });
};

/** One context with two pages of code and one of data, for program after program. */
class ProgramRig {
  readonly program: Program;
  private readonly bench: Bench;
  private readonly guest: GuestIsa;
  private readonly second: Frame;

  constructor(bench: Bench, guest: GuestIsa) {
    this.bench = bench;
    this.guest = guest;
    this.program = bench.program();
    this.second = bench.memory.allocZeroed();
    this.program.space.map(CODE + PAGE_SIZE, this.second, RX);
  }

  /** Puts code, data and registers in place. @returns the address behind the system call that ends the program */
  load(code: readonly Uint8Array[], planned: Plan, registers: readonly number[], pointer: number): number {
    const { bench, program } = this;
    const whole = bytes(...code, this.guest.code.syscall());
    const start = planned.start * 4;
    const first = whole.subarray(0, PAGE_SIZE - start);
    bench.memory.view(program.codeFrame).set(first, start);
    bench.memory.view(this.second).set(whole.subarray(first.length));
    for (const frame of [program.codeFrame, this.second]) bench.machine.mmu.syncCode(frame, 1);
    bench.memory.view(program.dataFrame).set(planned.memory);
    registers.forEach((register, index) => bench.set(program.context, register, ...planned.registers[index]));
    bench.set(program.context, pointer, DATA + WINDOW);
    bench.setPc(program.context, CODE + start);
    return CODE + start + whole.length;
  }

  /** Runs with one budget after the other, in the end with plenty: a budget may be too short for any progress. */
  runInPieces(cuts: readonly number[], instructions: number): void {
    const { bench, program } = this;
    for (let round = 0; round <= instructions; round++) {
      const result = bench.run(program.context, cuts[round % cuts.length]);
      if (result.kind === TrapKind.Syscall) return;
      expectKind(result, TrapKind.Budget);
    }
    expectKind(bench.run(program.context, PLENTY), TrapKind.Syscall);
  }

  /** Registers and the whole data page are as the model has them. */
  expect(model: ProgramModel, planned: Plan, data: readonly number[], others: readonly number[]): void {
    const { bench, program } = this;
    data.forEach((register, index) =>
      equal(bench.get(program.context, register).join(), model.words(index).join(), `register ${register}`),
    );
    others.forEach((register, index) => {
      const before = planned.registers[data.length + index].join();
      equal(
        bench.get(program.context, register).join(),
        before,
        `register ${register}, which the program does not name`,
      );
    });
    const page = planned.memory.slice();
    page.set(model.memory, WINDOW);
    equalBytes(bench.memory.view(program.dataFrame), page, 'data page');
  }

  pc(): number {
    const [lo, hi] = this.bench.get(this.program.context, this.bench.machine.info.layout.pc);
    return hi * 2 ** 32 + lo;
  }
}
