export * from './api.js';
export { IpcSystem, createIpc } from './ipc-system.js';
