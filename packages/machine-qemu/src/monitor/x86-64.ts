/**
 * The monitor of x86_64: ring 0, mapped in entry 256 of every root table; user programs in ring 3.
 *
 * Registers  r15 = this CPU's mailbox page, r14 = the context at hand, r13 = where to go on if an access of the monitor
 *            itself faults (0 = nowhere), rsp = the CPU's stack, empty while a program runs
 * Invariant  interrupts are off in ring 0, but for the moment of `sti; hlt`
 * Source     Intel SDM volume 3A, chapters 5, 6, 10; volume 2, SYSCALL
 */
import { CodeBuffer, x86_64 as x86 } from '@veridian-os/assembler';
import {
  EMPTY_ROOT,
  CAUSE_INTERRUPT,
  CAUSE_TIMER,
  DONE_BYTE,
  MAILBOX as M,
  MONITOR,
  Opcode,
  SPECIAL_HI,
} from '../layout.js';
import * as board from './x86-64-board.js';
import { CONTEXT, callTo, jump, onlyIf, virtual } from './x86-64-board.js';
import { boot } from './x86-64-boot.js';
import { doorbell, floatingPoint, forget, timer } from './x86-64-services.js';
import { traps } from './x86-64-traps.js';

const { RAX, RCX, RDX, R13, R14, R15, EAX, ECX, EDX, AL, AX, mem8, mem16, mem32, mem64, r64 } = x86;
/** What a program may have set: CF PF AF ZF SF TF DF OF RF AC ID. Interrupts are always on. */
const USER_FLAGS = 0x25_0dd5;
const INTERRUPTS_ON = 0x202;

export interface MonitorCode {
  readonly bytes: Uint8Array;
  readonly entry: bigint;
  /** Address of the entry of a vector, where there is one. */
  vector(vector: number): bigint | undefined;
}

/** The monitor, for physical address MONITOR. */
export function x86Monitor(): MonitorCode {
  const code = new CodeBuffer({ origin: virtual(MONITOR) });
  boot(code);
  const vectors = traps(code);
  waitForCommand(code);
  commands(code);
  run(code);
  enterUser(code);
  forget(code);
  timer(code);
  doorbell(code);
  floatingPoint(code);
  return {
    bytes: code.finish(),
    entry: code.address('start'),
    vector: (vector) => (vectors.includes(vector) ? code.address(`vector ${vector}`) : undefined),
  };
}

function waitForCommand(code: CodeBuffer): void {
  code
    .label('post')
    .emit(
      x86.rdtsc(),
      x86.mov(mem32(R15, M.COUNTER), EAX),
      x86.mov(mem32(R15, M.COUNTER + 4), EDX),
      x86.mov(EAX, mem32(R15, M.SEQ)),
      x86.mov(mem32(R15, M.DONE), EAX),
      x86.mfence(),
      x86.cmp(mem32(R15, M.WAITING), 0),
      onlyIf('e', 'wait'),
      x86.mov(EDX, board.UART),
      x86.mov(AL, DONE_BYTE),
      x86.outPort(AL),
    );
  code.label('wait').emit(x86.mov(ECX, mem32(R15, M.SPIN)));
  code
    .label('poll')
    .emit(
      x86.mov(EAX, mem32(R15, M.SEQ)),
      x86.cmp(EAX, mem32(R15, M.DONE)),
      onlyIf('ne', 'execute'),
      x86.test(ECX, ECX),
      onlyIf('e', 'sleep'),
      x86.dec(ECX),
      jump('poll'),
    );
  code.label('sleep').emit(
    x86.mov(mem32(R15, M.SLEEPING), 1),
    x86.mfence(),
    x86.cmp(EAX, mem32(R15, M.SEQ)),
    onlyIf('ne', 'awake'),
    // The instruction behind sti still runs with interrupts off: nothing comes between.
    x86.sti(),
    x86.hlt(),
    x86.cli(),
  );
  code.label('awake').emit(x86.mov(mem32(R15, M.SLEEPING), 0), callTo('drain'), jump('wait'));
}

