/** x86_64: the ways into ring 0: system calls, exceptions, interrupts, and the monitor's own faults. */
import { x86_64 as x86, type Code, type CodeBuffer } from '@veridian-os/assembler';
import { CPU_BYTES, MAILBOX as M } from '../layout.js';
import * as board from './x86-64-board.js';
import { CONTEXT, VECTOR, addressOfLabel, callTo, gs, jump, onlyIf, virtual } from './x86-64-board.js';

const { RAX, RCX, RDX, RSP, R11, R13, R14, R15, ECX, mem, mem32, mem64, mem8, r64 } = x86;

/** Exceptions that push an error code. */
const WITH_ERROR = [8, 10, 11, 12, 13, 14, 17, 21, 29, 30];
const INT3 = 0xcc;
/** Offsets in what an exception leaves on the stack, behind vector and error code. */
const FRAME_RIP = 16;
const FRAME_CS = 24;

const all = Array.from({ length: 16 }, (_, i) => i);

/** @returns the vectors that have an entry */
export function traps(code: CodeBuffer): readonly number[] {
  const exceptions = Array.from({ length: board.EXCEPTIONS }, (_, vector) => vector);
  const vectors = [...exceptions, VECTOR.BELL, VECTOR.TIMER, VECTOR.IPI, VECTOR.SPURIOUS];
  for (const vector of vectors) {
    code.align(16, INT3).label(`vector ${vector}`);
    if (!WITH_ERROR.includes(vector)) code.emit(x86.push(0));
    code.emit(x86.push(vector), jump('trap'));
  }
  systemCall(code);
  trap(code);
  interrupted(code);
  ownTrap(code);
  return vectors;
}

/** rcx = rip, r11 = rflags, everything else is the program's, rsp too. */
function systemCall(code: CodeBuffer): void {
  code
    .align(16, INT3)
    .label('systemCall')
    .emit(
      x86.swapgs(),
      gs(x86.mov(mem64(undefined, M.SCRATCH), RAX)),
      gs(x86.mov(RAX, mem64(undefined, M.CONTEXT))),
      all.slice(1).map((i) => x86.mov(mem64(RAX, 8 * i), r64(i))),
      x86.mov(R14, RAX),
      gs(x86.mov(R15, mem64(undefined, M.SELF))),
      x86.swapgs(),
      x86.lea(RSP, mem(R15, CPU_BYTES)),
      x86.mov(RAX, mem64(R15, M.SCRATCH)),
      x86.mov(mem64(R14), RAX),
      x86.mov(mem64(R14, CONTEXT.RIP), RCX),
      x86.mov(mem64(R14, CONTEXT.RFLAGS), R11),
      saveBases(),
      x86.mov(mem64(R15, M.CAUSE), board.SYSCALL_CAUSE),
      jump('post'),
    );
}

const saveBases = (): Code => [
  x86.rdfsbase(RAX),
  x86.mov(mem64(R14, CONTEXT.FS), RAX),
  x86.rdgsbase(RAX),
  x86.mov(mem64(R14, CONTEXT.GS), RAX),
];

/** On the stack: vector, error code, rip, cs, rflags, rsp, ss. */
function trap(code: CodeBuffer): void {
  code.label('trap').emit(
    x86.test(mem8(RSP, FRAME_CS), 3),
    onlyIf('e', 'ownTrap'),
    x86.push(RAX),
    // The stack is in the CPU's area, which is aligned to its size.
    x86.mov(RAX, RSP),
    x86.and(RAX, -CPU_BYTES),
    x86.mov(RAX, mem64(RAX, M.CONTEXT)),
    all.filter((i) => i !== 0 && i !== 4).map((i) => x86.mov(mem64(RAX, 8 * i), r64(i))),
    x86.mov(R14, RAX),
    x86.mov(R15, RSP),
    x86.and(R15, -CPU_BYTES),
    x86.pop(mem64(R14)),
    x86.pop(RCX),
    x86.pop(RDX),
    x86.pop(mem64(R14, CONTEXT.RIP)),
    x86.pop(RAX),
    x86.pop(mem64(R14, CONTEXT.RFLAGS)),
    x86.pop(mem64(R14, CONTEXT.RSP)),
    x86.pop(RAX),
    saveBases(),
    x86.xor(R13, R13),
    x86.cmp(ECX, VECTOR.FIRST),
    onlyIf('ae', 'interrupted'),
    x86.mov(mem64(R15, M.CAUSE), RCX),
    x86.mov(mem64(R15, M.DETAIL), RDX),
    x86.movFromControl(RAX, 2),
    x86.mov(mem64(R15, M.ADDRESS), RAX),
    jump('post'),
  );
}

