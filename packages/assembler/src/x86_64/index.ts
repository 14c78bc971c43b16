/** x86-64: functions named like the mnemonics, registers and memory operands as values. */
export * from './base.js';
export * from './operands.js';
export * from './system.js';
export * from './vector.js';
