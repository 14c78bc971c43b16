/**
 * ELF files that own a whole machine (firmware, kernels, bare test programs): what is loaded where in physical memory, and
 * where symbols are. A program for an operating system's user mode is another matter: `@veridian-os/elf`.
 *
 * Bounds   time linear in the headers and the symbol table; nothing of a segment is copied here
 * Source   System V gABI, chapters 4 and 5
 */

/** One loadable piece. */
export interface LoadedPiece {
  /** Guest physical address. */
  readonly address: number;
  /** File contents; what follows up to `memoryBytes` is zero. */
  readonly bytes: Uint8Array;
  /** At least `bytes.length`. */
  readonly memoryBytes: number;
}

export interface ElfFile {
  /** Guest physical address of the entry point. */
  readonly entry: number;
  readonly pieces: readonly LoadedPiece[];
  /** Physical addresses of the symbols asked for that are there, and of sections under their names (`.tohost`). */
  readonly addresses: ReadonlyMap<string, number>;
}

const EM_RISCV = 243;
const PT_LOAD = 1;
const SHT_SYMTAB = 2;
const SHT_NOBITS = 8;
/** EI_CLASS and EI_DATA, as words. */
const WIDTHS = [undefined, '32-bit', '64-bit'];
const ORDERS = [undefined, 'little-endian', 'big-endian'];
const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const SECTION_HEADER_BYTES = 64;
const SYMBOL_BYTES = 24;

interface Section {
  readonly name: number;
  readonly type: number;
  readonly address: bigint;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
}

/** Whether bytes begin as every ELF file does. */
export function isElf(bytes: Uint8Array): boolean {
  return bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;
}

/** Bounds-checked reading of one file. */
class Reader {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Part of the file. @throws RangeError naming the part when the file is shorter */
  part(what: string, offset: number, length: number): Uint8Array {
    if (offset + length <= this.bytes.length) return this.bytes.subarray(offset, offset + length);
    throw new RangeError(`ELF: expected ${what} within ${this.bytes.length} bytes, got ${length} bytes at ${offset}`);
  }

  u16(offset: number): number {
    return this.view.getUint16(offset, true);
  }

  u32(offset: number): number {
    return this.view.getUint32(offset, true);
  }

  /** Beyond 2^53 the low bits are lost, which no address in RAM and no file offset reaches. */
  u64(offset: number): number {
    return Number(this.view.getBigUint64(offset, true));
  }

  /** A virtual address, exactly. */
  virtual(offset: number): bigint {
    return this.view.getBigUint64(offset, true);
  }
}

function checkHeader(bytes: Uint8Array, reader: Reader): void {
  if (!isElf(bytes)) throw new RangeError('ELF: expected the magic 7f 45 4c 46');
  reader.part('a header', 0, HEADER_BYTES);
  if (bytes[4] !== 2 || bytes[5] !== 1) {
    const [width, order] = [WIDTHS[bytes[4]] ?? `class ${bytes[4]}`, ORDERS[bytes[5]] ?? `data ${bytes[5]}`];
    throw new RangeError(`ELF: expected 64-bit little-endian, got ${width} ${order}`);
  }
  const machine = reader.u16(18);
  if (machine !== EM_RISCV) throw new RangeError(`ELF: expected e_machine ${EM_RISCV} (RISC-V), got ${machine}`);
}

/** Where a segment was linked and where it is loaded. */
interface Placement {
  readonly virtual: bigint;
  readonly address: number;
  readonly memoryBytes: number;
}

interface Program {
  readonly pieces: readonly LoadedPiece[];
  readonly placements: readonly Placement[];
}

/** Headers and symbols give virtual addresses. What is in no segment stays what it is. */
function physicalOf(virtual: bigint, placements: readonly Placement[]): number {
  for (const { virtual: base, address, memoryBytes } of placements) {
    const within = virtual - base;
    if (within >= 0n && within < BigInt(memoryBytes)) return address + Number(within);
  }
  return Number(virtual);
}

