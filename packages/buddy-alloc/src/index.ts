export * from './api.js';
export * from './buddy.js';
export * from './fragmentation.js';
export * from './locked.js';
export * from './zones.js';
