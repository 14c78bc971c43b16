export * from './api.js';
export { KvmMachine } from './machine.js';
export { KvmUnavailable } from './internal/vm.js';
export type { KvmProbe, KvmProbeOptions } from './host/probe.js';
export { probeKvm, probeKvmSync } from './host/probe.js';
