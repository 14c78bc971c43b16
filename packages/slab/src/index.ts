export * from './api.js';
export * from './buffer-source.js';
export { ObjectCache } from './object-cache.js';
export * from './report.js';
export * from './slab-allocator.js';
export * from './heap.js';
