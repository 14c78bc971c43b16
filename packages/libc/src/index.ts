export * from './api.js';
export { koffiPath } from './koffi.js';
export { libc, libcProblem, timeStampCounter } from './libc.js';
export type { TimeStampCounter } from './time-stamp.js';
export { MappedMemory } from './windows.js';
