/** The hart with its own kernel: privileges, delegation, paging, timer and external interrupts, WFI, power-off. */
import { describe, expect, it } from '@jest/globals';
import type { Assembler } from '../../src/testing.js';
import { PTE, REG, Sv39Tables } from '../../src/testing.js';
import { CSR, RAM, csrLabel, csrWrite, makeBoard, openMemory, powerOff } from '../helpers/board.js';

const { a1, a2, a3, s0, s1, s2, s3, t0, t1 } = REG;
const CLINT = 0x200_0000;
const PLIC = 0xc00_0000;
const UART = 0x1000_0000;
const S_CLAIM = PLIC + 0x20_1004;
const TABLES = RAM + 0x40_0000;
const SPIN = 1_000_000;

const STI = 1 << 5;
const MTI = 1 << 7;
const SEI = 1 << 9;

/** Machine mode: delegates to S, forwards the timer as STIP, drops to `supervisor` in S mode. */
function firmware(a: Assembler): void {
  a.to('jal', 'boot', { rd: 0 });
  a.align(4).label('mtrap');
  // Timer: no more of it, and STIP for the supervisor. An environment call from S rearms it after a1 ticks.
  a.op('csrrw', { rd: t0, rs1: t0, csr: CSR.mscratch }).op('csrrs', { rd: t0, rs1: 0, csr: CSR.mcause });
  a.to('blt', 'mtimer', { rs1: t0, rs2: 0 });
  a.li(t0, CLINT + 0xbff8)
    .i('ld', a2, t0, 0)
    .r('add', a2, a2, a1)
    .li(t0, CLINT + 0x4000)
    .s('sd', a2, t0, 0);
  a.li(t0, STI).op('csrrc', { rd: 0, rs1: t0, csr: CSR.mip }).li(t0, MTI).op('csrrs', { rd: 0, rs1: t0, csr: CSR.mie });
  a.op('csrrs', { rd: t0, rs1: 0, csr: CSR.mepc }).i('addi', t0, t0, 4).op('csrrw', { rd: 0, rs1: t0, csr: CSR.mepc });
  a.to('jal', 'mdone', { rd: 0 });
  a.label('mtimer').li(t0, MTI).op('csrrc', { rd: 0, rs1: t0, csr: CSR.mie });
  a.li(t0, STI).op('csrrs', { rd: 0, rs1: t0, csr: CSR.mip });
  a.label('mdone').op('csrrw', { rd: t0, rs1: t0, csr: CSR.mscratch }).op('mret');
  a.label('boot');
  openMemory(a);
  csrWrite(a, CSR.medeleg, 0xb1ff);
  csrWrite(a, CSR.mideleg, STI | SEI | 2);
  csrWrite(a, CSR.mcounteren, 7);
  csrWrite(a, CSR.mstatus, 1 << 11);
  a.to('jal', 'here', { rd: t1 }).label('here');
  a.op('auipc', { rd: t0, imm: 0 }).op('auipc', { rd: t1, imm: 0 });
}

describe('a supervisor with paging, a timer and a UART', () => {
  function board() {
    const made = makeBoard((a) => {
      firmware(a);
      csrLabel(a, CSR.mtvec, 'mtrap');
      a.to('jal', 'enter', { rd: 0 });
      // Supervisor trap handler at a virtual address 1 GiB above its physical one.
      a.align(4)
        .label('strap')
        .op('csrrs', { rd: t0, rs1: 0, csr: CSR.scause })
        .i('slli', t0, t0, 1)
        .i('srli', t0, t0, 1);
      a.i('addi', t0, t0, -5);
      a.to('beq', 'stimer', { rs1: t0, rs2: 0 }).i('addi', t0, t0, -4).to('beq', 'sexternal', { rs1: t0, rs2: 0 });
      a.op('csrrs', { rd: s3, rs1: 0, csr: CSR.stval }).op('csrrs', { rd: t0, rs1: 0, csr: CSR.sepc });
      a.i('addi', t0, t0, 4).op('csrrw', { rd: 0, rs1: t0, csr: CSR.sepc }).op('sret');
      a.label('stimer').i('addi', s0, s0, 1).li(a1, 1000).op('ecall').op('sret');
      a.label('sexternal')
        .op('csrrw', { rd: t1, rs1: t1, csr: CSR.sscratch })
        .li(t0, S_CLAIM)
        .i('lw', a3, t0, 0)
        .li(t1, UART)
        .i('lbu', s1, t1, 0)
        .s('sb', s1, t1, 0);
      a.s('sw', a3, t0, 0).i('addi', s2, s2, 1);
      a.op('csrrw', { rd: t1, rs1: t1, csr: CSR.sscratch }).op('sret');
      // Supervisor main: enables everything, counts three ticks, faults once, waits for two characters.
      a.label('main');
      csrWrite(a, CSR.stvec, a.addressOf('strap') + 0x4000_0000);
      csrWrite(a, CSR.sie, STI | SEI);
      a.li(t0, PLIC + 40)
        .li(t1, 1)
        .s('sw', t1, t0, 0)
        .li(t0, PLIC + 0x2080)
        .li(t1, 1 << 10)
        .s('sw', t1, t0, 0);
      a.li(t0, UART).li(t1, 1).s('sb', t1, t0, 1);
      a.li(a1, 500).op('ecall').op('csrrsi', { rd: 0, rs1: 2, csr: CSR.sstatus });
      a.li(t1, 3).label('ticks').to('bltu', 'ticks', { rs1: s0, rs2: t1 });
      a.li(t0, 0x7000_0008).i('ld', t0, t0, 0);
      a.li(t1, 2).label('wait').op('wfi').to('bltu', 'wait', { rs1: s2, rs2: t1 });
      powerOff(a);
      a.label('enter');
      openMemory(a);
      csrWrite(a, CSR.satp, (8n << 60n) | BigInt(TABLES / 4096));
      csrWrite(a, CSR.mepc, a.addressOf('main') + 0x4000_0000);
      a.op('mret');
    });
    const region = made.machine.memory[0];
    const flags = PTE.V | PTE.R | PTE.W | PTE.A | PTE.D;
    new Sv39Tables(region, TABLES)
      .map(RAM + 0x4000_0000, RAM, 2048, flags | PTE.X)
      .map(UART, UART, 1, flags)
      .map(PLIC, PLIC, 1024, flags)
      .map(0x10_0000, 0x10_0000, 1, flags);
    return made;
  }

  it('runs through timer ticks, a page fault and two characters to power-off', () => {
    const { machine, output, x } = board();
    const { system, uart } = machine;
    expect(system.run(SPIN).kind).toBe('budget');
    expect(x(s0)).toBeGreaterThanOrEqual(3n);
    expect(x(s3)).toBe(0x7000_0008n);
    uart.receive(new TextEncoder().encode('o'));
    system.run(SPIN);
    uart.receive(new TextEncoder().encode('k'));
    expect(system.run(SPIN).kind).toBe('stopped');
    expect(output.join('')).toBe('ok');
    expect(x(a3)).toBe(10n);
    expect(system.stopped).toEqual({ kind: 'poweroff', code: 0 });
  });

  it('is the same whatever the budget slices', () => {
    const [whole, sliced] = [board(), board()];
    whole.machine.system.run(50_000);
    for (let left = 50_000; left > 0;) left -= sliced.machine.system.run(Math.min(left, 137)).consumed;
    for (let i = 0; i < 32; i++) expect(sliced.x(i)).toBe(whole.x(i));
    expect(sliced.pc()).toBe(whole.pc());
    expect(sliced.machine.clock.now()).toBe(whole.machine.clock.now());
  });
});
