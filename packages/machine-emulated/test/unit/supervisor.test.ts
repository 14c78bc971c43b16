/** Sstc, Svinval, Svnapot, Svpbmt, menvcfg and senvcfg, counters: the privileged specification's rules, one by one. */
import { describe, expect, it } from '@jest/globals';
import type { Assembler, Mnemonic } from '../../src/testing.js';
import { PTE, REG, Sv39Tables } from '../../src/testing.js';
import type { Board } from '../helpers/board.js';
import { CSR, RAM, csrWrite, makeBoard, openMemory, powerOff, probe } from '../helpers/board.js';

const { a0, a1, a2, s0, s1, t0 } = REG;
const ILLEGAL = 2;
const BREAKPOINT = 3;
const LOAD_PAGE = 13;
const STORE_PAGE = 15;
const ECALL_U = 8;
const ECALL_S = 9;
const STCE = 1n << 63n;
const PBMTE = 1n << 62n;
const ADUE = 1n << 61n;
const CBZE = 1n << 7n;
const CBCFE = 1n << 6n;
const CBIE = 3n << 4n;
const STI = 1 << 5;
const TABLES = RAM + 0x40_0000;

describe('Sstc', () => {
  it('STIP follows the comparator, and software cannot set it', () => {
    const { machine, x } = makeBoard((a) => {
      csrWrite(a, CSR.menvcfg, STCE);
      csrWrite(a, CSR.mip, STI);
      a.op('csrrs', { rd: a0, rs1: 0, csr: CSR.mip });
      csrWrite(a, CSR.stimecmp, 0);
      a.op('csrrs', { rd: a1, rs1: 0, csr: CSR.mip });
      csrWrite(a, CSR.stimecmp, -1n);
      a.op('csrrs', { rd: a2, rs1: 0, csr: CSR.mip });
      powerOff(a);
    });
    expect(machine.system.run(1000).kind).toBe('stopped');
    expect([x(a0), x(a1), x(a2)]).toEqual([0n, BigInt(STI), 0n]);
  });

  it('off, STIP is what software wrote', () => {
    const { machine, x } = makeBoard((a) => {
      csrWrite(a, CSR.stimecmp, 0);
      a.op('csrrs', { rd: a0, rs1: 0, csr: CSR.mip });
      csrWrite(a, CSR.mip, STI);
      a.op('csrrs', { rd: a1, rs1: 0, csr: CSR.mip });
      powerOff(a);
    });
    machine.system.run(1000);
    expect([x(a0), x(a1)]).toEqual([0n, BigInt(STI)]);
  });

  /** A supervisor that spins or waits until its timer interrupt, whose time it takes. */
  function timer(a: Assembler, at: number, wait: boolean): void {
    a.to('jal', 'main', { rd: 0 }).align(4).label('strap');
    a.op('csrrs', { rd: a0, rs1: 0, csr: CSR.scause }).op('csrrs', { rd: a1, rs1: 0, csr: CSR.time });
    powerOff(a);
    a.label('code');
    csrWrite(a, CSR.stimecmp, at);
    csrWrite(a, CSR.sie, STI);
    a.op('csrrsi', { rd: 0, rs1: 2, csr: CSR.sstatus }).label('spin');
    if (wait) a.op('wfi');
    a.to('jal', 'spin', { rd: 0 }).label('main');
    openMemory(a);
    csrWrite(a, CSR.menvcfg, STCE);
    csrWrite(a, CSR.mcounteren, 7);
    csrWrite(a, CSR.mideleg, STI);
    csrWrite(a, CSR.stvec, a.addressOf('strap'));
    csrWrite(a, CSR.mepc, a.addressOf('code'));
    csrWrite(a, CSR.mstatus, 1 << 11);
    a.op('mret');
  }

  it('interrupts a supervisor that spins at its time', () => {
    const { machine, x } = makeBoard((a) => timer(a, 30, false));
    expect(machine.system.run(10_000_000).kind).toBe('stopped');
    expect([x(a0), x(a1)]).toEqual([(1n << 63n) + 5n, 30n]);
  });

  it('wakes one that waits: time jumps there', () => {
    const { machine, x } = makeBoard((a) => timer(a, 5_000_000, true));
    expect(machine.system.run(1000).kind).toBe('stopped');
    expect([x(a0), x(a1)]).toEqual([(1n << 63n) + 5n, 5_000_000n]);
  });

  it.each<[string, bigint, number, number]>([
    ['with STCE and TM', STCE, 2, ECALL_S],
    ['without STCE', 0n, 7, ILLEGAL],
    ['without TM', STCE, 5, ILLEGAL],
  ])('a supervisor reaches stimecmp %s: cause', (_, menvcfg, counters, cause) => {
    const result = probe(
      'supervisor',
      (a) => a.op('csrrs', { rd: a0, rs1: 0, csr: CSR.stimecmp }),
      (a) => {
        csrWrite(a, CSR.menvcfg, menvcfg);
        csrWrite(a, CSR.mcounteren, counters);
      },
    );
    expect(result.cause).toBe(cause);
  });
});

