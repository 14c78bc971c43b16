/** RV64IMAFD with the machine level's instructions: functions named like the mnemonics, dots as capitals. */
export * from './base.js';
export * from './float.js';
export * from './registers.js';
export * from './system.js';
