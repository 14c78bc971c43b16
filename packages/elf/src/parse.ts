/**
 * ELF64 executables from bytes, hostile ones included.
 *
 * The parser looks at three parts of a file (header, program headers, interpreter path) wherever they are, and says
 * which one it misses, so that a kernel reads a few hundred bytes of a 10 MB program.
 * Bounds  at most 3 rounds of {@link ElfHeadersNeeded}; O(program headers) work; never throws on file contents
 * Source  System V gABI chapters 4 and 5
 */
import { panic } from '@veridian-os/abi';
import {
  ELF_HEADER_BYTES,
  PROGRAM_HEADER_BYTES,
  type ElfError,
  type ElfHeadersNeeded,
  type ElfImage,
  type ElfOptions,
  type ElfPiece,
  type Segment,
} from './api.js';
import { hexBytes, parseHeader, refuse, type ElfHeader } from './header.js';
import { decodeUtf8, hex } from './internal/bytes.js';
import { parseProgramHeaders } from './program-headers.js';

const PROT_EXEC = 4;
const MAGIC = [0x7f, 0x45, 0x4c, 0x46];

/** Parses a file that is in memory as a whole. */
export function parseElf(bytes: Uint8Array, options: ElfOptions = {}): ElfImage | ElfError {
  const result = parseElfHeaders([{ offset: 0, bytes }], bytes.length, options);
  // Every part that the parser asks for lies inside the file, and the whole file is here.
  return result.ok === 'more' ? panic('elf/missing-part', `${result.offset}+${result.length}`) : result;
}

/**
 * Parses a file of which only some pieces are at hand (start with its first page, or with none).
 * @param pieces parts of the file, in any order; a part that is asked for must then be covered by one single piece
 * @param fileBytes length of the whole file
 * @throws RangeError unless `fileBytes` is a non-negative safe integer
 */
export function parseElfHeaders(
  pieces: readonly ElfPiece[],
  fileBytes: number,
  options: ElfOptions = {},
): ElfImage | ElfError | ElfHeadersNeeded {
  if (!Number.isSafeInteger(fileBytes) || fileBytes < 0) {
    throw new RangeError(`fileBytes: expected a non-negative integer, got ${fileBytes}`);
  }
  if (fileBytes < ELF_HEADER_BYTES) return refuseShort(pieces, fileBytes);
  const head = find(pieces, 0, ELF_HEADER_BYTES);
  if (head === undefined) return more(0, ELF_HEADER_BYTES);
  const header = parseHeader(head, fileBytes, options);
  if (!header.ok) return header;

  const tableBytes = header.tableCount * PROGRAM_HEADER_BYTES;
  const table = find(pieces, header.tableOffset, tableBytes);
  if (table === undefined) return more(header.tableOffset, tableBytes);
  const parsed = parseProgramHeaders(table, header, fileBytes, options);
  if (!parsed.ok) return parsed;

  let interpreter: string | undefined;
  if (parsed.interpreterBytes > 0) {
    const path = find(pieces, parsed.interpreterOffset, parsed.interpreterBytes);
    if (path === undefined) return more(parsed.interpreterOffset, parsed.interpreterBytes);
    const text = interpreterPath(path);
    if (typeof text !== 'string') return text;
    interpreter = text;
  }
  return toImage(header, parsed.segments, interpreter, parsed.executableStack);
}

/** A text file is better told that it is no ELF file than that it is too short for one. */
function refuseShort(pieces: readonly ElfPiece[], fileBytes: number): ElfError | ElfHeadersNeeded {
  const length = Math.min(fileBytes, MAGIC.length);
  const magic = find(pieces, 0, length);
  if (magic === undefined && length > 0) return more(0, length);
  if (magic?.some((byte, index) => byte !== MAGIC[index]) === true) {
    return refuse('e_ident[EI_MAG]', hexBytes(Uint8Array.from(MAGIC)), hexBytes(magic));
  }
  return refuse('file', `at least ${ELF_HEADER_BYTES} bytes`, String(fileBytes));
}

function more(offset: number, length: number): ElfHeadersNeeded {
  return { ok: 'more', offset, length };
}

function find(pieces: readonly ElfPiece[], offset: number, length: number): Uint8Array | undefined {
  for (const piece of pieces) {
    const start = offset - piece.offset;
    if (start >= 0 && start + length <= piece.bytes.length) return piece.bytes.subarray(start, start + length);
  }
  return undefined;
}

function interpreterPath(bytes: Uint8Array): string | ElfError {
  if (bytes[bytes.length - 1] !== 0) return refuse('PT_INTERP', 'a path that ends with NUL', 'none');
  const path = decodeUtf8(bytes.subarray(0, bytes.indexOf(0)));
  if (path === undefined || path === '')
    return refuse('PT_INTERP', 'a path in UTF-8', path === '' ? 'nothing' : 'other bytes');
  return path;
}

function toImage(
  header: ElfHeader,
  segments: readonly Segment[],
  interpreter: string | undefined,
  executableStack: boolean,
): ElfImage | ElfError {
  const home = segments.find((segment) => contains(segment, header.entry));
  if (home === undefined || (home.prot & PROT_EXEC) === 0) {
    return refuse('e_entry', 'an address inside an executable segment', hex(header.entry));
  }
  const last = segments[segments.length - 1];
  return {
    ok: true,
    machine: header.machine,
    positionIndependent: header.positionIndependent,
    entry: header.entry,
    segments,
    interpreter,
    programHeaders: tableAddress(header.tableOffset, segments),
    programHeaderBytes: PROGRAM_HEADER_BYTES,
    programHeaderCount: header.tableCount,
    executableStack,
    end: last.virtualAddress + last.memoryBytes,
  };
}

function contains(segment: Segment, address: number): boolean {
  return address >= segment.virtualAddress && address < segment.virtualAddress + segment.memoryBytes;
}

/** Virtual address of the byte at file offset `offset`, or 0 when no segment loads it. */
function tableAddress(offset: number, segments: readonly Segment[]): number {
  for (const segment of segments) {
    const delta = offset - segment.fileOffset;
    if (delta >= 0 && delta < segment.fileBytes) return segment.virtualAddress + delta;
  }
  return 0;
}
