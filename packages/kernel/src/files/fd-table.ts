/**
 * File descriptors: small integers that stand for file capabilities of the process's space.
 *
 * Shapes: lo, hi  token words per descriptor; flags: bit 0 open, bit 1 close-on-exec. Grows by doubling to the limit.
 */
import type { Errno } from '@veridian-os/abi';
import { EBADF, EMFILE } from '@veridian-os/abi';

/** A capability of one space: slot word and generation word. */
export interface Token {
  readonly lo: number;
  readonly hi: number;
}

const OPEN = 1;
const CLOEXEC = 2;

export class FdTable {
  private lo = new Uint32Array(16);
  private hi = new Uint32Array(16);
  private flags = new Uint8Array(16);
  /** No free descriptor precedes this one. */
  private firstFree = 0;
  private count = 0;
  /** RLIMIT_NOFILE. */
  limit = 1024;

  get openCount(): number {
    return this.count;
  }

  /** Binds the lowest free descriptor >= `from`; EMFILE at the limit. */
  install(lo: number, hi: number, cloexec: boolean, from = 0): number | Errno {
    let fd = Math.max(from, this.firstFree);
    while (fd < this.flags.length && (this.flags[fd] & OPEN) !== 0) fd++;
    if (fd >= this.limit) return EMFILE;
    this.bind(fd, lo, hi, cloexec);
    if (from <= this.firstFree) this.firstFree = fd + 1;
    return fd;
  }

  /** Binds exactly `fd`, which must be free. EBADF beyond the limit. */
  installAt(fd: number, lo: number, hi: number, cloexec: boolean): 0 | Errno {
    if (fd < 0 || fd >= this.limit) return EBADF;
    this.bind(fd, lo, hi, cloexec);
    return 0;
  }

  isOpen(fd: number): boolean {
    return fd >= 0 && fd < this.flags.length && (this.flags[fd] & OPEN) !== 0;
  }

  /** Token words of an open descriptor (check `isOpen` first). */
  tokenLo(fd: number): number {
    return this.lo[fd];
  }

  tokenHi(fd: number): number {
    return this.hi[fd];
  }

  isCloexec(fd: number): boolean {
    return (this.flags[fd] & CLOEXEC) !== 0;
  }

  setCloexec(fd: number, on: boolean): void {
    this.flags[fd] = on ? this.flags[fd] | CLOEXEC : this.flags[fd] & ~CLOEXEC;
  }

  /** Frees a descriptor; the caller deletes the capability. */
  remove(fd: number): void {
    this.flags[fd] = 0;
    this.count--;
    if (fd < this.firstFree) this.firstFree = fd;
  }

  /** Open descriptors in ascending order. */
  open(): number[] {
    const result: number[] = [];
    for (let fd = 0; fd < this.flags.length; fd++) if ((this.flags[fd] & OPEN) !== 0) result.push(fd);
    return result;
  }

  private bind(fd: number, lo: number, hi: number, cloexec: boolean): void {
    while (fd >= this.flags.length) this.grow();
    if ((this.flags[fd] & OPEN) === 0) this.count++;
    this.lo[fd] = lo;
    this.hi[fd] = hi;
    this.flags[fd] = cloexec ? OPEN | CLOEXEC : OPEN;
  }

  private grow(): void {
    const size = this.flags.length * 2;
    const lo = new Uint32Array(size);
    const hi = new Uint32Array(size);
    const flags = new Uint8Array(size);
    lo.set(this.lo);
    hi.set(this.hi);
    flags.set(this.flags);
    this.lo = lo;
    this.hi = hi;
    this.flags = flags;
  }
}