describe('menvcfg and senvcfg', () => {
  const block = (name: Mnemonic) => (a: Assembler) => a.li(a0, RAM + 0x1000).op(name, { rs1: a0 });
  const environment = (menvcfg: bigint, senvcfg: bigint) => (a: Assembler) => {
    csrWrite(a, CSR.menvcfg, menvcfg);
    csrWrite(a, CSR.senvcfg, senvcfg);
  };

  it.each<[Mnemonic, bigint]>([
    ['cbo.zero', CBZE],
    ['cbo.clean', CBCFE],
    ['cbo.flush', CBCFE],
    ['cbo.inval', CBIE],
    ['cbo.inval', 1n << 4n],
  ])('%s needs its bit of menvcfg in S mode, and of both in U mode', (name, bit) => {
    expect(probe('supervisor', block(name)).cause).toBe(ILLEGAL);
    expect(probe('supervisor', block(name), environment(bit, 0n)).cause).toBe(ECALL_S);
    expect(probe('user', block(name), environment(bit, 0n)).cause).toBe(ILLEGAL);
    expect(probe('user', block(name), environment(0n, bit)).cause).toBe(ILLEGAL);
    expect(probe('user', block(name), environment(bit, bit)).cause).toBe(ECALL_U);
  });

  it('hold what is implemented, and the reserved CBIE = 2 becomes 0', () => {
    const { machine, x } = makeBoard((a) => {
      csrWrite(a, CSR.menvcfg, -1n);
      csrWrite(a, CSR.senvcfg, -1n);
      a.op('csrrs', { rd: a0, rs1: 0, csr: CSR.menvcfg }).op('csrrs', { rd: a1, rs1: 0, csr: CSR.senvcfg });
      csrWrite(a, CSR.menvcfg, (1 << 5) | 1);
      a.op('csrrs', { rd: a2, rs1: 0, csr: CSR.menvcfg });
      powerOff(a);
    });
    machine.system.run(1000);
    expect([x(a0), x(a1), x(a2)]).toEqual([STCE | PBMTE | ADUE | 0xf1n, 0xf1n, 1n]);
  });
});

describe('Svinval', () => {
  const names: Mnemonic[] = ['sinval.vma', 'sfence.w.inval', 'sfence.inval.ir'];
  const TVM = (a: Assembler): void => void a.li(31, 1 << 20).op('csrrs', { rd: 0, rs1: 31, csr: CSR.mstatus });

  it.each(names)("%s is a supervisor's", (name) => {
    expect(probe('supervisor', (a) => a.op(name)).cause).toBe(ECALL_S);
    expect(probe('user', (a) => a.op(name)).cause).toBe(ILLEGAL);
    expect(probe('supervisor', (a) => a.op(name), TVM).cause).toBe(name === 'sinval.vma' ? ILLEGAL : ECALL_S);
  });

  it('sinval.vma forgets a translation', () => {
    const board = translated((a) => {
      a.li(s0, 0x1_0000_0000).i('ld', a0, s0, 0);
      a.li(s1, TABLES + 0x2000)
        .li(t0, pteOf(RAM + 0x21_0000, 0n))
        .s('sd', t0, s1, 0);
      a.op('sfence.w.inval').op('sinval.vma', { rs1: s0 }).op('sfence.inval.ir').i('ld', a1, s0, 0);
    });
    expect([board.x(a0), board.x(a1)]).toEqual([0x20n, 0x21n]);
  });
});

