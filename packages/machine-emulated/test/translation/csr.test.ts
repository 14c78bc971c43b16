/** CSR instructions, cbo.zero and loads to x0 inside translated loops, with interrupts: everything as the interpreter has it. */
import { describe, expect, it } from '@jest/globals';
import type { Assembler, Mnemonic } from '../../src/testing.js';
import { REG } from '../../src/testing.js';
import { CSR, RAM, csrWrite, makeBoard, openMemory, powerOff } from '../helpers/board.js';
import { DATA_AT, makeGuest } from '../helpers/guest.js';

const { s0, s1, s2, t0, a0, a1, a2, a3, ra } = REG;
const LOG = RAM + 0x10_0000;
const LOG_WORDS = 4096;
const DATA_BYTES = 64 * 4096;
const STI = 1 << 5;
const SSI = 1 << 1;
const SIE = 2;
const SUM = 1 << 18;
const FS = 3 << 13;
const STCE = 1n << 63n;
const CBZE = 1n << 7n;
const COUNTERS = 7;
const CYCLE_ONLY = 1;
const CBCFE = 1n << 6n;

/** Appends a register to the log at s0. */
function note(a: Assembler, register: number): void {
  a.s('sd', register, s0, 0).i('addi', s0, s0, 8);
}

interface Program {
  /** Supervisor code, which s1 counts down. */
  readonly body: (a: Assembler) => void;
  readonly turns: number;
  /** Machine code before. */
  readonly setUp?: (a: Assembler) => void;
  /** Machine code at a trap that is not delegated; it ends the run. */
  readonly trap?: (a: Assembler) => void;
}

/** Runs it: a timer interrupt every 37 ticks notes where it came, when, and what it found. */
function build(a: Assembler, { body, turns, setUp, trap }: Program): void {
  a.to('jal', 'main', { rd: 0 }).align(4).label('strap').op('csrrw', { rd: t0, rs1: t0, csr: CSR.sscratch });
  for (const csr of [CSR.sepc, CSR.scause, CSR.time, CSR.sstatus]) {
    a.op('csrrs', { rd: t0, rs1: 0, csr });
    note(a, t0);
  }
  a.op('csrrs', { rd: t0, rs1: 0, csr: CSR.time }).i('addi', t0, t0, 37);
  a.op('csrrw', { rd: 0, rs1: t0, csr: CSR.stimecmp }).op('csrrci', { rd: 0, rs1: SSI, csr: CSR.sip });
  a.op('csrrw', { rd: t0, rs1: t0, csr: CSR.sscratch }).op('sret');
  a.label('code').label('loop');
  body(a);
  a.i('addi', s1, s1, -1).to('bne', 'loop', { rs1: s1, rs2: 0 }).op('ecall');
  a.align(4).label('mtrap');
  for (const csr of [CSR.mcause, CSR.mepc, CSR.mtval, CSR.mstatus]) {
    a.op('csrrs', { rd: a0, rs1: 0, csr });
    note(a, a0);
  }
  trap?.(a);
  powerOff(a);
  a.label('main');
  openMemory(a);
  csrWrite(a, CSR.menvcfg, STCE | CBZE | CBCFE);
  csrWrite(a, CSR.senvcfg, CBCFE);
  csrWrite(a, CSR.mcounteren, COUNTERS);
  csrWrite(a, CSR.scounteren, COUNTERS);
  csrWrite(a, CSR.mideleg, STI | SSI);
  csrWrite(a, CSR.mie, STI | SSI);
  csrWrite(a, CSR.mtvec, a.addressOf('mtrap'));
  csrWrite(a, CSR.stvec, a.addressOf('strap'));
  csrWrite(a, CSR.mepc, a.addressOf('code'));
  csrWrite(a, CSR.mstatus, 1 << 11);
  csrWrite(a, CSR.stimecmp, 20);
  setUp?.(a);
  a.li(s0, LOG).li(s1, turns).op('mret');
}

function outcome(program: Program, slice: number, translated: boolean): string {
  const board = makeBoard((a) => build(a, program), {
    translation: translated ? { threshold: 0, interval: 3 } : false,
  });
  let instructions = 0;
  for (let runs = 0; ; runs++) {
    const { kind, consumed } = board.machine.system.run(slice);
    instructions += consumed;
    if (kind === 'stopped') break;
    if (runs > 100_000) throw new Error('the program does not end');
  }
  const log = Array.from({ length: LOG_WORDS }, (_, i) => board.word(LOG + i * 4).toString(16));
  const registers = Array.from({ length: 32 }, (_, r) => board.x(r).toString(16));
  if (translated) expect(board.machine.translation!.entered).toBeGreaterThan(5);
  board.machine.dispose();
  return [instructions, ...registers, ...log].join(' ');
}

function expectSame(program: Program): void {
  for (const slice of [1_000_000, 97]) {
    expect(outcome(program, slice, true)).toBe(outcome(program, slice, false));
  }
}

const straight = (a: Assembler): void => {
  for (let i = 0; i < 12; i++) a.i('addi', a2, a2, 1);
};

