/** Symbols of a shared object: names, hash table, versions. Source: System V ABI, chapter 5; LSB, "Symbol Versioning". */
import { assemble, data16, data32, data64, data8 } from '@veridian-os/assembler';
import { TEXT, type VdsoCode } from './code.js';

export const SYMBOL_BYTES = 24;
const SONAME = 'linux-vdso.so.1';
/** Indices of the two versions: the object itself, and what its symbols have. */
const [OBJECT_VERSION, SYMBOL_VERSION] = [1, 2];
const IS_OBJECT = 1;
const [GLOBAL_FUNCTION, WEAK_FUNCTION] = [0x12, 0x22];

interface Symbol {
  readonly name: string;
  readonly info: number;
  readonly value: number;
  readonly bytes: number;
}

export interface SymbolTables {
  readonly strings: Uint8Array;
  /** Offset of the object's own name in `strings`. */
  readonly soname: number;
  readonly symbols: Uint8Array;
  readonly hash: Uint8Array;
  /** Version of each symbol, and what the versions are. */
  readonly versions: Uint8Array;
  readonly definitions: Uint8Array;
}

/** Strings one after the other, each ended by NUL; the first is empty. */
export class Strings {
  private text = '\0';

  /** @returns offset */
  add(string: string): number {
    const at = this.text.length;
    this.text += `${string}\0`;
    return at;
  }

  get bytes(): Uint8Array {
    return Uint8Array.from(this.text, (character) => character.charCodeAt(0));
  }
}

/** Hash of a name. Source: System V ABI, chapter 5, "Hash Table". */
export function elfHash(name: string): number {
  let hash = 0;
  for (const character of name) {
    hash = ((hash << 4) + character.charCodeAt(0)) >>> 0;
    hash = (hash ^ ((hash & 0xf0000000) >>> 24)) & 0x0fffffff;
  }
  return hash;
}

/** @param section index of the section with the code */
export function symbolTables(code: VdsoCode, section: number): SymbolTables {
  const symbols = symbolsOf(code);
  const strings = new Strings();
  const soname = strings.add(SONAME);
  const version = strings.add(code.version);
  const rows = symbols.map(({ name, info, value, bytes }) => [
    data32(strings.add(name)),
    data8(info, 0),
    data16(section),
    data64(value, bytes),
  ]);
  return {
    strings: strings.bytes,
    soname,
    symbols: assemble(new Uint8Array(SYMBOL_BYTES), rows),
    hash: hashTable(symbols.map(({ name }) => name)),
    versions: data16(0, ...symbols.map(() => SYMBOL_VERSION)),
    definitions: assemble(
      definition(IS_OBJECT, OBJECT_VERSION, SONAME, soname, false),
      definition(0, SYMBOL_VERSION, code.version, version, true),
    ),
  };
}

function symbolsOf({ functions }: VdsoCode): Symbol[] {
  return functions.flatMap(({ name, alias, offset, bytes }) => {
    const value = TEXT + offset;
    const symbol = { name, info: GLOBAL_FUNCTION, value, bytes };
    return alias === undefined ? [symbol] : [symbol, { name: alias, info: WEAK_FUNCTION, value, bytes }];
  });
}

/** One bucket per symbol; chains run through the numbers of symbols, of which 0 is none. */
function hashTable(names: readonly string[]): Uint8Array {
  const buckets = new Array<number>(names.length).fill(0);
  const chains = new Array<number>(names.length + 1).fill(0);
  names.forEach((name, index) => {
    const bucket = elfHash(name) % buckets.length;
    chains[index + 1] = buckets[bucket];
    buckets[bucket] = index + 1;
  });
  return data32(buckets.length, chains.length, ...buckets, ...chains);
}

const [DEFINITION_BYTES, NAME_BYTES] = [20, 8];

function definition(flags: number, index: number, name: string, at: number, isLast: boolean): Uint8Array {
  const next = isLast ? 0 : DEFINITION_BYTES + NAME_BYTES;
  return assemble(data16(1, flags, index, 1), data32(elfHash(name), DEFINITION_BYTES, next, at, 0));
}
