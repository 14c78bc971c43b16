/** Counters: who may read them, what writing them means, and those that there are not. */
import { describe, expect, it } from '@jest/globals';
import type { Assembler, Mnemonic } from '../../src/testing.js';
import { REG } from '../../src/testing.js';
import { CSR, csrWrite, makeBoard, powerOff, probe } from '../helpers/board.js';

const { a0, a1, a2, t0 } = REG;
const [ILLEGAL, ECALL_U, ECALL_S] = [2, 8, 9];
const READ_ONLY = [CSR.cycle, CSR.time, CSR.instret, 0xc03, 0xc1f];

/** Runs in machine mode to the power-off. */
function machineMode(build: (a: Assembler) => void): (index: number) => bigint {
  const { machine, x } = makeBoard((a) => {
    build(a);
    powerOff(a);
  });
  expect(machine.system.run(10_000).kind).toBe('stopped');
  return x;
}

describe('a counter below machine mode', () => {
  const bit = (csr: number): number => 1 << (csr & 31);
  it.each(READ_ONLY)('0x%s needs its bit of mcounteren, and in user mode of scounteren', (csr) => {
    for (const mode of ['supervisor', 'user'] as const) {
      for (const [mcounteren, scounteren] of [
        [0, 0],
        [bit(csr), 0],
        [0, bit(csr)],
        [bit(csr), bit(csr)],
      ]) {
        const { cause } = probe(
          mode,
          (a) => a.op('csrrs', { rd: a0, rs1: 0, csr }),
          (a) => {
            csrWrite(a, CSR.mcounteren, mcounteren);
            csrWrite(a, CSR.scounteren, scounteren);
          },
        );
        const allowed = mcounteren !== 0 && (mode === 'supervisor' || scounteren !== 0);
        const end = mode === 'user' ? ECALL_U : ECALL_S;
        expect([mode, mcounteren, scounteren, cause]).toEqual([mode, mcounteren, scounteren, allowed ? end : ILLEGAL]);
      }
    }
  });

  it.each(READ_ONLY)('0x%s of another bit is illegal', (csr) => {
    const { cause, value } = probe(
      'supervisor',
      (a) => a.op('csrrs', { rd: a0, rs1: 0, csr }),
      (a) => csrWrite(a, CSR.mcounteren, ~bit(csr)),
    );
    expect([cause, Number((value >> 20n) & 0xfffn)]).toEqual([ILLEGAL, csr]);
  });

  it.each<[Mnemonic, number, boolean]>([
    ['csrrw', 0, false],
    ['csrrs', 0, true],
    ['csrrc', 0, true],
    ['csrrs', t0, false], // t0 is 0: a write all the same
    ['csrrwi', 0, false],
    ['csrrsi', 0, true],
    ['csrrci', 1, false],
  ])('%s with source %i of a read-only number is legal: %s', (name, rs1, isLegal) => {
    const { cause } = probe(
      'supervisor',
      (a) => a.op(name, { rd: a0, rs1, csr: CSR.cycle }),
      (a) => csrWrite(a, CSR.mcounteren, -1),
    );
    expect(cause).toBe(isLegal ? ECALL_S : ILLEGAL);
  });
});

