/** One row of the system-call table. */
import type { Isa } from '@veridian-os/hal';
import type { MaybeBlocking } from '@veridian-os/kernel';
import type { Call } from '../call.js';

/** Does one system call: a result, an Errno, or a generator that ends with one. */
export type Handler = (call: Call) => MaybeBlocking;

/**
 * What becomes of a call that a signal interrupted (the kernel's ERESTART codes).
 *
 *   system    run again unless a handler without SA_RESTART runs (ERESTARTSYS)
 *   ignored   run again only when no handler runs (ERESTARTNOHAND)
 *   never     EINTR whatever happens
 *
 * A handler that leaves `state.restart` behind is treated like `ignored` and goes on through restart_syscall, with its
 * first deadline (ERESTART_RESTARTBLOCK).
 */
export type RestartRule = 'system' | 'ignored' | 'never';

/** Numbers per ISA, -1 = the ISA does not have the call. aarch64 shares riscv64's (asm-generic) unless it is given. */
export type Numbers = readonly [generic: number, x86_64?: number, aarch64?: number];

/**
 * Where a handler's arguments come from, by position: the index of the program's argument, or a constant. A call of x86_64
 * that is a newer call with some arguments fixed (open is openat from AT_FDCWD) is the newer one's handler and such a list.
 */
export type ArgumentSource = number | { readonly constant: number };

export interface Row {
  readonly name: string;
  readonly numbers: Numbers;
  readonly handler: Handler;
  /** Argument formats for the trace, separated by spaces; an optional last `= FORMAT` is the result's. */
  readonly trace: string;
  readonly restart: RestartRule;
  /** Absent: the program's arguments as they are. */
  readonly sources?: readonly ArgumentSource[];
}

/** A row of the table. */
export function row(
  name: string,
  numbers: Numbers,
  handler: Handler,
  trace = '',
  restart: RestartRule = 'system',
): Row {
  return { name, numbers, handler, trace, restart };
}

/** Number of a call on an ISA, -1 = none. */
export function numberOf({ numbers: [generic, x86 = -1, aarch64 = generic] }: Row, isa: Isa): number {
  return isa === 'x86_64' ? x86 : isa === 'aarch64' ? aarch64 : generic;
}
