/**
 * The machine under a page table in tests: RAM for tables, the frames they refer to as numbers only, and an MMU that
 * is as unforgiving as the strictest CPU.
 *
 * It knows which frames are tables, where each hangs and what it translates, and refuses
 *  - to overwrite what a CPU may have cached other than through `MmuPort.apply`,
 *  - to change the frame, size or memory type of such an entry without a break, where the format wants one,
 *  - to take out a table that still has present entries, or to free one that still hangs somewhere,
 *  - an edit that names another address or address space than its entry translates.
 * Translations are cached until they are told to be forgotten. Whenever an edit exchanges a leaf, "another CPU" may have used
 * the page just before.
 */
import { ENOMEM, PAGE_SIZE } from '@veridian-os/abi';
import type { Asid, Errno, Frame, MemoryRegion, MmuEdits, MmuPort, PhysAddr } from '@veridian-os/abi';
import { PhysicalMemory } from '../frames/physical-memory.js';
import { EditBatch } from '../page-table/edit-batch.js';
import { ACCESS_BITS, MEMORY_TYPE, PERMISSIONS, PageFlag } from '../page-table/format.js';
import type { PageTableFormat } from '../page-table/format.js';
import type { TableEnvironment, TableFrames } from '../page-table/table-walk.js';
import { FAULT } from './fake-machine.js';

const { floor, min } = Math; // a global costs much in Jest's sandbox

const RAM_BASE = 0x8000_0000;
const TABLES = 400;
const JUNK = 0xa5;
/** Frames whose references are counted together: by number and sum. */
const BLOCK = 2 ** 18;
export const TEST_ASID = 7 as Asid;

interface Linked {
  readonly level: number;
  /** First address it translates. */
  readonly base: number;
}

interface Cached {
  readonly frame: number;
  readonly flags: number;
}

/** References by block of frames: how many, and the sum of the frames' numbers in the block. */
export class References {
  private readonly blocks = new Map<number, { count: number; sum: number }>();
  /** The one last used: a large leaf is given back frame by frame. */
  private lastBlock = NaN;
  private last = { count: 0, sum: 0 };

  add(first: number, frames: number, times: 1 | -1): void {
    for (let at = first; at < first + frames;) {
      const block = floor(at / BLOCK);
      const n = min(first + frames, (block + 1) * BLOCK) - at;
      const offset = at - block * BLOCK;
      const { last } = this.use(block);
      last.count += times * n;
      last.sum += times * (n * offset + (n * (n - 1)) / 2);
      at += n;
    }
  }

  /** Throws unless both count the same. */
  check(other: References, when: string): void {
    for (const block of new Set([...this.blocks.keys(), ...other.blocks.keys()])) {
      const [ours, theirs] = [this, other].map((each) => JSON.stringify(each.use(block).last));
      if (ours !== theirs)
        throw new Error(`${when}: references to frames of block ${block}: ${ours}, expected ${theirs}`);
    }
  }

  private use(block: number): this {
    if (block === this.lastBlock) return this;
    this.lastBlock = block;
    this.last = this.blocks.get(block) ?? { count: 0, sum: 0 };
    this.blocks.set(block, this.last);
    return this;
  }
}

/** PhysicalMemory that shows every store to a table first. */
class WatchedMemory extends PhysicalMemory {
  private readonly watch: (frame: Frame, word: number, value: number) => void;

  constructor(regions: readonly MemoryRegion[], watch: (frame: Frame, word: number, value: number) => void) {
    super(regions);
    this.watch = watch;
  }

  override writeWord(frame: Frame, word: number, value: number): void {
    this.watch(frame, word, value);
    super.writeWord(frame, word, value);
  }
}

export class TableMachine {
  readonly env: TableEnvironment;
  readonly references = new References();
  /** Entries by frame, as the table tells them to the reverse map. */
  readonly entries = new References();
  /** Table frames that can still be had. */
  budget = Infinity;
  /** What "another CPU" does to a leaf right before it is exchanged: adds these of accessed and dirty. */
  intrusion = 0;
  /** No CPU uses the address space any more. */
  ending = false;
  /** Told of each leaf that was intruded on. */
  onIntrusion: (virtual: number, bits: number) => void = () => {};
  private readonly format: PageTableFormat;
  private readonly memory: PhysicalMemory;
  private readonly free: number[] = [];
  private readonly linked = new Map<number, Linked>();
  private readonly translations = new Map<number, Cached>();
  private root = 0;

