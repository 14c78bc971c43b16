/**
 * Which instructions make a region: those decoded ones that direct jumps, calls and fall-through reach from its roots,
 * breadth first, up to a number. What was never executed is not decoded, and so stays out; and of straight runs in which
 * the guest was never seen only those are taken that lie next to one in which it was.
 */
import type { CodeView } from './code-view.js';
import type { Instruction } from './instruction.js';
import { Flow } from './instruction.js';

const RA = 1;
export interface DiscoveryLimits {
  readonly instructions: number;
  readonly pages: number;
}
/** Most runs in a row in which the guest was not seen. */
const MOST_COLD = 2;
const MOST_UNSEEN = 24;

export interface Found {
  /** By offset. */
  readonly instructions: ReadonlyMap<number, Instruction>;
  /** Offsets where blocks begin. */
  readonly leaders: ReadonlySet<number>;
  /** Leaders that control may come to from outside, or by jumps whose target is computed. */
  readonly entries: ReadonlySet<number>;
  /** Leaders where the guest was often seen. In a loop they are no entries: its header is one. */
  readonly hints: ReadonlySet<number>;
}

/** Where discovery begins, most important first. */
export interface Origins {
  /** Entries, come what may. */
  readonly firm: readonly number[];
  readonly roots: readonly number[];
  /** What those may not have led to. */
  readonly seeds: readonly number[];
}

export class Discovery {
  readonly instructions = new Map<number, Instruction>();
  readonly leaders = new Set<number>();
  readonly entries = new Set<number>();
  readonly hints = new Set<number>();
  private readonly view: CodeView;
  private readonly limits: DiscoveryLimits;
  /** Whether an offset belongs to somebody else. */
  private readonly isTaken: (off: number) => boolean;
  /** Whether the guest was seen at an offset. */
  private readonly isWarm: (off: number) => boolean;
  private readonly queue: { readonly off: number; readonly cold: number }[] = [];
  /** By leader: cold runs that led there, at least. */
  private readonly coldness = new Map<number, number>();
  private pages = new Set<number>();
  private computed = false;

  constructor(
    view: CodeView,
    limits: DiscoveryLimits,
    isTaken: (off: number) => boolean,
    isWarm: (off: number) => boolean,
  ) {
    this.view = view;
    this.limits = limits;
    this.isTaken = isTaken;
    this.isWarm = isWarm;
  }

  run({ firm, roots, seeds }: Origins): Found {
    for (const root of roots) this.hint(root);
    for (const root of firm) this.enter(root, 0);
    this.drain();
    for (const seed of seeds) if (!this.instructions.has(seed)) this.hint(seed);
    this.drain();
    if (this.computed) {
      for (const off of this.neighbours()) this.enter(off, MOST_COLD);
      this.drain();
    }
    return this;
  }

  /** Whether a page is among the region's, or may become one. */
  private admits(pages: Set<number>, page: number): boolean {
    if (!pages.has(page) && pages.size === this.limits.pages) return false;
    pages.add(page);
    return true;
  }

  private drain(): void {
    for (let next = 0; next < this.queue.length; next++) this.follow(this.queue[next].off, this.queue[next].cold);
    this.queue.length = 0;
  }

  private hint(off: number): void {
    this.hints.add(off);
    this.reach(off, 0);
  }

  private enter(off: number, cold: number): void {
    this.entries.add(off);
    this.reach(off, cold);
  }

  private reach(off: number, cold: number): void {
    if ((this.coldness.get(off) ?? Infinity) <= cold) return;
    this.coldness.set(off, cold);
    this.queue.push({ off, cold });
  }

  /** Straight on from a leader, behind `cold` runs in which the guest was not seen. */
  private follow(from: number, cold: number): void {
    const run: Instruction[] = [];
    const pages = new Set(this.pages);
    let off = from;
    let isWarm = false;
    let stop = false;
    const room = this.limits.instructions - this.instructions.size;
    while (run.length < room && !this.isTaken(off) && !this.instructions.has(off)) {
      const i = this.view.read(off);
      stop = i?.flow === Flow.Stop;
      if (i === null || stop || !this.admits(pages, off >> 12)) break;
      run.push(i);
      isWarm ||= this.isWarm(off);
      off += i.length;
      if (i.flow !== Flow.Next) break;
    }
    const behind = isWarm ? 0 : cold + 1;
    if (run.length > 0 && behind > MOST_COLD) return;
    this.pages = pages;
    this.leaders.add(from);
    for (const i of run) this.instructions.set(i.off, i);
    const last = run.at(-1);
    if (last !== undefined && last.flow !== Flow.Next) this.leave(last, off, behind);
    else if (stop) this.enter(off + this.view.lengthAt(off), behind);
    else if (this.instructions.has(off)) this.leaders.add(off);
  }

  private leave(i: Instruction, next: number, cold: number): void {
    if (i.flow === Flow.Branch) this.reach(next, cold);
    if (i.flow === Flow.Branch || i.flow === Flow.Jump) this.reach(i.off + i.imm, cold);
    if (i.flow === Flow.Call) this.enter(i.off + i.imm, cold);
    if (i.flow === Flow.Call || i.flow === Flow.IndirectCall) this.enter(next, cold);
    if (i.flow === Flow.Indirect && i.rs1 !== RA) this.computed = true;
  }

  /**
   * Likely targets of computed jumps: decoded code among what was found that nothing falls into. Compilers put the
   * cases of a
   * `switch` there.
   */
  private neighbours(): number[] {
    const offs = [...this.instructions.keys()];
    const first = Math.min(...offs);
    const last = Math.max(...offs) + 2048;
    const found: number[] = [];
    let begins = false;
    for (let off = first; off < last;) {
      const i = this.view.read(off);
      if (i === null) {
        off += 2;
        begins = true;
        continue;
      }
      if (begins && i.flow !== Flow.Stop && !this.instructions.has(off)) found.push(off);
      begins = i.flow === Flow.Jump || i.flow === Flow.Indirect;
      off += i.flow === Flow.Stop ? this.view.lengthAt(off) : i.length;
    }
    return found;
  }
}

/**
 * Where straight runs of decoded code begin, as far as the guest was seen in them: behind a jump, nothing decoded, or a
 * stretch of MOST_UNSEEN instructions in which it was not seen.
 */
export class RunStarts {
  private readonly view: CodeView;
  private readonly isWarm: (off: number) => boolean;
  /** By offset of an instruction that was come by. */
  private readonly known = new Map<number, number>();

  constructor(view: CodeView, isWarm: (off: number) => boolean) {
    this.view = view;
    this.isWarm = isWarm;
  }

  /** @returns start of the run that `off` is in */
  of(off: number): number {
    const passed = [off];
    const start = this.find(off, passed);
    for (const at of passed) if (at >= start) this.known.set(at, start);
    return start;
  }

  private find(off: number, passed: number[]): number {
    let start = off;
    let at = off;
    for (let unseen = 0; unseen < MOST_UNSEEN; unseen++) {
      const known = this.known.get(at);
      if (known !== undefined) return known;
      const before = previous(this.view, at);
      if (before === null || before.flow === Flow.Jump || before.flow === Flow.Indirect) return at;
      at = before.off;
      passed.push(at);
      if (!this.isWarm(at)) continue;
      start = at;
      unseen = 0;
    }
    return start;
  }
}

function previous(view: CodeView, off: number): Instruction | null {
  for (const length of [2, 4]) {
    const i = view.read(off - length);
    if (i !== null && (i.flow === Flow.Stop ? view.lengthAt(off - length) : i.length) === length) return i;
  }
  return null;
}
