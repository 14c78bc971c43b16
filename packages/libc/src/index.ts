export * from './api.js';
export { koffiPath } from './koffi.js';
export { libc, libcProblem } from './libc.js';
export { MappedMemory } from './windows.js';
