/** Register files and floating-point state: creation, isolation, copy, reset, reuse, misuse. */
import { ENOMEM, isErrno, type ContextId } from '@veridian-os/abi';
import { TrapKind } from '../trap.js';
import { check, equal, equalBytes, panics } from './assert.js';
import { CODE, DATA, endless, expectKind, type Bench } from './bench.js';
import type { CaseGroup } from './case-group.js';
import { equalFp, fpOf, fpPattern } from './fp-tools.js';

export const contextCases: CaseGroup = (tools) => {
  lifeCases(tools);
  fpCases(tools);
  manyCases(tools);
  misuseCases(tools);
};

const lifeCases: CaseGroup = ({ add, guest }) => {
  add('a new context has zero registers and the initial floating-point state', (bench) => {
    const context = bench.context();
    const view = bench.machine.contexts.registers(context);
    equalFp(guest, fpOf(bench.machine, context), guest.fp.initial(), 'floating-point state');
    equal(view.length, bench.machine.info.layout.count * 2, 'words in the view');
    check(
      view.every((word) => word === 0),
      'a register is not zero',
    );
  });

  add('the register view is the same object for the whole life of a context', (bench) => {
    const { context } = bench.program(guest.code.syscall());
    const view = bench.machine.contexts.registers(context);
    bench.run(context);
    bench.machine.contexts.reset(context);
    check(bench.machine.contexts.registers(context) === view, 'another view');
  });

  add('copy takes integer and floating-point state, not the address space', (bench) => {
    const { context, space } = bench.program(guest.code.syscall());
    const other = bench.program(guest.code.illegal());
    const [a = 0] = guest.work;
    bench.set(context, a, 5, 6);
    bench.machine.contexts.restoreFp(context, fpPattern(bench, 3));
    bench.machine.contexts.copy(context, other.context);
    equal(bench.get(other.context, a).join(), '5,6', 'register');
    equalFp(guest, fpOf(bench.machine, other.context), fpPattern(bench, 3), 'floating-point state');
    equal(bench.get(context, a).join(), '5,6', 'register of the source');
    expectKind(bench.run(other.context), TrapKind.Fault);
    bench.set(other.context, a, 0);
    equal(bench.get(context, a)[0], 5, 'the copy is separate');
    bench.machine.contexts.setAddressSpace(other.context, space.root, space.asid);
    expectKind(bench.run(other.context), TrapKind.Syscall);
  });

  add('reset zeroes the registers, puts floating point in its initial state and keeps the address space', (bench) => {
    const { context } = bench.program(guest.code.syscall());
    for (const register of guest.general) bench.set(context, register, 1, 1);
    bench.machine.contexts.restoreFp(context, fpPattern(bench, 9));
    bench.machine.contexts.reset(context);
    check(
      bench.machine.contexts.registers(context).every((word) => word === 0),
      'a register is not zero',
    );
    equalFp(guest, fpOf(bench.machine, context), guest.fp.initial(), 'floating-point state');
    bench.setPc(context, CODE);
    expectKind(bench.run(context), TrapKind.Syscall);
  });

  add('a context made after another was destroyed knows nothing of it', (bench) => {
    for (let round = 0; round < 20; round++) {
      const context = bench.context();
      check(
        bench.machine.contexts.registers(context).every((word) => word === 0),
        'a register is not zero',
      );
      equalFp(guest, fpOf(bench.machine, context), guest.fp.initial(), 'floating-point state');
      for (const register of guest.general) bench.set(context, register, round + 1, 1);
      bench.machine.contexts.restoreFp(context, fpPattern(bench, round));
      bench.machine.contexts.destroy(context);
    }
  });
};

