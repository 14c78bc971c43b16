/** Tasks as test bodies: what they push is what happened. */
import { EmulatedMachine } from '@veridian-os/machine-emulated';
import {
  createKernel,
  type BootedKernel,
  type KernelOptions,
  type ServiceSys,
  type TaskGenerator,
  type TaskMain,
  type TaskStep,
} from '../../src/index.js';
import { runProgram, type ProgramRequest, type ProgramResult } from '../../src/testing.js';

export function bootTasks(options: Partial<KernelOptions> = {}): BootedKernel {
  return createKernel({ machine: EmulatedMachine.create({ memoryBytes: 8 << 20 }), verbose: false, ...options });
}

/** Ends with status 0 unless it returns another. */
export type Body = (sys: ServiceSys, args: readonly string[]) => TaskStep<number | void>;

/** What bodies threw (assertions, above all): the kernel only ends the program, so the test must hear of it. */
const failures: unknown[] = [];

/**
 * Runs `body` as the only program of a new kernel (or of `kernel`).
 * @throws what a body of this test threw
 */
export async function inTask(
  body: Body,
  options: Partial<ProgramRequest> & { kernel?: BootedKernel } = {},
): Promise<ProgramResult> {
  const { kernel = bootTasks(), ...request } = options;
  const result = await runProgram(kernel, { program: task(body), ...request });
  rethrow();
  return result;
}

/** Throws what bodies have thrown since the last time. */
export function rethrow(): void {
  const thrown = failures.splice(0);
  if (thrown.length > 0) throw thrown[0];
}

/** A program for `spawn`. */
export function task(body: Body): TaskMain {
  return function* program(sys, args): TaskGenerator {
    try {
      return (yield* body(sys, args)) ?? 0;
    } catch (error) {
      failures.push(error);
      throw error;
    }
  };
}

export const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
export const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
