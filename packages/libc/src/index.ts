export * from './api.js';
export { koffiPath } from './koffi.js';
export { libc, libcProblem, timeStampCounter } from './libc.js';
export type { TimeStampCounter } from './time-stamp.js';
export { MappedMemory } from './windows.js';
export { Relay, type RelayLine, type RelayOptions } from './relay.js';
export { startThread, type ThreadHost } from './thread.js';
