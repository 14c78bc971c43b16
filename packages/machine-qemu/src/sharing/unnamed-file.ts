/** Files that have a descriptor and no name: nothing is left of them, however their users end. */
import { nodeFs, nodeOs } from '../node.js';

/** Memory where there is such a folder, a disk's cache otherwise. */
const MEMORY = '/dev/shm';

/** What is asked of a host: replaced in tests. */
export interface Folders {
  readonly candidates: readonly string[];
  /** Bytes that a folder has room for; 0 where there is none. */
  room(folder: string): number;
}

function room(folder: string): number {
  try {
    const { bavail, bsize } = nodeFs().statfsSync(folder);
    return bavail * bsize;
  } catch {
    return 0;
  }
}

/**
 * The first folder with room.
 * @throws Error when there is none: a guest that touched memory without room would be killed much later
 */
export function folderFor(bytes: number, folders: Folders): string {
  const found = folders.candidates.find((folder) => folders.room(folder) >= bytes);
  if (found !== undefined) return found;
  const each = folders.candidates.map((folder) => `${folder} (${folders.room(folder)} bytes)`).join(', ');
  throw new Error(`no room for a file of ${bytes} bytes: ${each}`);
}

/** @returns a descriptor of `bytes` zero bytes, closed on exec */
export function unnamedFile(purpose: string, bytes: number): number {
  const { closeSync, constants, ftruncateSync, openSync, unlinkSync } = nodeFs();
  const folder = folderFor(bytes, { candidates: [MEMORY, nodeOs().tmpdir()], room });
  const path = `${folder}/.veridian-${purpose}-${crypto.randomUUID()}`;
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    unlinkSync(path);
    ftruncateSync(fd, bytes);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  return fd;
}
