export * from './api.js';
export { PORTS } from './board.js';
export { QemuMachine } from './machine.js';
export { probeQemu, type ProbeOptions } from './probe.js';
