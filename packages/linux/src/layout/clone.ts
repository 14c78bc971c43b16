/**
 * `struct clone_args` (linux/sched.h): 64-bit fields; 64 bytes in its first version, zeroes beyond what the caller passed.
 *
 *   0 flags  8 pidfd  16 child_tid  24 parent_tid  32 exit_signal  40 stack  48 stack_size  56 tls
 *   64 set_tid  72 set_tid_size  80 cgroup
 */
import { getWide } from './words.js';

export const CLONE_ARGS_MIN_BYTES = 64;
export const CLONE_ARGS_BYTES = 88;

/** What clone and clone3 ask for. Addresses are 0 when absent. */
export interface CloneRequest {
  readonly flags: number;
  readonly exitSignal: number;
  /** New stack pointer, 0 = the parent's. */
  readonly stack: number;
  readonly parentTid: number;
  readonly childTid: number;
  readonly tls: number;
  /** Where the descriptor of the new process goes (CLONE_PIDFD). */
  readonly pidfd: number;
}

export function decodeCloneArgs(
  view: DataView,
): CloneRequest & { readonly stackSize: number; readonly setTid: number } {
  const stack = getWide(view, 40);
  const stackSize = getWide(view, 48);
  return {
    flags: getWide(view, 0),
    pidfd: getWide(view, 8),
    childTid: getWide(view, 16),
    parentTid: getWide(view, 24),
    exitSignal: getWide(view, 32),
    stack: stack === 0 ? 0 : stack + stackSize,
    stackSize,
    tls: getWide(view, 56),
    setTid: getWide(view, 72),
  };
}
