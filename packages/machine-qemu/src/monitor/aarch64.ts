/**
 * The monitor of aarch64: EL1, which sees physical memory through TTBR1; user programs at EL0 under their own TTBR0.
 *
 * Registers  x19 = this CPU's mailbox page, x20 = the context at hand, x21 = where to go on if an access of the monitor
 *            itself faults (0 = nowhere), x22 = return address of a caller that calls. sp = the running context, so that
 *            a trap can store registers before it has one free.
 * Invariant  interrupts are masked at EL1; it waits in `wfi`, which wakes up all the same
 * Source     Arm Architecture Reference Manual for A-profile (DDI 0487), chapter D1; QEMU hw/arm/virt.c (addresses)
 */
import { CodeBuffer, aarch64 as arm, type Code } from '@veridian-os/assembler';
import { CAUSE_INTERRUPT, CAUSE_TIMER, DONE_BYTE, MAILBOX as M, MONITOR, Opcode } from '../layout.js';
import * as board from './aarch64-board.js';
import { CONTEXT, callTo, ifNot, ifZero, jump, onlyIf, set } from './aarch64-board.js';
import { boot } from './aarch64-boot.js';
import { doorbell, floatingPoint, forget } from './aarch64-services.js';

const { X0, X1, X2, X19, X20, X21, X30, W0, W1, W2, W3, SP, XZR, WZR, mem, x } = arm;
const { RAM, UART, virtual } = board;
const EC_SHIFT = 26;
const EC_BROKEN = 0x3f;

