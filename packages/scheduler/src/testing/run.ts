/** Random operations, and one run of them on a scheduler with everything checked that must hold for any policy. */
import { EEXIST, EINVAL, ENOMEM, ESRCH, type CpuId, type Nanoseconds, type ThreadId } from '@veridian-os/abi';
import * as fc from 'fast-check';
import { SchedulingClass, type Scheduler, type ThreadParameters } from '../api.js';

/** Sizes of the scheduler under test. */
export interface SchedulerSizes {
  readonly cpus: number;
  readonly maxThreads: number;
}

export type MakeScheduler = (sizes: SchedulerSizes) => Scheduler;

const KINDS = { add: 4, remove: 1, setParameters: 2, wake: 10, block: 6, yield: 2, pick: 8, charge: 10 } as const;

/** Numbers that choose among the threads and CPUs that exist when the command runs. */
export interface SchedulerCommand {
  readonly kind: keyof typeof KINDS;
  readonly thread: number;
  readonly cpu: number;
  readonly parameters: ThreadParameters;
  readonly elapsedNs: number;
}

export const threadParameters: fc.Arbitrary<ThreadParameters> = fc.record(
  {
    class: fc.constantFrom(...Object.values(SchedulingClass)),
    priority: fc.oneof(fc.constantFrom(0, 1, 255), fc.nat(255)),
    nice: fc.integer({ min: -20, max: 19 }),
    affinity: fc.integer({ min: 1, max: 15 }),
  },
  { requiredKeys: ['class'] },
);

const badParameters: fc.Arbitrary<ThreadParameters> = fc.constantFrom<ThreadParameters>(
  { class: 4 as SchedulingClass },
  { class: 0, priority: 256 },
  { class: 0, priority: -1 },
  { class: 2, nice: 20 },
  { class: 2, nice: -21 },
  { class: 2, nice: 0.5 },
  { class: 2, affinity: 0 },
  { class: 2, affinity: 2 ** 40 },
);

export const schedulerCommand: fc.Arbitrary<SchedulerCommand> = fc.record({
  kind: fc.oneof(
    ...Object.entries(KINDS).map(([kind, weight]) => ({ weight, arbitrary: fc.constant(kind as keyof typeof KINDS) })),
  ),
  thread: fc.nat(1e6),
  cpu: fc.nat(1e6),
  parameters: fc.oneof({ weight: 12, arbitrary: threadParameters }, { weight: 1, arbitrary: badParameters }),
  elapsedNs: fc.oneof(fc.constantFrom(0, 1, 3e6), fc.integer({ min: 0, max: 200e6 })),
});

export const schedulerCommands: fc.Arbitrary<SchedulerCommand[]> = fc.array(schedulerCommand, {
  maxLength: 120,
  size: 'max',
});

interface ModelThread {
  readonly id: ThreadId;
  parameters: ThreadParameters;
  runnable: boolean;
  usedNs: number;
}

export function expectSame(what: string, expected: unknown, got: unknown): void {
  if (expected !== got) throw new Error(`${what}: expected ${String(expected)}, got ${String(got)}`);
}

/** Order across classes: higher runs first, whatever else waits. */
export function rankOf({ class: kind, priority = 0 }: ThreadParameters): number {
  if (kind === SchedulingClass.Idle) return 0;
  return kind === SchedulingClass.Fair ? 1 : 2 + priority;
}

const MAX_THREADS = 8;

/** Runs commands on a scheduler and checks it after each. */
export class SchedulerRun {
  private readonly scheduler: Scheduler;
  private readonly cpus: number;
  private readonly threads = new Map<number, ModelThread>();
  private readonly current: (ModelThread | undefined)[];
  /** CPUs that are to pick for another reason than being asleep, and have not yet. */
  private readonly told = new Set<number>();
  private now = 0;

  constructor(make: MakeScheduler, cpus: number) {
    this.cpus = cpus;
    this.scheduler = make({ cpus, maxThreads: MAX_THREADS });
    this.current = new Array<undefined>(cpus).fill(undefined);
    expectSame('addThread beyond the table', ENOMEM, this.scheduler.addThread(MAX_THREADS as ThreadId, { class: 2 }));
    expectSame('addThread of -1', EINVAL, this.scheduler.addThread(-1 as ThreadId, { class: 2 }));
  }

