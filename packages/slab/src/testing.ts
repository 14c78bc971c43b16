/**
 * Conformance kit for any cache of equal objects, the naive cache it compares with, and the commands that it draws.
 *
 * Works under jest, vitest and node:test: it needs only `describe` and `it`, and throws Errors.
 */
export * from './testing/cache-kit.js';
export * from './testing/commands.js';
export * from './testing/exhaustive.js';
export * from './testing/naive-cache.js';
export * from './testing/random-run.js';
