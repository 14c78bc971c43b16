/**
 * The file server's protocol: labels, and how names and attributes travel in a message.
 *
 * Request    label = operation; words 0..3 = numbers; payload = names (NUL after each) then attributes;
 *            capability 0 = directory that a relative first name starts from, 1 = the same for the second name
 * Answer     label = 0 or Errno; word 0 = number; payload = stat or text; capability 0 = the opened file
 */
import type { AttributeChange, FileStat, FileSystemStat } from '@veridian-os/abi';

export const FsOperation = {
  Open: 1,
  Stat: 2,
  SetAttributes: 3,
  Mkdir: 4,
  Mknod: 5,
  Unlink: 6,
  Rmdir: 7,
  Rename: 8,
  Link: 9,
  Symlink: 10,
  Readlink: 11,
  Statfs: 12,
  PathName: 13,
  Sync: 14,
} as const;
export type FsOperation = (typeof FsOperation)[keyof typeof FsOperation];

const encoder = new TextEncoder();
// A name may begin with U+FEFF; it is no byte order mark.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Writes NUL-terminated names; the bytes used, or -1 when they do not fit. */
export function encodeNames(into: Uint8Array<ArrayBufferLike>, ...names: readonly string[]): number {
  let at = 0;
  for (const name of names) {
    const bytes = encoder.encode(name);
    if (at + bytes.length + 1 > into.length) return -1;
    into.set(bytes, at);
    at += bytes.length;
    into[at++] = 0;
  }
  return at;
}

/** The NUL-terminated names of a payload of `length` bytes. */
export function decodeNames(from: Uint8Array<ArrayBufferLike>, length: number): string[] {
  const names: string[] = [];
  let start = 0;
  for (let at = 0; at < length; at++) {
    if (from[at] !== 0) continue;
    // A copy: TextDecoder refuses views of shared buffers.
    names.push(decoder.decode(from.slice(start, at)));
    start = at + 1;
  }
  return names;
}

const STAT_FIELDS: readonly (keyof FileStat)[] = [
  'dev',
  'ino',
  'mode',
  'nlink',
  'uid',
  'gid',
  'rdev',
  'size',
  'blockSize',
  'blocks',
  'atimeSec',
  'atimeNsec',
  'mtimeSec',
  'mtimeNsec',
  'ctimeSec',
  'ctimeNsec',
];

const STATFS_FIELDS: readonly (keyof FileSystemStat)[] = [
  'type',
  'blockSize',
  'blocks',
  'blocksFree',
  'files',
  'filesFree',
  'nameMax',
];

const CHANGE_FIELDS: readonly (keyof AttributeChange)[] = [
  'mode',
  'uid',
  'gid',
  'size',
  'atimeSec',
  'atimeNsec',
  'mtimeSec',
  'mtimeNsec',
];

/** A FileStat of zeroes, for callers to reuse. */
export function emptyStat(): FileStat {
  return Object.fromEntries(STAT_FIELDS.map((field) => [field, 0])) as unknown as FileStat;
}

export function emptyFileSystemStat(): FileSystemStat {
  return Object.fromEntries(STATFS_FIELDS.map((field) => [field, 0])) as unknown as FileSystemStat;
}

export function encodeStat(into: Uint8Array<ArrayBufferLike>, stat: FileStat): number {
  return encodeFields(into, stat, STAT_FIELDS);
}

export function decodeStat(from: Uint8Array<ArrayBufferLike>, out: FileStat): void {
  decodeFields(from, out, STAT_FIELDS);
}

export function encodeFileSystemStat(into: Uint8Array<ArrayBufferLike>, stat: FileSystemStat): number {
  return encodeFields(into, stat, STATFS_FIELDS);
}

export function decodeFileSystemStat(from: Uint8Array<ArrayBufferLike>, out: FileSystemStat): void {
  decodeFields(from, out, STATFS_FIELDS);
}

/** Bytes of an encoded attribute change. */
export const CHANGE_BYTES = CHANGE_FIELDS.length * 8;

/** Absent attributes travel as NaN. */
export function encodeChange(into: Uint8Array<ArrayBufferLike>, offset: number, change: AttributeChange): void {
  const view = new DataView(into.buffer, into.byteOffset + offset);
  CHANGE_FIELDS.forEach((field, index) => view.setFloat64(index * 8, change[field] ?? NaN, true));
}

export function decodeChange(from: Uint8Array<ArrayBufferLike>, offset: number): AttributeChange {
  const view = new DataView(from.buffer, from.byteOffset + offset);
  const change: AttributeChange = {};
  CHANGE_FIELDS.forEach((field, index) => {
    const value = view.getFloat64(index * 8, true);
    if (!Number.isNaN(value)) change[field] = value;
  });
  return change;
}

function encodeFields<T extends object>(
  into: Uint8Array<ArrayBufferLike>,
  source: T,
  fields: readonly (keyof T)[],
): number {
  const view = new DataView(into.buffer, into.byteOffset);
  fields.forEach((field, index) => view.setFloat64(index * 8, source[field] as number, true));
  return fields.length * 8;
}

function decodeFields<T extends object>(from: Uint8Array<ArrayBufferLike>, out: T, fields: readonly (keyof T)[]): void {
  const view = new DataView(from.buffer, from.byteOffset);
  const target = out as Record<keyof T, number>;
  fields.forEach((field, index) => {
    target[field] = view.getFloat64(index * 8, true);
  });
}
