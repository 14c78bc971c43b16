export * from './api.js';
export { run } from './host/run.js';
export { createKernel, type FrontKernelOptions } from './host/create-kernel.js';
export {
  createMachine,
  isMachineUnavailable,
  listMachines,
  machineFor,
  MACHINE_NAMES,
  MachineUnavailable,
} from './host/machines.js';
export type { MachineName, MachineProbe, MachineReport, MachineSettings } from './host/machines.js';
export { KernelDriver } from '@veridian-os/kernel';
export type {
  BootedKernel,
  Kernel,
  KernelLimits,
  KernelOptions,
  LimitName,
  Personality,
  Service,
  TaskMain,
} from '@veridian-os/kernel';
export { EmulatedMachine } from '@veridian-os/machine-emulated';
export { linux } from '@veridian-os/linux';
