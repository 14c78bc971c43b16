/** Frames, page tables and address spaces: what the kernel and personalities use. */
import type { CommitAccount } from './address-space/commit-account.js';
import type { Asid, Errno, Frame, FrameBytes, FrameSource, WaitQueueId } from '@veridian-os/abi';

/** Protection bits, mmap(2)'s values. */
export const PROT_NONE = 0;
export const PROT_READ = 1;
export const PROT_WRITE = 2;
export const PROT_EXEC = 4;

/** Kind of access a fault or a user copy makes. Same numbers as hal's `Access`. */
export const AccessKind = { Read: 0, Write: 1, Execute: 2 } as const;
export type AccessKind = (typeof AccessKind)[keyof typeof AccessKind];

/** Answer to a fault. */
export const FaultResult = {
  /** Mapped; run the instruction again. */
  Handled: 0,
  /** No mapping there: SIGSEGV, SEGV_MAPERR. */
  NoMapping: 1,
  /** Mapping forbids the access: SIGSEGV, SEGV_ACCERR. */
  Forbidden: 2,
  /** Beyond the end of the mapped file: SIGBUS. */
  BeyondEnd: 3,
  /** The page is on its way: wait on `AddressSpace.faultQueue` (WAIT_IO), then run again. */
  WouldBlock: 4,
  /** No frame left. */
  OutOfMemory: 5,
  /** The page's source failed to read it: SIGBUS. */
  IoError: 6,
} as const;
export type FaultResult = (typeof FaultResult)[keyof typeof FaultResult];

/** An address space, as a source of pages sees it. */
export interface SourceMapper {
  /** Pages of `source` from `firstPage` on are gone (truncate): forget every translation to them, private copies too. */
  sourceShrunk(source: PageSource, firstPage: number): void;
}

/** Pages of a file, of a shared region, of anything that can be mapped. Implemented by vfs inodes and by `SharedRegion`. */
export interface PageSource {
  /** Keeps the source alive while mapped. */
  retain(): void;
  release(): void;
  /**
   * Frame of page `index` (the source keeps its own reference; the mapper retains one more), allocating it if needed;
   * ENXIO beyond the end, WOULD_BLOCK while it is read in, ENOMEM, EIO.
   * `forWrite`: the mapper will let user code write to the frame (shared writable mapping): it is dirty from now on.
   */
  page(index: number, forWrite: boolean): Frame | Errno;
  /**
   * Frame of page `index` when it can be had at once and without side effects, else a negative number. Lets a fault
   * map the neighbours of its page too; without it every page costs a fault of its own.
   */
  peek?(index: number): Frame | Errno;
  /** Woken with WAIT_IO after a WOULD_BLOCK. */
  readonly ioQueue: WaitQueueId;
  /** Called once per mapping that comes and goes; a source that never shrinks needs neither. */
  watch?(mapper: SourceMapper): void;
  unwatch?(mapper: SourceMapper): void;
  /** For /proc/PID/maps: path, device and inode. */
  readonly label: string;
  /** Inode number for /proc/PID/maps; default 0. */
  readonly ino?: number;
}

export interface MapRequest {
  /** First address, a multiple of 4096; with `fixed` the mapping goes exactly there, otherwise it is a hint (0 = none). */
  readonly address: number;
  /** Bytes, rounded up to pages; > 0. */
  readonly length: number;
  readonly prot: number;
  /** Protection that `protect` may give later (a shared mapping of a file open for reading never gets PROT_WRITE); default all. */
  readonly maxProt?: number;
  /** Writes go to the source and are seen by everybody who maps it; else private copy-on-write. */
  readonly shared: boolean;
  /** Absent: anonymous demand-zero memory (anonymous + shared gets a SharedRegion by the kernel). */
  readonly source?: PageSource;
  /** Byte offset into the source, a multiple of 4096. */
  readonly offset?: number;
  /** `replace`: MAP_FIXED; `exact`: MAP_FIXED_NOREPLACE (EEXIST); default `hint`. */
  readonly placement?: 'hint' | 'replace' | 'exact';
  /** `'[heap]'`, `'[stack]'`, ... for /proc/PID/maps. */
  readonly label?: string;
  /** Grows downwards on faults just below it, up to `growLimit` bytes in all. */
  readonly growLimit?: number;
}

