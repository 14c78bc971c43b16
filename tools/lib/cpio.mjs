/**
 * Writer of cpio archives in the format `newc`, which Linux unpacks as its initial RAM disk.
 *
 * Numbers are eight hexadecimal digits; names and contents are padded to 4 bytes. Times are 0, so that equal trees give
 * equal archives.
 * Source: Linux, Documentation/driver-api/early-userspace/buffer-format.rst
 */

const FILE = 0o100000;
const FOLDER = 0o040000;
const LINK = 0o120000;
const DEVICE = 0o020000;
const TRAILER = 'TRAILER!!!';

const pad = (length) => (4 - (length % 4)) % 4;

export class CpioWriter {
  #parts = [];
  #inode = 0;

  /** @param path without a slash at its beginning; its folders must have been added before */
  folder(path, mode = 0o755) {
    return this.#entry(path, FOLDER | mode, 2, Buffer.alloc(0));
  }

  file(path, bytes, mode = 0o644) {
    return this.#entry(path, FILE | mode, 1, Buffer.from(bytes));
  }

  link(path, target) {
    return this.#entry(path, LINK | 0o777, 1, Buffer.from(target));
  }

  /** A character device. */
  device(path, major, minor, mode = 0o600) {
    return this.#entry(path, DEVICE | mode, 1, Buffer.alloc(0), [major, minor]);
  }

  /** @returns the archive */
  finish() {
    this.#inode = -1;
    this.#entry(TRAILER, 0, 1, Buffer.alloc(0));
    return Buffer.concat(this.#parts);
  }

  #entry(path, mode, links, bytes, [major, minor] = [0, 0]) {
    if (path.startsWith('/') || path.includes('\0')) throw new RangeError(`path: expected a relative one, got ${path}`);
    const name = Buffer.from(`${path}\0`);
    const numbers = [++this.#inode, mode, 0, 0, links, 0, bytes.length, 0, 0, major, minor, name.length, 0];
    const header = `070701${numbers.map((value) => value.toString(16).padStart(8, '0')).join('')}`;
    this.#parts.push(Buffer.from(header), name, Buffer.alloc(pad(header.length + name.length)));
    this.#parts.push(bytes, Buffer.alloc(pad(bytes.length)));
    return this;
  }
}
