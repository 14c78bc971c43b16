/**
 * Generated mappings: tables that `PageTable` built in two pieces of RAM, and what a CPU must find through them.
 *
 * The expectations know nothing of entries: they follow from what was asked of the table.
 */
import { PAGE_SIZE } from '@veridian-os/abi';
import type { Asid, Frame, MemoryRegion, PhysAddr } from '@veridian-os/abi';
import { EditBatch, PERMISSIONS, PageFlag, PageTable, PhysicalMemory } from '@veridian-os/memory';
import type { TableEnvironment, TableFrames } from '@veridian-os/memory';
import type { Board } from './board.js';

/** Bytes of each of the two pieces. */
export const TABLE_BYTES = 24 * 2 ** 20;

/** Frames are numbers below this: physical addresses fit in 53 bits. */
const FRAMES = 2 ** 41;

/** One page of a leaf (or of nothing), chosen for probing. */
export interface Mapping {
  readonly page: number;
  /** First address of the leaf and its level. */
  readonly start: number;
  readonly level: number;
  readonly kind: 'leaf' | 'retained' | 'guard' | 'absent';
  /** Where the page is; NaN without a frame. */
  readonly physical: number;
  readonly flags: number;
}

/** xorshift128 seeded by one number; ints in [0, below). */
export class Random {
  private readonly state: Uint32Array;

  constructor(seed: number) {
    this.state = Uint32Array.from([seed, seed ^ 0x9e3779b9, 0x243f6a88, 0xb7e15162]);
    for (let i = 0; i < 16; i++) this.word();
  }

  word(): number {
    const { state } = this;
    let t = state[3];
    state.copyWithin(1, 0, 3);
    t ^= t << 11;
    t ^= t >>> 8;
    state[0] = t ^ state[0] ^ (state[0] >>> 19);
    return state[0];
  }

  below(limit: number): number {
    return Math.floor(((this.word() + (this.word() & 0x1fffff) * 2 ** 32) / 2 ** 53) * limit);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)];
  }

  chance(oneIn: number): boolean {
    return this.below(oneIn) === 0;
  }
}

/** Frames for tables, from both pieces in turn. */
class Frames implements TableFrames {
  private readonly memory: PhysicalMemory;
  private readonly next: number[];
  private turn = 0;

  constructor(memory: PhysicalMemory, regions: readonly MemoryRegion[]) {
    this.memory = memory;
    this.next = regions.map(({ base }) => base / PAGE_SIZE);
  }

  alloc(): Frame {
    this.turn = 1 - this.turn;
    return this.next[this.turn]++ as Frame;
  }

  allocZeroed(): Frame {
    const frame = this.alloc();
    this.memory.fill(frame, 0);
    return frame;
  }

  retain(): void {}

  release(): void {}

  isSynced(): boolean {
    return true;
  }

  setSynced(): void {}
}

export class TestTables {
  readonly regions: readonly MemoryRegion[];
  readonly table: PageTable;
  readonly mappings: Mapping[] = [];
  private readonly board: Board;
  private readonly random: Random;

  constructor(board: Board, random: Random) {
    this.board = board;
    this.random = random;
    this.regions = board.tables.map((base) => {
      const buffer = new ArrayBuffer(TABLE_BYTES);
      const views = { u8: new Uint8Array(buffer), u32: new Uint32Array(buffer) };
      return { base: base as PhysAddr, length: TABLE_BYTES, node: 0, tier: 0, ...views };
    });
    const memory = new PhysicalMemory(this.regions);
    const port = {
      apply: (edits: EditBatch['edits']) => {
        for (let i = 0; i < edits.count; i++) {
          const at = edits.entry[i] as PhysAddr;
          edits.oldLo[i] = memory.read32(at);
          edits.oldHi[i] = memory.read32((at + 4) as PhysAddr);
          memory.write32(at, edits.valueLo[i]);
          memory.write32((at + 4) as PhysAddr, edits.valueHi[i]);
        }
      },
      flushAddressSpace: () => undefined,
      syncCode: () => undefined,
    };
    const env: TableEnvironment = {
      format: board.format,
      memory,
      frames: new Frames(memory, this.regions),
      reverse: null,
      swap: null,
      mmu: port,
      batch: new EditBatch(port),
      hardwareAccessedDirty: true,
      counters: { tableFrames: 0, codeEpoch: 0 },
    };
    this.table = new PageTable(env, env.frames.allocZeroed() as Frame, 1 as Asid);
    for (const [slot, value] of board.rootEntries) {
      memory.writeWord(this.table.root, 2 * slot, Number(value & 0xffffffffn));
      memory.writeWord(this.table.root, 2 * slot + 1, Number(value >> 32n));
    }
  }

