/**
 * The ELF64 file header.
 *
 * Source: System V ABI gABI chapter 4 "ELF Header"; RISC-V psABI section 8.1 for `e_flags`.
 */
import {
  ELF_HEADER_BYTES,
  MAX_PROGRAM_HEADERS,
  PROGRAM_HEADER_BYTES,
  type ElfError,
  type ElfMachine,
  type ElfOptions,
} from './api.js';
import { hex, hex64, read16, read32, read64 } from './internal/bytes.js';

/** What the rest of the parser needs of the file header. */
export interface ElfHeader {
  readonly ok: true;
  readonly machine: ElfMachine;
  readonly positionIndependent: boolean;
  readonly entry: number;
  /** File offset and number of the program headers; the table is inside the file. */
  readonly tableOffset: number;
  readonly tableCount: number;
}

const ET_EXEC = 2;
const ET_DYN = 3;
const TYPE_NAMES: Readonly<Record<number, string>> = { 0: 'none', 1: 'a relocatable object', 4: 'a core dump' };
const MACHINES: Readonly<Record<number, ElfMachine>> = { 62: 'x86_64', 183: 'aarch64', 243: 'riscv64' };
/** Names of foreign machines, for messages only. */
const FOREIGN: Readonly<Record<number, string>> = { 3: 'i386', 8: 'mips', 21: 'ppc64', 22: 's390x', 40: 'arm' };

const EF_RISCV_FLOAT_ABI = 0x6;
const EF_RISCV_FLOAT_ABI_QUAD = 0x6;
const EF_RISCV_RVE = 0x8;

export function refuse(field: string, expected: string, got: string): ElfError {
  return { ok: false, field, message: `${field}: expected ${expected}, got ${got}` };
}

/**
 * Checks the file header.
 * @param head at least {@link ELF_HEADER_BYTES} bytes from the file's start
 * @param fileBytes length of the whole file
 */
export function parseHeader(head: Uint8Array, fileBytes: number, options: ElfOptions): ElfHeader | ElfError {
  const identity = checkIdentity(head);
  if (identity !== undefined) return identity;
  const type = read16(head, 16);
  if (type !== ET_EXEC && type !== ET_DYN) {
    return refuse('e_type', 'ET_EXEC (2) or ET_DYN (3)', `${type} (${TYPE_NAMES[type] ?? 'unknown'})`);
  }
  const machine = checkMachine(head, options.machine);
  if (typeof machine !== 'string') return machine;
  const version = read32(head, 20);
  if (version !== 1) return refuse('e_version', '1', String(version));
  const table = checkTable(head, fileBytes);
  if (table !== undefined) return table;
  return {
    ok: true,
    machine,
    positionIndependent: type === ET_DYN,
    entry: read64(head, 24),
    tableOffset: read64(head, 32),
    tableCount: read16(head, 56),
  };
}

function checkIdentity(head: Uint8Array): ElfError | undefined {
  const magic = (head[0] << 24) | (head[1] << 16) | (head[2] << 8) | head[3];
  if (magic !== 0x7f454c46) return refuse('e_ident[EI_MAG]', '7f 45 4c 46', hexBytes(head.subarray(0, 4)));
  if (head[4] !== 2) return refuse('e_ident[EI_CLASS]', '2 (64-bit)', head[4] === 1 ? '1 (32-bit)' : String(head[4]));
  if (head[5] !== 1) {
    return refuse('e_ident[EI_DATA]', '1 (little-endian)', head[5] === 2 ? '2 (big-endian)' : String(head[5]));
  }
  if (head[6] !== 1) return refuse('e_ident[EI_VERSION]', '1', String(head[6]));
  // 3 is what toolchains write when a program uses GNU extensions such as IFUNC.
  if (head[7] !== 0 && head[7] !== 3) {
    return refuse('e_ident[EI_OSABI]', '0 (System V) or 3 (Linux)', String(head[7]));
  }
  return undefined;
}

export function hexBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

function checkMachine(head: Uint8Array, wanted: ElfMachine | undefined): ElfMachine | ElfError {
  const number = read16(head, 18);
  const machine = MACHINES[number];
  if (machine === undefined || (wanted !== undefined && machine !== wanted)) {
    const expected = wanted ?? Object.values(MACHINES).join(', ');
    return refuse('e_machine', expected, `${number} (${machine ?? FOREIGN[number] ?? 'unknown'})`);
  }
  const flags = read32(head, 48);
  if (machine === 'riscv64' && (flags & EF_RISCV_RVE) !== 0) return refuse('e_flags', 'RV64I', `${hex(flags)} (RV64E)`);
  if (machine === 'riscv64' && (flags & EF_RISCV_FLOAT_ABI) === EF_RISCV_FLOAT_ABI_QUAD) {
    return refuse('e_flags', 'soft, single or double float ABI', `${hex(flags)} (quad)`);
  }
  return machine;
}

function checkTable(head: Uint8Array, fileBytes: number): ElfError | undefined {
  const size = read16(head, 54);
  if (size !== PROGRAM_HEADER_BYTES) return refuse('e_phentsize', String(PROGRAM_HEADER_BYTES), String(size));
  const count = read16(head, 56);
  if (count < 1 || count > MAX_PROGRAM_HEADERS) return refuse('e_phnum', `1 to ${MAX_PROGRAM_HEADERS}`, String(count));
  const offset = read64(head, 32);
  const bytes = count * size;
  if (offset < ELF_HEADER_BYTES || offset + bytes > fileBytes) {
    const table = `${count} headers of ${size} bytes behind the file header and inside the file's ${fileBytes} bytes`;
    return refuse('e_phoff', table, hex64(head, 32));
  }
  return undefined;
}
