/** Budgets, counters, kicks, reservations, user CSRs, illegal instructions. */
import { describe, expect, it } from '@jest/globals';
import type { ContextId, Frame, Instructions } from '@veridian-os/abi';
import { FaultKind, TrapKind } from '@veridian-os/hal';
import { INSTRUCTIONS, REG, encode } from '../../src/testing.js';
import { CODE_AT, DATA_AT, makeGuest } from '../helpers/guest.js';
import type { Guest } from '../helpers/guest.js';

const { a0, a1, a2, t0, s0 } = REG;
const CYCLE = 0xc00;
const TIME = 0xc01;
const INSTRET = 0xc02;

function counting(): Guest {
  const guest = makeGuest();
  guest.load((a) => a.label('loop').i('addi', a0, a0, 1).to('jal', 'loop', { rd: 0 }));
  return guest;
}

describe('budgets', () => {
  it.each([1, 2, 3, 8191, 8192, 8193, 100_000])('%i instructions, exactly', (budget) => {
    const guest = counting();
    const trap = guest.run(budget);
    expect([trap.kind, trap.consumed]).toEqual([TrapKind.Budget, budget]);
    expect(guest.x(a0)).toBe(BigInt(Math.ceil(budget / 2)));
  });

  it('a system call counts as one, a fault as none', () => {
    const guest = makeGuest();
    guest.load((a) => a.i('addi', a0, a0, 1).op('ecall').i('ld', a0, 0, 0));
    expect(guest.run().consumed).toBe(2);
    expect(guest.run().consumed).toBe(0);
  });

  it('a budget that ends on the system call leaves it for the next run', () => {
    const guest = makeGuest();
    guest.load((a) => a.i('addi', a0, a0, 1).op('ecall'));
    expect(guest.run(1).kind).toBe(TrapKind.Budget);
    expect(guest.run(1).kind).toBe(TrapKind.Syscall);
  });
});

describe('counters', () => {
  it('cycle and instret count every instruction before the read, time is 10 MHz of virtual time', () => {
    const guest = makeGuest();
    guest.load((a) => {
      for (let i = 0; i < 1000; i++) a.op('addi', {});
      a.op('csrrs', { rd: a0, rs1: 0, csr: CYCLE }).op('csrrs', { rd: a1, rs1: 0, csr: INSTRET });
      a.op('csrrs', { rd: a2, rs1: 0, csr: TIME }).op('ecall');
    });
    guest.run();
    expect([guest.x(a0), guest.x(a1), guest.x(a2)]).toEqual([1000n, 1001n, 10n]);
    expect(guest.machine.clock.now()).toBe(1004);
  });

  it('the ratio of instructions to time is an option', () => {
    const guest = makeGuest({ picosecondsPerInstruction: 2500 });
    guest.load((a) => {
      for (let i = 0; i < 999; i++) a.op('addi', {});
      a.op('ecall');
    });
    guest.run();
    expect(guest.machine.clock.now()).toBe(2500);
  });

  it('are read-only, and hardware performance counters are not there', () => {
    for (const [name, csr] of [
      ['csrrw', CYCLE],
      ['csrrs', 0xc03],
      ['csrrs', 0x100],
      ['csrrs', 0x300],
    ] as const) {
      const guest = makeGuest();
      guest.load((a) => a.op(name, { rd: a0, rs1: name === 'csrrw' ? a0 : 0, csr }));
      expect(guest.run().fault).toBe(FaultKind.Illegal);
    }
  });
});

it('fflags, frm and fcsr are views of one register', () => {
  const guest = makeGuest();
  guest.load((a) => {
    a.li(t0, 0x1ff).op('csrrw', { rd: a0, rs1: t0, csr: 3 }).op('csrrs', { rd: a1, rs1: 0, csr: 1 });
    a.op('csrrs', { rd: a2, rs1: 0, csr: 2 })
      .op('csrrwi', { rd: 0, rs1: 3, csr: 2 })
      .op('csrrci', { rd: 0, rs1: 6, csr: 1 });
    a.op('ecall');
  });
  guest.setFcsr(0x21);
  guest.run();
  expect([guest.x(a0), guest.x(a1), guest.x(a2), guest.fcsr()]).toEqual([0x21n, 31n, 7n, 0x79]);
});

