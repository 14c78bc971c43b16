export * from './api.js';
export { createVfs } from './vfs.js';
export { createDevfs, type DeviceOpener, type Devfs, type DevfsConfig } from './filesystems/devfs.js';
export { createTmpfs, type TmpfsConfig } from './filesystems/tmpfs.js';
export { createFileStat, createFileSystemStat } from './internal/stat.js';
export { PIPE_BUF, PIPE_CAPACITY } from './pipes/pipe.js';
export { createProcfs, formatMounts, type ProcfsConfig } from './filesystems/procfs.js';
export { COMMON_PROCESS_FILES, type ProcSource } from './filesystems/proc-source.js';
