export * from './api.js';
export * from './auxv.js';
export * from './base.js';
export * from './initial-stack.js';
export * from './parse.js';
export * from './shebang.js';
