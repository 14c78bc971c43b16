export * from './testing/program.js';
export * from './testing/programs.js';
export * from './testing/loops.js';
