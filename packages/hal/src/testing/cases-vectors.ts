/** Vector registers: between memory, saved states and programs, and kept apart between contexts. */
import { PAGE_SIZE, type ContextId } from '@veridian-os/abi';
import { TrapKind } from '../trap.js';
import { equalBytes } from './assert.js';
import { CODE, DATA, endless, expectKind, type Bench, type Program } from './bench.js';
import type { CaseGroup, GroupTools } from './case-group.js';
import { equalFp, fpOf, fpPattern } from './fp-tools.js';
import type { VectorRegisters } from './guest-isa.js';

export const vectorCases: CaseGroup = (tools) => {
  stateCases(tools);
  for (const vectors of tools.guest.vectors) {
    if (!vectors.has(tools.fpTemplate)) continue;
    movingCases(tools, vectors);
    apartCases(tools, vectors);
  }
};

const stateCases: CaseGroup = ({ add, guest }) => {
  const { code } = guest;

  add('40 contexts with states of their own take turns, and every bit of each stays', (bench) => {
    const { space } = bench.program(...endless(guest, code.syscall()));
    const contexts = Array.from({ length: 40 }, (_, index) => {
      const context = bench.context(space);
      bench.machine.contexts.restoreFp(context, fpPattern(bench, index));
      return context;
    });
    for (let round = 0; round < 3; round++) {
      for (const context of contexts) expectKind(bench.run(context), TrapKind.Syscall);
    }
    contexts.forEach((context, index) =>
      equalFp(guest, fpOf(bench.machine, context), fpPattern(bench, index), `context ${index}`),
    );
  });

  add('saving a state changes nothing, and gives the same again', (bench) => {
    const { context } = bench.program(...endless(guest, code.syscall()));
    bench.machine.contexts.restoreFp(context, fpPattern(bench, 5));
    expectKind(bench.run(context), TrapKind.Syscall);
    const first = fpOf(bench.machine, context);
    equalBytes(fpOf(bench.machine, context), first, 'second save');
    expectKind(bench.run(context), TrapKind.Syscall);
    equalFp(guest, fpOf(bench.machine, context), first, 'after another run');
  });

  add('a state saved from one context and restored into another is the same there', (bench) => {
    const { context, space } = bench.program(...endless(guest, code.syscall()));
    const other = bench.context(space);
    bench.machine.contexts.restoreFp(context, fpPattern(bench, 6));
    bench.machine.contexts.restoreFp(other, fpPattern(bench, 7));
    expectKind(bench.run(context), TrapKind.Syscall);
    bench.machine.contexts.restoreFp(other, fpOf(bench.machine, context));
    expectKind(bench.run(other), TrapKind.Syscall);
    expectKind(bench.run(context), TrapKind.Syscall);
    equalFp(guest, fpOf(bench.machine, other), fpPattern(bench, 6), 'state');
  });

  add('restoring an earlier state takes back what the program did since', (bench) => {
    const [, base = 0] = guest.work;
    const { context } = bench.program(...endless(guest, code.loadDouble(3, base), code.syscall()));
    bench.set(context, base, DATA);
    const before = fpPattern(bench, 8);
    bench.machine.contexts.restoreFp(context, before);
    expectKind(bench.run(context), TrapKind.Syscall);
    bench.machine.contexts.restoreFp(context, before);
    equalFp(guest, fpOf(bench.machine, context), before, 'state');
  });
};

/** All registers one behind the other to or from the data page, then a system call, again and again. */
function mover(bench: Bench, vectors: VectorRegisters, direction: 'load' | 'store'): Program {
  const { guest } = bench;
  const [, base = 0] = guest.work;
  const moves = Array.from({ length: vectors.count }, (_, register) => [
    vectors[direction](register, base),
    guest.code.add(base, base, vectors.bytes),
  ]).flat();
  const program = bench.program(...moves, guest.code.syscall());
  rewind(bench, program.context);
  return program;
}

function rewind(bench: Bench, context: ContextId): void {
  bench.setPc(context, CODE);
  bench.set(context, bench.guest.work[1], DATA);
}

const registersOf = (vectors: VectorRegisters, state: Uint8Array): Uint8Array =>
  Uint8Array.from(Array.from({ length: vectors.count }, (_, n) => [...vectors.read(state, n)]).flat());

/** What a program sees in all registers; it runs from its start. */
function seen(bench: Bench, vectors: VectorRegisters, { context, dataFrame }: Program): Uint8Array {
  rewind(bench, context);
  expectKind(bench.run(context), TrapKind.Syscall);
  return bench.memory.view(dataFrame).slice(0, vectors.count * vectors.bytes);
}