function pteOf(address: number, upper: bigint): bigint {
  return BigInt.asIntN(64, (BigInt(address / 4096) << 10n) | BigInt(PTE.V | PTE.R | PTE.W | PTE.A | PTE.D) | upper);
}

/** Runs in supervisor mode with RAM mapped where it is and pages from 2^32 on; page i of RAM's third MiB holds 0x20 + i. */
function translated(build: (a: Assembler) => void, menvcfg = 0n, edit: (set: EditEntry) => void = () => undefined) {
  return probe(
    'supervisor',
    build,
    (a) => {
      csrWrite(a, CSR.satp, (8n << 60n) | BigInt(TABLES / 4096));
      csrWrite(a, CSR.menvcfg, menvcfg);
    },
    (board) => {
      const region = board.machine.memory[0];
      const flags = PTE.V | PTE.R | PTE.W | PTE.X | PTE.A | PTE.D;
      const view = new DataView(region.u8.buffer, region.u8.byteOffset);
      new Sv39Tables(region, TABLES).map(0x1_0000_0000, RAM + 0x20_0000, 32, flags).map(RAM, RAM, 2048, flags);
      for (let i = 0; i < 64; i++) region.u32[(0x20_0000 + i * 0x1000) / 4] = 0x20 + (i >> 4);
      for (let i = 0; i < 16; i++) region.u32[(0x23_0000 + i * 0x1000) / 4] = i;
      edit((index, value) => view.setBigUint64(leafTable(board) + index * 8, BigInt.asUintN(64, value), true));
    },
  );
}

type EditEntry = (index: number, value: bigint) => void;

/** Offset in RAM of the last-level table of 2^32. */
function leafTable({ machine }: Board): number {
  const words = machine.memory[0].u32;
  const next = (at: number): number => (words[at / 4] >>> 10) * 4096 - RAM;
  return next(next(TABLES - RAM + 4 * 8));
}

describe('Svnapot', () => {
  const N = 1n << 63n;
  const load = (a: Assembler): void => void a.li(s0, 0x1_0000_5000).i('ld', a0, s0, 0);

  it('a range of 64 KiB translates every page of it', () => {
    const entry = pteOf(RAM + 0x23_8000, N);
    const { x, cause } = translated(load, 0n, (set) => set(5, entry));
    expect([cause, x(a0)]).toEqual([ECALL_S, 5n]);
  });

  it.each([0, 1, 4, 12, 15])('other sizes are reserved: low bits %i', (low) => {
    const entry = pteOf(RAM + 0x23_0000 + low * 4096, N);
    const { cause, value } = translated(load, 0n, (set) => set(5, entry));
    expect([cause, value]).toEqual([LOAD_PAGE, 0x1_0000_5000n]);
  });
});

describe('Svpbmt', () => {
  const load = (a: Assembler): void => void a.li(s0, 0x1_0000_5000).i('ld', a0, s0, 0);
  it.each<[string, bigint, bigint, number]>([
    ['NC', 1n, PBMTE, ECALL_S],
    ['IO', 2n, PBMTE, ECALL_S],
    ['the reserved type', 3n, PBMTE, LOAD_PAGE],
    ['NC without PBMTE', 1n, 0n, LOAD_PAGE],
  ])('%s', (_, type, menvcfg, cause) => {
    const entry = pteOf(RAM + 0x20_5000, type << 61n);
    expect(translated(load, menvcfg, (set) => set(5, entry)).cause).toBe(cause);
  });

  it('the other upper bits stay reserved', () => {
    for (let bit = 54n; bit <= 60n; bit++) {
      const entry = pteOf(RAM + 0x20_5000, 1n << bit);
      expect(translated(load, PBMTE, (set) => set(5, entry)).cause).toBe(LOAD_PAGE);
    }
  });
});

