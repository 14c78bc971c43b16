/** For tests of packages that use these contracts: a frame source on the heap, and the kit that every one must pass. */
export * from './testing/frame-pool.js';
export * from './testing/frame-source-kit.js';
