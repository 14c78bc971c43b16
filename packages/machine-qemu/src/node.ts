/**
 * Node's own modules, found at run time: a bundle for a browser that can also drive QEMU elsewhere must load without them.
 * Source: Node.js documentation, process.getBuiltinModule (20.16).
 */
import type * as childProcess from 'node:child_process';
import type * as fileSystem from 'node:fs';
import type * as operatingSystem from 'node:os';

const host = (): NodeJS.Process => {
  const found = (globalThis as { readonly process?: NodeJS.Process }).process;
  if (typeof found?.getBuiltinModule !== 'function')
    throw new Error('QEMU is driven from Node.js 20.16 or newer only.');
  return found;
};

export const nodeChildProcess = (): typeof childProcess => host().getBuiltinModule('node:child_process');
export const nodeFs = (): typeof fileSystem => host().getBuiltinModule('node:fs');
export const nodeOs = (): typeof operatingSystem => host().getBuiltinModule('node:os');
export const hostPlatform = (): string => host().platform;
export const hostArchitecture = (): string => host().arch;
