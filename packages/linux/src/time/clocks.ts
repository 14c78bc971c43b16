/**
 * Linux's clocks over the kernel's two: virtual monotonic time and time of day.
 *
 * Real time is monotonic time plus an offset that never changes: nobody sets the clock.
 */
import type { Errno } from '@veridian-os/abi';
import { EINVAL } from '@veridian-os/abi';
import type { Process } from '@veridian-os/kernel';
import type { Call } from '../call.js';

export const CLOCK_REALTIME = 0;
export const CLOCK_MONOTONIC = 1;
export const CLOCK_PROCESS_CPUTIME_ID = 2;
export const CLOCK_THREAD_CPUTIME_ID = 3;
export const CLOCK_MONOTONIC_RAW = 4;
export const CLOCK_REALTIME_COARSE = 5;
export const CLOCK_MONOTONIC_COARSE = 6;
export const CLOCK_BOOTTIME = 7;
export const CLOCK_REALTIME_ALARM = 8;
export const CLOCK_BOOTTIME_ALARM = 9;
export const CLOCK_TAI = 11;

const NS_PER_MS = 1e6;

/** Which clock a number means. */
export type ClockKind = 'real' | 'monotonic' | 'process' | 'thread';

export function clockKind(clock: number): ClockKind | undefined {
  switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_REALTIME_ALARM:
    case CLOCK_TAI:
      return 'real';
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
    case CLOCK_BOOTTIME_ALARM:
      return 'monotonic';
    case CLOCK_PROCESS_CPUTIME_ID:
      return 'process';
    case CLOCK_THREAD_CPUTIME_ID:
      return 'thread';
    default:
      return clock < 0 ? dynamicClock(clock) : undefined;
  }
}

/** A negative number is ~pid << 3 | per-thread << 2 | which (0 prof, 1 virtual, 2 sched). Source: clock_getcpuclockid(3). */
function dynamicClock(clock: number): ClockKind | undefined {
  if ((clock & 3) === 3) return undefined;
  return (clock & 4) !== 0 ? 'thread' : 'process';
}

/** Pid or tid that a negative clock number names; 0 = the caller. */
export function clockOwner(clock: number): number {
  return clock < 0 ? ~(clock >> 3) : 0;
}

/** The clock's time in ns, or EINVAL. */
export function readClock(call: Call, clock: number): number | Errno {
  switch (clockKind(clock)) {
    case 'real':
      return call.kernel.now() + realOffset(call);
    case 'monotonic':
      return call.kernel.now();
    case 'process':
      return processTimeOf(call, clockOwner(clock));
    case 'thread':
      return threadTimeOf(call, clockOwner(clock));
    default:
      return EINVAL;
  }
}

function processTimeOf(call: Call, pid: number): number | Errno {
  const process = pid === 0 ? call.process : call.kernel.processByPid(pid);
  return process === undefined ? EINVAL : processCpuTime(process);
}

function threadTimeOf(call: Call, tid: number): number | Errno {
  const thread = tid === 0 ? call.thread : call.kernel.threadByTid(tid);
  return thread === undefined || thread.process !== call.process ? EINVAL : thread.cpuTime;
}

/** CPU time of all threads, those that ended included, ns. */
export function processCpuTime(process: Process): number {
  let total = process.pastCpuTime;
  for (const thread of process.threads) total += thread.cpuTime;
  return total;
}

/** How far real time is ahead of monotonic time, ns. */
export function realOffset(call: Call): number {
  const { time } = call.kernel;
  return time.epochMs(time.knowsDay(call.process)) * NS_PER_MS;
}

/** Virtual time at which `clock` shows `time`; Infinity stays. */
export function deadlineOf(call: Call, clock: number, time: number): number {
  return clockKind(clock) === 'real' ? time - realOffset(call) : time;
}