const endOfInterrupt = (): Code => [x86.movabs(RAX, virtual(board.LAPIC)), x86.mov(mem32(RAX, board.APIC.EOI), 0)];

/** ecx = vector. */
function interrupted(code: CodeBuffer): void {
  code
    .label('interrupted')
    .emit(endOfInterrupt(), x86.cmp(ECX, VECTOR.TIMER), onlyIf('ne', 'noTimer'), x86.mov(mem64(R15, M.ARMED), -1));
  code.label('noTimer').emit(
    callTo('drain'),
    callTo('forget'),
    x86.xor(ECX, ECX),
    x86.xchg(mem32(R15, M.KICK), ECX),
    x86.test(ECX, ECX),
    onlyIf('ne', 'kicked'),
    callTo('now'),
    x86.cmp(RAX, mem64(R15, M.WANTED)),
    onlyIf('ae', 'timeout'),
    // It may have rung for an earlier run.
    x86.mov(RAX, mem64(R15, M.WANTED)),
    x86.cmp(RAX, mem64(R15, M.ARMED)),
    onlyIf('ae', 'resume'),
    callTo('setTimer'),
    jump('resume'),
  );
}

/**
 * In ring 0: an interrupt that ends `hlt`, an access without an answer, a return to an address or a base that does not
 * exist; everything else is a bug of ours, reported as what it is.
 */
function ownTrap(code: CodeBuffer): void {
  code
    .label('ownTrap')
    .emit(
      x86.cmp(mem32(RSP), VECTOR.FIRST),
      onlyIf('b', 'ownFault'),
      x86.push(RAX),
      x86.cmp(mem32(RSP, 8), VECTOR.TIMER),
      onlyIf('ne', 'acknowledge'),
      x86.mov(RAX, RSP),
      x86.and(RAX, -CPU_BYTES),
      x86.mov(mem64(RAX, M.ARMED), -1),
    );
  code.label('acknowledge').emit(endOfInterrupt(), x86.pop(RAX), x86.add(RSP, 16), x86.iretq());

  code
    .label('ownFault')
    .emit(
      addressOfLabel(RAX, 'return'),
      x86.cmp(mem64(RSP, FRAME_RIP), RAX),
      onlyIf('ne', 'ownAccess'),
      x86.mov(R15, RSP),
      x86.and(R15, -CPU_BYTES),
      x86.lea(RSP, mem(R15, CPU_BYTES)),
    );
  // The registers in the context are still those that it was to go on with.
  code
    .label('badReturn')
    .emit(
      x86.lea(RSP, mem(R15, CPU_BYTES)),
      x86.mov(mem64(R15, M.CAUSE), board.GENERAL_PROTECTION),
      x86.mov(mem64(R15, M.DETAIL), 0),
      x86.mov(mem64(R15, M.ADDRESS), 0),
      x86.xor(R13, R13),
      jump('post'),
    );
  code
    .label('ownAccess')
    .emit(
      x86.test(R13, R13),
      onlyIf('e', 'broken'),
      x86.mov(mem64(RSP, FRAME_RIP), R13),
      x86.xor(R13, R13),
      x86.add(RSP, 16),
      x86.iretq(),
    );
  broken(code);
}

function broken(code: CodeBuffer): void {
  code
    .label('broken')
    .emit(
      x86.mov(R15, RSP),
      x86.and(R15, -CPU_BYTES),
      x86.mov(mem32(R15, M.STATUS), 2),
      x86.pop(RAX),
      x86.mov(mem64(R15, M.CAUSE), RAX),
      x86.pop(RAX),
      x86.mov(mem64(R15, M.DETAIL), RAX),
      x86.pop(RAX),
      x86.mov(mem64(R15, M.ADDRESS), RAX),
      x86.lea(RSP, mem(R15, CPU_BYTES)),
      jump('post'),
    );
}
