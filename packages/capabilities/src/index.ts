export * from './api.js';
export { CapabilitySystem, createCapabilityTable } from './capability-system.js';
