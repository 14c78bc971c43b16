/** Several CPUs, beyond what the kit asks of every machine. */
import { afterEach, describe, expect, it } from '@jest/globals';
import type { ContextId, CpuId, Frame, Instructions, Nanoseconds } from '@veridian-os/abi';
import { TrapKind } from '@veridian-os/hal';
import type { EmulatedMachine } from '../../src/index.js';
import { startWorker } from '../../src/host/worker.js';
import { compileCore, createMemory } from '../../src/internal/core.js';
import { REG } from '../../src/testing.js';
import { DATA_AT, makeGuest, type Guest } from '../helpers/guest.js';

const FOREVER = Infinity as Nanoseconds;
const BUDGET = 100_000_000 as Instructions;
const { t0, t1, t2, a0 } = REG;

let machines: EmulatedMachine[] = [];
afterEach(() => {
  for (const machine of machines) machine.dispose();
  machines = [];
});

function guest(cpus: number): Guest {
  const made = makeGuest({ cpus });
  machines.push(made.machine);
  return made;
}

/** A second context in the guest's address space, at the same pc. */
function twin({ machine, context, tables }: Guest): ContextId {
  const other = machine.contexts.create() as ContextId;
  machine.contexts.copy(context, other);
  machine.contexts.setAddressSpace(other, (tables.root / 4096) as Frame, 1);
  return other;
}

describe('a machine with one CPU', () => {
  it('shares nothing and is deterministic', () => {
    const { machine } = guest(1);
    expect(Object.prototype.toString.call(machine.memory[0].u8.buffer)).toBe('[object ArrayBuffer]');
    expect(machine.features.deterministic).toBe(true);
    expect(machine.cpus).toHaveLength(1);
  });
});

describe('a machine with several CPUs', () => {
  it('shares its memory and says that it is not deterministic', () => {
    const { machine } = guest(3);
    expect(Object.prototype.toString.call(machine.memory[0].u8.buffer)).toBe('[object SharedArrayBuffer]');
    expect([machine.features.deterministic, machine.features.exactBudget, machine.clock.virtual]).toEqual([
      false,
      true,
      true,
    ]);
    expect(machine.cpus.map(({ id }) => id)).toEqual([0, 1, 2]);
  });

  it('has no whole computer in it', () => {
    expect(() => guest(2).machine.system).toThrow('machine-emulated/system');
  });

  it('counts time by the CPU that is furthest, whichever runs', () => {
    const made = guest(2);
    const { machine, context } = made;
    made.load((a) => a.label('loop').to('jal', 'loop', { rd: 0 }));
    for (const cpu of [0, 1, 1, 0]) {
      const before = machine.clock.now();
      machine.cpus[cpu].run(context, 100_000 as Instructions);
      expect(machine.clock.now() - before).toBe(100_000);
    }
    machine.clock.advance((machine.clock.now() + 5_000) as Nanoseconds);
    const before = machine.clock.now();
    const other = twin(made);
    machine.start(0 as CpuId, context, 70_000 as Instructions);
    machine.start(1 as CpuId, other, 50_000 as Instructions);
    for (let back = 0; back < 2; back++) machine.next(FOREVER);
    expect(machine.clock.now() - before).toBe(70_000);
  });

  it('the inline CPU stays started when another comes back first', () => {
    const made = guest(2);
    const { machine, context } = made;
    made.load((a) => a.label('loop').to('jal', 'loop', { rd: 0 }));
    const other = twin(made);
    machine.start(1 as CpuId, other, 1000 as Instructions);
    machine.start(0 as CpuId, context, BUDGET);
    expect(machine.next(FOREVER)).toBe(1);
    expect(() => machine.start(0 as CpuId, other, BUDGET)).toThrow('cpu/start');
    expect(machine.next(FOREVER)).toBe(0);
    expect(machine.cpus[0].trap).toMatchObject({ kind: TrapKind.Budget, consumed: BUDGET });
  });

  it.each(['amoadd.d', 'lr/sc'])('loses none of two CPUs’ additions by %s', (how) => {
    const made = guest(2);
    const { machine, context } = made;
    made.load((a) => {
      a.li(t0, DATA_AT).li(t1, 1).li(t2, 50_000).label('again');
      if (how === 'amoadd.d') a.r('amoadd.d', a0, t0, t1);
      else {
        a.label('retry').r('lr.d', a0, t0, 0).r('add', a0, a0, t1);
        a.r('sc.d', a0, t0, a0).to('bne', 'retry', { rs1: a0, rs2: 0 });
      }
      a.i('addi', t2, t2, -1).to('bne', 'again', { rs1: t2, rs2: 0 }).op('ecall');
    });
    machine.start(1 as CpuId, twin(made), BUDGET);
    machine.start(0 as CpuId, context, BUDGET);
    for (let back = 0; back < 2; back++) machine.next(FOREVER);
    expect(machine.cpus.map(({ trap }) => trap.kind)).toEqual([TrapKind.Syscall, TrapKind.Syscall]);
    expect(made.data.getBigUint64(0, true)).toBe(100_000n);
  });

  it('may be disposed twice, also while its CPUs run', () => {
    const made = guest(2);
    made.load((a) => a.label('loop').to('jal', 'loop', { rd: 0 }));
    made.machine.start(1 as CpuId, made.context, BUDGET);
    made.machine.dispose();
    made.machine.dispose();
  });
});

it('a host without worker threads is told so', () => {
  const { process } = globalThis;
  Object.defineProperty(globalThis, 'process', { value: undefined, configurable: true, writable: true });
  try {
    expect(() => startWorker(compileCore(2), createMemory(65536, true), 0, () => undefined)).toThrow(
      new RangeError('cpus: expected 1 without node:worker_threads, got more'),
    );
  } finally {
    Object.defineProperty(globalThis, 'process', { value: process, configurable: true, writable: true });
  }
});
