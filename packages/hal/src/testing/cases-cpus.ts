/** Several CPUs at once: parallel progress, kicks, misuse; registered where there are more than one. */
import type { CpuId, Instructions, Nanoseconds } from '@veridian-os/abi';
import { Access, FaultKind, TrapKind } from '../trap.js';
import { check, equal, fail, refuses } from './assert.js';
import { CODE, DATA, bytes, endless } from './bench.js';
import type { CaseGroup } from './case-group.js';
import { counterCpuCases } from './cases-counter.js';
import { cpuMemoryCases } from './cases-cpus-memory.js';
import {
  ENDLESS,
  LONG,
  LOOP,
  MAX_SPENT,
  FAR,
  FIRST,
  FOREVER,
  LOOK_NS,
  OTHER,
  added,
  adder,
  comeBack,
  expectPageFault,
  other,
  panics,
  point,
  stop,
  until,
  viewOf,
  word,
} from './cpus-tools.js';
import { RW, RX } from './guest-space.js';

export const cpuCases: CaseGroup = (tools) => {
  kickCases(tools);
  runCases(tools);
  cpuMemoryCases(tools);
  counterCpuCases(tools);
  misuseCases(tools);
};

const runCases: CaseGroup = ({ add, guest, features }) => {
  const { code } = guest;
  const [value = 0, base = 0, one = 0, target = 0] = guest.work;

  add('every CPU runs programs, one after the other', (bench) => {
    for (const cpu of bench.machine.cpus) {
      const program = bench.program(code.add(value, value, 7), code.syscall());
      for (let i = 0; i < 100; i++) {
        const { kind } = cpu.run(program.context, 1000 as Instructions);
        if (kind === TrapKind.Interrupt) continue;
        equal(kind, TrapKind.Syscall, `kind on CPU ${cpu.id}`);
        break;
      }
      equal(bench.get(program.context, value)[0], 7, `register after CPU ${cpu.id}`);
      equal(cpu.trap.context, program.context, 'context');
    }
  });

  if (features.exactBudget) {
    add('a budget ends at its count on every CPU', (bench) => {
      const program = bench.program(...endless(guest, code.add(value, value, 1)));
      const budget = 12_345 as Instructions;
      for (const cpu of bench.machine.cpus) {
        const trap = cpu.run(program.context, budget);
        check(trap.kind === TrapKind.Budget || trap.kind === TrapKind.Interrupt, `kind: got ${trap.kind}`);
        if (trap.kind === TrapKind.Budget) equal(trap.consumed, budget, `consumed on CPU ${cpu.id}`);
      }
    });
  }

  add('two CPUs run at once: each waits for what the other stores', (bench) => {
    // Each stores where the other shall go on, then jumps to the address in its own cell until that is no longer the loop.
    const frame = bench.memory.allocZeroed();
    const contexts = [0, 1].map((self) => {
      const own = DATA + 8 * self;
      const head = bytes(code.store(64, one, target));
      const loop = CODE + head.length;
      const body = [code.load(64, value, base), code.jumpTo(value)];
      const program = bench.program(head, ...body, code.syscall());
      const space = bench.space();
      space.map(CODE, program.codeFrame, RX);
      space.map(DATA, frame, RW);
      bench.machine.contexts.setAddressSpace(program.context, space.root, space.asid);
      bench.set(program.context, base, own);
      bench.set(program.context, target, DATA + 8 * (1 - self));
      bench.set(program.context, one, loop + bytes(...body).length);
      point(bench, frame, 8 * self, loop);
      return program.context;
    });
    contexts.forEach((context, cpu) => bench.machine.start(cpu as CpuId, context, LOOP));
    const back = new Set<number>();
    for (let i = 0; i < 100 && back.size < 2; i++) {
      const cpu = bench.machine.next(FOREVER);
      const { trap } = bench.machine.cpus[cpu] ?? fail(`next: got ${cpu}`);
      if (trap.kind === TrapKind.Interrupt) bench.machine.start(cpu as CpuId, trap.context, LOOP);
      else back.add(cpu);
      if (trap.kind !== TrapKind.Interrupt) equal(trap.kind, TrapKind.Syscall, `kind on CPU ${cpu}`);
    }
    equal(back.size, 2, 'CPUs that came back');
    equal(bench.machine.next(FOREVER), -1, 'next with nothing started');
  });

  add('a context takes its registers and floating-point state from CPU to CPU', (bench) => {
    const program = bench.program(
      ...endless(guest, code.loadDouble(1, base), code.addDouble(1, 1, 1), code.storeDouble(1, base), code.syscall()),
    );
    bench.set(program.context, base, DATA);
    const cell = new DataView(new ArrayBuffer(8));
    cell.setFloat64(0, 1.5, true);
    viewOf(bench, program.dataFrame).set(new Uint8Array(cell.buffer));
    for (let round = 0, calls = 0; calls < 8; round++) {
      const cpu = bench.machine.cpus[round % 2] ?? fail('two CPUs');
      if (cpu.run(program.context, 1000 as Instructions).kind === TrapKind.Syscall) calls++;
      check(round < 100, 'too many interrupts');
    }
    cell.setFloat64(0, 1.5 * 2 ** 8, true);
    equal(viewOf(bench, program.dataFrame).slice(0, 8).join(), new Uint8Array(cell.buffer).join(), 'doubled 8 times');
  });

  add('next with a deadline that has passed polls, and the CPU stays started', (bench) => {
    const { machine } = bench;
    const program = adder(bench);
    machine.start(OTHER, program.context, LOOP);
    equal(machine.next(machine.clock.now()), -1, 'next');
    panics('cpu/start', () => machine.start(OTHER, bench.context(), ENDLESS));
    stop(bench, OTHER);
  });

  add('the clock does not go back while CPUs run', (bench) => {
    const { machine } = bench;
    machine.start(OTHER, adder(bench).context, LONG);
    let last = machine.clock.now();
    for (let i = 0; i < 10_000; i++) {
      const now = machine.clock.now();
      check(now >= last, `went back from ${last} to ${now}`);
      last = now;
    }
    stop(bench, OTHER);
  });
};

