/** Building the subsystems for one machine: who gets what from whom. */
import { BuddyAllocator } from '@veridian-os/buddy-alloc';
import { createCapabilityTable, type CapabilityTable } from '@veridian-os/capabilities';
import { describeHardware, type HardwareDescription, type MachineInfo } from '@veridian-os/hal';
import { createIpc, type Ipc } from '@veridian-os/ipc';
import { createMemoryManager, type MemoryManager } from '@veridian-os/memory';
import { createVfs, type Vfs } from '@veridian-os/vfs';
import { hostSwap } from '../host/swap.js';
import type { Kernel } from '../kernel.js';

/** 64 KiB. */
const ZERO_AHEAD = 16;
const MIN_CAPABILITIES = 65_536;
/** On average; a single one may have more. */
const CAPABILITIES_PER_PROCESS = 64;

export function findHardware(kernel: Kernel): HardwareDescription {
  return describeHardware(kernel.machine.firmware);
}

export function createMemory(kernel: Kernel): MemoryManager {
  const { machine, waits } = kernel;
  const { swap, overcommit = 'always', hugePages = 'madvise' } = kernel.options;
  return createMemoryManager({
    regions: machine.memory,
    mmu: machine.mmu,
    format: machine.features.pageTables,
    hardwareAccessedDirty: machine.features.hardwareAccessedDirty,
    buddyFactory: (frameCount) => new BuddyAllocator({ frameCount }),
    waitPort: waits,
    overcommit,
    hugePages,
    ...(swap === undefined ? {} : { swap: typeof swap === 'number' ? hostSwap(swap) : swap }),
    // Where time is real a trap costs thousands of instructions; where it counts them every frame is accounted as touched.
    zeroAhead: machine.clock.virtual ? 1 : ZERO_AHEAD,
  });
}

export interface CoreServices {
  readonly capabilities: CapabilityTable;
  readonly ipc: Ipc;
  readonly vfs: Vfs;
}

export function createCoreServices(kernel: Kernel, memory: MemoryManager): CoreServices {
  const { limits, waits, messages } = kernel;
  return {
    capabilities: createCapabilityTable({
      capacity: Math.max(MIN_CAPABILITIES, limits.processes * CAPABILITIES_PER_PROCESS),
      spaces: limits.processes + limits.slots - limits.threads,
    }),
    ipc: createIpc({ maxThreads: limits.slots, carrier: messages }),
    vfs: createVfs({ frames: memory.frames, bytes: memory.bytes, wait: waits, now: () => kernel.fileTime() }),
  };
}

const MEBIBYTE = 1024 * 1024;

/** A line about the hardware of a machine; its ISA where firmware does not say which. */
export const describeHardwareLine =
  ({ name, layout }: MachineInfo) =>
  (hardware: HardwareDescription): string => {
    const bytes = hardware.memory.reduce((sum, range) => sum + range.length, 0);
    const cpus = hardware.cpus.length;
    const isa = hardware.cpus[0].isa === '' ? layout.isa : hardware.cpus[0].isa;
    const processors = `${cpus} ${cpus === 1 ? 'CPU' : 'CPUs'} ${isa}`;
    return `${name}: ${processors}, ${bytes / MEBIBYTE} MiB, ${hardware.devices.length} devices`;
  };