  /** @throws Error that says what must not be */
  step(command: SchedulerCommand): void {
    this.now += command.elapsedNs;
    this[command.kind](command);
    this.compare();
  }

  /** Blocks whatever is picked until nobody is left. @throws Error when a runnable thread never runs, or one runs twice */
  drain(): void {
    const waiting = new Set([...this.threads.values()].filter(({ runnable }) => runnable).map(({ id }) => id));
    // Two idle rounds: in the first, a CPU may hand a thread that it may no longer run to another one.
    for (let idle = 0, cpu = 0; idle < 2 * this.cpus; cpu = (cpu + 1) % this.cpus) {
      this.pickOn(cpu);
      const thread = this.current[cpu];
      idle = thread === undefined ? idle + 1 : 0;
      if (thread === undefined) continue;
      if (!waiting.delete(thread.id)) throw new Error(`thread ${thread.id} was picked after it blocked`);
      this.blockThread(thread);
    }
    expectSame('threads that were never picked', '', [...waiting].join(' '));
  }

  private add({ thread, parameters }: SchedulerCommand): void {
    const id = (thread % MAX_THREADS) as ThreadId;
    const result = this.scheduler.addThread(id, parameters);
    const exists = this.threads.has(id);
    if (exists) expectSame('addThread: known or refused', true, result === EEXIST || result === EINVAL);
    else expectSame('addThread', this.isValid(parameters) ? 0 : EINVAL, result);
    if (result === 0) this.threads.set(id, { id, parameters, runnable: false, usedNs: 0 });
  }

  private remove({ thread }: SchedulerCommand): void {
    const victim = this.threadAt(thread);
    if (victim === undefined) return;
    this.scheduler.removeThread(victim.id);
    this.threads.delete(victim.id);
    this.current.forEach((running, cpu) => {
      if (running !== victim) return;
      this.current[cpu] = undefined;
      this.told.add(cpu); // whoever removes a running thread has the CPU pick again
    });
  }

  private setParameters({ thread, parameters }: SchedulerCommand): void {
    const id = (thread % MAX_THREADS) as ThreadId;
    const target = this.threads.get(id);
    const expected = target === undefined ? ESRCH : this.isValid(parameters) ? 0 : EINVAL;
    expectSame('setParameters', expected, this.scheduler.setParameters(id, parameters));
    if (target === undefined || expected !== 0) return;
    target.parameters = parameters;
    this.tellAll();
  }

  private wake({ thread }: SchedulerCommand): void {
    const target = this.threadAt(thread);
    if (target === undefined) return;
    const wasRunnable = target.runnable;
    target.runnable = true;
    const cpu = this.scheduler.wake(target.id, this.now as Nanoseconds);
    if (wasRunnable) expectSame('wake of a runnable thread', -1, cpu);
    else if (!this.current.includes(target)) this.checkWake(target, cpu);
  }

  private checkWake(woken: ModelThread, cpu: number): void {
    const allowed = this.current.map((_, i) => i).filter((i) => this.allows(woken, i));
    if (cpu !== -1 && !allowed.includes(cpu)) throw new Error(`wake names CPU ${cpu}, where the thread may not run`);
    const isLeft = cpu === -1 || this.current[cpu]?.runnable === true;
    if (isLeft && allowed.some((i) => this.isAsleep(i)))
      throw new Error('wake leaves a CPU asleep and the thread waiting');
    if (cpu !== -1) this.told.add(cpu);
    const [running] = this.current;
    if (this.cpus > 1 || running?.runnable !== true) return;
    const difference = rankOf(woken.parameters) - rankOf(running.parameters);
    if (difference > 0) expectSame('wake of a thread that outranks the running one', 0, cpu);
    if (difference < 0) expectSame('wake of a thread that the running one outranks', -1, cpu);
  }

  /** A CPU that runs nobody and is not about to pick. */
  private isAsleep(cpu: number): boolean {
    return this.current[cpu] === undefined && !this.told.has(cpu);
  }