describe('illegal instructions', () => {
  const csr = (rm: number): number => encode(INSTRUCTIONS.get('fadd.d')!, { rd: 1, rs1: 1, rs2: 1, rm });
  it.each<[string, number, number]>([
    ['all zeroes', 0, 2],
    ['all ones', 0xffffffff, 4],
    ['mret', 0x30200073, 4],
    ['sret', 0x10200073, 4],
    ['wfi', 0x10500073, 4],
    ['sfence.vma', 0x12000073, 4],
    ['a reserved rounding mode', csr(5), 4],
    ['a dynamic rounding mode while frm is reserved', csr(7), 4],
    ['half precision', 0x04000053, 4],
    ['a reserved compressed encoding', 0x8000, 2],
  ])('%s', (_, bits, bytes) => {
    const guest = makeGuest();
    guest.load((a) => (bytes === 2 ? a.half(bits) : a.word(bits)));
    guest.setFcsr(6 << 5);
    const trap = guest.run();
    expect([trap.kind, trap.fault, trap.addressLo, trap.addressHi]).toEqual([
      TrapKind.Fault,
      FaultKind.Illegal,
      bits,
      0,
    ]);
    expect(guest.pc()).toBe(BigInt(CODE_AT));
  });

  it('breakpoints come back at the instruction, in both lengths', () => {
    for (const half of [false, true]) {
      const guest = makeGuest();
      guest.load((a) => (half ? a.half(0x9002) : a.op('ebreak')));
      expect(guest.run().kind).toBe(TrapKind.Breakpoint);
      expect(guest.pc()).toBe(BigInt(CODE_AT));
    }
  });
});

describe('reservations', () => {
  function reserver(): Guest {
    const guest = makeGuest();
    guest.load((a) => {
      a.li(s0, DATA_AT)
        .op('lr.d', { rd: a0, rs1: s0 })
        .op('addi', {})
        .op('sc.d', { rd: a1, rs1: s0, rs2: s0 })
        .op('ecall');
    });
    return guest;
  }

  it('survive a budget boundary in the same context', () => {
    const guest = reserver();
    guest.run(3);
    guest.run();
    expect(guest.x(a1)).toBe(0n);
  });

  it('end when another context runs', () => {
    const guest = reserver();
    const { contexts, cpus } = guest.machine;
    const other = contexts.create() as ContextId;
    contexts.setAddressSpace(other, (guest.tables.root / 4096) as Frame, 1);
    guest.run(3);
    contexts.registers(other)[64] = CODE_AT;
    cpus[0].run(other, 1 as Instructions);
    guest.run();
    expect(guest.x(a1)).toBe(1n);
    expect(guest.data.getBigUint64(0, true)).toBe(0n);
  });

  it('end at a system call', () => {
    const guest = makeGuest();
    guest.load((a) => {
      a.li(s0, DATA_AT)
        .op('lr.w', { rd: a0, rs1: s0 })
        .op('ecall')
        .op('sc.w', { rd: a1, rs1: s0, rs2: s0 })
        .op('ecall');
    });
    guest.run();
    guest.run();
    expect(guest.x(a1)).toBe(1n);
  });
});

it('a kick ends a long run within 10,000 instructions, once', () => {
  const guest = counting();
  guest.machine.cpus[0].interrupt();
  const trap = guest.run(1_000_000);
  expect(trap.kind).toBe(TrapKind.Interrupt);
  expect(trap.consumed).toBeLessThanOrEqual(10_000);
  expect(guest.run(50_000).kind).toBe(TrapKind.Budget);
});

it('a deadline ends a run at exactly its instruction', () => {
  const guest = counting();
  guest.machine.clock.setDeadline(12_345 as never);
  const trap = guest.run(1_000_000);
  expect([trap.kind, trap.consumed]).toEqual([TrapKind.Interrupt, 12_345]);
});

it('x0 written through the register view reads as zero in the guest', () => {
  const guest = makeGuest();
  guest.load((a) => a.i('addi', a0, 0, 0).op('ecall'));
  guest.setX(0, 5n);
  guest.run();
  expect(guest.x(a0)).toBe(0n);
});

it('a deadline that was reported does not come back when time is advanced', () => {
  const guest = counting();
  const { clock } = guest.machine;
  clock.setDeadline(1000 as never);
  expect(guest.run(100_000).kind).toBe(TrapKind.Interrupt);
  clock.advance(1_000_000 as never);
  expect(guest.run(100_000).kind).toBe(TrapKind.Budget);
});
