/**
 * Queues of threads, by rank and first in first out within a rank.
 *
 * A queue is a list of groups of falling rank; a group is a circle of threads of one rank in order of arrival, entered at
 * its leader (the oldest).
 *
 * Shapes     q = queues, t = threads
 *   head          Int32Array[q]   leader of the highest group, or NONE
 *   next, prev    Int32Array[t]   circle of a group
 *   upper, lower  Int32Array[t]   leaders of the neighbouring groups, or NONE; upper = MEMBER in all but leaders
 *   rank          Uint8Array[t]
 * Invariant  a thread is in at most one queue
 * Cost       first and remove O(1); push O(distinct ranks in the queue), at most 256 steps; no allocation
 */
import { NONE } from '@veridian-os/abi';

const MEMBER = -2;

export class WaitQueues {
  private readonly head: Int32Array<ArrayBuffer>;
  private readonly next: Int32Array<ArrayBuffer>;
  private readonly prev: Int32Array<ArrayBuffer>;
  private readonly upper: Int32Array<ArrayBuffer>;
  private readonly lower: Int32Array<ArrayBuffer>;
  private readonly rank: Uint8Array<ArrayBuffer>;

  constructor(queues: number, threads: number) {
    this.head = new Int32Array(queues).fill(NONE);
    this.next = new Int32Array(threads);
    this.prev = new Int32Array(threads);
    this.upper = new Int32Array(threads);
    this.lower = new Int32Array(threads);
    this.rank = new Uint8Array(threads);
  }

  /** Oldest thread of the highest rank, or NONE. */
  first(queue: number): number {
    return this.head[queue];
  }

  /** Adds a thread behind those of its rank. */
  push(queue: number, thread: number, rank: number): void {
    let above = NONE;
    let leader = this.head[queue];
    while (leader !== NONE && this.rank[leader] > rank) {
      above = leader;
      leader = this.lower[leader]!;
    }
    if (leader !== NONE && this.rank[leader] === rank) this.join(leader, thread);
    else this.lead(queue, thread, rank, above, leader);
  }

  /** Takes out a thread that is in this queue. */
  remove(queue: number, thread: number): void {
    const next = this.next[thread];
    const prev = this.prev[thread];
    this.next[prev] = next;
    this.prev[next] = prev;
    const above = this.upper[thread];
    if (above === MEMBER) return;
    const below = this.lower[thread];
    if (next === thread) {
      this.linkGroups(queue, above, below);
      return;
    }
    this.rank[next] = this.rank[thread]!;
    this.linkGroups(queue, above, next);
    this.linkGroups(queue, next, below);
  }

  private join(leader: number, thread: number): void {
    const youngest = this.prev[leader];
    this.next[youngest] = thread;
    this.prev[thread] = youngest;
    this.next[thread] = leader;
    this.prev[leader] = thread;
    this.upper[thread] = MEMBER;
  }

  private lead(queue: number, thread: number, rank: number, above: number, below: number): void {
    this.next[thread] = this.prev[thread] = thread;
    this.rank[thread] = rank;
    this.linkGroups(queue, above, thread);
    this.linkGroups(queue, thread, below);
  }

  /** Makes two leaders neighbours; NONE stands for the queue's ends. */
  private linkGroups(queue: number, above: number, below: number): void {
    if (above === NONE) this.head[queue] = below;
    else this.lower[above] = below;
    if (below !== NONE) this.upper[below] = above;
  }
}