/** One mapping as /proc/PID/maps shows it. */
export interface MappingInfo {
  readonly start: number;
  readonly end: number;
  readonly prot: number;
  readonly shared: boolean;
  readonly offset: number;
  readonly label: string;
  readonly ino: number;
}

/** W^X is a policy that a personality chooses. `'linux'`: everything mmap and mprotect allow. `'strict'`: EACCES for write+execute. */
export type ExecutePolicy = 'linux' | 'strict';

/**
 * User virtual memory of one process. Addresses are numbers below 2^53; any other is simply unmapped.
 * All lengths are bytes; map/unmap/protect round outwards to pages; they return EINVAL for unaligned addresses.
 */
export interface UserSpace {
  /** Root page-table frame and tag, for `machine.contexts.setAddressSpace`. */
  readonly root: Frame;
  readonly asid: Asid;
  /** Mapped bytes; resident user frames. */
  readonly virtualBytes: number;
  readonly residentFrames: number;
  /** Bytes of private writable mappings: what the process was promised. */
  readonly committedBytes: number;
  /** Frames of its page tables. */
  readonly tableFrames: number;
  /** Pages in the swap area. */
  readonly swappedPages: number;
  /** Limit on `virtualBytes` (RLIMIT_AS) and on frames this space may hold; ENOMEM beyond. */
  setLimits(virtualBytes: number, residentFrames: number): void;
  /** Address mapped, or EINVAL, ENOMEM, EEXIST, EACCES. */
  map(request: MapRequest): number | Errno;
  unmap(address: number, length: number): 0 | Errno;
  /** ENOMEM when part of the range is unmapped. */
  protect(address: number, length: number, prot: number): 0 | Errno;
  /** mremap(2): new address or Errno. `mayMove`, or `fixed` at `newAddress`. */
  remap(address: number, oldLength: number, newLength: number, mayMove: boolean, newAddress?: number): number | Errno;
  /** Drops the pages' contents (MADV_DONTNEED): private anonymous reads as zero again, private file pages come back from the file. */
  discard(address: number, length: number): 0 | Errno;
  /** mlock(2), munlock(2): pages of the range stay in memory once they are there. ENOMEM when part of it is unmapped. */
  lock(address: number, length: number, locked: boolean): 0 | Errno;
  /** mlockall(2), munlockall(2): of the mappings that are there (undefined: no change), and of those to come. */
  lockAll(present: boolean | undefined, future: boolean): void;
  readonly lockedBytes: number;
  /** madvise(MADV_MERGEABLE, MADV_UNMERGEABLE). ENOMEM when part of the range is unmapped. */
  setMergeable(address: number, length: number, mergeable: boolean): 0 | Errno;
  /** madvise(MADV_HUGEPAGE, MADV_NOHUGEPAGE). ENOMEM when part of the range is unmapped. */
  setHuge(address: number, length: number, huge: boolean): 0 | Errno;
  /** madvise(MADV_COLLAPSE): huge pages now, moving what is there; EINVAL without a whole block, ENOMEM, EAGAIN. */
  collapse(address: number, length: number): 0 | Errno;
  /** Bytes that huge pages map. */
  readonly hugeBytes: number;
  /** mincore(2): 1 for each page of a mapped range that is in memory, else 0; `address` a multiple of 4096. */
  residency(address: number, into: Uint8Array): void;
  fault(address: number, access: AccessKind): FaultResult;
  /** Queue of the last WouldBlock. */
  readonly faultQueue: WaitQueueId;
  /** A copy for fork: private pages become copy-on-write in both; or ENOMEM. */
  fork(): UserSpace | Errno;
  /** Unmaps everything and frees the tables; the object is dead afterwards. */
  destroy(): void;
  /** Mappings in address order. */
  mappings(): MappingInfo[];

