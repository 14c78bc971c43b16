/**
 * Lets a CPU of QEMU's walk tables that `PageTable` built, and compares what it found with what was mapped.
 *
 * Every mapping is probed in user mode by a load, a store and a jump: the load must find the page's tag, the store must
 * arrive in that page of RAM, the jump must run the page's code, or each must fault at that address. Afterwards the
 * tables are read back: only the accessed and dirty bits that the accesses set may have changed.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, writeSync } from 'node:fs';
import { PAGE_SIZE } from '@veridian-os/abi';
import { PageFlag } from '@veridian-os/memory';
import { PAGE, PROBE_BYTES, Probe } from './board.js';
import type { Board, Start } from './board.js';
import { GuestRam, anonymousFile } from './guest-ram.js';
import { Random, TestTables } from './mappings.js';
import type { Mapping } from './mappings.js';

const RAM_FD = 3;
const FIRMWARE_FD = 4;
const ACCESSES = [Probe.Load, Probe.Store, Probe.Execute] as const;
const HANG_MS = 120_000;

export interface Found {
  readonly value: bigint;
  readonly cause: bigint;
  readonly address: bigint;
}

export interface Command {
  readonly args: readonly string[];
  /** Descriptors 3 and 4 of the process. */
  readonly files: readonly number[];
  close(): void;
}

/** How many of each there were. */
export interface Tally {
  mappings: number;
  large: number;
  accesses: number;
  faults: number;
}

/** Tag of a page of RAM: what its first word is and what its code leaves in a register. */
const tagOf = (physical: number): number => 1 + ((Math.imul(physical / PAGE_SIZE, 0x9e3779b1) >>> 2) & 0x3fffffff);
const storedBy = (probe: number): number => 0x4000_0000 + probe;

function permits({ kind, flags }: Mapping, access: Probe, board: Board): boolean {
  if (kind !== 'leaf' || (flags & PageFlag.Supervisor) !== 0) return false;
  if (!board.setsAccessBits && (flags & PageFlag.Accessed) === 0) return false;
  if (access === Probe.Store) return (flags & PageFlag.Write) !== 0;
  if (access === Probe.Execute) return (flags & PageFlag.Execute) !== 0;
  const { Read, Write, Execute } = PageFlag;
  return (flags & (Read | (board.writeReads ? Write : 0) | (board.executeReads ? Execute : 0))) !== 0;
}

/** Runs the board's program over `mappings`: what each probe found, three to a mapping. */
function run(board: Board, ram: GuestRam, tables: TestTables): Found[] {
  const { mappings, table, regions } = tables;
  const count = mappings.length * ACCESSES.length;
  const probes = new Uint8Array(count * PROBE_BYTES);
  const view = new DataView(probes.buffer);
  for (let i = 0; i < count; i++) {
    const access = ACCESSES[i % ACCESSES.length];
    view.setBigUint64(i * PROBE_BYTES, BigInt(mappings[Math.floor(i / ACCESSES.length)].page), true);
    view.setBigUint64(i * PROBE_BYTES + 8, BigInt(access), true);
    view.setBigUint64(i * PROBE_BYTES + 16, BigInt(access === Probe.Store ? storedBy(i) : 0), true);
  }
  for (const { physical } of mappings) if (!Number.isNaN(physical)) writePage(board, ram, physical);
  ram.write(board.probes, probes);
  load(board, ram, tables, { root: table.root, probes: board.probes, count, stay: false });
  start(board, ram);
  for (const { base, u8 } of regions) u8.set(ram.read(base, u8.length));
  const after = new DataView(ram.read(board.probes, probes.length).buffer);
  const word = (i: number, at: number) => after.getBigUint64(i * PROBE_BYTES + at, true);
  return Array.from({ length: count }, (_, i) => ({ value: word(i, 16), cause: word(i, 24), address: word(i, 32) }));
}

function writePage(board: Board, ram: GuestRam, physical: number): void {
  const code = board.code(tagOf(physical));
  const page = new Uint8Array(PAGE.CODE + code.length);
  new DataView(page.buffer).setBigUint64(PAGE.TAG, BigInt(tagOf(physical)), true);
  page.set(code, PAGE.CODE);
  ram.write(physical, page);
}

/** Puts the tables and the program into RAM. */
export function load(board: Board, ram: GuestRam, { regions }: TestTables, start: Start): void {
  for (const { base, u8 } of regions) ram.write(base, u8);
  for (const { address, bytes } of board.image(start)) ram.write(address, bytes);
}

/** What to start QEMU with; `close` afterwards. */
export function command(board: Board, ram: GuestRam): Command {
  const firmware = anonymousFile(0);
  if (board.firmware !== undefined) writeSync(firmware, board.firmware, 0, board.firmware.length, 0);
  const args = board.args(`/proc/self/fd/${RAM_FD}`, `/proc/self/fd/${FIRMWARE_FD}`);
  return {
    args: ['-nodefaults', '-no-user-config', '-display', 'none', '-accel', 'tcg', ...args],
    files: [ram.fd, firmware],
    close: () => closeSync(firmware),
  };
}

function start(board: Board, ram: GuestRam): void {
  const { args, files, close } = command(board, ram);
  const { status, signal, stderr, error } = spawnSync(board.executable, args, {
    stdio: ['ignore', 'ignore', 'pipe', ...files],
    timeout: HANG_MS,
  });
  close();
  if (error !== undefined) throw error;
  if (status !== board.status) throw new Error(`QEMU: status ${status}, signal ${signal}: ${stderr.toString()}`);
}