describe('Svadu and Svade', () => {
  const load = (a: Assembler): void => void a.li(s0, 0x1_0000_5000).i('ld', a0, s0, 0);
  const store = (a: Assembler): void => void a.li(s0, 0x1_0000_5000).s('sd', 0, s0, 0);
  const entry = (flags: number): bigint =>
    (BigInt((RAM + 0x20_5000) / 4096) << 10n) | BigInt(PTE.V | PTE.R | PTE.W | flags);

  it.each<[string, (a: Assembler) => void, number, bigint, number]>([
    ['a load without A, with ADUE', load, 0, ADUE, ECALL_S],
    ['a load without A', load, 0, 0n, LOAD_PAGE],
    ['a load with A', load, PTE.A, 0n, ECALL_S],
    ['a store without D, with ADUE', store, PTE.A, ADUE, ECALL_S],
    ['a store without D', store, PTE.A, 0n, STORE_PAGE],
    ['a store with D and without A', store, PTE.D, 0n, STORE_PAGE],
    ['a store with both', store, PTE.A | PTE.D, 0n, ECALL_S],
  ])('%s', (_, code, flags, menvcfg, cause) => {
    expect(translated(code, menvcfg, (set) => set(5, entry(flags))).cause).toBe(cause);
  });
});

describe('counters', () => {
  it('mcycle and minstret can be written, and stopped by mcountinhibit', () => {
    const { machine, x } = makeBoard((a) => {
      csrWrite(a, CSR.mcycle, 1000);
      a.op('csrrs', { rd: a0, rs1: 0, csr: CSR.mcycle });
      csrWrite(a, CSR.mcountinhibit, -1n);
      csrWrite(a, CSR.minstret, 77);
      csrWrite(a, CSR.mcycle, 88);
      a.op('csrrs', { rd: s0, rs1: 0, csr: CSR.minstret }).op('csrrs', { rd: s1, rs1: 0, csr: CSR.mcycle });
      a.op('csrrs', { rd: a2, rs1: 0, csr: CSR.mcountinhibit });
      csrWrite(a, CSR.mcountinhibit, 0);
      a.op('csrrs', { rd: a1, rs1: 0, csr: CSR.minstret });
      powerOff(a);
    });
    machine.system.run(1000);
    expect([x(s0), x(s1), x(a2), x(a1)]).toEqual([77n, 88n, 5n, 77n]);
    expect(x(a0)).toBeGreaterThanOrEqual(1000n);
    expect(x(a0)).toBeLessThan(1010n);
  });
});

describe('cache-block operations under paging', () => {
  it.each<[Mnemonic, number, number]>([
    ['cbo.clean', PTE.R, ECALL_S],
    ['cbo.zero', PTE.R, STORE_PAGE],
    ['cbo.zero', PTE.R | PTE.W, ECALL_S],
    ['cbo.flush', PTE.X, STORE_PAGE],
  ])('%s on a page with flags %i: cause', (name, flags, cause) => {
    const entry = (BigInt((RAM + 0x20_5000) / 4096) << 10n) | BigInt(PTE.V | PTE.A | PTE.D | flags);
    const go = (a: Assembler): void => void a.li(s0, 0x1_0000_5123).op(name, { rs1: s0 });
    const result = translated(go, CBZE | CBCFE, (set) => set(5, entry));
    expect(result.cause).toBe(cause);
    if (cause === STORE_PAGE) expect(result.value).toBe(0x1_0000_5123n);
  });
});

it('there are no debug triggers: their registers read as zero', () => {
  const { cause, x } = probe(
    'supervisor',
    (a) => a.op('ebreak'),
    (a) => {
      csrWrite(a, 0x7a0, 0);
      csrWrite(a, 0x7a1, -1n);
      a.op('csrrs', { rd: a0, rs1: 0, csr: 0x7a1 });
    },
  );
  expect([cause, x(a0)]).toEqual([BREAKPOINT, 0n]);
});
