/**
 * Threads waiting by level, first in first out, for each CPU; the highest occupied level is found by two bit scans.
 *
 * Shapes     c = cpus, v = levels (at most 1,024), w = ceil(v / 32), t = threads
 *   head        Int32Array[c * v]   oldest thread of a level, or NONE
 *   next, prev  Int32Array[t]       circle of a level's threads
 *   level       Uint16Array[t]
 *   occupied    Int32Array[c * w]   bit per level; summary Int32Array[c], bit per word of `occupied`
 *   count       Int32Array[c]       waiting threads
 * Cost       O(1) all, touching the same number of words whatever waits; no allocation
 * Source     the two-level bitmap of Linux's O(1) and real-time schedulers (kernel/sched/rt.c)
 */
import { NONE } from '@veridian-os/abi';

const { clz32 } = Math;

export class LevelQueues {
  private readonly levels: number;
  private readonly width: number;
  private readonly head: Int32Array<ArrayBuffer>;
  private readonly next: Int32Array<ArrayBuffer>;
  private readonly prev: Int32Array<ArrayBuffer>;
  private readonly level: Uint16Array<ArrayBuffer>;
  private readonly occupied: Int32Array<ArrayBuffer>;
  private readonly summary: Int32Array<ArrayBuffer>;
  private readonly count: Int32Array<ArrayBuffer>;

  constructor(cpus: number, levels: number, threads: number) {
    this.levels = levels;
    this.width = (levels + 31) >>> 5;
    this.head = new Int32Array(cpus * levels).fill(NONE);
    this.next = new Int32Array(threads);
    this.prev = new Int32Array(threads);
    this.level = new Uint16Array(threads);
    this.occupied = new Int32Array(cpus * this.width);
    this.summary = new Int32Array(cpus);
    this.count = new Int32Array(cpus);
  }

  size(cpu: number): number {
    return this.count[cpu];
  }

  /** Highest level at which somebody waits, or NONE. */
  highest(cpu: number): number {
    const summary = this.summary[cpu];
    if (summary === 0) return NONE;
    const word = 31 - clz32(summary);
    return (word << 5) + 31 - clz32(this.occupied[cpu * this.width + word]);
  }

  /** Oldest thread at a level, or NONE. */
  first(cpu: number, level: number): number {
    return this.head[cpu * this.levels + level];
  }

  /** The next younger thread at the same level; NONE after the youngest. */
  after(cpu: number, thread: number): number {
    const next = this.next[thread];
    return next === this.first(cpu, this.level[thread]) ? NONE : next;
  }

  /** Queues behind all others of the level. */
  pushLast(cpu: number, thread: number, level: number): void {
    const at = cpu * this.levels + level;
    const head = this.head[at];
    this.level[thread] = level;
    this.count[cpu]++;
    if (head !== NONE) {
      const youngest = this.prev[head];
      this.next[youngest] = thread;
      this.prev[thread] = youngest;
      this.next[thread] = head;
      this.prev[head] = thread;
      return;
    }
    this.next[thread] = this.prev[thread] = thread;
    this.head[at] = thread;
    this.occupied[cpu * this.width + (level >>> 5)] |= 1 << (level & 31);
    this.summary[cpu] |= 1 << (level >>> 5);
  }

  /** Queues in front of all others of the level. */
  pushFirst(cpu: number, thread: number, level: number): void {
    this.pushLast(cpu, thread, level);
    this.head[cpu * this.levels + level] = thread;
  }

  remove(cpu: number, thread: number): void {
    const level = this.level[thread];
    const at = cpu * this.levels + level;
    const next = this.next[thread];
    this.count[cpu]--;
    if (next === thread) {
      this.head[at] = NONE;
      this.vacate(cpu, level);
      return;
    }
    const prev = this.prev[thread];
    this.next[prev] = next;
    this.prev[next] = prev;
    if (this.head[at] === thread) this.head[at] = next;
  }

  private vacate(cpu: number, level: number): void {
    const word = cpu * this.width + (level >>> 5);
    this.occupied[word] &= ~(1 << (level & 31));
    if (this.occupied[word] === 0) this.summary[cpu] &= ~(1 << (level >>> 5));
  }
}
