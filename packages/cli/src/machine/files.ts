/** Files that a machine is given. */
import { readFileSync } from 'node:fs';

/** Exit statuses as shells use them. */
export const NOT_THERE = 127;
export const NOT_USABLE = 126;
export const TIMED_OUT = 124;
/** A limit was reached, or nothing can go on. */
export const STOPPED = 137;

/** Why a machine is not started; `status` is the command's. */
export class MachineFileError extends Error {
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

/** @throws MachineFileError naming the option and the file */
export function readMachineFile(option: string, path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new MachineFileError(`${option}: ${message}`, code === 'ENOENT' ? NOT_THERE : NOT_USABLE);
  }
}

/** Runs `load`, whose RangeErrors are about the file. @throws MachineFileError naming both */
export function loading<T>(option: string, path: string, load: () => T): T {
  try {
    return load();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new MachineFileError(`${option} ${path}: ${error.message}`, NOT_USABLE);
  }
}
