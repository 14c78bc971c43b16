/** Writing little-endian fields of a configuration space. */

export function put16(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value;
  bytes[offset + 1] = value >>> 8;
}

export function put32(bytes: Uint8Array, offset: number, value: number): void {
  put16(bytes, offset, value);
  put16(bytes, offset + 2, value >>> 16);
}

/** @param value an integer in 0 .. 2^53 - 1 */
export function put64(bytes: Uint8Array, offset: number, value: number): void {
  put32(bytes, offset, value % 4294967296);
  put32(bytes, offset + 4, Math.floor(value / 4294967296));
}
