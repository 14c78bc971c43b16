export * from './api.js';
export { CpuScheduler, createScheduler } from './cpu-scheduler.js';
