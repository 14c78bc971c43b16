/** Kicks from other threads of the host: sticky, idempotent, to the CPU that is meant, harmless when nobody is there. */
import type { ContextId, CpuId, Instructions, Nanoseconds } from '@veridian-os/abi';
import { TrapKind } from '../trap.js';
import { check, equal, fail, throwsRangeError } from './assert.js';
import { PLENTY, endless, expectKind, nameOf, type Bench } from './bench.js';
import type { CaseGroup, GroupTools } from './case-group.js';
import { FIRST, FOREVER, LONG, OTHER, adder } from './cpus-tools.js';
import { RW } from './guest-space.js';
import { FarKick, endsRunUnderWay, handleOf, untilKicked, type KickFromThread } from './thread-tools.js';

/** What a run asks for that only the kick is to end: seconds, and about one where time is instructions. */
const lasting = ({ machine }: Bench): Instructions => (machine.clock.virtual ? LONG : (PLENTY as Instructions));

const spinner = ({ guest, program }: Bench): ContextId =>
  program(...endless(guest, guest.code.add(guest.work[0], guest.work[0], 1))).context;

/** Starts a CPU and waits for it, whichever comes back first. */
function startAndNext({ machine }: Bench, cpu: CpuId, context: ContextId, budget: Instructions): TrapKind {
  machine.start(cpu, context, budget);
  equal(machine.next(FOREVER), cpu, 'next');
  return machine.cpus[cpu]?.trap.kind ?? fail(`no CPU ${cpu}`);
}

/** Nothing is kicked: no interrupts, or no more than a machine may make by itself. */
function expectCalm(bench: Bench, context: ContextId): void {
  const { deterministic } = bench.machine.features;
  for (let i = 0; i < 5; i++) {
    expectKind(deterministic ? bench.runOnce(context, 20_000) : bench.run(context, 20_000), TrapKind.Budget);
  }
}

interface ThreadTools extends GroupTools {
  /** Kicks these CPUs of a bench from another thread, about 20 ms from now. */
  readonly kick: (bench: Bench, ...cpus: readonly number[]) => FarKick;
  readonly kickFromThread: KickFromThread;
}

export const threadCases: CaseGroup = (tools) => {
  const { kickFromThread } = tools.options;
  if (kickFromThread === undefined) return;
  const kick = (bench: Bench, ...cpus: readonly number[]): FarKick =>
    new FarKick(
      kickFromThread,
      cpus.map((cpu) => handleOf(bench, cpu)),
    );
  const all: ThreadTools = { ...tools, kick, kickFromThread };
  runningCases(all);
  waitingCases(all);
  lifeCases(all);
  if (tools.cpus > 1) otherCpuCases(all);
};

function runningCases({ add, guest, kick }: ThreadTools): void {
  add('a kick from another thread ends a run that would go on', (bench) => {
    const context = spinner(bench);
    expectKind(bench.run(context, 50_000), TrapKind.Budget);
    endsRunUnderWay(
      () => kick(bench, FIRST),
      () => bench.runOnce(context, lasting(bench)).kind,
    );
    check(bench.get(context, guest.work[0])[0] > 0, 'the program did not run');
    expectKind(bench.run(context, 50_000), TrapKind.Budget);
  });

  add('a kick from another thread ends a wait in next', (bench) => {
    const context = spinner(bench);
    endsRunUnderWay(
      () => kick(bench, FIRST),
      () => startAndNext(bench, FIRST, context, lasting(bench)),
    );
  });

  add('a kick from another thread is not lost to system calls, nor a system call to it', (bench) => {
    const [counter = 0] = guest.work;
    const { context } = bench.program(...endless(guest, guest.code.add(counter, counter, 1), guest.code.syscall()));
    let calls = 0;
    const run = (): TrapKind => {
      const { kind } = bench.runOnce(context, lasting(bench));
      if (kind === TrapKind.Syscall) calls++;
      return kind;
    };
    for (let round = 0; round < 3; round++) untilKicked(kick(bench, FIRST), run, TrapKind.Syscall);
    expectKind(bench.run(context), TrapKind.Syscall);
    equal(bench.get(context, counter)[0], calls + 1, 'system calls');
  });

  add('a kick from another thread ends an instruction that waits for interrupts, unless it is refused', (bench) => {
    const { context } = bench.program(...endless(guest, guest.code.wait()));
    const { kind } = bench.runOnce(context, 50_000);
    if (kind === TrapKind.Fault || kind === TrapKind.Idle) return; // it does not wait
    endsRunUnderWay(
      () => kick(bench, FIRST),
      () => bench.runOnce(context, lasting(bench)).kind,
    );
  });
}