/** Loadable pieces at their physical addresses. */
function readProgram(reader: Reader): Program {
  const pieces: LoadedPiece[] = [];
  const placements: Placement[] = [];
  const table = reader.u64(32);
  const stride = reader.u16(54);
  const count = reader.u16(56);
  if (count > 0 && stride < PROGRAM_HEADER_BYTES) {
    throw new RangeError(`ELF: expected e_phentsize ${PROGRAM_HEADER_BYTES}, got ${stride}`);
  }
  reader.part('program headers', table, count * stride);
  for (let i = 0; i < count; i++) {
    const at = table + i * stride;
    if (reader.u32(at) !== PT_LOAD) continue;
    const address = reader.u64(at + 24);
    const fileBytes = reader.u64(at + 32);
    const memoryBytes = Math.max(reader.u64(at + 40), fileBytes);
    if (memoryBytes === 0) continue;
    pieces.push({ address, memoryBytes, bytes: reader.part(`segment ${i}`, reader.u64(at + 8), fileBytes) });
    placements.push({ virtual: reader.virtual(at + 16), address, memoryBytes });
  }
  if (pieces.length === 0) throw new RangeError('ELF: expected a loadable segment, got none');
  return { pieces, placements };
}

function readSections(reader: Reader): Section[] {
  const table = reader.u64(40);
  const count = table === 0 ? 0 : reader.u16(60);
  const stride = reader.u16(58);
  if (count > 0 && stride < SECTION_HEADER_BYTES) {
    throw new RangeError(`ELF: expected e_shentsize ${SECTION_HEADER_BYTES}, got ${stride}`);
  }
  reader.part('section headers', table, count * stride);
  return Array.from({ length: count }, (_, i) => {
    const at = table + i * stride;
    const address = reader.virtual(at + 16);
    const [offset, size] = [reader.u64(at + 24), reader.u64(at + 32)];
    return { name: reader.u32(at), type: reader.u32(at + 4), address, offset, size, link: reader.u32(at + 40) };
  });
}

function textAt(strings: Uint8Array, offset: number): string {
  const end = strings.indexOf(0, offset);
  return new TextDecoder().decode(strings.subarray(offset, end < 0 ? strings.length : end));
}

function contents(reader: Reader, section: Section | undefined): Uint8Array {
  if (section === undefined || section.type === SHT_NOBITS) return new Uint8Array(0);
  return reader.part('a section', section.offset, section.size);
}

/** Addresses of the wanted symbols, and of the wanted sections that no symbol of the same name hides. */
function readAddresses(reader: Reader, wanted: ReadonlySet<string>): Map<string, bigint> {
  const found = new Map<string, bigint>();
  const sections = readSections(reader);
  const names = contents(reader, sections[reader.u16(62)]);
  for (const section of sections) {
    const name = textAt(names, section.name);
    if (wanted.has(name)) found.set(name, section.address);
  }
  for (const section of sections.filter(({ type }) => type === SHT_SYMTAB)) {
    reader.part('a symbol table', section.offset, section.size);
    const strings = contents(reader, sections[section.link]);
    for (let at = section.offset; at + SYMBOL_BYTES <= section.offset + section.size; at += SYMBOL_BYTES) {
      const isDefined = reader.u16(at + 6) !== 0;
      const name = isDefined ? textAt(strings, reader.u32(at)) : '';
      if (wanted.has(name)) found.set(name, reader.virtual(at + 8));
    }
  }
  return found;
}

/**
 * @param symbols names whose addresses are wanted
 * @throws RangeError for a file that is no little-endian ELF64 for RISC-V, has nothing to load, or ends too early
 */
export function readElfFile(bytes: Uint8Array, symbols: readonly string[] = []): ElfFile {
  const reader = new Reader(bytes);
  checkHeader(bytes, reader);
  const { pieces, placements } = readProgram(reader);
  const found = [...readAddresses(reader, new Set(symbols))];
  const addresses = new Map(found.map(([name, virtual]) => [name, physicalOf(virtual, placements)]));
  return { entry: physicalOf(reader.virtual(24), placements), pieces, addresses };
}