/** Explains the first probe that did not find what it must; undefined when all did. */
function compare(board: Board, ram: GuestRam, tables: TestTables, found: readonly Found[]): string | undefined {
  const stored = new Map<number, number>();
  const touched = new Map<Mapping, number>();
  for (let i = 0; i < found.length; i++) {
    const mapping = tables.mappings[Math.floor(i / ACCESSES.length)];
    const access = ACCESSES[i % ACCESSES.length];
    const wrong = permits(mapping, access, board)
      ? wrongSuccess(board, mapping, access, found[i])
      : wrongFault(board, mapping, access, found[i]);
    if (wrong !== undefined) return `${describe(mapping, access)}: ${wrong}`;
    if (!permits(mapping, access, board)) continue;
    const bits = access === Probe.Store ? PageFlag.Accessed | PageFlag.Dirty : PageFlag.Accessed;
    touched.set(mapping, (touched.get(mapping) ?? 0) | bits);
    if (access === Probe.Store) stored.set(mapping.physical, storedBy(i));
  }
  for (const [physical, value] of stored) {
    const word = new DataView(ram.read(physical + PAGE.STORED, 8).buffer).getBigUint64(0, true);
    if (word !== BigInt(value)) return `page ${hex(physical)} of RAM: expected what was stored, ${value}, got ${word}`;
  }
  return compareTables(board, tables, touched);
}

function wrongSuccess(board: Board, mapping: Mapping, access: Probe, found: Found): string | undefined {
  const cause = found.cause === 0n ? 'none' : board.explain(found.cause);
  const expected = access === Probe.Execute ? 'trap' : 'none';
  if (cause !== expected) return `expected no fault, got cause ${hex(found.cause)} (${cause})`;
  const tag = BigInt(tagOf(mapping.physical));
  if (access === Probe.Store || found.value === tag) return undefined;
  return `expected tag ${hex(tag)} of ${hex(mapping.physical)}, got ${hex(found.value)}`;
}

function wrongFault(board: Board, mapping: Mapping, access: Probe, found: Found): string | undefined {
  if (found.cause === 0n || board.explain(found.cause) !== 'page') {
    return `expected a page fault, got cause ${hex(found.cause)}, value ${hex(found.value)}`;
  }
  const offset = [PAGE.TAG, PAGE.STORED, PAGE.CODE][access];
  const address = BigInt(mapping.page + offset);
  return found.address === address ? undefined : `expected a fault at ${hex(address)}, got ${hex(found.address)}`;
}

/** The tables as the CPU left them: the same leaves, accessed and dirty as the accesses made them. */
function compareTables(board: Board, tables: TestTables, touched: Map<Mapping, number>): string | undefined {
  const { table } = tables;
  const bits = new Map<number, number>();
  for (const [{ start }, flags] of touched) bits.set(start, (bits.get(start) ?? 0) | flags);
  for (const mapping of tables.mappings) {
    const what = describe(mapping);
    if (table.query(mapping.page) !== (mapping.kind !== 'absent')) return `${what}: used or not`;
    if (mapping.kind === 'absent') continue;
    if (table.level !== mapping.level) return `${what}: level ${table.level}`;
    if (table.isGuard !== (mapping.kind === 'guard')) return `${what}: guard or not`;
    if (mapping.kind === 'guard') continue;
    if (table.frame * PAGE_SIZE !== mapping.physical) return `${what}: frame ${hex(table.frame)}`;
    if (mapping.kind === 'retained') continue;
    const set = board.setsAccessBits ? (bits.get(mapping.start) ?? 0) : 0;
    const expected = mapping.flags | set;
    const ignored = PageFlag.Read | (board.faultsMayAccess ? PageFlag.Accessed : 0);
    const got = table.flags;
    if ((expected & ~got) !== 0 || (got & ~(expected | ignored)) !== 0)
      return `${what}: expected flags ${expected}, got ${got}`;
  }
  return undefined;
}

const hex = (value: number | bigint): string => `0x${value.toString(16)}`;

function describe({ page, level, kind, physical, flags }: Mapping, access?: Probe): string {
  const name = access === undefined ? '' : `${['load', 'store', 'jump'][access]} `;
  return `${name}${hex(page)}, ${kind} of level ${level} at ${hex(physical)}, flags ${flags}`;
}

/**
 * Builds `count` mappings, lets the CPU walk them, and compares.
 * @throws Error naming the seed and the first difference
 */
export function checkWalks(board: Board, seed: number, count: number): Tally {
  const tables = new TestTables(board, new Random(seed)).fill(count).splitSome(4);
  tables
    .joinSome(Math.ceil(count / 100), 1)
    .joinSome(1, 2)
    .addAbsent(Math.ceil(count / 10));
  const ram = new GuestRam(board.ram);
  try {
    const found = run(board, ram, tables);
    const wrong = compare(board, ram, tables, found);
    if (wrong !== undefined) throw new Error(`${board.format.name}, seed ${seed}: ${wrong}`);
    const faults = tables.mappings.length * ACCESSES.length - countPermitted(board, tables);
    const large = tables.mappings.filter(({ level }) => level > 0).length;
    return { mappings: tables.mappings.length, large, accesses: found.length, faults };
  } finally {
    ram.close();
  }
}

const countPermitted = (board: Board, { mappings }: TestTables): number =>
  mappings.flatMap((mapping) => ACCESSES.filter((access) => permits(mapping, access, board))).length;
