/** The kernel's `createKernel`, with machines by name as `run` takes them. */
import { createKernel as bootKernel, type BootedKernel, type KernelOptions } from '@veridian-os/kernel';
import type { Machine } from '@veridian-os/hal';
import { createMachine, type MachineName } from './machines.js';

export interface FrontKernelOptions extends Omit<KernelOptions, 'machine'> {
  /** A machine by name, with its default memory, or one of your own. `kernel.machine.dispose()` releases either. */
  readonly machine: MachineName | Machine;
}

/**
 * Boots a kernel over a machine.
 * @throws RangeError for bad options; KernelPanic when the machine is too small to boot; Error, in one sentence, when a
 * machine named does not work here
 */
export function createKernel(options: FrontKernelOptions): BootedKernel {
  const { machine } = options;
  return bootKernel({ ...options, machine: typeof machine === 'string' ? createMachine(machine) : machine });
}
