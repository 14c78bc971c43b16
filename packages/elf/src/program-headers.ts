/**
 * The program headers: segments to load, the interpreter's place, the stack's protection.
 *
 * Nothing here trusts a field: sums are made of doubles, which neither wrap nor lose an address below 2^53, and each
 * list is bounded by the header's own checked count.
 * Source: gABI chapter 5 "Program Header"; Linux fs/binfmt_elf.c for what is tolerated.
 */
import { PAGE_SIZE } from '@veridian-os/abi';
import {
  MAX_INTERPRETER_BYTES,
  MAX_SEGMENTS,
  PROGRAM_HEADER_BYTES,
  USER_LIMIT,
  type ElfError,
  type ElfOptions,
  type Segment,
} from './api.js';
import { refuse, type ElfHeader } from './header.js';
import { hex, hex64, read32, read64 } from './internal/bytes.js';

const PT_LOAD = 1;
const PT_INTERP = 3;
const PT_GNU_STACK = 0x6474e551;

/** Offsets of the fields of one program header. */
const FLAGS = 4;
const OFFSET = 8;
const VADDR = 16;
const FILESZ = 32;
const MEMSZ = 40;
const ALIGN = 48;

export interface ProgramHeaders {
  readonly ok: true;
  readonly segments: Segment[];
  /** Where the PT_INTERP path is in the file; length 0: none. */
  readonly interpreterOffset: number;
  readonly interpreterBytes: number;
  readonly executableStack: boolean;
}

/** Bounds that a segment must keep. */
interface Bounds {
  readonly fileBytes: number;
  readonly lowest: number;
  readonly limit: number;
}

/**
 * Checks all program headers.
 * @param table exactly `header.tableCount` program headers
 */
export function parseProgramHeaders(
  table: Uint8Array,
  header: ElfHeader,
  fileBytes: number,
  options: ElfOptions,
): ProgramHeaders | ElfError {
  const bounds: Bounds = {
    fileBytes,
    lowest: header.positionIndependent ? 0 : (options.minimumAddress ?? 65536),
    limit: options.addressLimit ?? USER_LIMIT[header.machine],
  };
  const segments: Segment[] = [];
  let interpreter = -1;
  let stack = -1;
  for (let index = 0; index < header.tableCount; index++) {
    const at = index * PROGRAM_HEADER_BYTES;
    const type = read32(table, at);
    if (type === PT_INTERP && interpreter < 0) interpreter = index;
    else if (type === PT_GNU_STACK && stack < 0) stack = index;
    else if (type === PT_LOAD) {
      const error = addSegment(segments, table, index, bounds);
      if (error !== undefined) return error;
    }
  }
  if (segments.length === 0) return refuse('p_type', 'at least one PT_LOAD that occupies memory', 'none');
  const error = interpreter < 0 ? undefined : checkInterpreter(table, interpreter, fileBytes);
  if (error !== undefined) return error;
  return {
    ok: true,
    segments,
    interpreterOffset: interpreter < 0 ? 0 : read64(table, interpreter * PROGRAM_HEADER_BYTES + OFFSET),
    interpreterBytes: interpreter < 0 ? 0 : read64(table, interpreter * PROGRAM_HEADER_BYTES + FILESZ),
    executableStack: stack >= 0 && (read32(table, stack * PROGRAM_HEADER_BYTES + FLAGS) & 1) !== 0,
  };
}

/** Checks header `index` and appends it; an empty segment is legal and left out. */
function addSegment(segments: Segment[], table: Uint8Array, index: number, bounds: Bounds): ElfError | undefined {
  const at = index * PROGRAM_HEADER_BYTES;
  // Addresses first: afterwards they are known to be exact.
  const error = checkAddresses(table, index, bounds) ?? checkFilePart(table, index, bounds);
  if (error !== undefined) return error;
  const memoryBytes = read64(table, at + MEMSZ);
  if (memoryBytes === 0) return undefined;
  const virtualAddress = read64(table, at + VADDR);
  const before = segments[segments.length - 1];
  if (before !== undefined && virtualAddress < before.virtualAddress + before.memoryBytes) {
    const expected = `at least ${hex(before.virtualAddress + before.memoryBytes)} (the end of the segment before)`;
    return refuse(`p_vaddr[${index}]`, expected, hex(virtualAddress));
  }
  if (segments.length === MAX_SEGMENTS) return refuse(`p_type[${index}]`, `at most ${MAX_SEGMENTS} PT_LOAD`, 'more');
  segments.push({
    virtualAddress,
    memoryBytes,
    fileOffset: read64(table, at + OFFSET),
    fileBytes: read64(table, at + FILESZ),
    prot: toProt(read32(table, at + FLAGS)),
    align: Math.max(1, read64(table, at + ALIGN)),
  });
  return undefined;
}

