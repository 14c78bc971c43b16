/**
 * What becomes of a call that a signal interrupted: the one place that decides between EINTR and running it again.
 *
 * A handler that was interrupted answers RESTART. Nothing has been written to the registers then: the arguments still
 * stand there, so running it again is stepping the program counter back.
 */
import { EINTR, highWord, lowWord, toNumber } from '@veridian-os/abi';
import type { RegisterView } from '@veridian-os/hal';
import { SA_RESTART, type SignalAction } from '@veridian-os/kernel';
import type { LinuxIsa } from '../isa/isa.js';
import type { LinuxThread } from '../state.js';
import type { RestartRule } from '../table/row.js';

/** `action`: the handler that runs, undefined when none does; `resumes`: restart_syscall knows how to go on. */
export function restarts(rule: RestartRule, resumes: boolean, action: SignalAction | undefined): boolean {
  if (rule === 'never') return false;
  if (action === undefined) return true;
  return rule === 'system' && !resumes && (action.flags & SA_RESTART) !== 0;
}

/** Decides for a thread whose last call answered RESTART. */
export function settleInterrupted(
  isa: LinuxIsa,
  state: LinuxThread,
  registers: RegisterView,
  action: SignalAction | undefined,
): void {
  if (!state.interrupted) return;
  state.interrupted = false;
  const rule = state.row?.restart ?? 'system';
  const resumes = state.restart !== undefined;
  if (!restarts(rule, resumes, action)) {
    setResult(isa, registers, EINTR);
    return;
  }
  stepBack(isa, registers);
  if (resumes) registers[isa.numberWord] = isa.restartNumber;
}

export function setResult(isa: LinuxIsa, registers: RegisterView, result: number): void {
  registers[isa.resultWord] = lowWord(result);
  registers[isa.resultWord + 1] = highWord(result);
}

function stepBack(isa: LinuxIsa, registers: RegisterView): void {
  const pc = toNumber(registers[isa.pcWord], registers[isa.pcWord + 1]) - isa.layout.syscallBytes;
  registers[isa.pcWord] = lowWord(pc);
  registers[isa.pcWord + 1] = highWord(pc);
}
