/**
 * epoll(7): a set of open files and the events that somebody waits for, level- or edge-triggered.
 *
 * Each member watches its file's wait queue. A wake for events that it wants puts the member on the ready list and wakes the
 * set's own queue; `collect` asks the files what is really there. A level-triggered member stays on the list while its file is ready; an
 * edge-triggered one comes back only with the next wake. Source: Linux fs/eventpoll.c.
 */
import type { Errno, SpecialFile, WaitQueueId } from '@veridian-os/abi';
import { EEXIST, EINVAL, ELOOP, ENOENT, EPERM, POLLERR, POLLHUP, POLLIN } from '@veridian-os/abi';
import type { Kernel } from '@veridian-os/kernel';
import type { OpenFile } from '@veridian-os/vfs';

export const EPOLLET = 0x80000000;
export const EPOLLONESHOT = 0x40000000;
const EPOLLWAKEUP = 0x20000000;
export const EPOLLEXCLUSIVE = 0x10000000;
/** Bits that say how to report, not what. */
const MODE_BITS = EPOLLET | EPOLLONESHOT | EPOLLWAKEUP | EPOLLEXCLUSIVE;
/** Sets inside sets: Linux's EP_MAX_NESTS. */
const MAX_NESTING = 4;

/** What a member asked for and the 64 bits it wants back. */
export interface EpollInterest {
  readonly events: number;
  readonly dataLo: number;
  readonly dataHi: number;
}

interface Member {
  readonly file: OpenFile;
  readonly fd: number;
  interest: EpollInterest;
  isReady: boolean;
  readonly unwatch: () => void;
}

/** Receives ready members. */
export type EpollSink = (events: number, dataLo: number, dataHi: number) => void;

export class EpollSet implements SpecialFile {
  readonly waitQueue: WaitQueueId;
  readonly seekable = false;
  private readonly kernel: Kernel;
  private readonly registry: EpollRegistry;
  /** By file, then by the descriptor it was added as. */
  private readonly members = new Map<OpenFile, Map<number, Member>>();
  private ready: Member[] = [];

  constructor(kernel: Kernel, registry: EpollRegistry) {
    this.kernel = kernel;
    this.registry = registry;
    this.waitQueue = kernel.waits.create();
    registry.add(this);
  }

  /** EPOLL_CTL_ADD: 0, EEXIST, EPERM (always ready: nothing to wait for), ELOOP. */
  add(file: OpenFile, fd: number, interest: EpollInterest): 0 | Errno {
    if (file.kind === 'regular' || file.kind === 'directory' || file.kind === 'path') return EPERM;
    if (this.find(file, fd) !== undefined) return EEXIST;
    const inner = this.registry.setOf(file);
    if (inner !== undefined && inner.reaches(this, MAX_NESTING)) return ELOOP;
    const unwatch = this.kernel.waits.watch(file.waitQueue, -1, (events) => this.woken(member, events));
    const member: Member = { file, fd, interest, isReady: false, unwatch };
    let byFd = this.members.get(file);
    if (byFd === undefined) this.members.set(file, (byFd = new Map<number, Member>()));
    byFd.set(fd, member);
    if (this.eventsOf(member) !== 0) this.makeReady(member);
    return 0;
  }

  modify(file: OpenFile, fd: number, interest: EpollInterest): 0 | Errno {
    const member = this.find(file, fd);
    if (member === undefined) return ENOENT;
    if (((member.interest.events | interest.events) & EPOLLEXCLUSIVE) !== 0) return EINVAL;
    member.interest = interest;
    if (this.eventsOf(member) !== 0) this.makeReady(member);
    return 0;
  }

  remove(file: OpenFile, fd: number): 0 | Errno {
    const member = this.find(file, fd);
    if (member === undefined) return ENOENT;
    this.forget(member);
    const byFd = this.members.get(file);
    byFd?.delete(fd);
    if (byFd?.size === 0) this.members.delete(file);
    return 0;
  }