/** The monitor, for physical address RAM + MONITOR; its first instruction is where a CPU starts. */
export function aarch64Monitor(): Uint8Array {
  const code = new CodeBuffer({ origin: virtual(RAM + MONITOR) });
  boot(code);
  vectors(code);
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

/** Sixteen entries of 128 bytes; used are ours (fault, with its own stack pointer) and EL0's (trap, interrupt). */
function vectors(code: CodeBuffer): void {
  code.align(2048).label('vectors');
  const base = code.size;
  const entries: Readonly<Record<number, string>> = { 4: 'ownFault', 8: 'trap', 9: 'interrupted' };
  for (let i = 0; i < 16; i++) code.at(base + i * 128).emit(jump(entries[i] ?? 'broken'));
  code.at(base + 2048);
}

function waitForCommand(code: CodeBuffer): void {
  code
    .label('post')
    .emit(
      arm.mrs(X0, 'cntvct_el0'),
      arm.str(X0, mem(X19, M.COUNTER)),
      arm.dmb('sy'),
      arm.ldr(W0, mem(X19, M.SEQ)),
      arm.str(W0, mem(X19, M.DONE)),
      arm.dmb('sy'),
      arm.ldr(W1, mem(X19, M.WAITING)),
      ifZero(W1, 'wait'),
      set(X1, virtual(UART)),
      arm.movz(W2, DONE_BYTE),
      arm.str(W2, mem(X1)),
    );
  code.label('wait').emit(arm.ldr(W3, mem(X19, M.SPIN)));
  code
    .label('poll')
    .emit(
      arm.ldr(W0, mem(X19, M.SEQ)),
      arm.ldr(W1, mem(X19, M.DONE)),
      arm.cmp(W0, W1),
      onlyIf('ne', 'execute'),
      ifZero(W3, 'sleep'),
      arm.sub(W3, W3, 1),
      jump('poll'),
    );
  code
    .label('sleep')
    .emit(
      arm.movz(W2, 1),
      arm.str(W2, mem(X19, M.SLEEPING)),
      arm.dmb('sy'),
      arm.ldr(W0, mem(X19, M.SEQ)),
      arm.cmp(W0, W1),
      onlyIf('ne', 'awake'),
      arm.wfi(),
    );
  code.label('awake').emit(arm.str(WZR, mem(X19, M.SLEEPING)), callTo('drain'), jump('wait'));
}

function commands(code: CodeBuffer): void {
  code
    .label('execute')
    .emit(
      arm.dmb('sy'),
      arm.ldr(W0, mem(X19, M.OPCODE)),
      arm.str(WZR, mem(X19, M.STATUS)),
      arm.cmp(W0, Opcode.Run),
      onlyIf('eq', 'run'),
      arm.cmp(W0, Opcode.SaveFp),
      onlyIf('eq', 'saveFp'),
      ifZero(W0, 'nothing'),
      arm.ldr(X1, mem(X19, M.ARGUMENT)),
      arm.ldr(X2, mem(X19, M.VALUE)),
      addressOfLabel(X21, 'noAnswer'),
    );
  const accesses: readonly [number, number][] = [
    [Opcode.Read8, arm.ldrb(W2, mem(X1))],
    [Opcode.Read16, arm.ldrh(W2, mem(X1))],
    [Opcode.Read32, arm.ldr(W2, mem(X1))],
    [Opcode.Write8, arm.strb(W2, mem(X1))],
    [Opcode.Write16, arm.strh(W2, mem(X1))],
    [Opcode.Write32, arm.str(W2, mem(X1))],
  ];
  for (const [opcode, access] of accesses) {
    code.emit(arm.cmp(W0, opcode), arm.bCond('ne', 12), access, jump('accessed'));
  }
  code.label('accessed').emit(arm.mov(X21, XZR), arm.str(X2, mem(X19, M.VALUE)), jump('post'));
  code
    .label('noAnswer')
    .emit(
      arm.mov(X21, XZR),
      arm.movz(W0, 1),
      arm.str(W0, mem(X19, M.STATUS)),
      arm.str(XZR, mem(X19, M.VALUE)),
      jump('post'),
    );
  code.label('nothing').emit(callTo('forget'), jump('post'));
  code
    .label('saveFp')
    .emit(
      arm.ldr(X20, mem(X19, M.FP_OWNER)),
      ifZero(X20, 'post'),
      callTo('storeFloats'),
      arm.str(XZR, mem(X19, M.FP_OWNER)),
      jump('post'),
    );
}

const addressOfLabel = (register: arm.Register, label: string): Code => ({
  label,
  byOffset: (offset) => arm.adr(register, offset),
});

function run(code: CodeBuffer): void {
  code.label('run').emit(
    callTo('forget'),
    arm.ldr(X20, mem(X19, M.CONTEXT)),
    // Floating-point registers change hands only when another context runs.
    arm.ldr(X0, mem(X19, M.FP_OWNER)),
    arm.cmp(X0, X20),
    onlyIf('eq', 'owned'),
    ifZero(X0, 'unowned'),
    arm.mov(X20, X0),
    callTo('storeFloats'),
    arm.ldr(X20, mem(X19, M.CONTEXT)),
  );
  code.label('unowned').emit(callTo('loadFloats'), arm.dmb('sy'), arm.str(X20, mem(X19, M.FP_OWNER)));
  // Another root under the same tag would find old translations: its owner has flushed the tag, the empty root has not.
  code
    .label('owned')
    .emit(
      arm.ldr(X0, mem(X20, CONTEXT.ROOT)),
      arm.mrs(X1, 'ttbr0_el1'),
      arm.cmp(X0, X1),
      onlyIf('eq', 'translated'),
      arm.msr('ttbr0_el1', X0),
      arm.isb(),
      arm.tlbi('vmalle1'),
      arm.dsb('nsh'),
      arm.isb(),
    );
  code
    .label('translated')
    .emit(
      arm.movn(X0, 0),
      arm.ldr(X1, mem(X19, M.TICKS)),
      arm.cmp(X0, X1),
      onlyIf('eq', 'planned'),
      arm.mrs(X0, 'cntvct_el0'),
      arm.add(X0, X0, X1),
    );
  // A timer that rings too early costs one trap, setting it costs more: it is left alone unless it would be late.
  code
    .label('planned')
    .emit(
      arm.str(X0, mem(X19, M.WANTED)),
      arm.ldr(X1, mem(X19, M.ARMED)),
      arm.cmp(X0, X1),
      onlyIf('cs', 'enter'),
      callTo('setTimer'),
    );
}

function enterUser(code: CodeBuffer): void {
  code
    .label('enter')
    .emit(
      arm.str(X19, mem(X20, CONTEXT.CPU)),
      arm.add(X0, X19, M.KICK),
      arm.swp(WZR, W1, X0, 'al'),
      ifNot(W1, 'kicked'),
    );
  code.label('resume').emit(
    arm.ldp(X0, X1, mem(X20, CONTEXT.SP)),
    arm.msr('sp_el0', X0),
    arm.msr('elr_el1', X1),
    arm.ldp(X0, X1, mem(X20, CONTEXT.PSTATE)),
    arm.and(X0, X0, 0xf000_0000),
    arm.msr('spsr_el1', X0),
    arm.msr('tpidr_el0', X1),
    arm.mov(SP, X20),
    Array.from({ length: 15 }, (_, i) => arm.ldp(x(2 * i), x(2 * i + 1), mem(SP, 16 * i))),
    arm.ldr(X30, mem(SP, 240)),
    arm.eret(),
  );
  code.label('kicked').emit(arm.movz(W0, CAUSE_INTERRUPT), jump('special'));
  code.label('timeout').emit(arm.movz(W0, CAUSE_TIMER), arm.mov(X1, XZR));
  code
    .label('special')
    .emit(arm.orr(X0, X0, 1n << 62n), arm.str(X0, mem(X19, M.CAUSE)), arm.str(X1, mem(X19, M.ADDRESS)), jump('post'));
}

/** Stores the registers of the context at sp. */
const storeRegisters = (): Code => [
  Array.from({ length: 15 }, (_, i) => arm.stp(x(2 * i), x(2 * i + 1), mem(SP, 16 * i))),
  arm.str(X30, mem(SP, 240)),
  arm.mov(X20, SP),
  arm.ldr(X19, mem(X20, CONTEXT.CPU)),
  arm.mov(X21, XZR),
  arm.mrs(X0, 'sp_el0'),
  arm.mrs(X1, 'elr_el1'),
  arm.stp(X0, X1, mem(X20, CONTEXT.SP)),
  arm.mrs(X0, 'spsr_el1'),
  arm.and(X0, X0, 0xf000_0000),
  arm.mrs(X1, 'tpidr_el0'),
  arm.stp(X0, X1, mem(X20, CONTEXT.PSTATE)),
];

function trap(code: CodeBuffer): void {
  code
    .label('trap')
    .emit(
      storeRegisters(),
      arm.mrs(X0, 'esr_el1'),
      arm.mrs(X1, 'far_el1'),
      arm.str(X0, mem(X19, M.CAUSE)),
      arm.str(X1, mem(X19, M.ADDRESS)),
      jump('post'),
    );
  // The monitor's own access had no answer: go on at x21. Anything else is a bug of ours, reported as what it is.
  code.label('ownFault').emit(ifZero(X21, 'broken'), arm.msr('elr_el1', X21), arm.eret());
  code
    .label('broken')
    .emit(
      arm.movz(W0, 2),
      arm.str(W0, mem(X19, M.STATUS)),
      arm.mrs(X0, 'esr_el1'),
      set(X1, BigInt(EC_BROKEN) << BigInt(EC_SHIFT)),
      arm.orr(X0, X0, X1),
      arm.str(X0, mem(X19, M.CAUSE)),
      arm.mrs(X1, 'elr_el1'),
      arm.str(X1, mem(X19, M.ADDRESS)),
      jump('post'),
    );
}

function interrupts(code: CodeBuffer): void {
  code.label('interrupted').emit(
    storeRegisters(),
    callTo('drain'),
    callTo('forget'),
    arm.add(X0, X19, M.KICK),
    arm.swp(WZR, W1, X0, 'al'),
    ifNot(W1, 'kicked'),
    arm.mrs(X1, 'cntvct_el0'),
    arm.ldr(X0, mem(X19, M.WANTED)),
    arm.cmp(X1, X0),
    onlyIf('cs', 'timeout'),
    // It may have rung for an earlier run.
    arm.ldr(X1, mem(X19, M.ARMED)),
    arm.cmp(X0, X1),
    onlyIf('cs', 'resume'),
    callTo('setTimer'),
    jump('resume'),
  );
}
