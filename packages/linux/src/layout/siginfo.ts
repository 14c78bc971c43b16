/**
 * `siginfo_t` (asm-generic/siginfo.h, 64 bit): 128 bytes.
 *
 *   0 si_signo:4  4 si_errno:4  8 si_code:4  then by origin
 *   kill, tkill     16 pid:4  20 uid:4
 *   queue, mqueue   16 pid:4  20 uid:4  24 sigval
 *   timer           16 timer id:4  20 overrun:4  24 sigval
 *   child           16 pid:4  20 uid:4  24 status:4  32 utime  40 stime (clock ticks)
 *   fault           16 address
 */
import {
  SIGBUS,
  SIGCHLD,
  SIGFPE,
  SIGILL,
  SIGSEGV,
  SIGTRAP,
  SI_TIMER,
  SI_USER,
  signalInfo,
  type SignalInfo,
} from '@veridian-os/kernel';
import { clear } from './words.js';

export const SIGINFO_BYTES = 128;

/** Which members of the union are used. */
export type SiginfoKind = 'kill' | 'queue' | 'timer' | 'child' | 'fault';

export function siginfoKind(signal: number, code: number): SiginfoKind {
  if (code === SI_TIMER) return 'timer';
  if (code <= 0) return code === SI_USER ? 'kill' : 'queue';
  if (signal === SIGCHLD) return 'child';
  const faults: readonly number[] = [SIGILL, SIGFPE, SIGSEGV, SIGBUS, SIGTRAP];
  return faults.includes(signal) && code < 0x80 ? 'fault' : 'kill';
}

export function encodeSiginfo(view: DataView, info: SignalInfo): void {
  clear(view, SIGINFO_BYTES);
  view.setInt32(0, info.signal, true);
  view.setInt32(8, info.code, true);
  const kind = siginfoKind(info.signal, info.code);
  if (kind === 'fault') {
    view.setUint32(16, info.valueLo, true);
    view.setUint32(20, info.valueHi, true);
    return;
  }
  view.setInt32(16, info.pid, true);
  view.setInt32(20, info.uid, true);
  if (kind === 'child') view.setInt32(24, info.status, true);
  if (kind === 'queue' || kind === 'timer') {
    view.setUint32(24, info.valueLo, true);
    view.setUint32(28, info.valueHi, true);
  }
}

/** What rt_sigqueueinfo hands over; the signal number is the call's argument, not the structure's. */
export function decodeSiginfo(view: DataView, signal: number): SignalInfo {
  return signalInfo(signal, view.getInt32(8, true), {
    pid: view.getInt32(16, true),
    uid: view.getInt32(20, true),
    valueLo: view.getUint32(24, true),
    valueHi: view.getUint32(28, true),
  });
}