function waitingCases({ add, kick }: ThreadTools): void {
  add('a kick from another thread waits for a CPU that has not started', (bench) => {
    const context = spinner(bench);
    for (let round = 0; round < 3; round++) {
      kick(bench, FIRST).await(2);
      expectKind(bench.runOnce(context, lasting(bench)), TrapKind.Interrupt);
      expectKind(bench.run(context, 50_000), TrapKind.Budget);
    }
  });

  add('a kick from another thread waits while the machine does everything but run', (bench) => {
    const { machine, memory } = bench;
    const program = bench.program(...endless(bench.guest, bench.guest.code.syscall()));
    const context = spinner(bench);
    expectKind(bench.run(program.context), TrapKind.Syscall);
    kick(bench, FIRST).await(2);
    const idle = bench.context(program.space);
    machine.contexts.copy(program.context, idle);
    machine.contexts.destroy(idle);
    program.space.map(0x80000, memory.allocZeroed(), RW);
    machine.mmu.flushAddressSpace(program.space.asid);
    machine.mmu.syncCode(program.codeFrame, 1);
    machine.clock.setDeadline(Infinity as Nanoseconds);
    machine.next(machine.clock.now());
    expectKind(bench.runOnce(context, lasting(bench)), TrapKind.Interrupt);
  });

  add('a kick from another thread between start and next is seen', (bench) => {
    const { machine } = bench;
    const context = spinner(bench);
    for (let round = 0; round < 3; round++) {
      const far = kick(bench, FIRST);
      machine.start(FIRST, context, lasting(bench));
      far.await(2);
      equal(machine.next(FOREVER), FIRST, 'next');
      equal(nameOf(TrapKind, bench.cpu.trap.kind), 'Interrupt', 'kind');
    }
  });

  add('many kicks from another thread are one, and none comes without', (bench) => {
    const context = spinner(bench);
    const handles = Array.from({ length: 100 }, () => FIRST);
    kick(bench, ...handles).await(2);
    bench.cpu.interrupt();
    expectKind(bench.runOnce(context, lasting(bench)), TrapKind.Interrupt);
    expectCalm(bench, context);
  });
}

function lifeCases({ add, kickFromThread }: ThreadTools): void {
  add('a kick of a machine that was disposed does nothing, to others neither', (bench, another) => {
    const gone = another();
    const before = handleOf(gone, FIRST);
    gone.machine.dispose();
    const after = handleOf(gone, FIRST);
    const context = spinner(bench);
    handleOf(bench, FIRST);
    new FarKick(kickFromThread, [before, after, before]).await(2);
    expectCalm(bench, context);
  });

  add('machines are disposed while another thread kicks them on and on', (bench, another) => {
    const context = spinner(bench);
    for (let round = 0; round < 3; round++) {
      const doomed = another();
      const handles = doomed.machine.cpus.map(({ id }) => handleOf(doomed, id));
      const rain = Array.from({ length: 10_000 }, (_, i) => handles[i % handles.length] ?? fail('no handle'));
      const far = new FarKick(kickFromThread, rain, 0);
      far.await(1);
      doomed.runOnce(spinner(doomed), 100_000);
      doomed.machine.dispose();
      far.await(2);
    }
    expectKind(bench.run(context, 20_000), TrapKind.Budget);
  });

  add('handles are of CPUs that exist', (bench) => {
    const { machine } = bench;
    machine.cpus.forEach(({ id }) => handleOf(bench, id));
    for (const cpu of [machine.cpus.length, -1, 0.5, NaN]) throwsRangeError(() => handleOf(bench, cpu), 'cpu');
  });

  add('two handles of one CPU kick the same one', (bench) => {
    const context = spinner(bench);
    for (const handle of [handleOf(bench, FIRST), handleOf(bench, FIRST)]) {
      new FarKick(kickFromThread, [handle]).await(2);
      expectKind(bench.runOnce(context, lasting(bench)), TrapKind.Interrupt);
    }
  });
}

function otherCpuCases({ add, kick }: ThreadTools): void {
  add('a kick from another thread takes a CPU off its loop while this one waits', (bench) => {
    const { context } = adder(bench);
    endsRunUnderWay(
      () => kick(bench, OTHER),
      () => startAndNext(bench, OTHER, context, lasting(bench)),
    );
  });

  add('a kick from another thread ends a run of another CPU that this one waits for', (bench) => {
    const { context } = adder(bench);
    const cpu = bench.machine.cpus[OTHER] ?? fail('cpus: expected two');
    endsRunUnderWay(
      () => kick(bench, OTHER),
      () => cpu.run(context, lasting(bench)).kind,
    );
  });

  add('a kick from another thread reaches its CPU before that starts, whatever others do', (bench) => {
    const first = spinner(bench);
    const { context } = adder(bench);
    kick(bench, OTHER).await(2);
    expectKind(bench.run(first, 50_000), TrapKind.Budget);
    equal(nameOf(TrapKind, startAndNext(bench, OTHER, context, lasting(bench))), 'Interrupt', 'kind');
  });

  add('kicks from another thread reach both of two CPUs that run', (bench) => {
    const { machine } = bench;
    const contexts = [spinner(bench), adder(bench).context];
    const running = [FIRST, OTHER];
    for (const cpu of running) machine.start(cpu, contexts[cpu] ?? fail('no context'), lasting(bench));
    const far = kick(bench, OTHER, FIRST);
    const left = new Set<number>(running);
    const run = (): TrapKind => {
      const back = machine.next(FOREVER);
      const { kind } = machine.cpus[back]?.trap ?? fail(`next: got ${back}`);
      if (kind === TrapKind.Interrupt && far.hasBegun) left.delete(back);
      if (kind !== TrapKind.Interrupt || !far.hasBegun) machine.start(back as CpuId, contexts[back], lasting(bench));
      return kind;
    };
    while (left.size > 0) untilKicked(far, run);
  });
}
