/**
 * The vDSO as an ELF shared object: what C libraries and Go look for, and what debuggers and disassemblers expect.
 *
 * Shapes     one page, loaded as it is: headers, symbols, versions, unwind table; code at TEXT; section headers
 * Source     System V ABI, chapters 4 and 5
 */
import { PAGE_SIZE, panic } from '@veridian-os/abi';
import { CodeBuffer, assemble, data16, data32, data64, data8, type Code } from '@veridian-os/assembler';
import { TEXT, type VdsoCode } from './code.js';
import { SYMBOL_BYTES, Strings, symbolTables } from './symbols.js';
import { UNWIND_BYTES, UNWIND_INDEX_BYTES, unwindIndex, unwindTable, type CallFrame } from './unwind-table.js';

/** What the processor's ABI says. */
export interface ObjectTarget extends CallFrame {
  /** `e_machine`. */
  readonly machine: number;
}

type Name = (typeof NAMES)[number];
/** In the order of their addresses and of their headers, of which the first, 0, is none. */
const NAMES = [
  '.hash',
  '.dynsym',
  '.dynstr',
  '.gnu.version',
  '.gnu.version_d',
  '.dynamic',
  '.eh_frame_hdr',
  '.eh_frame',
  '.text',
  '.shstrtab',
] as const;
const indexOf = (name: Name): number => NAMES.indexOf(name) + 1;

interface Section {
  readonly name: Name;
  readonly type: number;
  readonly bytes: number;
  readonly content: (at: (name: Name) => number) => Code;
  readonly link?: Name;
  readonly info?: number;
  readonly entryBytes?: number;
}

const ALIGNMENT = 8;
const [HEADER_BYTES, PROGRAM_HEADER_BYTES, SECTION_HEADER_BYTES] = [64, 56, 64];
const PROGRAM_HEADERS = 3;
const TYPE = { LOAD: 1, DYNAMIC: 2, UNWIND: 0x6474e550 } as const;
const SECTION = {
  BYTES: 1,
  STRINGS: 3,
  HASH: 5,
  DYNAMIC: 6,
  SYMBOLS: 11,
  DEFINITIONS: 0x6ffffffd,
  VERSIONS: 0x6fffffff,
};
const [ALLOCATED, EXECUTABLE] = [2, 4];
const [READ, EXECUTE] = [4, 1];
const DYNAMIC_BYTES = 10 * 16;

/** @returns the image, one page @throws KernelPanic when it does not fit */
export function sharedObject(target: ObjectTarget, code: VdsoCode): Uint8Array {
  const sections = sectionsOf(target, code);
  const places = new Map<Name, number>();
  let used = HEADER_BYTES + PROGRAM_HEADERS * PROGRAM_HEADER_BYTES;
  for (const { name, bytes } of sections) {
    if (name === '.text' && used > TEXT) panic('linux/vdso-size', `${used} bytes before the code`);
    const start = name === '.text' ? TEXT : Math.ceil(used / ALIGNMENT) * ALIGNMENT;
    places.set(name, start);
    used = start + bytes;
  }
  const at = (name: Name): number => places.get(name) ?? panic('linux/vdso-section', name);
  const headers = Math.ceil(used / ALIGNMENT) * ALIGNMENT;
  if (headers + (NAMES.length + 1) * SECTION_HEADER_BYTES > PAGE_SIZE) panic('linux/vdso-size', `${headers} bytes`);
  const out = new CodeBuffer().emit(elfHeader(target.machine, headers));
  out.emit(programHeaders(at('.dynamic'), at('.eh_frame_hdr')));
  for (const { name, content } of sections) out.at(at(name)).emit(content(at));
  out.at(headers).emit(new Uint8Array(SECTION_HEADER_BYTES));
  const names = nameTable();
  for (const section of sections) out.emit(sectionHeader(section, at(section.name), names.offsets));
  return out.at(PAGE_SIZE).finish();
}

