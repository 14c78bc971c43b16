export * from './trap.js';
export * from './registers.js';
export * from './kick.js';
export * from './machine.js';
export { CounterClock, sampleCounter, type CounterSample, type CounterSource } from './counter-clock.js';
export * from './fdt.js';
export * from './fdt-writer.js';
export * from './fdt-properties.js';
export * from './hardware.js';
