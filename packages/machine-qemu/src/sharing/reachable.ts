/**
 * What a program can reach through its page tables: what must be shown to it before it runs and back when it has trapped.
 *
 * Tables are walked when one of them has changed. A present entry that changes goes through `mmu.apply`, after which no
 * CPU uses the old translation: so the tables as they are say everything, in both directions.
 *
 * Shapes     runs are pairs (offset in RAM, bytes), ascending and apart
 * Cost       about 1 us a table for a walk
 */
import { MAX_VIEW } from '@veridian-os/libc';
import { fileOffset } from '../guest-ram.js';
import type { MachineShape } from './api.js';
import type { MirroredRam } from './mirrored-ram.js';

const PAGE = 4096;
const ENTRIES = 512;
/** RAM has fewer pages: a run of pages is one number, and numbers sort fast. */
const RUN_UNIT = 2 ** 25;

type Runs = readonly number[];

export class Reachable {
  private readonly ram: MirroredRam;
  private readonly shape: MachineShape;
  private readonly words: readonly Uint32Array[];
  private root = -1;
  private edition = 0;
  private tables: Runs = [];
  private pages: Runs = [];
  private written: Runs = [];
  // While walking: keys of runs.
  private readonly visited = new Set<number>();
  private readonly pageKeys: number[] = [];
  private readonly writtenKeys: number[] = [];

  constructor(ram: MirroredRam, shape: MachineShape) {
    this.ram = ram;
    this.shape = shape;
    this.words = ram.windows.map((window) => new Uint32Array(window));
  }

  /** Shows the guest everything that a program with this root can reach. @param root physical address */
  publish(root: number): void {
    const known = this.root === root && this.edition === this.ram.edition;
    if (!known || this.push(this.tables)) {
      this.walk(root);
      this.push(this.tables);
    }
    this.push(this.pages);
  }

  /** Shows here what the program that ran has written, and its tables' accessed and dirty bits. */
  refresh(): void {
    if (this.pull(this.tables)) this.walk(this.root);
    this.pull(this.written);
  }

  private push(runs: Runs): boolean {
    let differ = false;
    for (let i = 0; i < runs.length; i += 2) if (this.ram.push(runs[i], runs[i + 1])) differ = true;
    return differ;
  }

  private pull(runs: Runs): boolean {
    let differ = false;
    for (let i = 0; i < runs.length; i += 2) if (this.ram.pull(runs[i], runs[i + 1])) differ = true;
    return differ;
  }

  private walk(root: number): void {
    this.root = root;
    this.edition = this.ram.edition;
    this.visited.clear();
    this.pageKeys.length = 0;
    this.writtenKeys.length = 0;
    const { levels } = this.shape.isa.pageFormat;
    this.visit(Math.floor(root / PAGE) * PAGE, levels - 1);
    this.tables = toRuns([...this.visited].map((key) => Math.floor(key / levels) * RUN_UNIT + 1));
    this.pages = toRuns(this.pageKeys);
    this.written = toRuns(this.writtenKeys);
  }

  /** A table, once per level: at most levels x 512 entries for each page of RAM, whatever points where. */
  private visit(physical: number, level: number): void {
    const { isa, hidden, parts } = this.shape;
    const { pageFormat: format } = isa;
    const offset = fileOffset(parts, physical);
    if (offset < hidden) return;
    const key = (offset / PAGE) * format.levels + level;
    if (this.visited.has(key)) return;
    this.visited.add(key);
    const words = this.words[Math.floor(offset / MAX_VIEW)];
    const first = (offset % MAX_VIEW) / 4;
    for (let at = first; at < first + ENTRIES * 2; at += 2) {
      const lo = words[at];
      if ((lo & format.present) !== format.present) continue;
      const target =
        ((words[at + 1] & format.frameHigh) * 2 ** (32 - format.frameShift) + (lo >>> format.frameShift)) * PAGE;
      if (level > 0 && (lo & format.tableMask) === format.table) this.visit(target, level - 1);
      else this.leaf(target, level, (lo & format.writtenMask) === format.written);
    }
  }

  private leaf(physical: number, level: number, written: boolean): void {
    const size = PAGE * ENTRIES ** level;
    const start = Math.floor(physical / size) * size;
    let offset = 0;
    for (const { base, length } of this.shape.parts) {
      const from = Math.max(start - base + offset, offset, this.shape.hidden);
      const end = Math.min(start + size - base + offset, offset + length);
      offset += length;
      if (from >= end) continue;
      const key = (from / PAGE) * RUN_UNIT + (end - from) / PAGE;
      this.pageKeys.push(key);
      if (written) this.writtenKeys.push(key);
    }
  }
}

/** Sorts and joins. */
function toRuns(keys: readonly number[]): Runs {
  const runs: number[] = [];
  let start = -1;
  let end = -1;
  for (const key of Float64Array.from(keys).sort()) {
    const from = Math.floor(key / RUN_UNIT);
    if (from > end) {
      if (end > start) runs.push(start * PAGE, (end - start) * PAGE);
      start = from;
    }
    end = Math.max(end, from + (key % RUN_UNIT));
  }
  if (end > start) runs.push(start * PAGE, (end - start) * PAGE);
  return runs;
}
