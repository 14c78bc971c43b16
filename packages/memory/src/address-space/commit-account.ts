/**
 * Commit accounting: memory that was promised, whether or not it has been touched.
 *
 * Units      bytes
 * Counted    private writable mappings, once for each process that has them
 * Shape      a tree: what a process is promised counts for its group, that group's parent, and the machine; every limit holds
 * Source     Linux Documentation/mm/overcommit-accounting.rst
 */

/**
 * `always`: everything is promised. `heuristic`: a single request beyond all memory and swap is refused. `never`: what is
 * promised to all stays within swap and a share of memory.
 */
export type OvercommitPolicy = 'always' | 'heuristic' | 'never';

/** Of one process, a group of them, or the machine. */
export class CommitAccount {
  /** Bytes promised now. */
  committed = 0;
  /** Most that is promised; Infinity = no limit of its own. */
  limit: number;
  private readonly parent: CommitAccount | null;
  private readonly largest: number;

  /**
   * @param limit bytes in all
   * @param largest bytes of a single request
   */
  constructor(parent: CommitAccount | null = null, limit = Infinity, largest = Infinity) {
    this.parent = parent;
    this.limit = limit;
    this.largest = largest;
  }

  /** The machine's account. @param ratio share of memory that `never` promises, Linux's overcommit_ratio / 100 */
  static ofMachine(policy: OvercommitPolicy, memory: number, swap: number, ratio = 0.5): CommitAccount {
    if (!(ratio > 0)) throw new RangeError(`ratio: expected a number > 0, got ${ratio}`);
    if (policy === 'never') return new CommitAccount(null, Math.floor(memory * ratio) + swap);
    return new CommitAccount(null, Infinity, policy === 'heuristic' ? memory + swap : Infinity);
  }

  /** True when no limit forbids `bytes` more. */
  permits(bytes: number): boolean {
    if (bytes <= 0) return true;
    return bytes <= this.largest && this.committed + bytes <= this.limit && (this.parent?.permits(bytes) ?? true);
  }

  /** Promises `bytes` more, fewer when negative: what {@link permits} said yes to. */
  add(bytes: number): void {
    this.committed += bytes;
    this.parent?.add(bytes);
  }
}