/** PF_ bits (X 1, W 2, R 4) to PROT_ bits (R 1, W 2, X 4). */
function toProt(flags: number): number {
  return ((flags >> 2) & 1) | (flags & 2) | ((flags & 1) << 2);
}

function checkFilePart(table: Uint8Array, index: number, bounds: Bounds): ElfError | undefined {
  const at = index * PROGRAM_HEADER_BYTES;
  const offset = read64(table, at + OFFSET);
  const fileBytes = read64(table, at + FILESZ);
  const memoryBytes = read64(table, at + MEMSZ);
  if (fileBytes > memoryBytes) {
    return refuse(`p_filesz[${index}]`, `at most p_memsz (${hex64(table, at + MEMSZ)})`, hex64(table, at + FILESZ));
  }
  if (fileBytes === 0) return undefined;
  if (offset > bounds.fileBytes) {
    return refuse(`p_offset[${index}]`, `at most ${bounds.fileBytes} (the file's length)`, hex64(table, at + OFFSET));
  }
  if (offset + fileBytes > bounds.fileBytes) {
    const left = bounds.fileBytes - offset;
    return refuse(`p_filesz[${index}]`, `at most ${left} (the rest of the file)`, hex64(table, at + FILESZ));
  }
  const virtualAddress = read64(table, at + VADDR);
  if (offset % PAGE_SIZE !== virtualAddress % PAGE_SIZE) {
    const expected = `${hex(virtualAddress % PAGE_SIZE)} modulo the page size, as p_vaddr`;
    return refuse(`p_offset[${index}]`, expected, hex64(table, at + OFFSET));
  }
  return undefined;
}

function checkAddresses(table: Uint8Array, index: number, bounds: Bounds): ElfError | undefined {
  const at = index * PROGRAM_HEADER_BYTES;
  const virtualAddress = read64(table, at + VADDR);
  const memoryBytes = read64(table, at + MEMSZ);
  if (memoryBytes > bounds.limit) {
    return refuse(`p_memsz[${index}]`, `at most ${hex(bounds.limit)}`, hex64(table, at + MEMSZ));
  }
  if (memoryBytes > 0 && (virtualAddress < bounds.lowest || virtualAddress > bounds.limit - memoryBytes)) {
    const expected = `${hex(bounds.lowest)} to ${hex(bounds.limit - memoryBytes)} (user addresses)`;
    return refuse(`p_vaddr[${index}]`, expected, hex64(table, at + VADDR));
  }
  const align = read64(table, at + ALIGN);
  if (align > bounds.limit || !isPowerOfTwoOrZero(read32(table, at + ALIGN), read32(table, at + ALIGN + 4))) {
    return refuse(`p_align[${index}]`, 'zero or a power of two', hex64(table, at + ALIGN));
  }
  return undefined;
}

function isPowerOfTwoOrZero(lo: number, hi: number): boolean {
  return (lo === 0 || hi === 0) && (lo & (lo - 1)) === 0 && (hi & (hi - 1)) === 0;
}

function checkInterpreter(table: Uint8Array, index: number, fileBytes: number): ElfError | undefined {
  const at = index * PROGRAM_HEADER_BYTES;
  const length = read64(table, at + FILESZ);
  if (length < 2 || length > MAX_INTERPRETER_BYTES) {
    return refuse(`p_filesz[${index}]`, `2 to ${MAX_INTERPRETER_BYTES} for PT_INTERP`, hex64(table, at + FILESZ));
  }
  if (read64(table, at + OFFSET) + length > fileBytes) {
    return refuse(`p_offset[${index}]`, 'a PT_INTERP path inside the file', hex64(table, at + OFFSET));
  }
  return undefined;
}