  /** A thread may have moved to any CPU, which no answer names. */
  private tellAll(): void {
    for (let cpu = 0; cpu < this.cpus; cpu++) this.told.add(cpu);
  }

  private block({ thread }: SchedulerCommand): void {
    const target = this.threadAt(thread);
    if (target !== undefined) this.blockThread(target);
  }

  private blockThread(thread: ModelThread): void {
    this.scheduler.block(thread.id, this.now as Nanoseconds);
    thread.runnable = false;
  }

  private yield({ thread }: SchedulerCommand): void {
    const target = this.threadAt(thread);
    if (target !== undefined) this.scheduler.yield(target.id, this.now as Nanoseconds);
  }

  private pick({ cpu }: SchedulerCommand): void {
    this.pickOn(cpu % this.cpus);
  }

  private pickOn(cpu: number): void {
    const id = this.scheduler.pick(cpu as CpuId, this.now as Nanoseconds);
    const previous = this.current[cpu];
    if (previous !== undefined && !this.allows(previous, cpu)) this.tellAll();
    const candidates = [...this.threads.values()].filter(
      (thread) =>
        thread.runnable && this.allows(thread, cpu) && !this.current.some((other, i) => other === thread && i !== cpu),
    );
    const picked = candidates.find((thread) => thread.id === id);
    if (id === -1) expectSame(`threads left waiting while CPU ${cpu} idles`, 0, candidates.length);
    else if (picked === undefined) throw new Error(`CPU ${cpu} picked ${id}, which may not run there now`);
    if (this.cpus === 1 && picked !== undefined) {
      const best = Math.max(...candidates.map(({ parameters }) => rankOf(parameters)));
      expectSame('rank of the picked thread', best, rankOf(picked.parameters));
    }
    this.current[cpu] = picked;
    this.told.delete(cpu);
    if (picked !== undefined && this.scheduler.slice(cpu as CpuId) <= 0)
      throw new Error('a picked thread has no slice');
  }

  private charge({ cpu, elapsedNs }: SchedulerCommand): void {
    const at = cpu % this.cpus;
    const running = this.current[at];
    const isDue = this.scheduler.charge(at as CpuId, elapsedNs as Nanoseconds, this.now as Nanoseconds);
    if (running === undefined) {
      expectSame('charge of an idle CPU', false, isDue);
      return;
    }
    running.usedNs += elapsedNs;
    const others = [...this.threads.values()].some((thread) => thread.runnable && thread !== running);
    if (running.runnable && isDue && !others && this.allows(running, at))
      throw new Error('charge asks for another thread where there is none');
  }

  private compare(): void {
    const { scheduler } = this;
    const runnable = [...this.threads.values()].filter((thread) => thread.runnable).length;
    expectSame('runnableCount', runnable, scheduler.runnableCount);
    for (let id = 0 as ThreadId; id < MAX_THREADS; id++) {
      const thread = this.threads.get(id);
      expectSame(`isRunnable(${id})`, thread?.runnable ?? false, scheduler.isRunnable(id));
      if (thread !== undefined) expectSame(`cpuTime(${id})`, thread.usedNs, scheduler.cpuTime(id));
    }
    this.current.forEach((thread, cpu) => {
      expectSame(`current(${cpu})`, thread?.id ?? -1, scheduler.current(cpu as CpuId));
    });
  }

  private threadAt(index: number): ModelThread | undefined {
    return [...this.threads.values()].at(index % Math.max(1, this.threads.size));
  }

  private allows({ parameters: { affinity = 15 } }: ModelThread, cpu: number): boolean {
    return ((affinity >> cpu) & 1) !== 0;
  }

  private isValid({ class: kind, priority = 0, nice = 0, affinity }: ThreadParameters): boolean {
    const inRange = kind <= 3 && priority >= 0 && priority <= 255 && nice >= -20 && nice <= 19;
    const hasCpu = affinity === undefined || (affinity & (2 ** this.cpus - 1)) !== 0;
    return inRange && Number.isInteger(nice) && hasCpu;
  }
}