const kickCases: CaseGroup = ({ add }) => {
  add('a kick takes a CPU off an endless loop, again and again', (bench) => {
    const { machine } = bench;
    const { context } = adder(bench);
    // A busy host may let the budget end before the kick comes.
    for (let i = 0, spent = 0; i < 20; i++) {
      machine.start(OTHER, context, LONG);
      other(bench).interrupt();
      equal(machine.next(FOREVER), OTHER, 'next');
      if (other(bench).trap.kind === TrapKind.Budget && ++spent < MAX_SPENT) continue;
      equal(other(bench).trap.kind, TrapKind.Interrupt, 'kind');
    }
  });

  add('a kick of one CPU leaves the other running', (bench) => {
    const { machine } = bench;
    const frame = bench.memory.allocZeroed();
    machine.start(OTHER, adder(bench, frame).context, LOOP);
    machine.start(FIRST, adder(bench).context, LOOP);
    machine.cpus[FIRST]?.interrupt();
    equal(machine.next(FOREVER), FIRST, 'next');
    const before = word(bench, frame);
    until(bench, 'the other CPU adds on', () => word(bench, frame) !== before);
    stop(bench, OTHER);
  });

  add('a kick before start makes the next run return', (bench) => {
    const { machine } = bench;
    other(bench).interrupt();
    machine.start(OTHER, adder(bench).context, LOOP);
    equal(machine.next(FOREVER), OTHER, 'next');
    equal(other(bench).trap.kind, TrapKind.Interrupt, 'kind');
  });

  add('a deadline of the clock interrupts a CPU other than the first', (bench) => {
    const { machine } = bench;
    machine.start(OTHER, adder(bench).context, LOOP);
    machine.clock.setDeadline((machine.clock.now() + LOOK_NS) as Nanoseconds);
    equal(machine.next(FOREVER), OTHER, 'next');
    equal(other(bench).trap.kind, TrapKind.Interrupt, 'kind');
    machine.clock.setDeadline(FOREVER);
  });

  add('dispose ends a CPU that loops', (bench) => {
    bench.machine.start(OTHER, adder(bench).context, LOOP);
    bench.machine.dispose();
  });
};

const misuseCases: CaseGroup = ({ add, guest }) => {
  add('a context that runs is refused by everything else', (bench) => {
    const { machine } = bench;
    const { contexts } = machine;
    const { context, space } = adder(bench);
    const idle = bench.context();
    machine.start(OTHER, context, LOOP);
    const fp = new Uint8Array(machine.info.layout.fpBytes);
    for (const action of [
      () => machine.start(FIRST, context, ENDLESS),
      () => machine.cpus[FIRST]?.run(context, ENDLESS),
      () => contexts.destroy(context),
      () => contexts.reset(context),
      () => contexts.copy(context, idle),
      () => contexts.copy(idle, context),
      () => contexts.setAddressSpace(context, space.root, space.asid),
      () => contexts.saveFp(context, fp),
      () => contexts.restoreFp(context, fp),
    ]) {
      panics('hal/context', action);
    }
    stop(bench, OTHER);
    contexts.destroy(context);
  });

  add('other contexts change freely while a CPU runs', (bench) => {
    const { machine } = bench;
    const program = adder(bench);
    machine.start(OTHER, program.context, LOOP);
    for (let i = 0; i < 50; i++) {
      const context = bench.context();
      machine.contexts.setAddressSpace(context, program.space.root, program.space.asid);
      machine.contexts.reset(context);
      machine.contexts.destroy(context);
    }
    stop(bench, OTHER);
    equal(word(bench, program.dataFrame), added(bench, program), 'additions');
  });

  add('a CPU that is started is not started again', (bench) => {
    const { machine } = bench;
    const idle = bench.context(bench.space());
    machine.start(OTHER, adder(bench).context, LOOP);
    panics('cpu/start', () => machine.start(OTHER, idle, ENDLESS));
    panics('cpu/start', () => other(bench).run(idle, ENDLESS));
    stop(bench, OTHER);
    machine.start(OTHER, idle, 1 as Instructions);
    machine.next(FOREVER);
  });

  add('a CPU that is not there is refused', (bench) => {
    const { machine } = bench;
    const { context } = adder(bench);
    refuses(() => machine.start(machine.cpus.length as CpuId, context, ENDLESS), 'a CPU beyond the last');
    equal(bench.run(context, 100).kind, TrapKind.Budget, 'the context is still free');
  });

  add('a bus fault and an illegal instruction are reported by every CPU', (bench) => {
    const { code } = guest;
    const illegal = bench.program(code.illegal());
    const [value = 0, base = 0] = guest.work;
    const reader = bench.program(code.load(64, value, base));
    bench.set(reader.context, base, FAR);
    for (const cpu of bench.machine.cpus) {
      bench.machine.start(cpu.id, illegal.context, ENDLESS);
      const { trap } = comeBack(bench, cpu.id);
      equal(trap.kind === TrapKind.Fault ? trap.fault : -1, FaultKind.Illegal, `fault on CPU ${cpu.id}`);
      bench.machine.start(cpu.id, reader.context, ENDLESS);
      expectPageFault(comeBack(bench, cpu.id), FAR);
      equal(cpu.trap.access, Access.Read, 'access');
    }
  });
};
