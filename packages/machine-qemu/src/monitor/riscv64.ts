/**
 * The monitor of riscv64: machine mode, no translation, user programs in U-mode under their own satp.
 *
 * Registers  s0 = this CPU's mailbox page, s1 = the context at hand, s2 = where to go on if an access of the monitor
 *            itself faults (0 = nowhere). mscratch = the running context in user mode, 0 in the monitor.
 * Invariant  interrupts are off in the monitor; it waits in `wfi`, which wakes up all the same
 * Source     RISC-V Privileged ISA 20240411, chapter 3; QEMU hw/riscv/virt.c (addresses)
 */
import { CodeBuffer, riscv64 as rv, to, type Code } from '@veridian-os/assembler';
import {
  CAUSE_INTERRUPT,
  CAUSE_TIMER,
  CPU_AREAS,
  CPU_BYTES,
  DONE_BYTE,
  MAILBOX as M,
  MONITOR,
  Opcode,
} from '../layout.js';
import * as board from './riscv64-board.js';
import { CONTEXT, branch, callTo, ifNot, ifSame, ifZero, jump } from './riscv64-board.js';
import { doorbell, floatingPoint, forget } from './riscv64-services.js';

const { ZERO, SP, S0, S1, S2, A0, A1, A2, T0, T1, T2, T3, T6, CSR } = rv;
const { RAM, UART, UART_SOURCE, PLIC, PLIC_ENABLE, PLIC_THRESHOLD, MTIMECMP, LINES } = board;
const { MSTATUS_MPP, MSTATUS_FS, ECALL_FROM_USER } = board;

/** What is at the reset address: the way to the monitor. */
export const riscv64Reset = (): Uint8Array => {
  const buffer = new CodeBuffer();
  return buffer.emit(rv.li(T0, RAM + MONITOR), rv.jr(T0)).finish();
};

/** The monitor, for address RAM + MONITOR. */
export function riscv64Monitor(): Uint8Array {
  const code = new CodeBuffer({ origin: RAM + MONITOR });
  setUp(code);
  waitForCommand(code);
  commands(code);
  run(code);
  enterUser(code);
  trap(code);
  interrupts(code);
  forget(code);
  doorbell(code);
  floatingPoint(code);
  return code.finish();
}

function setUp(code: CodeBuffer): void {
  code.emit(
    rv.csrr(T0, CSR.mhartid),
    rv.slli(T1, T0, Math.log2(CPU_BYTES)),
    rv.li(S0, RAM + CPU_AREAS),
    rv.add(S0, S0, T1),
    rv.sd(A1, S0, M.BOOT),
    rv.li(T2, CPU_BYTES),
    rv.add(SP, S0, T2),
    rv.csrw(CSR.mscratch, ZERO),
    rv.li(S2, 0),
    to('trap', (offset) => rv.la(T1, offset)),
    rv.csrw(CSR.mtvec, T1),
    // User mode may read cycle, time and instret; all memory is open to it, translation decides.
    rv.li(T1, 7),
    rv.csrw(CSR.mcounteren, T1),
    rv.csrw(CSR.scounteren, T1),
    rv.li(T1, -1),
    rv.csrw(CSR.pmpaddr0, T1),
    rv.li(T1, 0x1f),
    rv.csrw(CSR.pmpcfg0, T1),
    // Accessed and dirty bits by the CPU, where that can be chosen.
    to('noEnvironment', (offset) => rv.la(S2, offset)),
    rv.li(T1, 1n << 61n),
    rv.csrs(CSR.menvcfg, T1),
  );
  code.label('noEnvironment').emit(
    rv.li(S2, 0),
    rv.li(T1, LINES),
    rv.csrw(CSR.mie, T1),
    rv.li(T1, MSTATUS_FS),
    rv.csrs(CSR.mstatus, T1),
    // The timer is off.
    rv.li(T1, MTIMECMP),
    rv.slli(T2, T0, 3),
    rv.add(T1, T1, T2),
    rv.li(T2, -1),
    rv.sd(T2, T1, 0),
    rv.sd(T2, S0, M.ARMED),
    ifNot(T0, 'post'),
    setUpDoorbell(),
    jump('post'),
  );
}

/** CPU 0 hears the UART: FIFOs on, one byte is enough, its source enabled for machine mode. */
function setUpDoorbell(): Code {
  return [
    rv.li(T1, UART),
    rv.li(T2, 7),
    rv.sb(T2, T1, 2),
    rv.li(T2, 1),
    rv.sb(T2, T1, 1),
    rv.li(T1, PLIC),
    rv.sw(T2, T1, UART_SOURCE * 4),
    rv.li(T1, PLIC_ENABLE),
    rv.li(T2, 1 << UART_SOURCE),
    rv.sw(T2, T1, 0),
    rv.li(T1, PLIC_THRESHOLD),
    rv.sw(ZERO, T1, 0),
  ];
}