  /** @param hardwareAccessedDirty see `TableEnvironment` */
  constructor(format: PageTableFormat, hardwareAccessedDirty: boolean) {
    this.format = format;
    const buffer = new ArrayBuffer(TABLES * PAGE_SIZE);
    const views = { u8: new Uint8Array(buffer).fill(JUNK), u32: new Uint32Array(buffer) };
    const region = { base: RAM_BASE as PhysAddr, length: buffer.byteLength, node: 0, tier: 0, ...views };
    this.memory = new WatchedMemory([region], (frame, word, value) => this.stored(frame, word, value));
    for (let i = TABLES - 1; i >= 0; i--) this.free.push(RAM_BASE / PAGE_SIZE + i);
    const mmu: MmuPort = {
      apply: (edits) => this.apply(edits),
      flushAddressSpace: () => this.translations.clear(),
      syncCode: () => undefined,
    };
    const counters = { tableFrames: 0, codeEpoch: 0 };
    const batch = new EditBatch(mmu);
    const reverse = {
      add: (frame: Frame) => this.entries.add(frame, 1, 1),
      remove: (frame: Frame) => this.entries.add(frame, 1, -1),
    };
    this.env = {
      format,
      memory: this.memory,
      frames: this.frames(),
      reverse,
      swap: null,
      mmu,
      batch,
      hardwareAccessedDirty,
      counters,
    };
  }

  get tables(): number {
    return this.linked.size;
  }

  /** The zeroed root of a new table. */
  createRoot(): Frame {
    this.root = this.env.frames.allocZeroed();
    this.linked.set(this.root, { level: this.format.levels - 1, base: 0 });
    return this.root as Frame;
  }

  /** A user's access: the frame it reaches, or FAULT. Sets accessed and dirty as a CPU does. */
  access(page: number, flag: number): number {
    const cached = this.translations.get(page);
    const found = this.walk(page);
    const seen = cached ?? found;
    if (seen === null || (seen.flags & flag) === 0 || (seen.flags & PageFlag.Supervisor) !== 0) return FAULT;
    if (found !== null) this.touch(found, flag === PageFlag.Write ? ACCESS_BITS : PageFlag.Accessed);
    this.translations.set(page, { frame: seen.frame, flags: seen.flags & ~ACCESS_BITS });
    return seen.frame;
  }

  /** Throws when a cached translation is not what the tables say now. */
  checkTranslations(): void {
    for (const [page, { frame, flags }] of this.translations) {
      const now = this.walk(page);
      if (now !== null && now.frame === frame && (now.flags & ~ACCESS_BITS) === flags) continue;
      throw new Error(`stale translation of ${page}: frame ${frame}, now ${now === null ? 'nothing' : now.frame}`);
    }
  }

  private frames(): TableFrames {
    const isTable = (frame: number) => frame >= RAM_BASE / PAGE_SIZE && frame < RAM_BASE / PAGE_SIZE + TABLES;
    const alloc = (): Frame | Errno => {
      if (this.budget <= 0 || this.free.length === 0) return ENOMEM;
      this.budget--;
      return this.free.pop() as Frame;
    };
    return {
      alloc,
      allocZeroed: () => {
        const frame = alloc();
        if (frame >= 0) this.memory.fill(frame as Frame, 0);
        return frame;
      },
      release: (frame) => {
        if (!isTable(frame)) return this.references.add(frame, 1, -1);
        if (this.linked.has(frame) && !this.ending) throw new Error(`table ${frame} is freed while in use`);
        this.linked.delete(frame);
        this.memory.fill(frame, JUNK);
        this.free.push(frame);
      },
      retain: (frame) => this.references.add(frame, 1, 1),
      isSynced: () => true,
      setSynced: () => undefined,
    };
  }

  private read(table: number, slot: number): readonly [lo: number, hi: number] {
    return [this.memory.readWord(table as Frame, 2 * slot), this.memory.readWord(table as Frame, 2 * slot + 1)];
  }

  private isTableEntry(level: number, lo: number): boolean {
    return level > 0 && lo !== 0 && !this.format.isLeaf(lo);
  }

  /** Whether a CPU may have cached an entry. */
  private isPresent(level: number, [lo, hi]: readonly [number, number]): boolean {
    return this.isTableEntry(level, lo) || this.format.flags(lo, hi) !== 0;
  }

  /** A direct store to a table. */
  private stored(frame: Frame, word: number, value: number): void {
    const place = this.linked.get(frame);
    if (place === undefined) return; // nobody can see it yet
    const slot = word >> 1;
    if (this.isPresent(place.level, this.read(frame, slot))) {
      throw new Error(`a present entry of level ${place.level} is overwritten by a store`);
    }
    if (word % 2 === 0) this.link(place, slot, value, this.memory.readWord(frame, word + 1));
  }

