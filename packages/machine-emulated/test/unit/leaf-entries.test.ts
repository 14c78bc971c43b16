/**
 * Every combination of a leaf entry's low bits, of privilege, SUM, MXR and kind of access, at every level of every
 * scheme, against a naive walker that takes the specification's steps one by one ("Virtual Address Translation Process").
 */
import { expect, it } from '@jest/globals';
import { needs } from '../../../../tools/require-tool.js';
import { BareProgram, EmulatedMachine } from '../../src/index.js';
import { COMPILER, compileBare } from '../helpers/compile.js';

const RAM = 0x8000_0000n;
const RAM_BYTES = 16 << 20;
const CAUSES = 0x20_0000;
const LIST = 0x30_0000;
const TABLES = RAM + 0x10_0000n;
const TARGET = RAM + 0x18_5000n;
const EBREAK = 0x0010_0073;
const [V, R, W, X, U, A, D] = [0n, 1n, 2n, 3n, 4n, 6n, 7n].map((bit) => 1n << bit);
const [MPP_S, MPRV, SUM, MXR] = [11n, 17n, 18n, 19n].map((bit) => 1n << bit);
const [EXECUTE, LOAD] = [0, 1];
const NONE = 255;
const AT_ONCE = { threshold: 0, interval: 1 };

interface Access {
  /** Where the entry is, and what it is. */
  readonly at: bigint;
  readonly entry: bigint;
  readonly levels: number;
  readonly root: bigint;
  readonly address: bigint;
  readonly kind: number;
  readonly status: bigint;
}

/** Accesses through an entry at `level`; `memory` gets the tables above it. */
function accessesAt(levels: number, level: number, memory: DataView): Access[] {
  const table = (i: number): bigint => TABLES + BigInt(5 * (5 * (levels - 3) + level) + i) * 4096n;
  const size = 1n << BigInt(12 + 9 * level);
  let address = TARGET % size;
  for (let i = level; i < levels; i++) address |= 3n << BigInt(12 + 9 * i);
  for (let i = level + 1; i < levels; i++) {
    memory.setBigUint64(Number(table(i) + 24n - RAM), ((table(i - 1) >> 12n) << 10n) | V, true);
  }
  const page = (TARGET - (TARGET % size)) >> 12n;
  return Array.from({ length: 128 * 8 * 4 }, (_, i) => {
    const [bits, how, kind] = [i >> 5, i >> 2, i & 3];
    const low = BigInt((bits & 31) | ((bits & 96) << 1)); // all but G, which permits and forbids nothing
    const status = (how & 1 ? MPP_S : 0n) | (how & 2 ? SUM : 0n) | (how & 4 ? MXR : 0n);
    return {
      at: table(level) + 24n,
      entry: (page << 10n) | low,
      levels,
      root: table(levels - 1),
      address,
      kind,
      status,
    };
  });
}

/** Whether a valid leaf lets the access through, but for A and D. */
function permits(entry: bigint, kind: number, status: bigint): boolean {
  const has = (bit: bigint): boolean => (entry & bit) !== 0n;
  const isSupervisor = (status & MPP_S) !== 0n;
  if (isSupervisor && has(U) && (kind === EXECUTE || (status & SUM) === 0n)) return false;
  if (!isSupervisor && !has(U)) return false;
  if (kind === EXECUTE) return has(X);
  return kind === LOAD ? has(R) || (has(X) && (status & MXR) !== 0n) : has(W);
}

const isRam = (at: bigint): boolean => at >= RAM && at < RAM + BigInt(RAM_BYTES);

/** The cause of its trap, NONE for none, and undefined where it executes what the test has not put there. */
function causeOf(memory: DataView, { levels, root, address, kind, status }: Access): number | undefined {
  const [pageFault, accessFault] = kind === EXECUTE ? [12, 1] : kind === LOAD ? [13, 5] : [15, 7];
  let table = root;
  for (let level = levels - 1; level >= 0; level--) {
    const shift = BigInt(12 + 9 * level);
    const at = table + ((address >> shift) & 511n) * 8n;
    if (!isRam(at)) return accessFault;
    const entry = memory.getBigUint64(Number(at - RAM), true);
    const has = (bit: bigint): boolean => (entry & bit) !== 0n;
    if (!has(V) || (has(W) && !has(R)) || entry >> 54n !== 0n) return pageFault;
    const base = ((entry >> 10n) & ((1n << 44n) - 1n)) << 12n;
    if (!has(R) && !has(X)) {
      if (has(A | D | U)) return pageFault;
      table = base;
      continue;
    }
    const within = (1n << shift) - 1n;
    if (!permits(entry, kind, status) || (base & within) !== 0n) return pageFault;
    if (!has(A) || (kind > LOAD && !has(D))) return pageFault; // Svade
    const physical = base | (address & within);
    if (!isRam(physical)) return accessFault;
    return kind !== EXECUTE ? NONE : physical === TARGET ? 3 : undefined;
  }
  return pageFault;
}

/** The list as accesses.S wants it. */
function writeList(ram: DataView, accesses: readonly Access[]): void {
  ram.setBigUint64(LIST, BigInt(accesses.length), true);
  accesses.forEach(({ at, entry, levels, root, address, kind, status }, i) => {
    const satp = (BigInt(levels + 5) << 60n) | (root >> 12n);
    const bits = status | (kind === EXECUTE ? 0n : MPRV) | BigInt(kind);
    const words = [at, entry, satp, address, bits];
    words.forEach((word, j) => ram.setBigUint64(LIST + 8 + 40 * i + 8 * j, word, true));
  });
}

const itCompiled = needs(COMPILER) ? it : it.skip;

itCompiled.each([
  ['interpreted', [3, 4, 5], false, [1, 3, 5, 7, 12, 13, 15, NONE]],
  ['translated', [3], AT_ONCE, [3, 12, 13, 15, NONE]],
] as const)('entries permit what they say (%s)', (_, schemes, translation, causes) => {
  const machine = EmulatedMachine.create({ memoryBytes: RAM_BYTES, translation });
  const program = new BareProgram(machine, compileBare('accesses'), () => undefined);
  const { u8 } = machine.memory[0];
  const ram = new DataView(u8.buffer, u8.byteOffset, u8.byteLength);
  ram.setUint32(Number(TARGET - RAM), EBREAK, true);
  const accesses: Access[] = [];
  for (const levels of schemes) {
    for (let level = 0; level < levels; level++) accesses.push(...accessesAt(levels, level, ram));
  }
  writeList(ram, accesses);
  const model = new DataView(u8.slice().buffer);
  expect(program.run(1e8)).toMatchObject({ kind: 'ended', status: 0 });
  const seen = new Set<number>();
  accesses.forEach((access, i) => {
    model.setBigUint64(Number(access.at - RAM), access.entry, true);
    const expected = causeOf(model, access);
    if (expected === undefined) return;
    seen.add(expected);
    const [got, { entry, kind, status }] = [u8[CAUSES + i], access];
    if (got === expected) return;
    const which = `entry ${entry.toString(16)}, kind ${kind}, status ${status.toString(16)}`;
    throw new Error(`${which}: expected cause ${expected}, got ${got}`);
  });
  expect([...seen].sort((a, b) => a - b)).toEqual(causes);
});
