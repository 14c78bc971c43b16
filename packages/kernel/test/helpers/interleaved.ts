/**
 * Two CPUs made of one: a machine that runs its started contexts in turns of a fixed number of instructions. It is
 * deterministic, so a test can ask what the kernel does at an exact moment; nothing runs at the same time. Contexts
 * that are running are guarded as the interface asks.
 */
import { NONE, type ContextId, type CpuId, type Instructions, type Nanoseconds } from '@veridian-os/abi';
import { TrapKind, type Contexts, type Cpu, type Machine, type Trap } from '@veridian-os/hal';
import { override } from '@veridian-os/hal/testing';
import { EmulatedMachine } from '@veridian-os/machine-emulated';

const CPUS = 2;
const TURN = 10_000;

type WritableTrap = { -readonly [Key in keyof Trap]: Trap[Key] };

class TurnCpu implements Cpu {
  readonly id: CpuId;
  trap: WritableTrap;
  context: ContextId | -1 = NONE;
  left = 0;
  done = 0;
  isKicked = false;

  constructor(id: CpuId, trap: Trap) {
    this.id = id;
    this.trap = { ...trap };
  }

  run(): Trap {
    throw new Error('the kernel starts CPUs');
  }

  interrupt(): void {
    this.isKicked = true;
  }
}

/** @param real with one CPU */
export function interleaved(real: Machine = EmulatedMachine.create({ memoryBytes: 16 << 20 })): Machine {
  const [hart] = real.cpus;
  const cpus = Array.from({ length: CPUS }, (_, id) => new TurnCpu(id as CpuId, hart.trap));
  const started = (): TurnCpu[] => cpus.filter(({ context }) => context !== NONE);

  const back = (cpu: TurnCpu, trap: Trap, kind: TrapKind): CpuId => {
    const { fault, access, addressLo, addressHi } = trap;
    const consumed = cpu.done as Instructions;
    cpu.trap = { kind, context: cpu.context as ContextId, consumed, fault, access, addressLo, addressHi };
    cpu.context = NONE;
    return cpu.id;
  };

  /** One turn. @returns whether the CPU came back */
  const turn = (cpu: TurnCpu): boolean => {
    if (cpu.isKicked) {
      cpu.isKicked = false;
      back(cpu, hart.trap, TrapKind.Interrupt);
      return true;
    }
    const trap = hart.run(cpu.context as ContextId, Math.min(TURN, cpu.left) as Instructions);
    cpu.left -= trap.consumed;
    cpu.done += trap.consumed;
    if (trap.kind === TrapKind.Budget && cpu.left > 0) return false;
    back(cpu, trap, trap.kind);
    return true;
  };

  let first = 0;
  const next = (deadline: Nanoseconds): CpuId | -1 => {
    while (started().length > 0 && (real.clock.now() < deadline || started().some(({ isKicked }) => isKicked))) {
      const cpu = cpus[first++ % CPUS];
      if (cpu.context !== NONE && turn(cpu)) return cpu.id;
    }
    return NONE;
  };

  const start = (id: CpuId, context: ContextId, budget: Instructions): void => {
    const cpu = cpus[id];
    if (cpu.context !== NONE) throw new Error(`CPU ${id} is started`);
    guard(context);
    Object.assign(cpu, { context, left: budget, done: 0 });
  };

  const guard = (...contexts: readonly ContextId[]): void => {
    for (const { context } of started())
      if (contexts.includes(context as ContextId)) throw new Error(`${context} runs`);
  };
  const { contexts } = real;
  const guarded: Partial<Contexts> = {
    destroy: (context) => (guard(context), contexts.destroy(context)),
    reset: (context) => (guard(context), contexts.reset(context)),
    copy: (from, to) => (guard(from, to), contexts.copy(from, to)),
    setAddressSpace: (context, root, asid) => (guard(context), contexts.setAddressSpace(context, root, asid)),
    saveFp: (context, into) => (guard(context), contexts.saveFp(context, into)),
    restoreFp: (context, from) => (guard(context), contexts.restoreFp(context, from)),
  };
  return override<Machine>(real, { cpus, start, next, contexts: override<Contexts>(contexts, guarded) });
}