function sectionsOf(target: ObjectTarget, code: VdsoCode): Section[] {
  const tables = symbolTables(code, indexOf('.text'));
  const plain = (name: Name, type: number, bytes: Uint8Array, more: Partial<Section> = {}): Section => ({
    name,
    type,
    bytes: bytes.length,
    content: () => bytes,
    ...more,
  });
  const { strings, soname } = tables;
  return [
    plain('.hash', SECTION.HASH, tables.hash, { link: '.dynsym', entryBytes: 4 }),
    plain('.dynsym', SECTION.SYMBOLS, tables.symbols, { link: '.dynstr', info: 1, entryBytes: SYMBOL_BYTES }),
    plain('.dynstr', SECTION.STRINGS, strings),
    plain('.gnu.version', SECTION.VERSIONS, tables.versions, { link: '.dynsym', entryBytes: 2 }),
    plain('.gnu.version_d', SECTION.DEFINITIONS, tables.definitions, { link: '.dynstr', info: 2 }),
    {
      name: '.dynamic',
      type: SECTION.DYNAMIC,
      bytes: DYNAMIC_BYTES,
      content: (at) => dynamicSection(at, soname, strings.length),
      link: '.dynstr',
      entryBytes: 16,
    },
    {
      name: '.eh_frame_hdr',
      type: SECTION.BYTES,
      bytes: UNWIND_INDEX_BYTES,
      content: (at) => unwindIndex(at('.eh_frame_hdr'), at('.eh_frame'), TEXT),
    },
    {
      name: '.eh_frame',
      type: SECTION.BYTES,
      bytes: UNWIND_BYTES,
      content: (at) => unwindTable(target, at('.eh_frame'), TEXT, code.leafBytes),
    },
    plain('.text', SECTION.BYTES, code.bytes),
    plain('.shstrtab', SECTION.STRINGS, nameTable().bytes),
  ];
}

/** Names of the sections, and where each is. */
function nameTable(): { readonly bytes: Uint8Array; readonly offsets: ReadonlyMap<Name, number> } {
  const strings = new Strings();
  const offsets = new Map(NAMES.map((name) => [name, strings.add(name)]));
  return { bytes: strings.bytes, offsets };
}

const elfHeader = (machine: number, sections: number): Uint8Array =>
  assemble(
    data8(0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0), // 64 bits, little-endian
    data16(3, machine), // shared object
    data32(1),
    data64(0, HEADER_BYTES, sections),
    data32(0),
    data16(HEADER_BYTES, PROGRAM_HEADER_BYTES, PROGRAM_HEADERS, SECTION_HEADER_BYTES),
    data16(NAMES.length + 1, indexOf('.shstrtab')),
  );

function programHeaders(dynamic: number, unwind: number): Code[] {
  const header = (type: number, flags: number, start: number, bytes: number, alignment: number): Code[] => [
    data32(type, flags),
    data64(start, start, start, bytes, bytes, alignment),
  ];
  return [
    ...header(TYPE.LOAD, READ | EXECUTE, 0, PAGE_SIZE, PAGE_SIZE),
    ...header(TYPE.DYNAMIC, READ, dynamic, DYNAMIC_BYTES, ALIGNMENT),
    ...header(TYPE.UNWIND, READ, unwind, UNWIND_INDEX_BYTES, ALIGNMENT),
  ];
}

function dynamicSection(at: (name: Name) => number, soname: number, stringBytes: number): Uint8Array {
  const entries: readonly (readonly [tag: number, value: number])[] = [
    [14, soname],
    [4, at('.hash')],
    [5, at('.dynstr')],
    [6, at('.dynsym')],
    [10, stringBytes],
    [11, SYMBOL_BYTES],
    [0x6ffffff0, at('.gnu.version')],
    [0x6ffffffc, at('.gnu.version_d')],
    [0x6ffffffd, 2],
    [0, 0],
  ];
  return assemble(entries.map(([tag, value]) => data64(tag, value)));
}

function sectionHeader(section: Section, start: number, names: ReadonlyMap<Name, number>): Uint8Array {
  const { name, type, bytes, link, info = 0, entryBytes = 0 } = section;
  const isLoaded = name !== '.shstrtab';
  const flags = (isLoaded ? ALLOCATED : 0) | (name === '.text' ? EXECUTABLE : 0);
  return assemble(
    data32(names.get(name) ?? 0, type),
    data64(flags, isLoaded ? start : 0, start, bytes),
    data32(link === undefined ? 0 : indexOf(link), info),
    data64(name === '.text' ? 16 : ALIGNMENT, entryBytes),
  );
}
