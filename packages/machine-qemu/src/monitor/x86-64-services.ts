/** x86_64: what the monitor's main paths call: forgetting, the timer, the doorbell, floating-point registers. */
import { x86_64 as x86, type CodeBuffer } from '@veridian-os/assembler';
import { CPU_AREAS, CPU_BYTES, KICK, MAILBOX as M } from '../layout.js';
import * as board from './x86-64-board.js';
import { APIC, CONTEXT, VECTOR, jump, onlyIf, virtual } from './x86-64-board.js';

const { RAX, RCX, RDX, RSI, RDI, R14, R15, EAX, ECX, EDX, ESI, AL, mem, mem32, mem64, r32 } = x86;
const R8D = r32(8);

/** Translations and code that the host has changed: nobody here uses the old ones afterwards. Changes rax..rdi, r8. */
export function forget(code: CodeBuffer): void {
  code
    .label('forget')
    .emit(
      x86.mov(R8D, mem32(R15, M.FORGET)),
      x86.cmp(R8D, mem32(R15, M.FORGOTTEN)),
      onlyIf('e', 'forgot'),
      x86.cmp(mem32(R15, M.FLUSH), 0),
      onlyIf('e', 'syncSome'),
      x86.movFromControl(RAX, 3),
      x86.movToControl(3, RAX),
    );
  // Storing every word over itself makes QEMU drop what it translated from it; an atomic store where others run.
  code.label('syncSome').emit(x86.mov(ECX, mem32(R15, M.SYNC_COUNT)), x86.lea(RSI, mem(R15, M.SYNC_LIST)));
  code
    .label('syncNext')
    .emit(
      x86.test(ECX, ECX),
      onlyIf('e', 'forgotten'),
      x86.mov(RDI, mem64(RSI)),
      x86.mov(RDX, mem64(RSI, 8)),
      x86.add(RDX, RDI),
    );
  code
    .label('syncWord')
    .emit(
      x86.cmp(mem32(R15, M.CPUS), 1),
      onlyIf('ne', 'syncAtomic'),
      x86.mov(RAX, mem64(RDI)),
      x86.mov(mem64(RDI), RAX),
      jump('synced'),
    );
  code.label('syncAtomic').emit(x86.lock(x86.or(mem64(RDI), 0)));
  code
    .label('synced')
    .emit(
      x86.add(RDI, 8),
      x86.cmp(RDI, RDX),
      onlyIf('b', 'syncWord'),
      x86.add(RSI, 16),
      x86.dec(ECX),
      jump('syncNext'),
    );
  code.label('forgotten').emit(x86.mfence(), x86.mov(mem32(R15, M.FORGOTTEN), R8D));
  code.label('forgot').emit(x86.ret());
}

export function timer(code: CodeBuffer): void {
  // rax = the time stamp counter. Changes rdx.
  code.label('now').emit(x86.rdtsc(), x86.shl(RDX, 32), x86.or(RAX, RDX), x86.ret());
  // Sets the timer to rax. It counts nanoseconds down from at most 2^32 - 1; SCALE is 2^32 x nanoseconds per tick.
  code
    .label('setTimer')
    .emit(
      x86.mov(mem64(R15, M.ARMED), RAX),
      x86.mov(RCX, RAX),
      x86.rdtsc(),
      x86.shl(RDX, 32),
      x86.or(RAX, RDX),
      x86.sub(RCX, RAX),
      onlyIf('ae', 'scale'),
      x86.xor(ECX, ECX),
    );
  code
    .label('scale')
    .emit(
      x86.mov(RAX, RCX),
      x86.mul(mem64(R15, M.SCALE)),
      x86.shr(RAX, 32),
      x86.test(RDX, RDX),
      onlyIf('e', 'countDown'),
      x86.mov(EAX, 0xffff_fff0),
    );
  code
    .label('countDown')
    .emit(x86.add(EAX, 1), x86.movabs(RCX, virtual(board.LAPIC)), x86.mov(mem32(RCX, APIC.COUNT), EAX), x86.ret());
}

/** Takes what arrived on the doorbell and passes it on to CPUs that wait. Changes rax..rdi. */
export function doorbell(code: CodeBuffer): void {
  code.label('drain').emit(x86.movabs(RDI, virtual(CPU_AREAS)), x86.cmp(R15, RDI), onlyIf('ne', 'drained'));
  code.label('drainByte').emit(
    x86.mov(EDX, board.UART + 5),
    x86.inPort(AL),
    x86.test(AL, 1),
    onlyIf('e', 'relay'),
    x86.mov(EDX, board.UART),
    x86.inPort(AL),
    x86.movzx(EAX, AL),
    x86.sub(EAX, KICK),
    onlyIf('b', 'drainByte'),
    // KICK + n is a kick of CPU n.
    x86.shl(EAX, Math.log2(CPU_BYTES)),
    x86.lock(x86.or(mem32(RDI, M.KICK, { index: RAX }), 1)),
    jump('drainByte'),
  );
  // CPUs that sleep, are kicked or have something to forget.
  code.label('relay').emit(x86.mov(ECX, mem32(R15, M.CPUS)), x86.xor(ESI, ESI));
  code
    .label('relayNext')
    .emit(
      x86.dec(ECX),
      onlyIf('e', 'drained'),
      x86.add(ESI, 1 << 24),
      x86.add(RDI, CPU_BYTES),
      x86.mov(EAX, mem32(RDI, M.FORGET)),
      x86.xor(EAX, mem32(RDI, M.FORGOTTEN)),
      x86.or(EAX, mem32(RDI, M.SLEEPING)),
      x86.or(EAX, mem32(RDI, M.KICK)),
      onlyIf('e', 'relayNext'),
      x86.movabs(RAX, virtual(board.LAPIC)),
      x86.mov(mem32(RAX, APIC.ICR_HIGH), ESI),
      x86.mov(mem32(RAX, APIC.ICR_LOW), 0x4000 | VECTOR.IPI),
      jump('relayNext'),
    );
  code.label('drained').emit(x86.ret());
}

export function floatingPoint(code: CodeBuffer): void {
  const area = mem(R14, CONTEXT.FP);
  code.label('storeFloats').emit(x86.mov(EAX, mem32(R15, M.BOOT)), x86.xor(EDX, EDX), x86.xsave64(area), x86.ret());
  code.label('loadFloats').emit(x86.mov(EAX, mem32(R15, M.BOOT)), x86.xor(EDX, EDX), x86.xrstor64(area), x86.ret());
}
