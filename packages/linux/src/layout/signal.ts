/**
 * Signal dispositions and stacks in user memory.
 *
 *   sigaction   0 handler  8 flags  [16 restorer, only where the ISA has SA_RESTORER]  then mask
 *   stack_t     0 ss_sp  8 ss_flags:4  16 ss_size
 */
import type { SignalAction } from '@veridian-os/kernel';
import { clear, getWide, setWide } from './words.js';

/** Bytes of the kernel's sigset_t; calls refuse any other size. */
export const SIGSET_BYTES = 8;
export const STACK_BYTES = 24;

/** sa_flags: sa_restorer is given. */
export const SA_RESTORER = 0x04000000;

export const SS_ONSTACK = 1;
export const SS_DISABLE = 2;
export const SS_AUTODISARM = 0x80000000;

export function sigactionBytes(hasRestorer: boolean): number {
  return hasRestorer ? 32 : 24;
}

export function encodeSigaction(view: DataView, action: SignalAction, hasRestorer: boolean): void {
  const words = hasRestorer
    ? [action.restorerLo, action.restorerHi, action.maskLo, action.maskHi]
    : [action.maskLo, action.maskHi];
  [action.handlerLo, action.handlerHi, action.flags, 0, ...words].forEach((word, index) => {
    view.setUint32(index * 4, word, true);
  });
}

export function decodeSigaction(view: DataView, hasRestorer: boolean): SignalAction {
  const mask = hasRestorer ? 24 : 16;
  return {
    handlerLo: view.getUint32(0, true),
    handlerHi: view.getUint32(4, true),
    flags: view.getUint32(8, true),
    restorerLo: hasRestorer ? view.getUint32(16, true) : 0,
    restorerHi: hasRestorer ? view.getUint32(20, true) : 0,
    maskLo: view.getUint32(mask, true),
    maskHi: view.getUint32(mask + 4, true),
  };
}

/** An alternate signal stack; size 0 = none. */
export interface AlternateStack {
  base: number;
  size: number;
  /** SS_AUTODISARM or 0. */
  flags: number;
}

/** `onStack`: the thread runs on it now. */
export function encodeStack(view: DataView, offset: number, stack: AlternateStack, onStack: boolean): void {
  const state = stack.size === 0 ? SS_DISABLE : onStack ? SS_ONSTACK : 0;
  clear(new DataView(view.buffer, view.byteOffset + offset, STACK_BYTES), STACK_BYTES);
  setWide(view, offset, stack.base);
  view.setUint32(offset + 8, (state | stack.flags) >>> 0, true);
  setWide(view, offset + 16, stack.size);
}

/** ss_flags come back as they are: the caller checks them. */
export function decodeStack(view: DataView, offset: number): AlternateStack {
  return {
    base: getWide(view, offset),
    flags: view.getUint32(offset + 8, true),
    size: getWide(view, offset + 16),
  };
}