  /** The file is closed for good. */
  fileEnded(file: OpenFile): void {
    const byFd = this.members.get(file);
    if (byFd === undefined) return;
    for (const member of byFd.values()) this.forget(member);
    this.members.delete(file);
  }

  /** Hands up to `most` ready members to the sink, oldest first; how many. */
  collect(most: number, sink: EpollSink): number {
    const candidates = this.ready;
    const again: Member[] = [];
    let count = 0;
    let next = 0;
    for (; next < candidates.length && count < most; next++) {
      const member = candidates[next];
      const events = this.eventsOf(member);
      const { interest } = member;
      member.isReady = events !== 0 && (interest.events & (EPOLLET | EPOLLONESHOT)) === 0;
      if (events === 0) continue;
      sink(events, interest.dataLo, interest.dataHi);
      count++;
      if (member.isReady) again.push(member);
      if ((interest.events & EPOLLONESHOT) !== 0)
        member.interest = { ...interest, events: interest.events & MODE_BITS };
    }
    // Whoever was not looked at comes before what was just reported: nobody starves.
    this.ready = [...candidates.slice(next), ...again];
    return count;
  }

  poll(): number {
    return this.ready.some((member) => this.eventsOf(member) !== 0) ? POLLIN : 0;
  }

  read(): Errno {
    return EINVAL;
  }

  write(): Errno {
    return EINVAL;
  }

  close(): void {
    for (const byFd of this.members.values()) for (const member of byFd.values()) member.unwatch();
    this.members.clear();
    this.ready = [];
    this.registry.remove(this);
    this.kernel.waits.destroy(this.waitQueue);
  }

  /** True when this set contains `other`, at any depth up to `depth`; too deep counts as true. */
  reaches(other: EpollSet, depth: number): boolean {
    if (this === other || depth === 0) return true;
    for (const file of this.members.keys()) {
      if (this.registry.setOf(file)?.reaches(other, depth - 1) === true) return true;
    }
    return false;
  }

  /** The member's file woke its queue; `events` says for what, as far as the waker knows. */
  private woken(member: Member, events: number): void {
    if ((events & (member.interest.events | POLLERR | POLLHUP)) !== 0) this.makeReady(member);
  }

  private makeReady(member: Member): void {
    if (!member.isReady) {
      member.isReady = true;
      this.ready.push(member);
    }
    this.kernel.waits.wake(this.waitQueue, POLLIN);
  }

  /** A one-shot member that fired asks for nothing, not even errors. */
  private eventsOf(member: Member): number {
    const wanted = member.interest.events & ~MODE_BITS;
    return wanted === 0 && (member.interest.events & EPOLLONESHOT) !== 0
      ? 0
      : member.file.poll() & (wanted | POLLERR | POLLHUP);
  }

  private find(file: OpenFile, fd: number): Member | undefined {
    return this.members.get(file)?.get(fd);
  }

  private forget(member: Member): void {
    member.unwatch();
    if (member.isReady) this.ready = this.ready.filter((other) => other !== member);
  }
}

/** All epoll sets: who must hear that a file is gone. */
export class EpollRegistry {
  private readonly kernel: Kernel;
  private readonly sets = new Set<EpollSet>();
  private readonly files = new WeakMap<OpenFile, EpollSet>();

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  create(): EpollSet {
    return new EpollSet(this.kernel, this);
  }

  bind(file: OpenFile, set: EpollSet): void {
    this.files.set(file, set);
  }

  setOf(file: OpenFile): EpollSet | undefined {
    return this.files.get(file);
  }

  add(set: EpollSet): void {
    this.sets.add(set);
  }

  remove(set: EpollSet): void {
    this.sets.delete(set);
  }

  fileEnded(file: OpenFile): void {
    for (const set of this.sets) set.fileEnded(file);
  }
}