function waitForCommand(code: CodeBuffer): void {
  code
    .label('post')
    .emit(
      rv.fence(),
      rv.lw(T0, S0, M.SEQ),
      rv.sw(T0, S0, M.DONE),
      rv.fence(),
      rv.lw(T1, S0, M.WAITING),
      ifZero(T1, 'wait'),
      rv.li(T1, UART),
      rv.li(T2, DONE_BYTE),
      rv.sb(T2, T1, 0),
    );
  code.label('wait').emit(rv.lwu(A0, S0, M.SPIN));
  code.label('poll').emit(
    rv.lw(T0, S0, M.SEQ),
    rv.lw(T1, S0, M.DONE),
    branch('execute', (offset) => rv.bne(T0, T1, offset)),
    ifZero(A0, 'sleep'),
    rv.addi(A0, A0, -1),
    jump('poll'),
  );
  code.label('sleep').emit(
    rv.li(T2, 1),
    rv.sw(T2, S0, M.SLEEPING),
    rv.fence(),
    rv.lw(T0, S0, M.SEQ),
    branch('awake', (offset) => rv.bne(T0, T1, offset)),
    rv.wfi(),
  );
  code.label('awake').emit(rv.sw(ZERO, S0, M.SLEEPING), callTo('drain'), callTo('quietTimer'), jump('wait'));
  // A timer that rang while nobody runs would keep `wfi` from sleeping.
  code.label('quietTimer').emit(
    rv.csrr(T0, CSR.mip),
    rv.andi(T0, T0, 1 << 7),
    branch('stopTimer', (offset) => rv.bnez(T0, offset)),
    rv.ret(),
  );
  code.label('stopTimer').emit(rv.li(T0, -1));
  // Sets the timer to t0. Changes t1, t2.
  code
    .label('setTimer')
    .emit(
      rv.sd(T0, S0, M.ARMED),
      rv.csrr(T1, CSR.mhartid),
      rv.slli(T1, T1, 3),
      rv.li(T2, MTIMECMP),
      rv.add(T1, T1, T2),
      rv.sd(T0, T1, 0),
      rv.ret(),
    );
}

function commands(code: CodeBuffer): void {
  code.label('execute').emit(
    rv.fence(),
    rv.lw(A0, S0, M.OPCODE),
    rv.sw(ZERO, S0, M.STATUS),
    rv.li(T0, Opcode.Run),
    ifSame(A0, T0, 'run'),
    rv.li(T0, Opcode.SaveFp),
    ifSame(A0, T0, 'saveFp'),
    ifZero(A0, 'nothing'),
    rv.ld(A1, S0, M.ARGUMENT),
    rv.ld(A2, S0, M.VALUE),
    to('noAnswer', (offset) => rv.la(S2, offset)),
  );
  const accesses: readonly [number, number][] = [
    [Opcode.Read8, rv.lbu(A2, A1, 0)],
    [Opcode.Read16, rv.lhu(A2, A1, 0)],
    [Opcode.Read32, rv.lwu(A2, A1, 0)],
    [Opcode.Write8, rv.sb(A2, A1, 0)],
    [Opcode.Write16, rv.sh(A2, A1, 0)],
    [Opcode.Write32, rv.sw(A2, A1, 0)],
  ];
  for (const [opcode, access] of accesses) {
    code.emit(rv.li(T0, opcode), rv.bne(A0, T0, 12), access, jump('accessed'));
  }
  code.label('accessed').emit(rv.li(S2, 0), rv.sd(A2, S0, M.VALUE), jump('post'));
  code
    .label('noAnswer')
    .emit(rv.li(S2, 0), rv.li(T0, 1), rv.sw(T0, S0, M.STATUS), rv.sd(ZERO, S0, M.VALUE), jump('post'));
  code.label('nothing').emit(callTo('forget'), jump('post'));
  code
    .label('saveFp')
    .emit(
      rv.ld(S1, S0, M.FP_OWNER),
      ifZero(S1, 'post'),
      rv.sd(ZERO, S0, M.FP_OWNER),
      callTo('storeFloats'),
      jump('post'),
    );
}

function run(code: CodeBuffer): void {
  code.label('run').emit(
    callTo('forget'),
    rv.ld(S1, S0, M.CONTEXT),
    // Floating-point registers change hands only when another context runs.
    rv.ld(T0, S0, M.FP_OWNER),
    ifSame(T0, S1, 'owned'),
    ifZero(T0, 'unowned'),
    rv.mv(S1, T0),
    callTo('storeFloats'),
    rv.ld(S1, S0, M.CONTEXT),
  );
  code.label('unowned').emit(callTo('loadFloats'), rv.fence(), rv.sd(S1, S0, M.FP_OWNER));
  code
    .label('owned')
    .emit(rv.ld(T0, S1, CONTEXT.ROOT), rv.csrr(T1, CSR.satp), ifSame(T0, T1, 'translated'), rv.csrw(CSR.satp, T0));
  code
    .label('translated')
    .emit(rv.li(T0, -1), rv.ld(T1, S0, M.TICKS), ifSame(T0, T1, 'planned'), rv.csrr(T0, CSR.time), rv.add(T0, T0, T1));
  // A timer that rings too early costs one trap, setting it costs more: it is left alone unless it would be late.
  code.label('planned').emit(
    rv.sd(T0, S0, M.WANTED),
    rv.ld(T1, S0, M.ARMED),
    branch('enter', (offset) => rv.bgeu(T0, T1, offset)),
    callTo('setTimer'),
  );
}