  /**
   * Resolves a user range into views of guest memory, faulting pages in, in order, appended to `out` after clearing
   * it. Returns the bytes covered (== length), or EFAULT, WOULD_BLOCK (then `faultQueue`), ENOMEM.
   * `partial`: stop at the first bad page and return what was covered if > 0.
   */
  segments(
    address: number,
    length: number,
    access: AccessKind,
    out: Uint8Array<ArrayBufferLike>[],
    partial?: boolean,
  ): number | Errno;
  /** Copies into the caller's array: 0, EFAULT, WOULD_BLOCK, ENOMEM. */
  read(address: number, into: Uint8Array): 0 | Errno;
  write(address: number, from: Uint8Array): 0 | Errno;
  /** Aligned 32-bit user word for futexes: its physical address (key), or EFAULT (-14), WOULD_BLOCK. */
  physical(address: number, access: AccessKind): number | Errno;
  /** True when `address` lies in a shared mapping (non-private futexes are keyed by `physical` there). */
  isShared(address: number): boolean;
  /** NUL-terminated bytes without the NUL, at most `max`; or EFAULT, ENAMETOOLONG, WOULD_BLOCK. */
  readString(address: number, max: number): Uint8Array | Errno;
}

/** The machine-wide half: owns frames and makes address spaces. */
export interface MemoryManager {
  readonly frames: FrameSource;
  readonly bytes: FrameBytes;
  /** @param group an account whose limit holds for all spaces made with it and their forks; default the machine's */
  createSpace(policy: ExecutePolicy, group?: CommitAccount): UserSpace | Errno;
  /** What all spaces were promised, and the limit of that. */
  readonly commit: CommitAccount;
  /** A shared anonymous region (MAP_SHARED|MAP_ANONYMOUS, shm). */
  createRegion(bytes: number): PageSource | Errno;
  /** Free frames are below the low watermark of a manager that has a swap area: {@link balance} has something to do. */
  readonly isShort: boolean;
  /**
   * Sends pages that were not used lately to the swap area, and wakes who waits for a frame. Called between operations,
   * whenever `isShort`; also when the device has completed requests.
   * @returns false when a fault waits for a frame that nothing can make free: a process must go
   */
  balance(): boolean;
  /** Sends up to `pages` pages to the swap area, however much is free; those sent. */
  reclaim(pages: number): number;
  /** True for a frame that page-table entries alone hold: every way to it is known. */
  isMovable(frame: Frame): boolean;
  /**
   * Moves a movable frame's contents and entries to `to`, of which the caller holds the only reference, and frees it: true.
   * False, with nothing changed, when it is not movable.
   */
  migrate(from: Frame, to: Frame): boolean;
  /** Looks at so many frames for equal pages that may be merged; frames given back. Nothing to do costs nothing. */
  mergePages(frames: number): number;
  /** Looks at so many blocks of memory that may have huge pages but was filled page by page; huge pages made of them. */
  collapsePages(blocks: number): number;
  /** Frames that hold page tables, user data, and everything else, for `mem` and `--stats`. */
  statistics(): MemoryStatistics;
}

export interface MemoryStatistics {
  readonly totalFrames: number;
  readonly freeFrames: number;
  readonly tableFrames: number;
  readonly demandZeroFaults: number;
  readonly copyOnWriteFaults: number;
  readonly fileFaults: number;
  /** Faults that a page of the swap area answered. */
  readonly swapFaults: number;
  /** First faults that a huge page answered. */
  readonly hugeFaults: number;
  /** Huge pages made in the background of pages that were there. */
  readonly pagesCollapsed: number;
  /** Size of the swap area and what is free of it; 0 without one. */
  readonly swapPages: number;
  readonly freeSwapPages: number;
  /** Pages written to it and read from it so far. */
  readonly pagesSwappedOut: number;
  readonly pagesSwappedIn: number;
  /** Frames that merging equal pages gave back so far. */
  readonly pagesMerged: number;
}
