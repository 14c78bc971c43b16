/**
 * A test program: chunks of random items between register loads and a dump, as one static ELF image.
 *
 * Memory     code from CODE_BASE; two data pages around DATA_BASE; the dump record; one state per chunk
 * Record     x0..x31, f0..f31 (u64 each), fcsr (u64), the two data pages: RECORD_BYTES, written to descriptor 1 after
 *            every chunk. x30 is not compared meaningfully: the dump uses it, identically everywhere.
 */
import type { Extension } from '../../src/testing.js';
import { Assembler, elfImage } from '../../src/testing.js';
import { Generator } from './generate.js';
import type { Item } from './generate.js';
import { Rng } from './rng.js';

export const CODE_BASE = 0x100000;
const DATA_BYTES = 8192;
const STATE_BYTES = 65 * 8;
export const RECORD_BYTES = STATE_BYTES + DATA_BYTES;
const SCRATCH = 30;
const PER_CHUNK = 160;
const SYS_WRITE = 64;
const SYS_EXIT = 93;
const RESERVED_DATA = [2, 8, 31];

/** Registers before a chunk: x, f, fcsr. */
export interface State {
  readonly x: readonly bigint[];
  readonly f: readonly bigint[];
  readonly fcsr: number;
}

export interface Chunk {
  readonly state: State;
  readonly items: readonly Item[];
}

export interface TestProgram {
  /** Contents of the two data pages at the start. */
  readonly data: Uint8Array;
  readonly chunks: readonly Chunk[];
}

/**
 * @param instructions generated instructions at least, over all chunks
 * @param lacks extensions to leave out
 */
export function randomProgram(seed: number, instructions: number, lacks?: ReadonlySet<Extension>): TestProgram {
  const rng = new Rng(seed);
  const generator = new Generator(rng, lacks);
  const data = new Uint8Array(DATA_BYTES);
  const view = new DataView(data.buffer);
  for (let at = 0; at < DATA_BYTES; at += 8) {
    view.setBigUint64(at, rng.below(2) === 0 ? rng.floatRegister() : rng.integer(), true);
  }
  const chunks: Chunk[] = [];
  for (let made = 0; made < instructions; made += PER_CHUNK) {
    const state = {
      x: Array.from({ length: 32 }, () => rng.integer()),
      f: Array.from({ length: 32 }, () => rng.floatRegister()),
      fcsr: rng.below(32) | (rng.below(5) << 5),
    };
    chunks.push({ state, items: Array.from({ length: PER_CHUNK }, () => generator.item()) });
  }
  return { data, chunks };
}

function loadState(a: Assembler, dataBase: number, label: string): void {
  address(a, SCRATCH, a.addressOf(label));
  a.i('ld', 5, SCRATCH, 64 * 8).op('csrrw', { rd: 0, rs1: 5, csr: 3 });
  for (let i = 0; i < 32; i++) a.i('fld', i, SCRATCH, (32 + i) * 8);
  for (let i = 1; i < 32; i++) if (i !== SCRATCH && !RESERVED_DATA.includes(i)) a.i('ld', i, SCRATCH, i * 8);
  for (const register of RESERVED_DATA) address(a, register, dataBase);
}

function address(a: Assembler, register: number, value: number): void {
  a.op('lui', { rd: register, imm: (value + 0x800) >>> 12 }).i('addi', register, register, (value << 20) >> 20);
}

function dump(a: Assembler, record: number): void {
  address(a, SCRATCH, record);
  for (let i = 0; i < 32; i++) a.s('sd', i, SCRATCH, i * 8);
  for (let i = 0; i < 32; i++) a.s('fsd', i, SCRATCH, (32 + i) * 8);
  a.op('csrrs', { rd: 5, rs1: 0, csr: 3 }).s('sd', 5, SCRATCH, 64 * 8);
  a.li(17, SYS_WRITE).li(10, 1).i('addi', 11, SCRATCH, 0).li(12, RECORD_BYTES).op('ecall');
}

/** The image; the record directly precedes the data pages so that one write covers both. */
export function buildImage(program: TestProgram): Uint8Array {
  const a = new Assembler(CODE_BASE);
  // Record so placed that the data pages start on a page boundary.
  a.raw(new Uint8Array(4096 - STATE_BYTES));
  const record = a.here;
  a.raw(new Uint8Array(STATE_BYTES)).raw(program.data);
  program.chunks.forEach((chunk, i) => {
    a.label(`state${i}`);
    const view = new DataView(new ArrayBuffer(STATE_BYTES));
    chunk.state.x.forEach((value, r) => view.setBigUint64(r * 8, value, true));
    chunk.state.f.forEach((value, r) => view.setBigUint64((32 + r) * 8, value, true));
    view.setBigUint64(64 * 8, BigInt(chunk.state.fcsr), true);
    a.raw(new Uint8Array(view.buffer));
  });
  a.align(4096);
  const entry = a.here;
  program.chunks.forEach((chunk, i) => {
    loadState(a, record + STATE_BYTES + DATA_BYTES / 2, `state${i}`);
    for (const item of chunk.items) for (const half of item) a.half(half);
    if ((a.here & 2) !== 0) a.half(1);
    dump(a, record);
  });
  a.li(17, SYS_EXIT).li(10, 0).op('ecall');
  return elfImage(a.finish(), CODE_BASE, entry);
}
