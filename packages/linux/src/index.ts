export type { LinuxOptions } from './api.js';
export { LinuxPersonality, linux } from './personality.js';
