/** wait(2) family: one child's change of state. */
import type { Errno } from '@veridian-os/abi';
import { ECHILD, POLLIN, RESTART } from '@veridian-os/abi';
import { Wake, type Blocking, type MaybeBlocking } from '../core/blocking.js';
import { ProcessState, type Process, type ProcessEnd } from '../core/process.js';
import type { Thread } from '../core/thread.js';
import type { Kernel } from '../kernel.js';

export interface WaitOptions {
  /** Child's pid, or undefined for any. */
  readonly pid?: number;
  /** Children of this process group only. */
  readonly group?: number;
  /** Return 'none' instead of waiting. */
  readonly noHang?: boolean;
  readonly exited?: boolean;
  readonly stopped?: boolean;
  readonly continued?: boolean;
  /** Leave the child in a waitable state. */
  readonly keep?: boolean;
}

export type WaitResult =
  | { readonly kind: 'none' }
  | { readonly kind: 'ended'; readonly pid: number; readonly end: ProcessEnd; readonly cpuTime: number }
  | { readonly kind: 'stopped'; readonly pid: number; readonly signal: number }
  | { readonly kind: 'continued'; readonly pid: number };

/** Waits for a child; ECHILD without a matching one, RESTART when a signal came first. */
export function waitFor(kernel: Kernel, thread: Thread, options: WaitOptions): MaybeBlocking<WaitResult | Errno> {
  const now = look(kernel, thread.process, options);
  return now === undefined ? waitLater(kernel, thread, options) : now;
}

function* waitLater(kernel: Kernel, thread: Thread, options: WaitOptions): Blocking<WaitResult | Errno> {
  for (;;) {
    const wake = yield* kernel.waiting.on(thread, thread.process.childQueue, POLLIN);
    const result = look(kernel, thread.process, options);
    if (result !== undefined) return result;
    if (wake === Wake.Signal) return RESTART;
  }
}

/** A result that is there now; undefined = wait. */
function look(kernel: Kernel, parent: Process, options: WaitOptions): WaitResult | Errno | undefined {
  let candidates = 0;
  for (const child of parent.children) {
    if (options.pid !== undefined && child.pid !== options.pid) continue;
    if (options.group !== undefined && child.group !== options.group) continue;
    candidates++;
    const result = stateChange(child, options);
    if (result === undefined) continue;
    if (result.kind === 'ended' && options.keep !== true) kernel.processes.collect(child);
    return result;
  }
  if (candidates === 0) return ECHILD;
  return options.noHang === true ? { kind: 'none' } : undefined;
}

function stateChange(child: Process, options: WaitOptions): WaitResult | undefined {
  if (child.state === ProcessState.Zombie && child.end !== undefined) {
    if (options.exited === false) return undefined;
    return { kind: 'ended', pid: child.pid, end: child.end, cpuTime: child.pastCpuTime };
  }
  if (options.stopped === true && child.unreportedStop !== 0) {
    const signal = child.unreportedStop;
    if (options.keep !== true) child.unreportedStop = 0;
    return { kind: 'stopped', pid: child.pid, signal };
  }
  if (options.continued === true && child.unreportedContinue) {
    if (options.keep !== true) child.unreportedContinue = false;
    return { kind: 'continued', pid: child.pid };
  }
  return undefined;
}
