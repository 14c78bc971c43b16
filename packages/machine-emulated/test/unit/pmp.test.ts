/** Physical memory protection: matching, priorities, locks, granularity of four bytes, page tables, fetches. */
import { describe, expect, it } from '@jest/globals';
import type { Assembler } from '../../src/testing.js';
import { PTE, REG, Sv39Tables } from '../../src/testing.js';
import { CSR, RAM, csrWrite, makeBoard, powerOff, probe } from '../helpers/board.js';

const { a0, a1, s0, t0 } = REG;
const FETCH_ACCESS = 1;
const LOAD_ACCESS = 5;
const STORE_ACCESS = 7;
const LOAD_PAGE = 13;
const ECALL_U = 8;
const ECALL_S = 9;
const [R, W, X, L] = [1, 2, 4, 0x80];
const [TOR, NA4, NAPOT] = [1 << 3, 2 << 3, 3 << 3];
const OPEN = NAPOT | R | W | X;
const AT = RAM + 0x20_0000;
const TABLES = RAM + 0x40_0000;

type Entry = readonly [config: number, address: number | bigint];

/** NAPOT address of a range. */
const napot = (base: number, bytes: number): number => base / 4 + bytes / 8 - 1;
const ALL: Entry = [OPEN, -1n];

/** Programs entries from 0 on. */
const protect =
  (...entries: Entry[]) =>
  (a: Assembler): void => {
    entries.forEach(([, address], i) => csrWrite(a, CSR.pmpaddr0 + i, address));
    csrWrite(
      a,
      CSR.pmpcfg0,
      entries.reduce((sum, [config], i) => sum | (BigInt(config) << BigInt(8 * i)), 0n),
    );
  };

const load =
  (address: number, name: 'lw' | 'ld' | 'lb' = 'lw') =>
  (a: Assembler): void =>
    void a.li(s0, address).i(name, a0, s0, 0);
const store =
  (address: number) =>
  (a: Assembler): void =>
    void a.li(s0, address).s('sw', 0, s0, 0);

describe('matching', () => {
  const closed: Entry = [NAPOT, napot(AT, 4096)];
  it.each<[string, Entry[], (a: Assembler) => void, number]>([
    ['no entry at all', [[0, 0]], load(AT), FETCH_ACCESS],
    ['all open', [ALL], load(AT), ECALL_U],
    ['a closed page', [closed, ALL], load(AT + 8), LOAD_ACCESS],
    ['beside it', [closed, ALL], load(AT + 4096), ECALL_U],
    ['the lower entry wins', [ALL, closed], load(AT + 8), ECALL_U],
    ['read only: a load', [[NAPOT | R, napot(AT, 4096)], ALL], load(AT), ECALL_U],
    ['read only: a store', [[NAPOT | R, napot(AT, 4096)], ALL], store(AT), STORE_ACCESS],
    ['execute only: a load', [[NAPOT | X, napot(AT, 4096)], ALL], load(AT), LOAD_ACCESS],
    ['NA4: the word', [[NA4, AT / 4], ALL], load(AT), LOAD_ACCESS],
    ['NA4: the next word', [[NA4, AT / 4], ALL], load(AT + 4), ECALL_U],
    ['NA4: a doubleword that it meets in part', [[NA4 | R, AT / 4], ALL], load(AT, 'ld'), LOAD_ACCESS],
    ['NAPOT of 8 bytes', [[NAPOT, napot(AT + 8, 8)], ALL], load(AT + 12), LOAD_ACCESS],
    ['below a top of range', [[0, AT / 4], [TOR, AT / 4 + 4], ALL], load(AT + 12), LOAD_ACCESS],
    ['at its bottom', [[0, AT / 4], [TOR, AT / 4 + 4], ALL], load(AT), LOAD_ACCESS],
    ['at its top', [[0, AT / 4], [TOR, AT / 4 + 4], ALL], load(AT + 16), ECALL_U],
    ['below its bottom', [[0, AT / 4], [TOR, AT / 4 + 4], ALL], load(AT - 4), ECALL_U],
    [
      'an empty top of range in the middle of the access',
      [[0, AT / 4 + 1], [TOR, AT / 4 + 1], ALL],
      load(AT, 'ld'),
      ECALL_U,
    ],
    ['one that ends before it begins', [[0, AT / 4 + 1], [TOR, AT / 4 - 9], ALL], load(AT, 'ld'), ECALL_U],
    ['a top of range in the first entry begins at 0', [[TOR, AT / 4], ALL], load(AT - 8), FETCH_ACCESS],
  ])('%s: cause', (_, entries, code, cause) => {
    expect(probe('user', code, protect(...entries)).cause).toBe(cause);
  });

  it('the value is the address', () => {
    expect(probe('user', load(AT + 8), protect(closed, ALL)).value).toBe(BigInt(AT + 8));
  });

  it('a loop over a page of which a part is closed reaches the rest, again and again', () => {
    const loop = (a: Assembler): void => {
      a.li(s0, AT).li(t0, 100).label('l').s('sw', t0, s0, 4).i('lw', a0, s0, 4).i('addi', t0, t0, -1);
      a.to('bne', 'l', { rs1: t0, rs2: 0 }).i('lw', a1, s0, 0);
    };
    const { cause, x } = probe('user', loop, protect([NA4, AT / 4], ALL));
    expect([cause, x(a0)]).toEqual([LOAD_ACCESS, 1n]);
  });
});

