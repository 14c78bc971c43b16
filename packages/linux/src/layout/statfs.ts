/**
 * `struct statfs` (asm-generic/statfs.h, 64 bit): 120 bytes.
 *
 *   0 f_type  8 f_bsize  16 f_blocks  24 f_bfree  32 f_bavail  40 f_files  48 f_ffree  56 f_fsid  64 f_namelen
 *   72 f_frsize  80 f_flags
 */
import type { FileSystemStat } from '@veridian-os/abi';
import { clear, setWide } from './words.js';

export const STATFS_BYTES = 120;
/** f_flags holds mount flags. */
const ST_VALID = 0x20;

export function encodeStatfs(view: DataView, stat: FileSystemStat): void {
  clear(view, STATFS_BYTES);
  setWide(view, 0, stat.type);
  setWide(view, 8, stat.blockSize);
  setWide(view, 16, stat.blocks);
  setWide(view, 24, stat.blocksFree);
  setWide(view, 32, stat.blocksFree);
  setWide(view, 40, stat.files);
  setWide(view, 48, stat.filesFree);
  setWide(view, 64, stat.nameMax);
  setWide(view, 72, stat.blockSize);
  setWide(view, 80, ST_VALID);
}
