/**
 * Inode numbers of procfs: each one says what it is, so that nothing need be stored.
 *
 * Layout  0 .. 2^21             system files and directories, by position in the static tree
 *         pid * 2^21 + slot     /proc/PID: 1 <= pid < 2^31
 *         2^52 + tid * 128 + slot   /proc/PID/task/TID
 * Slots   0 the directory, 1-5 links and subdirectories, 16 + i text file i, 2^20 + fd descriptor fd
 */
import type { Ino } from '@veridian-os/abi';

const { floor } = Math;

const PROCESS_SLOTS = 2 ** 21;
const THREAD_BASE = 2 ** 52;
const THREAD_SLOTS = 128;

export const SLOT_DIRECTORY = 0;
export const SLOT_EXE = 1;
export const SLOT_CWD = 2;
export const SLOT_ROOT = 3;
export const SLOT_FD = 4;
export const SLOT_TASK = 5;
/** First text file. */
export const SLOT_FILES = 16;
/** Descriptor 0. */
export const SLOT_DESCRIPTORS = 2 ** 20;
/** Text files that fit in a thread's slots. */
export const MAX_PROCESS_FILES = 100;

/** Fixed entries of /proc/PID besides its text files. */
export const PROCESS_LINKS: readonly (readonly [name: string, slot: number])[] = [
  ['exe', SLOT_EXE],
  ['cwd', SLOT_CWD],
  ['root', SLOT_ROOT],
  ['fd', SLOT_FD],
  ['task', SLOT_TASK],
];

export type ProcNode =
  | { readonly kind: 'system'; readonly index: number }
  | { readonly kind: 'process'; readonly pid: number; readonly slot: number }
  | { readonly kind: 'thread'; readonly tid: number; readonly slot: number };

export function decodeIno(ino: Ino): ProcNode {
  if (ino >= THREAD_BASE) {
    const rest = ino - THREAD_BASE;
    return { kind: 'thread', tid: floor(rest / THREAD_SLOTS), slot: rest % THREAD_SLOTS };
  }
  if (ino < PROCESS_SLOTS) return { kind: 'system', index: ino };
  return { kind: 'process', pid: floor(ino / PROCESS_SLOTS), slot: ino % PROCESS_SLOTS };
}

export function processIno(pid: number, slot: number): Ino {
  return (pid * PROCESS_SLOTS + slot) as Ino;
}

export function threadIno(tid: number, slot: number): Ino {
  return (THREAD_BASE + tid * THREAD_SLOTS + slot) as Ino;
}
