/** A host folder in the form that kernels take as a mount. */
import { resolve } from 'node:path';
import type { FileSystem } from '@veridian-os/abi';
import type { HostFolderKernel, HostFolderOptions } from './api.js';
import { createHostfs } from './hostfs.js';

/**
 * For `mounts` of `run` or `createKernel`: `{ path: '/src', fs: hostFolder('./src', { readOnly: true }) }`.
 * A relative folder is resolved now; it must exist when the kernel boots (else RangeError, there).
 */
export function hostFolder(folder: string, options: HostFolderOptions = {}): (kernel: HostFolderKernel) => FileSystem {
  const place = resolve(folder);
  return ({ memory, waits }) => createHostfs({ ...options, folder: place, bytes: memory.bytes, wait: waits });
}