const fpCases: CaseGroup = ({ add, guest }) => {
  const { code } = guest;
  const [, base = 0] = guest.work;
  /** Doubles 1.5 and 2.25 as bytes. */
  const doubles = (...values: number[]): Uint8Array => new Uint8Array(Float64Array.from(values).buffer);

  add('floating point: an addition through memory, and the state that saveFp shows', (bench) => {
    const { layout } = bench.machine.info;
    const [value = 0] = guest.work;
    const { context, dataFrame } = bench.program(
      code.loadDouble(1, base),
      code.loadDouble(2, value),
      code.addDouble(0, 1, 2),
      code.storeDouble(0, base),
      code.syscall(),
    );
    bench.memory.view(dataFrame).set(doubles(1.5, 2.25));
    bench.set(context, base, DATA);
    bench.set(context, value, DATA + 8);
    expectKind(bench.run(context), TrapKind.Syscall);
    equalBytes(bench.memory.view(dataFrame).slice(0, 8), doubles(3.75), 'stored sum');
    const state = fpOf(bench.machine, context);
    equal(state.length, layout.fpBytes, 'bytes');
    for (const [register, expected] of [3.75, 1.5, 2.25].entries()) {
      equal(guest.fp.getDouble(state, register), expected, `register ${register}`);
    }
  });

  add('floating point: restore and save are inverse', (bench) => {
    const context = bench.context();
    for (let seed = 0; seed < 5; seed++) {
      const state = fpPattern(bench, seed);
      bench.machine.contexts.restoreFp(context, state);
      equalFp(guest, fpOf(bench.machine, context), state, `seed ${seed}`);
    }
  });

  add('floating point: what was restored is what the guest has', (bench) => {
    const { context, dataFrame } = bench.program(code.storeDouble(2, base), code.syscall());
    const state = fpOf(bench.machine, context);
    guest.fp.setDouble(state, 2, -0.1);
    bench.machine.contexts.restoreFp(context, state);
    bench.set(context, base, DATA);
    expectKind(bench.run(context), TrapKind.Syscall);
    equalBytes(bench.memory.view(dataFrame).slice(0, 8), doubles(-0.1), 'stored');
  });

  add('floating point: state survives a spent budget, a system call and a fault', (bench) => {
    const { context } = bench.program(code.syscall(), ...endless(guest));
    const state = fpPattern(bench, 11);
    bench.machine.contexts.restoreFp(context, state);
    expectKind(bench.run(context), TrapKind.Syscall);
    equalFp(guest, fpOf(bench.machine, context), state, 'after a system call');
    expectKind(bench.run(context, 2000), TrapKind.Budget);
    equalFp(guest, fpOf(bench.machine, context), state, 'after a budget');
    bench.setPc(context, 0x70000);
    expectKind(bench.run(context), TrapKind.Fault);
    equalFp(guest, fpOf(bench.machine, context), state, 'after a fault');
  });

  add('floating point: two contexts that take turns keep their own state', (bench) => {
    // r0 = r0 + r1, a system call: a running sum whose step differs between the two.
    const make = (step: number) => {
      const program = bench.program(...endless(guest, code.addDouble(0, 0, 1), code.syscall()));
      const state = fpOf(bench.machine, program.context);
      guest.fp.setDouble(state, 1, step);
      bench.machine.contexts.restoreFp(program.context, state);
      return program.context;
    };
    const contexts = [make(1), make(100), make(0.5)];
    for (let round = 0; round < 10; round++) {
      for (const context of contexts) expectKind(bench.run(context), TrapKind.Syscall);
    }
    for (const [index, expected] of [10, 1000, 5].entries()) {
      equal(guest.fp.getDouble(fpOf(bench.machine, contexts[index]), 0), expected, `context ${index}`);
    }
  });
};

const manyCases: CaseGroup = ({ add, guest, features }) => {
  const { code } = guest;
  const many = Math.min(1000, features.maxContexts);

  add(`${many} contexts take turns and each keeps its registers`, (bench) => {
    const [counter = 0, own = 0] = guest.work;
    const { space } = bench.program(...endless(guest, code.add(counter, counter, 1), code.syscall()));
    const contexts = Array.from({ length: many - 1 }, (_, index) => {
      const context = bench.context(space);
      bench.set(context, counter, index * 1000);
      bench.set(context, own, index, ~index);
      return context;
    });
    for (let round = 0; round < 3; round++) {
      for (const context of contexts) expectKind(bench.run(context), TrapKind.Syscall);
    }
    equal(new Set(contexts).size, contexts.length, 'different ids');
    contexts.forEach((context, index) => {
      equal(bench.get(context, counter)[0], index * 1000 + 3, `counter of context ${index}`);
      equal(bench.get(context, own).join(), `${index},${~index >>> 0}`, `register of context ${index}`);
    });
  });

  if (features.maxContexts > 10_000) return;
  add('creation beyond maxContexts is ENOMEM, and works again after a destroy', (bench) => {
    const { contexts } = bench.machine;
    const alive: ContextId[] = [];
    for (let i = 0; i < features.maxContexts; i++) alive.push(bench.context());
    equal(contexts.create(), ENOMEM as number, 'create');
    equal(contexts.create(), ENOMEM as number, 'create again');
    contexts.destroy(alive[Math.floor(alive.length / 2)]);
    check(!isErrno(contexts.create()), 'create after a destroy failed');
    equal(contexts.create(), ENOMEM as number, 'create when full again');
  });
};

const misuseCases: CaseGroup = ({ add }) => {
  type Use = (bench: Bench, dead: ContextId, alive: ContextId) => void;
  const uses: Readonly<Record<string, Use>> = {
    registers: ({ machine }, dead) => void machine.contexts.registers(dead),
    destroy: ({ machine }, dead) => machine.contexts.destroy(dead),
    reset: ({ machine }, dead) => machine.contexts.reset(dead),
    'copy from': ({ machine }, dead, alive) => machine.contexts.copy(dead, alive),
    'copy to': ({ machine }, dead, alive) => machine.contexts.copy(alive, dead),
    setAddressSpace: (bench, dead) => {
      const { root, asid } = bench.space();
      bench.machine.contexts.setAddressSpace(dead, root, asid);
    },
    saveFp: ({ machine }, dead) => machine.contexts.saveFp(dead, new Uint8Array(machine.info.layout.fpBytes)),
    restoreFp: ({ machine }, dead) => machine.contexts.restoreFp(dead, new Uint8Array(machine.info.layout.fpBytes)),
    run: (bench, dead) => void bench.runOnce(dead, 10),
  };
  for (const [name, use] of Object.entries(uses)) {
    add(`${name} of a context that is not alive panics`, (bench) => {
      const alive = bench.context();
      const dead = bench.context();
      bench.machine.contexts.destroy(dead);
      panics(() => use(bench, dead, alive), 'hal/context');
      for (const never of [-1, 2 ** 20, 0.5]) {
        panics(() => use(bench, never as ContextId, alive), 'hal/context');
      }
    });
  }
};
