/** Scheduling: policies, priorities, processors. */
import { EINVAL, ESRCH } from '@veridian-os/abi';
import type { Kernel, Process, Thread } from '@veridian-os/kernel';
import { SchedulingClass, type ThreadParameters } from '@veridian-os/scheduler';
import type { Call } from '../call.js';
import { TIMESPEC_BYTES, encodeTimespec } from '../layout/time.js';
import { setWide } from '../layout/words.js';
import { LinuxThread, type SchedulingState } from '../state.js';

const SCHED_OTHER = 0;
const SCHED_FIFO = 1;
const SCHED_RR = 2;
const SCHED_BATCH = 3;
const SCHED_IDLE = 5;
const SCHED_RESET_ON_FORK = 0x40000000;
const HIGHEST_REAL_TIME = 99;
const UNTOUCHED: Readonly<SchedulingState> = { policy: SCHED_OTHER, priority: 0, nice: 0, affinity: undefined };
/** CPUs that a mask of the scheduler can name. */
const MASK_BITS = 53;
const TWO_32 = 4294967296;

/** Gives up the rest of the slice. */
export function schedYield(call: Call): number {
  const { kernel, thread } = call;
  kernel.scheduler.yield(thread.slot, kernel.now());
  kernel.dispatcher.reschedule = true;
  return 0;
}

function threadOf(call: Call, tid: number): Thread | undefined {
  return tid === 0 ? call.thread : call.kernel.threadByTid(tid);
}

/** Scheduling state of a Linux thread; TypeScript tasks show the default. */
function stateIn(thread: Thread): SchedulingState {
  const { personal } = thread;
  return personal instanceof LinuxThread ? personal.scheduling : UNTOUCHED;
}

/** A mask of all processors. */
function allCpus({ kernel }: Call): number {
  return 2 ** Math.min(kernel.machine.cpus.length, MASK_BITS) - 1;
}

/** sched_getaffinity(tid, bytes, mask): bytes stored. */
export function schedGetaffinity(call: Call): number {
  const bytes = call.uint(1);
  if (bytes % 8 !== 0 || bytes === 0) return EINVAL;
  const thread = threadOf(call, call.int(0));
  if (thread === undefined) return ESRCH;
  setWide(call.view, 0, stateIn(thread).affinity ?? allCpus(call));
  const stored = call.store(call.address(2), 8);
  return stored < 0 ? stored : 8;
}

/** sched_setaffinity(tid, bytes, mask): EINVAL unless it leaves a processor. A thread that runs elsewhere is moved. */
export function schedSetaffinity(call: Call): number {
  const bytes = Math.min(call.uint(1), 8);
  setWide(call.view, 0, 0);
  const fetched = bytes === 0 ? 0 : call.fetch(call.address(2), bytes);
  if (fetched < 0) return fetched;
  const thread = threadOf(call, call.int(0));
  if (thread === undefined) return ESRCH;
  const all = allCpus(call);
  const low = (call.view.getUint32(0, true) & all) >>> 0;
  const high = (call.view.getUint32(4, true) & Math.floor(all / TWO_32)) >>> 0;
  const mask = high * TWO_32 + low;
  if (mask === 0) return EINVAL;
  return apply(call, thread, { ...stateIn(thread), affinity: mask === all ? undefined : mask });
}

export function schedGetscheduler(call: Call): number {
  const thread = threadOf(call, call.int(0));
  if (call.int(0) < 0) return EINVAL;
  return thread === undefined ? ESRCH : stateIn(thread).policy;
}

/** sched_setscheduler(tid, policy, param) */
export function schedSetscheduler(call: Call): number {
  const policy = call.int(1) & ~SCHED_RESET_ON_FORK;
  return setPolicy(call, policy, call.address(2));
}

/** sched_setparam(tid, param): the policy stays. */
export function schedSetparam(call: Call): number {
  const thread = threadOf(call, call.int(0));
  return thread === undefined ? ESRCH : setPolicy(call, stateIn(thread).policy, call.address(1));
}

function setPolicy(call: Call, policy: number, parameter: number): number {
  if (call.int(0) < 0 || parameter === 0) return EINVAL;
  const fetched = call.fetch(parameter, 4);
  if (fetched < 0) return fetched;
  const priority = call.view.getInt32(0, true);
  const thread = threadOf(call, call.int(0));
  if (thread === undefined) return ESRCH;
  const state = stateIn(thread);
  return apply(call, thread, { ...state, policy, priority });
}

export function schedGetparam(call: Call): number {
  if (call.int(0) < 0) return EINVAL;
  const thread = threadOf(call, call.int(0));
  if (thread === undefined) return ESRCH;
  call.view.setInt32(0, stateIn(thread).priority, true);
  return call.store(call.address(1), 4);
}

/** Checks a setting, tells the scheduler, remembers it. */
function apply(call: Call, thread: Thread, wanted: SchedulingState): number {
  const isRealTime = wanted.policy === SCHED_FIFO || wanted.policy === SCHED_RR;
  const isKnown = isRealTime || [SCHED_OTHER, SCHED_BATCH, SCHED_IDLE].includes(wanted.policy);
  const [least, most] = isRealTime ? [1, HIGHEST_REAL_TIME] : [0, 0];
  if (!isKnown || wanted.priority < least || wanted.priority > most) return EINVAL;
  const result = call.kernel.scheduler.setParameters(thread.slot, parameters(wanted));
  if (result < 0) return result;
  if (thread.personal instanceof LinuxThread) Object.assign(thread.personal.scheduling, wanted);
  return 0;
}

