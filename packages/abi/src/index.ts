export * from './brands.js';
export * from './errno.js';
export * from './panic.js';
export * from './wide.js';
export * from './memory.js';
export * from './wait.js';
export * from './block.js';
export * from './fs.js';
