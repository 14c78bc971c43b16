/**
 * `struct stat` as each ISA has it.
 *
 *   asm-generic (riscv64, aarch64), 128 bytes
 *     0 st_dev  8 st_ino  16 st_mode:4  20 st_nlink:4  24 st_uid:4  28 st_gid:4  32 st_rdev  48 st_size  56 st_blksize:4
 *   x86_64, 144 bytes
 *     0 st_dev  8 st_ino  16 st_nlink  24 st_mode:4  28 st_uid:4  32 st_gid:4  40 st_rdev  48 st_size  56 st_blksize
 *   both
 *     64 st_blocks  72 st_atime  80 nsec  88 st_mtime  96 nsec  104 st_ctime  112 nsec
 */
import type { FileStat } from '@veridian-os/abi';
import { clear, setWide } from './words.js';

/** Size, and the offsets of what is not in the same place everywhere. */
export interface StatLayout {
  readonly bytes: number;
  readonly mode: number;
  readonly nlink: number;
  readonly uid: number;
  readonly gid: number;
  readonly rdev: number;
  encode(view: DataView, stat: FileStat): void;
}

/** st_size, on every ISA. */
export const STAT_SIZE = 48;

function layout(offsets: Omit<StatLayout, 'encode'>): StatLayout {
  const { bytes, mode, nlink, uid, gid, rdev } = offsets;
  return {
    ...offsets,
    encode(view, stat) {
      clear(view, bytes);
      setWide(view, 0, stat.dev);
      setWide(view, 8, stat.ino);
      // Eight bytes on x86_64, whose upper half stays zero.
      view.setUint32(nlink, stat.nlink, true);
      view.setUint32(mode, stat.mode, true);
      view.setUint32(uid, stat.uid, true);
      view.setUint32(gid, stat.gid, true);
      setWide(view, rdev, stat.rdev);
      setWide(view, STAT_SIZE, stat.size);
      view.setInt32(56, stat.blockSize, true);
      setWide(view, 64, stat.blocks);
      setWide(view, 72, stat.atimeSec);
      setWide(view, 80, stat.atimeNsec);
      setWide(view, 88, stat.mtimeSec);
      setWide(view, 96, stat.mtimeNsec);
      setWide(view, 104, stat.ctimeSec);
      setWide(view, 112, stat.ctimeNsec);
    },
  };
}

export const STAT_GENERIC = layout({ bytes: 128, mode: 16, nlink: 20, uid: 24, gid: 28, rdev: 32 });
export const STAT_X86_64 = layout({ bytes: 144, mode: 24, nlink: 16, uid: 28, gid: 32, rdev: 40 });

/** Device numbers are major << 8 | minor (minors below 256), which Linux's `new_encode_dev` leaves as it is. */
export function deviceMajor(dev: number): number {
  return dev >>> 8;
}

export function deviceMinor(dev: number): number {
  return dev & 0xff;
}
