export * from './api.js';
export { PORTS } from './board.js';
export { QemuMachine, type KickPort } from './machine.js';
export { probeQemu, type ProbeOptions } from './probe.js';
