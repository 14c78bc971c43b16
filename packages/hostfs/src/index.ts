export type { HostFileSystem, HostfsOptions, HostFolderKernel, HostFolderOptions } from './api.js';
export { hostFolder } from './host-folder.js';
export { createHostfs } from './hostfs.js';
