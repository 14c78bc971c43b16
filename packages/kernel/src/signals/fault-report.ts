/** What the console says about a program that died by a fault: signal, pc, cause. */
import { Access, FaultKind, TrapKind, type Machine, type Trap } from '@veridian-os/hal';
import type { Thread } from '../core/thread.js';
import { signalName } from './numbers.js';
import type { SignalInfo } from './signal-state.js';

const ACCESS = { [Access.Read]: 'read of', [Access.Write]: 'write to', [Access.Execute]: 'jump to' } as const;

export function faultReport(machine: Machine, thread: Thread, trap: Trap, info: SignalInfo): string {
  const { pc } = machine.info.layout;
  const at = hex(thread.registers[2 * pc], thread.registers[2 * pc + 1]);
  return `${signalName(info.signal)} at pc ${at}: ${cause(trap)}`;
}

function cause(trap: Trap): string {
  const address = hex(trap.addressLo, trap.addressHi);
  if (trap.kind === TrapKind.Breakpoint) return 'breakpoint';
  switch (trap.fault) {
    case FaultKind.Illegal:
      return `illegal instruction ${address}`;
    case FaultKind.Alignment:
      return `misaligned ${ACCESS[trap.access]} ${address}`;
    case FaultKind.Bus:
      return `bus error, ${ACCESS[trap.access]} ${address}`;
    case FaultKind.Arithmetic:
      return 'arithmetic exception';
    case FaultKind.Protection:
      return `protection fault ${trap.addressLo}`;
    default:
      return `invalid ${ACCESS[trap.access]} ${address}`;
  }
}

/** A 64-bit value without leading zeroes. */
function hex(lo: number, hi: number): string {
  const low = (lo >>> 0).toString(16);
  return hi === 0 ? `0x${low}` : `0x${(hi >>> 0).toString(16)}${low.padStart(8, '0')}`;
}