function enterUser(code: CodeBuffer): void {
  code
    .label('enter')
    .emit(rv.sd(S0, S1, CONTEXT.CPU), rv.addi(T0, S0, M.KICK), rv.amoswapW(T1, ZERO, T0), ifNot(T1, 'kicked'));
  code.label('resume').emit(
    rv.ld(T0, S1, CONTEXT.PC),
    rv.csrw(CSR.mepc, T0),
    rv.li(T0, MSTATUS_MPP),
    rv.csrc(CSR.mstatus, T0),
    rv.csrw(CSR.mscratch, S1),
    rv.mv(T6, S1),
    Array.from({ length: 31 }, (_, i) => rv.ld(i + 1, T6, 8 * (i + 1))),
    rv.mret(),
  );
  code.label('kicked').emit(rv.mv(A0, T1), rv.li(T1, CAUSE_INTERRUPT), jump('special'));
  code.label('timeout').emit(rv.li(A0, 0), rv.li(T1, CAUSE_TIMER));
  code
    .label('special')
    .emit(rv.li(T0, 1n << 62n), rv.or(T1, T1, T0), rv.sd(T1, S0, M.CAUSE), rv.sd(A0, S0, M.ADDRESS), jump('post'));
}

function trap(code: CodeBuffer): void {
  code.align(4);
  code.label('trap').emit(
    rv.csrrw(T6, CSR.mscratch, T6),
    ifZero(T6, 'ownFault'),
    Array.from({ length: 30 }, (_, i) => rv.sd(i + 1, T6, 8 * (i + 1))),
    rv.csrrw(T0, CSR.mscratch, ZERO),
    rv.sd(T0, T6, 8 * T6),
    rv.mv(S1, T6),
    rv.ld(S0, S1, CONTEXT.CPU),
    rv.li(T2, CPU_BYTES),
    rv.add(SP, S0, T2),
    rv.li(S2, 0),
    rv.csrr(T0, CSR.mepc),
    rv.csrr(T1, CSR.mcause),
    rv.csrr(T2, CSR.mtval),
    branch('interrupted', (offset) => rv.bltz(T1, offset)),
    rv.li(T3, ECALL_FROM_USER),
    branch('noCall', (offset) => rv.bne(T1, T3, offset)),
    rv.addi(T0, T0, 4),
  );
  code.label('noCall').emit(rv.sd(T0, S1, CONTEXT.PC), rv.sd(T1, S0, M.CAUSE), rv.sd(T2, S0, M.ADDRESS), jump('post'));
  // The monitor's own access had no answer: go on at s2. Anything else is a bug of ours, reported as what it is.
  code
    .label('ownFault')
    .emit(
      rv.csrrw(T6, CSR.mscratch, T6),
      ifZero(S2, 'broken'),
      rv.csrw(CSR.mepc, S2),
      rv.li(T6, MSTATUS_MPP),
      rv.csrs(CSR.mstatus, T6),
      rv.mret(),
    );
  code
    .label('broken')
    .emit(
      rv.li(T0, 2),
      rv.sw(T0, S0, M.STATUS),
      rv.csrr(T1, CSR.mcause),
      rv.sd(T1, S0, M.CAUSE),
      rv.csrr(T1, CSR.mepc),
      rv.sd(T1, S0, M.ADDRESS),
      jump('post'),
    );
}

function interrupts(code: CodeBuffer): void {
  code.label('interrupted').emit(
    rv.sd(T0, S1, CONTEXT.PC),
    callTo('drain'),
    callTo('forget'),
    rv.addi(T0, S0, M.KICK),
    rv.amoswapW(T1, ZERO, T0),
    ifNot(T1, 'kicked'),
    rv.csrr(T0, CSR.mip),
    rv.andi(T0, T0, 1 << 7),
    ifZero(T0, 'resume'),
    rv.csrr(T0, CSR.time),
    rv.ld(T1, S0, M.WANTED),
    branch('over', (offset) => rv.bgeu(T0, T1, offset)),
    // It rang for an earlier run.
    rv.mv(T0, T1),
    callTo('setTimer'),
    jump('resume'),
  );
  code.label('over').emit(callTo('stopTimer'), jump('timeout'));
}