describe('machine mode', () => {
  function run(...entries: Entry[]): bigint {
    const { machine, x } = makeBoard((a) => {
      a.to('jal', 'main', { rd: 0 }).align(4).label('trap').op('csrrs', { rd: a1, rs1: 0, csr: CSR.mcause });
      powerOff(a);
      a.label('main');
      csrWrite(a, CSR.mtvec, a.addressOf('trap'));
      protect(...entries)(a);
      load(AT)(a);
      powerOff(a);
    });
    expect(machine.system.run(1000).kind).toBe('stopped');
    return x(a1);
  }

  it('obeys locked entries only', () => {
    expect(run([NAPOT, napot(AT, 4096)])).toBe(0n);
    expect(run([NAPOT | L, napot(AT, 4096)])).toBe(BigInt(LOAD_ACCESS));
    expect(run([NAPOT | L | R, napot(AT, 4096)])).toBe(0n);
  });

  it('with MPRV its loads are those of the previous mode', () => {
    const { machine, x } = makeBoard((a) => {
      a.to('jal', 'main', { rd: 0 }).align(4).label('trap').op('csrrs', { rd: a1, rs1: 0, csr: CSR.mcause });
      powerOff(a);
      a.label('main');
      csrWrite(a, CSR.mtvec, a.addressOf('trap'));
      csrWrite(a, CSR.mstatus, 1 << 17);
      load(AT)(a);
    });
    machine.system.run(1000);
    expect(x(a1)).toBe(BigInt(LOAD_ACCESS));
  });
});

describe('registers', () => {
  function read(csr: number, ...writes: [number, number | bigint][]): bigint {
    const { machine, x } = makeBoard((a) => {
      for (const [number, value] of writes) csrWrite(a, number, value);
      a.op('csrrs', { rd: a0, rs1: 0, csr });
      powerOff(a);
    });
    expect(machine.system.run(1000).kind).toBe('stopped');
    return x(a0);
  }

  it('addresses have 54 bits', () => expect(read(0x3bf, [0x3bf, -1n])).toBe((1n << 54n) - 1n));
  it('configurations lack bits 5 and 6', () => expect(read(0x3a2, [0x3a2, 0xffn << 56n])).toBe(0x9fn << 56n));
  it('write without read is reserved: nothing is permitted then', () => {
    expect(read(0x3a0, [0x3a0, NAPOT | W])).toBe(24n);
    expect(read(0x3a0, [0x3a0, L | NAPOT | X | W])).toBe(0x98n);
  });
  it('a locked configuration stays', () => expect(read(0x3a0, [0x3a0, L | NAPOT | R], [0x3a0, 0])).toBe(0x99n));
  it('a locked address stays', () => expect(read(0x3b0, [0x3b0, 5], [0x3a0, L | NAPOT | R], [0x3b0, 6])).toBe(5n));
  it('the bottom of a locked top of range stays', () => {
    expect(read(0x3b0, [0x3b0, 5], [0x3a0, (L | TOR | R) << 8], [0x3b0, 6])).toBe(5n);
    expect(read(0x3b0, [0x3b0, 5], [0x3a0, (L | NAPOT | R) << 8], [0x3b0, 6])).toBe(6n);
  });

  it('an entry that is off may be locked, and the others of its register stay open to writes', () => {
    expect(read(0x3a0, [0x3a0, L], [0x3a0, 0x1f1f])).toBe(0x1f80n);
    expect(read(0x3b0, [0x3b0, 5], [0x3a0, L], [0x3b0, 6])).toBe(5n);
  });
  it('a locked top of range in pmpcfg2 locks its bottom in the half of pmpcfg0', () => {
    expect(read(0x3b7, [0x3b7, 5], [0x3a2, L | TOR | R], [0x3b7, 6])).toBe(5n);
    expect(read(0x3b7, [0x3b7, 5], [0x3a2, TOR | R], [0x3b7, 6])).toBe(6n);
  });

  it('a reset unlocks, and leaves nothing in the addresses', () => {
    const { machine, x } = makeBoard((a) => {
      a.op('csrrs', { rd: a0, rs1: 0, csr: 0x3a0 }).op('csrrs', { rd: a1, rs1: 0, csr: 0x3bf });
      csrWrite(a, 0x3bf, 1234);
      csrWrite(a, 0x3a0, L | NAPOT | R);
      powerOff(a);
    });
    machine.system.run(1000);
    machine.system.reset(RAM);
    machine.system.run(1000);
    expect([x(a0), x(a1)]).toEqual([0n, 0n]);
  });

  it.each([0x3a1, 0x3a3, 0x3a4, 0x3c0])('there is no register 0x%s', (csr) => {
    const { machine, x } = makeBoard((a) => {
      a.to('jal', 'main', { rd: 0 }).align(4).label('trap').op('csrrs', { rd: a1, rs1: 0, csr: CSR.mcause });
      powerOff(a);
      a.label('main');
      csrWrite(a, CSR.mtvec, a.addressOf('trap'));
      a.op('csrrs', { rd: a0, rs1: 0, csr });
    });
    machine.system.run(1000);
    expect(x(a1)).toBe(2n);
  });
});