describe('minstret', () => {
  it.each<[Mnemonic, number, bigint]>([
    ['csrrwi', 0, 0n],
    ['csrrwi', 17, 17n],
    ['csrrw', t0, 1000n],
  ])('%s: the next instruction reads what was written', (name, rs1, expected) => {
    const x = machineMode((a) => {
      a.li(t0, 1000).op(name, { rd: 0, rs1, csr: CSR.minstret });
      a.op('csrrs', { rd: a0, rs1: 0, csr: CSR.minstret }).op('csrrs', { rd: a1, rs1: 0, csr: CSR.instret });
    });
    expect([x(a0), x(a1)]).toEqual([expected, expected + 1n]);
  });

  it('set and cleared bits count from the value before, which the write returns', () => {
    const x = machineMode((a) => {
      a.li(t0, 0x1000).op('csrrwi', { rd: 0, rs1: 3, csr: CSR.minstret });
      a.op('csrrs', { rd: a0, rs1: t0, csr: CSR.minstret }).op('csrrs', { rd: a1, rs1: 0, csr: CSR.minstret });
      a.op('csrrc', { rd: 0, rs1: t0, csr: CSR.minstret }).op('csrrs', { rd: a2, rs1: 0, csr: CSR.minstret });
    });
    expect([x(a0), x(a1), x(a2)]).toEqual([3n, 0x1003n, 4n]);
  });

  it('wraps at 64 bits', () => {
    const x = machineMode((a) => {
      csrWrite(a, CSR.minstret, -1n);
      a.op('csrrs', { rd: a0, rs1: 0, csr: CSR.minstret }).op('csrrs', { rd: a1, rs1: 0, csr: CSR.minstret });
    });
    expect([x(a0), x(a1)]).toEqual([(1n << 64n) - 1n, 0n]);
  });

  it('does not count an instruction that traps', () => {
    const { machine, x } = makeBoard((a) => {
      a.to('jal', 'main', { rd: 0 }).align(4).label('trap').op('csrrs', { rd: a0, rs1: 0, csr: CSR.minstret });
      powerOff(a);
      a.label('main');
      csrWrite(a, CSR.mtvec, a.addressOf('trap'));
      a.op('csrrwi', { rd: 0, rs1: 0, csr: CSR.minstret }).op('addi', {}).op('addi', {}).op('ebreak');
    });
    expect(machine.system.run(1000).kind).toBe('stopped');
    expect(x(a0)).toBe(2n);
  });

  it('stands still while inhibited, and mcycle goes on', () => {
    const x = machineMode((a) => {
      csrWrite(a, CSR.mcountinhibit, 4);
      a.op('csrrwi', { rd: 0, rs1: 9, csr: CSR.minstret }).op('csrrwi', { rd: 0, rs1: 9, csr: CSR.mcycle });
      for (let i = 0; i < 20; i++) a.op('addi', {});
      a.op('csrrs', { rd: a0, rs1: 0, csr: CSR.minstret }).op('csrrs', { rd: a1, rs1: 0, csr: CSR.mcycle });
    });
    expect(x(a0)).toBe(9n);
    expect(x(a1)).toBeGreaterThanOrEqual(29n);
  });
});

describe('counters and events that there are not', () => {
  it.each([0xb03, 0xb1f, 0x323, 0x33f])('0x%s reads as zero whatever is written', (csr) => {
    const x = machineMode((a) => {
      a.li(a0, 1);
      csrWrite(a, csr, -1n);
      a.op('csrrs', { rd: a0, rs1: 0, csr });
    });
    expect(x(a0)).toBe(0n);
  });

  it('mcountinhibit has bits for mcycle and minstret; time has none', () => {
    const x = machineMode((a) => {
      csrWrite(a, CSR.mcountinhibit, -1n);
      a.op('csrrs', { rd: a0, rs1: 0, csr: CSR.mcountinhibit });
    });
    expect(x(a0)).toBe(5n);
  });

  it.each([0xb01, 0xb80, 0xc80, 0x321, 0x322])('there is no register 0x%s', (csr) => {
    const { machine, x } = makeBoard((a) => {
      a.to('jal', 'main', { rd: 0 }).align(4).label('trap').op('csrrs', { rd: a0, rs1: 0, csr: CSR.mcause });
      powerOff(a);
      a.label('main');
      csrWrite(a, CSR.mtvec, a.addressOf('trap'));
      a.op('csrrs', { rd: a1, rs1: 0, csr });
    });
    expect(machine.system.run(1000).kind).toBe('stopped');
    expect(x(a0)).toBe(BigInt(ILLEGAL));
  });
});
