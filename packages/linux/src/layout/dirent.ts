/**
 * Directory entries, one record after another.
 *
 *   linux_dirent64  0 d_ino  8 d_off (cookie of the next record)  16 d_reclen:2  18 d_type:1  19 d_name, NUL
 *   linux_dirent    0 d_ino  8 d_off  16 d_reclen:2  18 d_name, NUL; d_type in the record's last byte
 *
 * Records are padded to 8 bytes.
 */
import { S_IFMT } from '@veridian-os/abi';
import { setWide } from './words.js';

export interface DirentLayout {
  /** Bytes of a record for a name of `nameBytes` bytes. */
  bytes(nameBytes: number): number;
  /** Writes one record at `offset`; the caller checked that `bytes(name.length)` bytes are there. */
  encode(view: DataView, offset: number, ino: number, nextOffset: number, mode: number, name: Uint8Array): void;
}

const pad8 = (bytes: number): number => (bytes + 7) & ~7;
const OLD_NAME = 18;
const NAME64 = 19;

/** Beside the name: its NUL, and for the old one the type. */
const layout = (nameAt: number, extra: number, isTypeLast: boolean): DirentLayout => ({
  bytes: (nameBytes) => pad8(nameAt + nameBytes + extra),
  encode(view, offset, ino, nextOffset, mode, name) {
    const length = this.bytes(name.length);
    const bytes = new Uint8Array(view.buffer, view.byteOffset + offset, length);
    bytes.fill(0);
    setWide(view, offset, ino);
    setWide(view, offset + 8, nextOffset);
    view.setUint16(offset + 16, length, true);
    bytes[isTypeLast ? length - 1 : 18] = (mode & S_IFMT) >>> 12; // DT_DIR = 4 = S_IFDIR >> 12, and so on
    bytes.set(name, nameAt);
  },
});

export const DIRENT64 = layout(NAME64, 1, false);
export const DIRENT_OLD = layout(OLD_NAME, 2, true);
