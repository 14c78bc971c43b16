/** Caller-owned attribute records. */
import type { FileStat, FileSystemStat } from '@veridian-os/abi';

/** An empty record to be filled by `stat` and `getattr`. */
export function createFileStat(): FileStat {
  return {
    dev: 0,
    ino: 0,
    mode: 0,
    nlink: 0,
    uid: 0,
    gid: 0,
    rdev: 0,
    size: 0,
    blockSize: 0,
    blocks: 0,
    atimeSec: 0,
    atimeNsec: 0,
    mtimeSec: 0,
    mtimeNsec: 0,
    ctimeSec: 0,
    ctimeNsec: 0,
  };
}

/** An empty record to be filled by `statfs`. */
export function createFileSystemStat(): FileSystemStat {
  return { type: 0, blockSize: 0, blocks: 0, blocksFree: 0, files: 0, filesFree: 0, nameMax: 0 };
}
