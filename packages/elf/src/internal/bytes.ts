/** Little-endian fields of a byte array. 64-bit values are numbers: exact below 2^53, rounded (still huge) above. */
import { toNumber } from '@veridian-os/abi';

export function read16(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8);
}

export function read32(bytes: Uint8Array, at: number): number {
  return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
}

export function read64(bytes: Uint8Array, at: number): number {
  return toNumber(read32(bytes, at), read32(bytes, at + 4));
}

/** The exact 64 bits, for messages. */
export function hex64(bytes: Uint8Array, at: number): string {
  const hi = read32(bytes, at + 4);
  const lo = read32(bytes, at).toString(16);
  return hi === 0 ? `0x${lo}` : `0x${hi.toString(16)}${lo.padStart(8, '0')}`;
}

export function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

/** UTF-8 text, or undefined when the bytes are something else. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