function commands(code: CodeBuffer): void {
  code
    .label('execute')
    .emit(
      x86.mov(ECX, mem32(R15, M.OPCODE)),
      x86.mov(mem32(R15, M.STATUS), 0),
      x86.cmp(ECX, Opcode.Run),
      onlyIf('e', 'run'),
      x86.cmp(ECX, Opcode.SaveFp),
      onlyIf('e', 'saveFp'),
      x86.test(ECX, ECX),
      onlyIf('e', 'nothing'),
      x86.mov(RDX, mem64(R15, M.ARGUMENT)),
      x86.mov(RAX, mem64(R15, M.VALUE)),
      board.addressOfLabel(R13, 'noAnswer'),
    );
  const accesses: readonly [number, Uint8Array][] = [
    [Opcode.Read8, x86.movzx(EAX, mem8(RDX))],
    [Opcode.Read16, x86.movzx(EAX, mem16(RDX))],
    [Opcode.Read32, x86.mov(EAX, mem32(RDX))],
    [Opcode.Write8, x86.mov(mem8(RDX), AL)],
    [Opcode.Write16, x86.mov(mem16(RDX), AX)],
    [Opcode.Write32, x86.mov(mem32(RDX), EAX)],
    [Opcode.In8, x86.inPort(AL)],
    [Opcode.In16, x86.inPort(AX)],
    [Opcode.In32, x86.inPort(EAX)],
    [Opcode.Out8, x86.outPort(AL)],
    [Opcode.Out16, x86.outPort(AX)],
    [Opcode.Out32, x86.outPort(EAX)],
  ];
  accesses.forEach(([opcode, access], index) => {
    code.emit(x86.cmp(ECX, opcode), onlyIf('ne', `not ${index}`), access, jump('accessed')).label(`not ${index}`);
  });
  code.label('accessed').emit(x86.xor(R13, R13), x86.mov(mem64(R15, M.VALUE), RAX), jump('post'));
  code.label('noAnswer').emit(x86.mov(mem32(R15, M.STATUS), 1), x86.mov(mem64(R15, M.VALUE), 0), jump('post'));
  // Also tells the time, and leaves the root table of whoever ran last: it may be about to become something else.
  code
    .label('nothing')
    .emit(
      x86.mov(EAX, EMPTY_ROOT),
      x86.movToControl(3, RAX),
      callTo('forget'),
      callTo('now'),
      x86.mov(mem64(R15, M.VALUE), RAX),
      jump('post'),
    );
  code
    .label('saveFp')
    .emit(
      x86.mov(R14, mem64(R15, M.FP_OWNER)),
      x86.test(R14, R14),
      onlyIf('e', 'post'),
      callTo('storeFloats'),
      x86.mov(mem64(R15, M.FP_OWNER), 0),
      jump('post'),
    );
}

function run(code: CodeBuffer): void {
  code.label('run').emit(
    callTo('forget'),
    x86.mov(R14, mem64(R15, M.CONTEXT)),
    // Floating-point registers change hands only when another context runs.
    x86.mov(RAX, mem64(R15, M.FP_OWNER)),
    x86.cmp(RAX, R14),
    onlyIf('e', 'owned'),
    x86.test(RAX, RAX),
    onlyIf('e', 'unowned'),
    x86.mov(R14, RAX),
    callTo('storeFloats'),
    x86.mov(R14, mem64(R15, M.CONTEXT)),
  );
  code.label('unowned').emit(callTo('loadFloats'), x86.mfence(), x86.mov(mem64(R15, M.FP_OWNER), R14));
  code
    .label('owned')
    .emit(
      x86.mov(RAX, mem64(R14, CONTEXT.ROOT)),
      x86.movFromControl(RCX, 3),
      x86.cmp(RAX, RCX),
      onlyIf('e', 'translated'),
      x86.movToControl(3, RAX),
    );
  code.label('translated').emit(
    x86.mov(mem64(R15, M.WANTED), -1),
    x86.cmp(mem64(R15, M.TICKS), -1),
    onlyIf('e', 'enter'),
    callTo('now'),
    x86.add(RAX, mem64(R15, M.TICKS)),
    x86.mov(mem64(R15, M.WANTED), RAX),
    // A timer that rings too early costs one trap, setting it costs more: it is left alone unless it would be late.
    x86.cmp(RAX, mem64(R15, M.ARMED)),
    onlyIf('ae', 'enter'),
    callTo('setTimer'),
  );
}

function enterUser(code: CodeBuffer): void {
  code
    .label('enter')
    .emit(x86.xor(ECX, ECX), x86.xchg(mem32(R15, M.KICK), ECX), x86.test(ECX, ECX), onlyIf('ne', 'kicked'));
  code.label('resume').emit(
    board.addressOfLabel(R13, 'badReturn'),
    x86.mov(RAX, mem64(R14, CONTEXT.FS)),
    x86.wrfsbase(RAX),
    x86.mov(RAX, mem64(R14, CONTEXT.GS)),
    x86.wrgsbase(RAX),
    x86.push(board.SELECTOR.USER_DATA),
    x86.push(mem64(R14, CONTEXT.RSP)),
    x86.mov(RAX, mem64(R14, CONTEXT.RFLAGS)),
    x86.and(EAX, USER_FLAGS),
    x86.or(EAX, INTERRUPTS_ON),
    x86.push(RAX),
    x86.push(board.SELECTOR.USER_CODE),
    x86.push(mem64(R14, CONTEXT.RIP)),
    registersExcept(4, 14).map((i) => x86.mov(r64(i), mem64(R14, 8 * i))),
    x86.mov(R14, mem64(R14, 8 * 14)),
  );
  code.label('return').emit(x86.iretq());
  code.label('kicked').emit(x86.mov(EAX, CAUSE_INTERRUPT), jump('special'));
  code.label('timeout').emit(x86.mov(EAX, CAUSE_TIMER), x86.xor(ECX, ECX));
  code
    .label('special')
    .emit(
      x86.mov(mem32(R15, M.CAUSE), EAX),
      x86.mov(mem32(R15, M.CAUSE + 4), SPECIAL_HI),
      x86.mov(mem64(R15, M.ADDRESS), RCX),
      jump('post'),
    );
}

/** Hardware numbers of the general registers but these. */
export const registersExcept = (...not: readonly number[]): number[] =>
  Array.from({ length: 16 }, (_, i) => i).filter((i) => !not.includes(i));
