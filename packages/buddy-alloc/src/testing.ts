/**
 * Conformance kit for any allocator of aligned power-of-two blocks of frames, the naive pool it compares with, and the
 * commands that it draws.
 *
 * Works under jest, vitest and node:test: it needs only `describe` and `it`, and throws Errors.
 */
export * from './testing/allocator-kit.js';
export * from './testing/commands.js';
export * from './testing/exhaustive.js';
export * from './testing/naive-pool.js';
export * from './testing/random-run.js';