/** What a child has from the thread that made it. */
export function inheritScheduling(kernel: Kernel, from: LinuxThread, child: Thread, to: LinuxThread): void {
  Object.assign(to.scheduling, from.scheduling);
  kernel.scheduler.setParameters(child.slot, parameters(to.scheduling));
}

function parameters({ policy, priority, nice, affinity }: SchedulingState): ThreadParameters {
  const where = affinity === undefined ? {} : { affinity };
  switch (policy) {
    case SCHED_FIFO:
      return { class: SchedulingClass.RealTimeFifo, priority, ...where };
    case SCHED_RR:
      return { class: SchedulingClass.RealTimeRoundRobin, priority, ...where };
    case SCHED_IDLE:
      return { class: SchedulingClass.Idle, ...where };
    default:
      return { class: SchedulingClass.Fair, nice, ...where };
  }
}

/** struct sched_attr: 0 size:4  4 policy:4  8 flags  16 nice:4  20 priority:4  24 runtime  32 deadline  40 period */
const SCHED_ATTR_BYTES = 48;

/** sched_setattr(tid, attributes, flags) */
export function schedSetattr(call: Call): number {
  if (call.uint(2) !== 0) return EINVAL;
  const thread = threadOf(call, call.int(0));
  if (thread === undefined) return ESRCH;
  const fetched = call.fetch(call.address(1), SCHED_ATTR_BYTES);
  if (fetched < 0) return fetched;
  const { view } = call;
  return apply(call, thread, {
    ...stateIn(thread),
    policy: view.getInt32(4, true),
    nice: Math.max(-20, Math.min(19, view.getInt32(16, true))),
    priority: view.getInt32(20, true),
  });
}

/** sched_getattr(tid, attributes, size, flags) */
export function schedGetattr(call: Call): number {
  if (call.uint(2) < SCHED_ATTR_BYTES || call.uint(3) !== 0) return EINVAL;
  const thread = threadOf(call, call.int(0));
  if (thread === undefined) return ESRCH;
  const { policy, nice, priority } = stateIn(thread);
  call.linux.scratch.fill(0, 0, SCHED_ATTR_BYTES);
  call.view.setUint32(0, SCHED_ATTR_BYTES, true);
  call.view.setInt32(4, policy, true);
  call.view.setInt32(16, nice, true);
  call.view.setInt32(20, priority, true);
  return call.store(call.address(1), SCHED_ATTR_BYTES);
}

export function schedGetPriorityMax(call: Call): number {
  return priorityBound(call.int(0), HIGHEST_REAL_TIME);
}

export function schedGetPriorityMin(call: Call): number {
  return priorityBound(call.int(0), 1);
}

function priorityBound(policy: number, realTime: number): number {
  if (policy === SCHED_FIFO || policy === SCHED_RR) return realTime;
  return [SCHED_OTHER, SCHED_BATCH, SCHED_IDLE].includes(policy) ? 0 : EINVAL;
}

const ROUND_ROBIN_NS = 100_000_000;

export function schedRrGetInterval(call: Call): number {
  const thread = threadOf(call, call.int(0));
  if (thread === undefined) return ESRCH;
  encodeTimespec(call.view, 0, stateIn(thread).policy === SCHED_FIFO ? 0 : ROUND_ROBIN_NS);
  return call.store(call.address(1), TIMESPEC_BYTES);
}

const PRIO_PROCESS = 0;
const PRIO_PGRP = 1;
const PRIO_USER = 2;

/** Threads that getpriority and setpriority mean. */
function selected(call: Call, which: number, who: number): Thread[] | number {
  if (which === PRIO_PROCESS) {
    const thread = threadOf(call, who);
    return thread === undefined ? [] : [thread];
  }
  const members = (process: Process): boolean =>
    which === PRIO_USER || process.group === (who === 0 ? call.process.group : who);
  if (which !== PRIO_PGRP && which !== PRIO_USER) return EINVAL;
  return call.kernel
    .processList()
    .filter(members)
    .flatMap((process) => [...process.threads]);
}

/** getpriority(which, who): 20 - nice, so that no result is negative. */
export function getpriority(call: Call): number {
  const threads = selected(call, call.int(0), call.int(1));
  if (typeof threads === 'number') return threads;
  const best = threads.reduce((least, thread) => Math.min(least, stateIn(thread).nice), Infinity);
  return best === Infinity ? ESRCH : 20 - best;
}

export function setpriority(call: Call): number {
  const threads = selected(call, call.int(0), call.int(1));
  if (typeof threads === 'number') return threads;
  if (threads.length === 0) return ESRCH;
  const nice = Math.max(-20, Math.min(19, call.int(2)));
  for (const thread of threads) {
    if (thread.personal instanceof LinuxThread) apply(call, thread, { ...stateIn(thread), nice });
  }
  return 0;
}
