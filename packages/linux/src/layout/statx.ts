/**
 * `struct statx` (linux/stat.h): 256 bytes, the same on every ISA.
 *
 *   0 mask:4  4 blksize:4  8 attributes  16 nlink:4  20 uid:4  24 gid:4  28 mode:2  32 ino  40 size  48 blocks
 *   56 attributes_mask  64 atime  80 btime  96 ctime  112 mtime (sec:8 nsec:4 pad:4)  128 rdev_major:4  132 rdev_minor:4
 *   136 dev_major:4  140 dev_minor:4  144 mnt_id
 */
import type { FileStat } from '@veridian-os/abi';
import { deviceMajor, deviceMinor } from './stat.js';
import { clear, setWide } from './words.js';

export const STATX_BYTES = 256;
/** Everything that stat(2) has; no birth time. */
export const STATX_BASIC_STATS = 0x7ff;

export function encodeStatx(view: DataView, stat: FileStat): void {
  clear(view, STATX_BYTES);
  view.setUint32(0, STATX_BASIC_STATS, true);
  view.setUint32(4, stat.blockSize, true);
  view.setUint32(16, stat.nlink, true);
  view.setUint32(20, stat.uid, true);
  view.setUint32(24, stat.gid, true);
  view.setUint16(28, stat.mode, true);
  setWide(view, 32, stat.ino);
  setWide(view, 40, stat.size);
  setWide(view, 48, stat.blocks);
  setTimestamp(view, 64, stat.atimeSec, stat.atimeNsec);
  setTimestamp(view, 96, stat.ctimeSec, stat.ctimeNsec);
  setTimestamp(view, 112, stat.mtimeSec, stat.mtimeNsec);
  view.setUint32(128, deviceMajor(stat.rdev), true);
  view.setUint32(132, deviceMinor(stat.rdev), true);
  view.setUint32(136, deviceMajor(stat.dev), true);
  view.setUint32(140, deviceMinor(stat.dev), true);
}

function setTimestamp(view: DataView, offset: number, sec: number, nsec: number): void {
  setWide(view, offset, sec);
  view.setUint32(offset + 8, nsec, true);
}