  /** Maps until there are `count` mappings. */
  fill(count: number): this {
    while (this.mappings.length < count) this.addLeaf();
    return this;
  }

  /** Maps readable leaves of frames anywhere, there or not, until there are `count` mappings. */
  fillAnywhere(count: number): this {
    const { random, board } = this;
    const flags = PageFlag.Read | PageFlag.Accessed;
    const limit = Math.min(board.format.frameLimit, FRAMES);
    while (this.mappings.length < count) {
      const level = random.below(board.format.largestLeaf + 1);
      const size = 2 ** (9 * level);
      const frame = random.pick([random.below(limit), 2 ** random.below(Math.log2(limit)), limit - 1]);
      const first = Math.floor(frame / size) * size;
      const start = this.address(level);
      if (this.table.next(start, start + size * PAGE_SIZE) < start + size * PAGE_SIZE) continue;
      this.install(start, level, first, flags);
      const offset = random.below(Math.min(size, (board.format.userTop - start) / PAGE_SIZE));
      const page = start + offset * PAGE_SIZE;
      this.mappings.push({ page, start, level, kind: 'leaf', physical: (first + offset) * PAGE_SIZE, flags });
    }
    return this;
  }

  /** Tries to split each large leaf, or a part of what it was split into before; its pages stay what they are. */
  splitSome(oneIn: number): this {
    const { mappings, random, table } = this;
    mappings.forEach((mapping, i) => {
      if (mapping.level === 0 || !random.chance(oneIn)) return;
      table.demote(mapping.page);
      const { level } = table.query(mapping.page) ? table : mapping;
      mappings[i] = { ...mapping, level, start: table.leafStart(mapping.page) };
    });
    return this;
  }

  /** Fills tables with leaves that make one of `level`, and joins them; each adds a mapping. */
  joinSome(count: number, level: number): this {
    const bytes = PAGE_SIZE * 2 ** (9 * level);
    const step = bytes / 512;
    for (let joined = 0; joined < count;) {
      const start = this.address(level);
      const frame = this.leafFrame(level);
      const flags = this.flags() | PageFlag.Read;
      if (this.table.next(start, start + bytes) < start + bytes) continue;
      for (let i = 0; i < 512; i++) this.install(start + i * step, level - 1, frame + (i * step) / PAGE_SIZE, flags);
      if (!this.table.promote(start, level)) throw new Error(`could not join ${start.toString(16)}`);
      this.remember(start, level, 'leaf', frame, flags);
      joined++;
    }
    return this;
  }

  /** Pages beside mappings and anywhere, where nothing is mapped. */
  addAbsent(count: number): this {
    const mapped = this.mappings.filter(({ kind }) => kind === 'leaf');
    while (count > 0) {
      const near = this.random.pick(mapped);
      const step = PAGE_SIZE * 2 ** (9 * this.random.below(this.board.format.levels));
      const page = near.page + (this.random.chance(2) ? step : -step);
      if (!this.canProbe(page) || this.table.query(page)) continue;
      this.mappings.push({ page, start: page, level: 0, kind: 'absent', physical: NaN, flags: 0 });
      count--;
    }
    return this;
  }

  private canProbe(page: number): boolean {
    return page >= 0 && page < this.board.format.userTop && page !== this.board.blind;
  }

