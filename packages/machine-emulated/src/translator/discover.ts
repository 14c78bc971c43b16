/**
 * Which instructions make a region: those decoded ones that direct jumps, calls and fall-through reach from its roots,
 * breadth
 * first, up to a number. What was never executed is not decoded, and so stays out.
 */
import type { CodeView } from './code-view.js';
import type { Instruction } from './instruction.js';
import { Flow } from './instruction.js';

const RA = 1;
/** Most pages of a region. */
const MOST_PAGES = 3;

export interface Found {
  /** By offset. */
  readonly instructions: ReadonlyMap<number, Instruction>;
  /** Offsets where blocks begin. */
  readonly leaders: ReadonlySet<number>;
  /** Leaders that control may come to from outside, or by jumps whose target is computed. */
  readonly entries: ReadonlySet<number>;
}

export class Discovery {
  readonly instructions = new Map<number, Instruction>();
  readonly leaders = new Set<number>();
  readonly entries = new Set<number>();
  private readonly view: CodeView;
  private readonly limit: number;
  /** Whether an offset belongs to somebody else. */
  private readonly isTaken: (off: number) => boolean;
  private readonly queue: number[] = [];
  private readonly pages = new Set<number>();
  private computed = false;

  constructor(view: CodeView, limit: number, isTaken: (off: number) => boolean) {
    this.view = view;
    this.limit = limit;
    this.isTaken = isTaken;
  }

  /** Explores from `roots`, which are entries, most important first; then from `seeds` that they did not lead to. */
  run(seeds: readonly number[], roots: readonly number[]): Found {
    for (const root of roots) this.enter(root);
    this.drain();
    for (const seed of seeds) if (!this.instructions.has(seed)) this.enter(seed);
    this.drain();
    if (this.computed) {
      for (const off of this.neighbours()) this.enter(off);
      this.drain();
    }
    return this;
  }

  /** Whether a page is among the region's, or may become one: each is checked whenever the region is entered. */
  private admits(page: number): boolean {
    if (this.pages.has(page)) return true;
    if (this.pages.size === MOST_PAGES) return false;
    this.pages.add(page);
    return true;
  }

  private drain(): void {
    for (let next = 0; next < this.queue.length; next++) this.follow(this.queue[next]);
    this.queue.length = 0;
  }

  private enter(off: number): void {
    this.entries.add(off);
    this.reach(off);
  }

  private reach(off: number): void {
    if (this.leaders.has(off)) return;
    this.leaders.add(off);
    this.queue.push(off);
  }

  /** Straight on from a leader. */
  private follow(from: number): void {
    let off = from;
    while (this.instructions.size < this.limit && !this.isTaken(off)) {
      if (this.instructions.has(off)) {
        this.leaders.add(off);
        return;
      }
      const i = this.view.read(off);
      if (i === null || !this.admits(off >> 12)) return;
      if (i.flow === Flow.Stop) {
        this.enter(off + this.view.lengthAt(off));
        return;
      }
      this.instructions.set(off, i);
      off += i.length;
      if (i.flow === Flow.Next) continue;
      this.leave(i, off);
      return;
    }
  }

  private leave(i: Instruction, next: number): void {
    if (i.flow === Flow.Branch) this.reach(next);
    if (i.flow === Flow.Branch || i.flow === Flow.Jump) this.reach(i.off + i.imm);
    if (i.flow === Flow.Call) this.enter(i.off + i.imm);
    if (i.flow === Flow.Call || i.flow === Flow.IndirectCall) this.enter(next);
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

/** First instruction of the straight run of decoded code that `off` is in: it follows a jump, or nothing decoded. */
export function startOfRun(view: CodeView, off: number, limit = 400): number {
  let at = off;
  for (let n = 0; n < limit; n++) {
    const before = previous(view, at);
    if (before === null || before.flow === Flow.Jump || before.flow === Flow.Indirect) return at;
    at = before.off;
  }
  return at;
}

function previous(view: CodeView, off: number): Instruction | null {
  for (const length of [2, 4]) {
    const i = view.read(off - length);
    if (i !== null && (i.flow === Flow.Stop ? view.lengthAt(off - length) : i.length) === length) return i;
  }
  return null;
}
