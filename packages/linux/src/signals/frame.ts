/**
 * Signal frames: what a handler finds on its stack and what rt_sigreturn puts back.
 *
 * Source: Linux arch/{riscv,arm64,x86}/kernel/signal*.c (setup_rt_frame, sys_rt_sigreturn), signal(7).
 */
import { EINVAL, ENOMEM, WOULD_BLOCK, highWord, lowWord, toNumber, type Errno } from '@veridian-os/abi';
import type { Blocking, MaybeBlocking, SignalAction, SignalInfo, SignalSet } from '@veridian-os/kernel';
import {
  NO_RESULT,
  SA_NODEFER,
  SA_ONSTACK,
  SA_RESETHAND,
  SA_SIGINFO,
  SIGSEGV,
  SI_KERNEL,
  Wake,
  signalInfo,
} from '@veridian-os/kernel';
import type { Call } from '../call.js';
import type { SignalFrameLayout } from '../isa/isa.js';
import {
  SA_RESTORER,
  SS_AUTODISARM,
  SS_DISABLE,
  SS_ONSTACK,
  decodeStack,
  encodeStack,
  type AlternateStack,
} from '../layout/signal.js';
import { encodeSiginfo } from '../layout/siginfo.js';
import type { LinuxThread } from '../state.js';

const SIGKILL_BIT = 1 << 8;
const SIGSTOP_BIT = 1 << 18;

/** True when `sp` is inside the alternate stack. */
export function onAlternateStack(stack: AlternateStack, sp: number): boolean {
  if ((stack.flags & SS_AUTODISARM) !== 0) return false;
  return sp > stack.base && sp - stack.base <= stack.size;
}

export function stackPointer(call: Call): number {
  const { spWord } = call.linux.isa;
  return toNumber(call.registers[spWord], call.registers[spWord + 1]);
}

/** A set without the signals that nobody can block. */
export function setBlocked(set: SignalSet, lo: number, hi: number): void {
  set.set(lo & ~(SIGKILL_BIT | SIGSTOP_BIT), hi);
}

/** Pushes a frame and redirects the thread; false when the stack cannot take it, or nobody would know how to return. */
export function deliverSignal(call: Call, info: SignalInfo, action: SignalAction): MaybeBlocking<boolean> {
  const { restorer } = call.linux.isa;
  if (restorer === 'required' && (action.flags & SA_RESTORER) === 0) return false;
  const place = framePlace(call, action);
  if (place === undefined) return false;
  const { address } = place;
  const bytes = buildFrame(call, info, action, place);
  const result = call.storeFrom(address, bytes);
  if (result === WOULD_BLOCK) return deliverLater(call, address, bytes, info, action);
  if (result < 0) return false;
  enter(call, address, info, action);
  return true;
}

function* deliverLater(
  call: Call,
  address: number,
  bytes: Uint8Array,
  info: SignalInfo,
  action: SignalAction,
): Blocking<boolean> {
  if ((yield* call.awaitPage()) === Wake.Signal) return false;
  if ((yield* call.putBytes(address, bytes)) < 0) return false;
  enter(call, address, info, action);
  return true;
}

type FramePlace = ReturnType<SignalFrameLayout['place']>;

/** Where the frame goes; undefined when it would overflow the alternate stack. */
function framePlace(call: Call, action: SignalAction): FramePlace | undefined {
  const { stack } = call.state;
  const { frame } = call.linux.isa;
  let top = stackPointer(call) - frame.redZone;
  const inside = onAlternateStack(stack, top);
  if ((action.flags & SA_ONSTACK) !== 0 && stack.size !== 0 && !inside) top = stack.base + stack.size;
  // No number holds it, no memory is there, and sums of it would be off.
  if (!Number.isSafeInteger(top)) return undefined;
  const place = frame.place(top);
  if (inside && !onAlternateStack(stack, place.address)) return undefined;
  return place.address > 0 ? place : undefined;
}

function buildFrame(call: Call, info: SignalInfo, action: SignalAction, place: FramePlace): Uint8Array {
  const { thread, state } = call;
  const { frame, layout } = call.linux.isa;
  const bytes = new Uint8Array(place.bytes);
  const view = new DataView(bytes.buffer);
  const fp = new Uint8Array(layout.fpBytes);
  call.kernel.machine.contexts.saveFp(thread.context, fp);
  encodeSiginfo(new DataView(bytes.buffer, frame.info), info);
  encodeStack(view, frame.stack, state.stack, onAlternateStack(state.stack, stackPointer(call)));
  const mask = thread.restoreMask ? thread.savedMask : thread.blocked;
  view.setUint32(frame.mask, mask.lo, true);
  view.setUint32(frame.mask + 4, mask.hi, true);
  const [returnToLo, returnToHi] = returnAddress(call, action);
  const { registers } = call;
  frame.encode(view, { address: place.address, registers, fp, fault: state.fault, returnToLo, returnToHi });
  return bytes;
}