const movingCases = ({ add, guest }: GroupTools, vectors: VectorRegisters): void => {
  const { name } = vectors;

  add(`${name}: a program finds in its registers what was restored`, (bench) => {
    const program = mover(bench, vectors, 'store');
    for (let seed = 0; seed < 4; seed++) {
      const state = fpPattern(bench, seed);
      bench.machine.contexts.restoreFp(program.context, state);
      equalBytes(seen(bench, vectors, program), registersOf(vectors, state), `seed ${seed}`);
    }
  });

  add(`${name}: what a program loads is what is saved`, (bench) => {
    const { context, dataFrame } = mover(bench, vectors, 'load');
    const data = Uint8Array.from({ length: PAGE_SIZE }, (_, i) => (i * 31 + (i >> 8) + 1) & 255);
    bench.memory.view(dataFrame).set(data);
    expectKind(bench.run(context), TrapKind.Syscall);
    const expected = data.slice(0, vectors.count * vectors.bytes);
    equalBytes(registersOf(vectors, fpOf(bench.machine, context)), expected, 'registers');
  });

  add(`${name}: a new context and a reset one find zeroes`, (bench) => {
    const program = mover(bench, vectors, 'store');
    const zeroes = new Uint8Array(vectors.count * vectors.bytes);
    bench.memory.view(program.dataFrame).fill(0xee);
    equalBytes(seen(bench, vectors, program), zeroes, 'new');
    bench.machine.contexts.restoreFp(program.context, fpPattern(bench, 3));
    expectKind((rewind(bench, program.context), bench.run(program.context)), TrapKind.Syscall);
    bench.machine.contexts.reset(program.context);
    equalBytes(seen(bench, vectors, program), zeroes, 'reset');
  });

  add(`${name}: a copy has the registers of its source as they are now`, (bench) => {
    const source = mover(bench, vectors, 'load');
    const copy = mover(bench, vectors, 'store');
    bench.memory.view(source.dataFrame).set(Uint8Array.from({ length: PAGE_SIZE }, (_, i) => (i * 29 + 7) & 255));
    expectKind(bench.run(source.context), TrapKind.Syscall);
    bench.machine.contexts.copy(source.context, copy.context);
    const expected = bench.memory.view(source.dataFrame).slice(0, vectors.count * vectors.bytes);
    equalBytes(seen(bench, vectors, copy), expected, 'registers of the copy');
    equalFp(guest, fpOf(bench.machine, source.context), fpOf(bench.machine, copy.context), 'states');
  });
};

const apartCases = ({ add, guest }: GroupTools, vectors: VectorRegisters): void => {
  const { name } = vectors;

  add(`${name}: programs that take turns by system calls do not see each other's registers`, (bench) => {
    const programs = Array.from({ length: 6 }, () => mover(bench, vectors, 'store'));
    programs.forEach(({ context }, index) => bench.machine.contexts.restoreFp(context, fpPattern(bench, index)));
    for (let round = 0; round < 3; round++) {
      programs.forEach((program, index) => {
        const expected = registersOf(vectors, fpPattern(bench, index));
        equalBytes(seen(bench, vectors, program), expected, `program ${index}, round ${round}`);
      });
    }
  });

  add(`${name}: a program that is preempted finds its registers again after others used theirs`, (bench) => {
    const spinner = bench.program(...endless(guest));
    const state = fpPattern(bench, 9);
    bench.machine.contexts.restoreFp(spinner.context, state);
    const others = [mover(bench, vectors, 'load'), mover(bench, vectors, 'load')];
    for (let round = 0; round < 3; round++) {
      expectKind(bench.run(spinner.context, 20_000), TrapKind.Budget);
      others.forEach(({ context, dataFrame }, index) => {
        bench.memory.view(dataFrame).fill(16 * index + round);
        rewind(bench, context);
        expectKind(bench.run(context), TrapKind.Syscall);
      });
    }
    equalFp(guest, fpOf(bench.machine, spinner.context), state, 'state of the spinning program');
    const reader = mover(bench, vectors, 'store');
    bench.machine.contexts.copy(spinner.context, reader.context);
    equalBytes(seen(bench, vectors, reader), registersOf(vectors, state), 'registers');
  });

  add(`${name}: a fault in the middle of a program leaves its registers to it`, (bench) => {
    const program = mover(bench, vectors, 'store');
    const state = fpPattern(bench, 10);
    bench.machine.contexts.restoreFp(program.context, state);
    bench.setPc(program.context, 0x70000);
    expectKind(bench.run(program.context), TrapKind.Fault);
    const other = mover(bench, vectors, 'load');
    bench.memory.view(other.dataFrame).fill(0x77);
    expectKind(bench.run(other.context), TrapKind.Syscall);
    equalBytes(seen(bench, vectors, program), registersOf(vectors, state), 'registers');
  });
};
