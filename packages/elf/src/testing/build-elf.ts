/**
 * A small linker: valid ELF64 executables from a description, for tests.
 *
 * Layout of the file: header, program headers, interpreter path, then each segment's bytes at the next offset that is
 * congruent to its address modulo 4096. The first segment can be asked to load the headers, as linkers do.
 */
import { PAGE_SIZE, highWord, lowWord } from '@veridian-os/abi';
import { ELF_HEADER_BYTES, PROGRAM_HEADER_BYTES, type ElfMachine } from '../api.js';

export interface BuildSegment {
  readonly virtualAddress: number;
  /** File contents of the segment. */
  readonly bytes: Uint8Array;
  /** Bytes in memory; default `bytes.length`. */
  readonly memoryBytes?: number;
  /** PROT_ bits: 1 read, 2 write, 4 execute. */
  readonly prot: number;
  /** Default 4096. */
  readonly align?: number;
}

export interface BuildElf {
  /** Default riscv64. */
  readonly machine?: ElfMachine;
  /** ET_DYN instead of ET_EXEC. */
  readonly positionIndependent?: boolean;
  readonly entry: number;
  readonly segments: readonly BuildSegment[];
  /** Adds a PT_INTERP. */
  readonly interpreter?: string;
  /** Adds a PT_GNU_STACK. */
  readonly executableStack?: boolean;
  /** Prepends a read-only segment at this page address that loads the file's headers (so that AT_PHDR is not 0). */
  readonly headersAt?: number;
}

const E_MACHINE: Readonly<Record<ElfMachine, number>> = { riscv64: 243, x86_64: 62, aarch64: 183 };
const PT_LOAD = 1;
const PT_INTERP = 3;
const PT_GNU_STACK = 0x6474e551;

interface Row {
  readonly type: number;
  readonly prot: number;
  readonly offset: number;
  readonly address: number;
  readonly fileBytes: number;
  readonly memoryBytes: number;
  readonly align: number;
}

/** Builds the file. The description is not checked: tests may ask for nonsense. */
export function buildElf(description: BuildElf): Uint8Array<ArrayBuffer> {
  const { segments, headersAt, executableStack } = description;
  const path = new TextEncoder().encode(description.interpreter === undefined ? '' : `${description.interpreter}\0`);
  const count =
    segments.length + Number(path.length > 0) + Number(executableStack !== undefined) + Number(headersAt !== undefined);
  const headersEnd = ELF_HEADER_BYTES + count * PROGRAM_HEADER_BYTES + path.length;

  const rows: Row[] = [];
  if (path.length > 0) {
    const offset = headersEnd - path.length;
    rows.push({ ...row(PT_INTERP, 1, offset, 0, path.length), align: 1 });
  }
  if (headersAt !== undefined) rows.push(row(PT_LOAD, 1, 0, headersAt, headersEnd));
  let end = headersEnd;
  for (const segment of segments) {
    const offset = end + ((((segment.virtualAddress - end) % PAGE_SIZE) + PAGE_SIZE) % PAGE_SIZE);
    end = offset + segment.bytes.length;
    rows.push({
      ...row(PT_LOAD, segment.prot, offset, segment.virtualAddress, segment.bytes.length),
      memoryBytes: segment.memoryBytes ?? segment.bytes.length,
      align: segment.align ?? PAGE_SIZE,
    });
  }
  const placed = rows.filter(({ type }) => type === PT_LOAD).slice(headersAt === undefined ? 0 : 1);
  if (executableStack !== undefined) rows.push(row(PT_GNU_STACK, executableStack ? 7 : 3, 0, 0, 0));

  const file = new Uint8Array(end);
  writeHeader(file, description, rows.length);
  rows.forEach((fields, index) => writeRow(file, ELF_HEADER_BYTES + index * PROGRAM_HEADER_BYTES, fields));
  file.set(path, headersEnd - path.length);
  segments.forEach((segment, index) => file.set(segment.bytes, placed[index].offset));
  return file;
}

function row(type: number, prot: number, offset: number, address: number, length: number): Row {
  return { type, prot, offset, address, fileBytes: length, memoryBytes: length, align: PAGE_SIZE };
}

function writeHeader(file: Uint8Array<ArrayBuffer>, description: BuildElf, count: number): void {
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  const view = new DataView(file.buffer);
  view.setUint16(16, description.positionIndependent === true ? 3 : 2, true);
  view.setUint16(18, E_MACHINE[description.machine ?? 'riscv64'], true);
  view.setUint32(20, 1, true);
  write64(view, 24, description.entry);
  write64(view, 32, ELF_HEADER_BYTES);
  view.setUint32(48, (description.machine ?? 'riscv64') === 'riscv64' ? 5 : 0, true); // RVC, double-float ABI
  view.setUint16(52, ELF_HEADER_BYTES, true);
  view.setUint16(54, PROGRAM_HEADER_BYTES, true);
  view.setUint16(56, count, true);
}

function writeRow(file: Uint8Array<ArrayBuffer>, at: number, fields: Row): void {
  const view = new DataView(file.buffer);
  view.setUint32(at, fields.type, true);
  view.setUint32(at + 4, ((fields.prot & 1) << 2) | (fields.prot & 2) | ((fields.prot & 4) >> 2), true);
  write64(view, at + 8, fields.offset);
  write64(view, at + 16, fields.address);
  write64(view, at + 24, fields.address);
  write64(view, at + 32, fields.fileBytes);
  write64(view, at + 40, fields.memoryBytes);
  write64(view, at + 48, fields.align);
}

function write64(view: DataView, at: number, value: number): void {
  view.setUint32(at, lowWord(value), true);
  view.setUint32(at + 4, highWord(value), true);
}