/** Words of what a handler returns to: the restorer that the program gave, or the code that every program has. */
function returnAddress(call: Call, action: SignalAction): readonly [lo: number, hi: number] {
  if (call.linux.isa.restorer !== 'none' && (action.flags & SA_RESTORER) !== 0)
    return [action.restorerLo, action.restorerHi];
  const { trampoline } = call.shared.image;
  return [lowWord(trampoline), highWord(trampoline)];
}

/** The frame is in place: registers, masks, alternate stack. */
function enter(call: Call, address: number, info: SignalInfo, action: SignalAction): void {
  const { thread, state, linux } = call;
  const { isa } = linux;
  const [returnToLo, returnToHi] = returnAddress(call, action);
  isa.enterHandler(call.registers, {
    handlerLo: action.handlerLo,
    handlerHi: action.handlerHi,
    signal: info.signal,
    frame: address,
    info: address + isa.frame.info,
    ucontext: address + isa.frame.ucontext,
    returnToLo,
    returnToHi,
    wantsInfo: (action.flags & SA_SIGINFO) !== 0,
  });
  if (isa.initialFp !== undefined) call.kernel.machine.contexts.restoreFp(thread.context, isa.initialFp);
  thread.restoreMask = false;
  const { blocked } = thread;
  setBlocked(blocked, blocked.lo | action.maskLo, blocked.hi | action.maskHi);
  if ((action.flags & SA_NODEFER) === 0) blocked.add(info.signal);
  if ((action.flags & SA_RESETHAND) !== 0) resetHandler(call, info.signal);
  call.kernel.signals.maskChanged(thread);
  if ((state.stack.flags & SS_AUTODISARM) !== 0) state.stack = { base: 0, size: 0, flags: 0 };
}

function resetHandler(call: Call, signal: number): void {
  const action = call.process.actions.get(signal);
  action.handlerLo = 0;
  action.handlerHi = 0;
}

/** rt_sigreturn: puts back what the frame at the stack pointer holds; a bad frame is a SIGSEGV. */
export function returnFromSignal(call: Call): MaybeBlocking {
  const { frame } = call.linux.isa;
  const bytes = readUser(call, stackPointer(call) + frame.fromStackPointer, frame.bytes);
  const result = typeof bytes === 'number' ? bytes : restore(call, new DataView(bytes.buffer));
  if (result === WOULD_BLOCK) return result;
  if (result < 0) call.kernel.signals.forceThread(call.thread, signalInfo(SIGSEGV, SI_KERNEL));
  return NO_RESULT;
}

function readUser(call: Call, address: number, bytes: number): Uint8Array<ArrayBuffer> | Errno {
  const into = new Uint8Array(bytes);
  const fetched = call.fetchInto(address, into);
  return fetched === 0 ? into : fetched;
}

function restore(call: Call, view: DataView): 0 | Errno {
  const { thread, state } = call;
  const { frame, layout } = call.linux.isa;
  const fp = new Uint8Array(layout.fpBytes);
  const decoded = frame.decode(view, call.registers, fp, (address, bytes) => readUser(call, address, bytes));
  if (decoded < 0) return decoded;
  call.kernel.machine.contexts.restoreFp(thread.context, fp);
  setBlocked(thread.blocked, view.getUint32(frame.mask, true), view.getUint32(frame.mask + 4, true));
  call.kernel.signals.maskChanged(thread);
  restoreStack(call, state, decodeStack(view, frame.stack));
  return 0;
}

/** Puts back the alternate stack, unless the thread is on it or the frame's makes no sense. */
function restoreStack(call: Call, state: LinuxThread, saved: AlternateStack): void {
  if (onAlternateStack(state.stack, stackPointer(call))) return;
  const checked = checkStack(saved, call.linux.isa.frame.minimumAlternate);
  if (typeof checked !== 'number') state.stack = checked;
}

/** A checked alternate stack, or EINVAL (flags), ENOMEM (less than `minimum` bytes, MINSIGSTKSZ). */
export function checkStack(wanted: AlternateStack, minimum: number): AlternateStack | Errno {
  const mode = wanted.flags & ~SS_AUTODISARM;
  if (mode === SS_DISABLE) return { base: 0, size: 0, flags: 0 };
  if (mode !== 0 && mode !== SS_ONSTACK) return EINVAL;
  if (wanted.size < minimum) return ENOMEM;
  return { base: wanted.base, size: wanted.size, flags: (wanted.flags & SS_AUTODISARM) >>> 0 };
}
