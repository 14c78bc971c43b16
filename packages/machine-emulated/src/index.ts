export * from './api.js';
export { EmulatedMachine } from './machine.js';
export { SystemHart } from './system.js';
export type { SystemTrap } from './system.js';
export type { EmulatedCpu } from './cpu.js';
export { BareProgram } from './boot/bare.js';
export type { BareMachine, BareResult } from './boot/bare.js';
export type { BootImages } from './boot/system-boot.js';
export type { TranslationStatistics } from './translator/translator.js';
