/** 64-bit fields of user structures, as numbers: little endian, exact below 2^53. */
import { highWord, lowWord, toNumber, toSigned } from '@veridian-os/abi';

/** Stores an integer |value| < 2^53 as 8 bytes. */
export function setWide(view: DataView, offset: number, value: number): void {
  view.setUint32(offset, lowWord(value), true);
  view.setUint32(offset + 4, highWord(value), true);
}

/** Unsigned 64-bit field; rounded from 2^53 on. */
export function getWide(view: DataView, offset: number): number {
  return toNumber(view.getUint32(offset, true), view.getUint32(offset + 4, true));
}

/** Signed 64-bit field. */
export function getSignedWide(view: DataView, offset: number): number {
  return toSigned(view.getUint32(offset, true), view.getUint32(offset + 4, true));
}

/** Zeroes `length` bytes: padding and reserved fields never show old contents. */
export function clear(view: DataView, length: number): void {
  new Uint8Array(view.buffer, view.byteOffset, length).fill(0);
}