describe('sstatus in regions', () => {
  it('masks interrupts, and lets them in at the same instructions', () =>
    expectSame({
      turns: 120,
      body: (a) => {
        a.op('csrrsi', { rd: a1, rs1: SIE, csr: CSR.sstatus });
        straight(a);
        a.op('csrrci', { rd: a0, rs1: SIE, csr: CSR.sstatus });
        straight(a);
        a.op('csrrs', { rd: a3, rs1: a0, csr: CSR.sstatus }).op('csrrs', { rd: a1, rs1: 0, csr: CSR.sstatus });
        straight(a);
        a.li(a3, SIE)
          .op('csrrc', { rd: a0, rs1: a3, csr: CSR.sstatus })
          .op('csrrw', { rd: a3, rs1: a0, csr: CSR.sstatus });
        note(a, a3);
      },
    }));

  it('an interrupt that software asks for waits for the enable', () =>
    expectSame({
      turns: 60,
      body: (a) => {
        a.op('csrrsi', { rd: 0, rs1: SSI, csr: CSR.sip });
        straight(a);
        a.op('csrrsi', { rd: a1, rs1: SIE, csr: CSR.sstatus }).op('csrrci', { rd: a0, rs1: SIE, csr: CSR.sstatus });
        note(a, a0);
      },
    }));

  it('leaves what memory and floating point depend on to the exact path', () =>
    expectSame({
      turns: 60,
      body: (a) => {
        a.li(a3, SUM | FS).op('csrrs', { rd: a0, rs1: a3, csr: CSR.sstatus });
        note(a, a0);
        a.op('csrrs', { rd: a0, rs1: 0, csr: CSR.sstatus }).op('fmv.d.x', { rd: 1, rs1: s1 });
        note(a, a0);
        // Off in the last turn: the next floating-point instruction traps.
        a.i('sltiu', a2, s1, 2).i('slli', a2, a2, 13).op('csrrc', { rd: a1, rs1: a2, csr: CSR.sstatus });
        a.i('slli', a2, a2, 1).op('csrrc', { rd: a1, rs1: a2, csr: CSR.sstatus }).op('fmv.d.x', { rd: 2, rs1: s1 });
        a.op('csrrs', { rd: a2, rs1: 0, csr: CSR.sstatus });
        note(a, a2);
      },
    }));
});

describe('other registers in regions', () => {
  it('are stored and read back', () =>
    expectSame({
      turns: 40,
      body: (a) => {
        for (const csr of [CSR.sscratch, CSR.sepc, CSR.scause, CSR.stval]) {
          a.op('csrrw', { rd: a0, rs1: s1, csr })
            .op('csrrsi', { rd: a1, rs1: 9, csr })
            .op('csrrc', { rd: a2, rs1: a0, csr });
          a.op('csrrs', { rd: a3, rs1: 0, csr });
          for (const register of [a0, a1, a2, a3]) note(a, register);
        }
        a.op('csrrs', { rd: a0, rs1: 0, csr: CSR.stvec });
        note(a, a0);
      },
    }));

  it('time is the time at the instruction', () =>
    expectSame({
      turns: 80,
      body: (a) => {
        a.op('csrrs', { rd: a0, rs1: 0, csr: CSR.time });
        straight(a);
        a.op('csrrs', { rd: a1, rs1: 0, csr: CSR.time }).op('csrrs', { rd: 0, rs1: 0, csr: CSR.time });
        note(a, a0);
        note(a, a1);
      },
    }));

  /** A region that supervisor mode made is entered from user mode, where what `first` does is illegal. */
  it.each<[string, (a: Assembler) => void, number]>([
    ['sstatus', (a) => a.op('csrrs', { rd: a0, rs1: 0, csr: CSR.sstatus }), COUNTERS],
    ['sscratch', (a) => a.op('csrrw', { rd: a0, rs1: a1, csr: CSR.sscratch }), COUNTERS],
    ['time', (a) => a.op('csrrs', { rd: a0, rs1: 0, csr: CSR.time }), CYCLE_ONLY],
    [
      'cbo.zero',
      (a) =>
        a
          .li(a1, LOG + 0x2000)
          .s('sd', a1, a1, 0)
          .op('cbo.zero', { rs1: a1 }),
      COUNTERS,
    ],
  ])('%s in user mode traps', (_, first, scounteren) =>
    expectSame({
      turns: 30,
      setUp: (a) => {
        csrWrite(a, CSR.scounteren, scounteren);
        a.li(s2, 3);
      },
      body: (a) => {
        first(a);
        straight(a);
      },
      trap: (a) => {
        // Once more, from user mode.
        a.i('addi', s2, s2, -1).to('beq', 'end', { rs1: s2, rs2: 0 }).li(s1, 5);
        csrWrite(a, CSR.mepc, a.addressOf('code'));
        csrWrite(a, CSR.mstatus, 0);
        a.op('mret').label('end');
      },
    }),
  );
});

describe('accesses that change no register', () => {
  it('cbo.zero clears the block around an address', () =>
    expectSame({
      turns: 60,
      body: (a) => {
        a.li(a0, LOG + 0x2000)
          .i('slli', a1, s1, 6)
          .r('add', a0, a0, a1);
        for (let i = 0; i < 64; i += 8) a.s('sd', s1, a0, i);
        a.i('addi', a0, a0, 24).op('cbo.zero', { rs1: a0 });
      },
    }));

  it.each<Mnemonic>(['lb', 'lhu', 'lw', 'ld'])('%s to x0 reads, or faults', (name) => {
    const run = (translated: boolean): string => {
      const guest = makeGuest({ translation: translated ? { threshold: 0, interval: 3 } : false });
      guest.load((a) => {
        // Oddly, to the last byte of the data.
        a.li(s0, DATA_AT + DATA_BYTES - 705)
          .label('loop')
          .i(name, 0, s0, 4)
          .i('addi', a0, a0, 3);
        a.i('addi', s0, s0, 7).to('jal', 'loop', { rd: 0 });
      });
      const trap = JSON.stringify(guest.run());
      if (translated) expect(guest.machine.translation!.entered).toBeGreaterThan(0);
      const state = [guest.pc(), guest.x(0), guest.x(a0), guest.x(s0), guest.x(ra)].join(' ');
      guest.machine.dispose();
      return `${trap} ${state}`;
    };
    expect(run(true)).toBe(run(false));
  });
});