  /** The entry becomes this: a table that it points to hangs there now. */
  private link({ level, base }: Linked, slot: number, lo: number, hi: number): void {
    if (!this.isTableEntry(level, lo)) return;
    const child = this.format.frame(lo, hi);
    if (this.linked.has(child)) throw new Error(`table ${child} hangs in two places`);
    this.linked.set(child, { level: level - 1, base: base + slot * this.span(level) });
  }

  private span(level: number): number {
    return PAGE_SIZE * 2 ** (this.format.indexBits * level);
  }

  private apply(edits: MmuEdits): void {
    for (let i = 0; i < edits.count; i++) {
      const table = floor(edits.entry[i] / PAGE_SIZE);
      const slot = (edits.entry[i] % PAGE_SIZE) / 8;
      const place = this.linked.get(table);
      if (place === undefined) throw new Error(`edit of ${edits.entry[i]}, which is no table's`);
      const start = place.base + slot * this.span(place.level);
      if (edits.virtual[i] !== start || edits.asid[i] !== TEST_ASID) {
        throw new Error(`edit of the entry for ${start} names ${edits.virtual[i]}, asid ${edits.asid[i]}`);
      }
      this.intrude(table, slot, place.level, start);
      const old = this.read(table, slot);
      [edits.oldLo[i], edits.oldHi[i]] = old;
      this.exchange(place, table, slot, old, [edits.valueLo[i], edits.valueHi[i]]);
      for (const page of this.translations.keys()) {
        if (page >= start && page < start + this.span(place.level)) this.translations.delete(page);
      }
    }
  }

  /** Another CPU uses the page of a leaf that is about to be exchanged. */
  private intrude(table: number, slot: number, level: number, start: number): void {
    const [lo, hi] = this.read(table, slot);
    const flags = this.format.flags(lo, hi);
    if (this.isTableEntry(level, lo) || (flags & PERMISSIONS) === 0 || this.intrusion === 0) return;
    const bits = (flags & PageFlag.Write) === 0 ? this.intrusion & PageFlag.Accessed : this.intrusion;
    this.touch({ table, slot, level, frame: 0, flags }, bits);
    this.onIntrusion(start, bits);
  }

  private exchange(
    place: Linked,
    table: number,
    slot: number,
    old: readonly [number, number],
    value: readonly [number, number],
  ): void {
    const { format } = this;
    const { level } = place;
    if (this.isTableEntry(level, old[0])) {
      const child = format.frame(...old);
      for (let i = 0; i < PAGE_SIZE / 8; i++) {
        if (this.isPresent(level - 1, this.read(child, i)))
          throw new Error(`a table of level ${level - 1} goes in use`);
      }
      this.linked.delete(child);
    }
    if (format.breakBeforeMake && this.isPresent(level, old) && this.isPresent(level, value)) {
      const sameKind = this.isTableEntry(level, old[0]) === this.isTableEntry(level, value[0]);
      const type = (format.flags(...old) ^ format.flags(...value)) & MEMORY_TYPE;
      if (!sameKind || format.frame(...old) !== format.frame(...value) || type !== 0) {
        throw new Error(`an entry of level ${level} changes frame, size or memory type without a break`);
      }
    }
    this.link(place, slot, ...value);
    this.write(table, slot, value);
  }

  /** As a CPU writes: without asking. */
  private write(table: number, slot: number, [lo, hi]: readonly [number, number]): void {
    this.memory.write32((table * PAGE_SIZE + 8 * slot) as PhysAddr, lo);
    this.memory.write32((table * PAGE_SIZE + 8 * slot + 4) as PhysAddr, hi);
  }

  private touch({ table, slot, level }: Walked, bits: number): void {
    const [lo, hi] = this.read(table, slot);
    const frame = this.format.frame(lo, hi);
    const flags = this.format.flags(lo, hi) | bits;
    this.write(table, slot, [this.format.leafLo(frame, flags, level), this.format.leafHi(frame, flags)]);
  }

  private walk(page: number): Walked | null {
    let table = this.root;
    for (let level = this.format.levels - 1; ; level--) {
      const slot = floor(page / this.span(level)) % (PAGE_SIZE / 8);
      const [lo, hi] = this.read(table, slot);
      const first = this.format.frame(lo, hi);
      if (!this.isTableEntry(level, lo)) {
        const flags = this.format.flags(lo, hi);
        if (lo === 0 || flags === 0) return null;
        return { table, slot, level, flags, frame: first + floor((page % this.span(level)) / PAGE_SIZE) };
      }
      table = first;
    }
  }
}

interface Walked extends Cached {
  readonly table: number;
  readonly slot: number;
  readonly level: number;
}