  private addLeaf(): void {
    const { random, table } = this;
    const level = random.chance(2) ? 0 : random.below(this.board.format.largestLeaf + 1);
    const start = this.address(level);
    const frame = this.leafFrame(level);
    let flags = this.flags();
    if (level === 3 && !random.chance(8)) flags &= ~PageFlag.Execute; // each of its 2^27 frames would be looked at
    const kind = (flags & PERMISSIONS) === 0 ? (level === 0 && random.chance(2) ? 'guard' : 'retained') : 'leaf';
    if (table.next(start, start + PAGE_SIZE * 2 ** (9 * level)) < start + PAGE_SIZE * 2 ** (9 * level)) return;
    if (kind === 'guard' && table.ensure(start) === 0) table.installGuard();
    else this.install(start, level, frame, flags);
    this.remember(start, level, kind, frame, flags);
  }

  private install(start: number, level: number, frame: number, flags: number): void {
    const { table } = this;
    const error = level > 0 ? table.installLarge(start, level, frame as Frame, flags) : table.ensure(start);
    if (error !== 0) throw new Error(`could not map ${start.toString(16)}: ${error}`);
    if (level === 0) table.install(frame as Frame, flags);
  }

  private remember(start: number, level: number, kind: Mapping['kind'], frame: Frame, flags: number): void {
    const pages = 2 ** (9 * level);
    while (start !== this.board.blind || level > 0) {
      const offset = this.random.pick([0, pages - 1, this.random.below(pages)]);
      const physical = (frame + offset) * PAGE_SIZE;
      const page = start + offset * PAGE_SIZE;
      if (!this.isFree(physical) || !this.canProbe(page)) continue;
      const where = kind === 'guard' ? NaN : physical;
      this.mappings.push({ page, start, level, kind, physical: where, flags });
      return;
    }
  }

  /** Where a leaf may begin: anywhere, at an end of user space, or next to another. */
  private address(level: number): number {
    const { random, mappings } = this;
    const bytes = PAGE_SIZE * 2 ** (9 * level);
    const leaves = Math.floor(this.board.format.userTop / bytes);
    const near = () =>
      mappings.length === 0 ? 0 : Math.floor(random.pick(mappings).page / bytes) + random.below(3) - 1;
    const any = random.below(leaves);
    const chosen = random.pick([any, any, near(), near(), random.below(3), leaves - 1 - random.below(3)]);
    return Math.min(Math.max(chosen, 0), leaves - 1) * bytes;
  }

  /** A frame that a leaf may begin at, some part of which is RAM that is free for pages. */
  private leafFrame(level: number): Frame {
    const size = 2 ** (9 * level);
    const { base, bytes } = this.random.pick(this.board.ram);
    for (;;) {
      const frame = Math.floor((base / PAGE_SIZE + this.random.below(bytes / PAGE_SIZE)) / size) * size;
      const candidates = [0, size - 1].map((offset) => (frame + offset) * PAGE_SIZE);
      if (candidates.some((address) => this.isFree(address))) return frame as Frame;
    }
  }

  /** RAM, and neither a table nor the program's. */
  private isFree(address: number): boolean {
    const { ram, tables, probes } = this.board;
    const inside = ({ base, bytes }: { base: number; bytes: number }) => address >= base && address < base + bytes;
    if (tables.some((base) => inside({ base, bytes: TABLE_BYTES }))) return false;
    return ram.some(inside) && Math.abs(address - probes) > 32 * 2 ** 20;
  }

  private flags(): number {
    const { random } = this;
    const { Accessed, Dirty, Supervisor, Global, NonCacheable, Device } = PageFlag;
    let flags = random.chance(16) ? 0 : random.below(8);
    if (random.chance(2)) flags |= Accessed;
    if (random.chance(2)) flags |= Dirty;
    if (random.chance(8)) flags |= Supervisor;
    if (random.chance(8)) flags |= Global;
    if (random.chance(8)) flags |= random.pick([NonCacheable, Device]);
    return flags;
  }
}
