export * from './api.js';
export * from './buddy.js';
