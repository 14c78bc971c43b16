/** What the host says about a file, in the house's form, and the times that it is told. */
import * as fs from 'node:fs';
import type { AttributeChange, Errno, FileStat, FileSystemStat, Ino } from '@veridian-os/abi';
import { ENOENT, S_IFMT } from '@veridian-os/abi';
import { attempt } from './errors.js';

const HOSTFS_MAGIC = 0x01021997; // as 9P's: a file system of somebody else
const NO_THROW = { throwIfNoEntry: false } as const;

/** lstat(2); a missing name costs no exception. */
export function statOf(path: string): fs.Stats | Errno {
  return attempt(() => fs.lstatSync(path, NO_THROW)) ?? ENOENT;
}

/** Identity of a host file: device, inode number and type. */
export interface Identity {
  readonly dev: number;
  readonly hostIno: number;
  readonly type: number;
}

export function isSame({ dev, hostIno, type }: Identity, stat: fs.Stats): boolean {
  return stat.ino === hostIno && stat.dev === dev && (stat.mode & S_IFMT) === type;
}

/** {@link Identity} as a map's key. */
export function keyOf(stat: fs.Stats): string {
  return `${stat.dev}:${stat.ino}:${(stat.mode & S_IFMT) >> 12}`;
}

/** Owners are shown as root: the guest sees the folder as its own. */
export function fill(out: FileStat, stat: fs.Stats, ino: Ino): void {
  out.dev = 0;
  out.ino = ino;
  out.mode = stat.mode;
  out.nlink = stat.nlink;
  out.uid = 0;
  out.gid = 0;
  out.rdev = 0;
  out.size = stat.size;
  out.blockSize = stat.blksize;
  out.blocks = stat.blocks;
  [out.atimeSec, out.atimeNsec] = split(stat.atimeMs);
  [out.mtimeSec, out.mtimeNsec] = split(stat.mtimeMs);
  [out.ctimeSec, out.ctimeNsec] = split(stat.ctimeMs);
}

/** What statfs(2) says of a folder's file system. */
export function fillFileSystem(out: FileSystemStat, folder: string): 0 | Errno {
  const stat = attempt(() => fs.statfsSync(folder));
  if (typeof stat === 'number') return stat;
  out.type = HOSTFS_MAGIC;
  out.blockSize = stat.bsize;
  out.blocks = stat.blocks;
  out.blocksFree = stat.bavail;
  out.files = stat.files;
  out.filesFree = stat.ffree;
  out.nameMax = 255;
  return 0;
}

/** Access and modification time in seconds after a change; undefined when it changes neither. */
export function timesAfter(stat: fs.Stats, change: AttributeChange): [number, number] | undefined {
  const { atimeSec, mtimeSec } = change;
  if (atimeSec === undefined && mtimeSec === undefined) return undefined;
  return [
    atimeSec === undefined ? stat.atimeMs / 1000 : atimeSec + (change.atimeNsec ?? 0) / 1e9,
    mtimeSec === undefined ? stat.mtimeMs / 1000 : mtimeSec + (change.mtimeNsec ?? 0) / 1e9,
  ];
}

function split(ms: number): [number, number] {
  const sec = Math.floor(ms / 1000);
  return [sec, Math.floor((ms - sec * 1000) * 1e6)];
}
