/** The shortest program there is, in an address space of its own: reads the time stamp counter and makes a system call. */
import { PAGE_SIZE } from '@veridian-os/abi';

/** RDTSC, SYSCALL, little-endian. */
const INSTRUCTIONS = 0x050f_310f;
const WORDS = PAGE_SIZE / 4;
const TABLE = 7; // present, writable, user
const CODE = 5; // present, user

export const FIRST_PROGRAM = {
  /** Virtual address of the first instruction. */
  address: 0x1000,
  /** Frames of page tables at its start: the root first. */
  tables: 4,
} as const;

/** Four tables and a page of code for the physical address `base`. */
export function firstProgram(base: number): Uint32Array {
  const { tables, address } = FIRST_PROGRAM;
  const words = new Uint32Array((tables + 1) * WORDS);
  const page = (index: number): number => base + index * PAGE_SIZE;
  for (let level = 0; level < tables - 1; level++) words[level * WORDS] = page(level + 1) | TABLE;
  words[(tables - 1) * WORDS + (address / PAGE_SIZE) * 2] = page(tables) | CODE;
  words[tables * WORDS] = INSTRUCTIONS;
  return words;
}