describe('fetches', () => {
  /** Jumps to `to` in page AT, which holds counting instructions and a return. */
  const call =
    (to: number) =>
    (a: Assembler): void =>
      void a
        .li(s0, AT)
        .li(t0, 0x0505_0505) // c.addi a0, 1, twice
        .s('sw', t0, s0, 0)
        .s('sw', t0, s0, 4)
        .s('sw', t0, s0, 8)
        .li(t0, 0x0015_0513) // addi a0, a0, 1
        .s('sw', t0, s0, 12)
        .li(t0, 0x8082) // c.ret
        .s('sw', t0, s0, 16)
        .op('fence.i')
        .li(a0, 0)
        .i('jalr', 1, s0, to);

  it('run through a page that differs inside', () => {
    const { cause, x } = probe('user', call(4), protect([NA4 | R | W, AT / 4], ALL));
    expect([cause, x(a0)]).toEqual([ECALL_U, 5n]);
  });

  it('fault at the first halfword that is closed', () => {
    const { cause, value, x } = probe('user', call(0), protect([NA4 | R | W, AT / 4 + 2], ALL));
    expect([cause, value, x(a0)]).toEqual([FETCH_ACCESS, BigInt(AT + 8), 4n]);
  });

  it('fault at the second half of an instruction, with its address', () => {
    const straddling = (a: Assembler): void =>
      void a.li(s0, AT).li(t0, 0x0513_0505).s('sw', t0, s0, 0).s('sw', 0, s0, 4).op('fence.i').i('jalr', 1, s0, 0);
    const { cause, value } = probe('user', straddling, protect([NA4 | R | W, AT / 4 + 1], ALL));
    expect([cause, value]).toEqual([FETCH_ACCESS, BigInt(AT + 4)]);
  });
});

describe('page tables', () => {
  const walk = (...entries: Entry[]) =>
    probe(
      'supervisor',
      (a) => void a.li(s0, 0x1_0000_0000).i('ld', a0, s0, 0),
      (a) => {
        protect(...entries)(a);
        csrWrite(a, CSR.satp, (8n << 60n) | BigInt(TABLES / 4096));
      },
      ({ machine }) => {
        const region = machine.memory[0];
        new Sv39Tables(region, TABLES)
          .map(RAM, RAM, 2, PTE.V | PTE.R | PTE.W | PTE.X | PTE.A | PTE.D, 1)
          .map(0x1_0000_0000, AT, 1, PTE.V | PTE.R);
      },
    );

  it('are read, and written for A, as a supervisor does', () => {
    expect(walk(ALL).cause).toBe(ECALL_S);
    const tables = napot(TABLES, 0x10_0000);
    expect([walk([NAPOT | R, tables], ALL).cause]).toEqual([LOAD_ACCESS]);
    expect([walk([NAPOT | R | W, tables], ALL).cause]).toEqual([ECALL_S]);
  });

  it('a page fault comes before the access fault of the page', () => {
    const result = probe(
      'supervisor',
      (a) => void a.li(s0, 0x2_0000_0000).i('ld', a0, s0, 0),
      (a) => {
        protect([NAPOT, napot(AT, 4096)], ALL)(a);
        csrWrite(a, CSR.satp, (8n << 60n) | BigInt(TABLES / 4096));
      },
      ({ machine }) => {
        const flags = PTE.V | PTE.R | PTE.W | PTE.X | PTE.A | PTE.D;
        new Sv39Tables(machine.memory[0], TABLES).map(RAM, RAM, 2, flags, 1);
      },
    );
    expect(result.cause).toBe(LOAD_PAGE);
  });
});
