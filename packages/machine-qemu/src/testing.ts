/**
 * What a machine in another process owes beyond the machine kit: the end of that process, however it comes, is an error
 * and never a wait without end.
 */
import { NONE, isErrno, isKernelPanic, type ContextId, type Instructions } from '@veridian-os/abi';
import type { Machine } from '@veridian-os/hal';
import { override } from '@veridian-os/hal/testing';
import type { QemuMachine } from './machine.js';

/** The part of jest, vitest and node:test that the kit uses. */
export interface Runner {
  describe: (name: string, body: () => void) => unknown;
  it: (name: string, body: () => void) => unknown;
}

/** A machine whose process can be found. */
export type ProcessMachine = Machine & { readonly pid: number };

export interface ProcessKitOptions {
  /** Makes a machine that counts an emulator as hung after about `hangMs`. */
  create(hangMs: number): ProcessMachine;
  /** Sends a signal to a process. */
  kill(pid: number, signal: 'SIGKILL' | 'SIGSTOP'): void;
}

const PATIENT = 20_000;
const HASTY = 1000;

function expectPanic(what: string, action: () => void): void {
  try {
    action();
  } catch (error) {
    if (isKernelPanic(error) && error.code === 'cpu/host') return;
    throw new Error(`${what}: expected a KernelPanic cpu/host, got ${String(error)}`, { cause: error });
  }
  throw new Error(`${what}: expected a KernelPanic cpu/host, got none`);
}

/** One run of an empty context: it faults at once on a machine that works. */
function run(machine: Machine): void {
  const context = machine.contexts.create();
  if (isErrno(context)) throw new Error(`contexts.create: ${context}`);
  machine.cpus[0].run(context as ContextId, 1000 as Instructions);
  machine.contexts.destroy(context as ContextId);
}

/**
 * A factory for suites that make a machine per case: machines that were disposed are renewed instead of started. One whose
 * process has failed is let go.
 */
export function reusing(create: () => QemuMachine): () => Machine {
  const idle: QemuMachine[] = [];
  const take = (): QemuMachine => {
    for (let old = idle.pop(); old !== undefined; old = idle.pop()) {
      try {
        return old.renew();
      } catch {
        old.dispose();
      }
    }
    return create();
  };
  return () => {
    const machine = take();
    let given = false;
    return override<Machine>(machine, {
      dispose() {
        if (!given) idle.push(machine);
        given = true;
      },
    });
  };
}

export function processKit({ describe, it }: Runner, { create, kill }: ProcessKitOptions): void {
  const withMachine = (hangMs: number, body: (machine: ProcessMachine) => void): void => {
    const machine = create(hangMs);
    try {
      body(machine);
    } finally {
      machine.dispose();
    }
  };

  describe('the process behind a machine', () => {
    it('killed: the next run panics, and the one after it', () => {
      withMachine(PATIENT, (machine) => {
        run(machine);
        kill(machine.pid, 'SIGKILL');
        expectPanic('run', () => {
          for (let i = 0; i < 100_000; i++) run(machine);
        });
        expectPanic('run again', () => run(machine));
      });
    });

    it('hung: the next run panics', () => {
      withMachine(HASTY, (machine) => {
        kill(machine.pid, 'SIGSTOP');
        // It stops soon, not at once.
        expectPanic('run', () => {
          for (let i = 0; i < 100_000; i++) run(machine);
        });
      });
    });

    it('hung: dispose does not wait for it', () => {
      withMachine(PATIENT, (machine) => kill(machine.pid, 'SIGSTOP'));
    });

    it('nothing is started: next says so without asking it', () => {
      withMachine(PATIENT, (machine) => {
        kill(machine.pid, 'SIGSTOP');
        if (machine.next(machine.clock.now()) !== NONE) throw new Error('next: expected -1');
      });
    });

    it('a disposed machine panics when it is run', () => {
      const machine = create(PATIENT);
      machine.dispose();
      expectPanic('run', () => run(machine));
    });
  });
}
