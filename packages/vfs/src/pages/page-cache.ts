/**
 * The page cache: frames that hold file contents, one per (file system, inode, page index).
 *
 * Resident file systems   the cache is the store; a missing page is a hole; nothing is evicted or written back
 * Others                  pages come from `readPage`, go back through `writePage`, and at most `budget` of them stay
 *                         (more only while they are mapped, dirty or under I/O)
 * Page states             LOADING -> clean <-> DIRTY -> WRITING -> clean; a page modified while WRITING is DIRTY again
 * Invariant               every page holds one reference on its frame; `vnode.dirty` holds the pages that are DIRTY
 *                         or WRITING; a BUSY page's frame is never given back
 * Eviction                second chance (Corbató, "A paging experiment with the Multics system", 1968)
 */
import {
  ENOMEM,
  ENXIO,
  PAGE_SIZE,
  WOULD_BLOCK,
  type Errno,
  type Frame,
  type FrameBytes,
  type FrameSource,
} from '@veridian-os/abi';
import type { Superblock } from '../nodes/superblock.js';
import type { Vnode } from '../nodes/vnode.js';
import {
  PAGE_BUSY,
  PAGE_DIRTY,
  PAGE_LOADING,
  PAGE_MAPPED,
  PAGE_REFERENCED,
  PAGE_WRITING,
  Page,
  PageList,
} from './page.js';

const { ceil, floor, min } = Math;

/** Pages that one eviction looks at before it gives up. */
const EVICTION_SCAN = 256;
/** Pages evicted when frames run out. */
const EVICTION_BATCH = 32;

export class PageCache {
  /** All cached pages. */
  count = 0;
  readonly budget: number;
  /** Called when eviction took the last page of a vnode that nobody references. */
  onEmpty: (vnode: Vnode) => void = () => {};
  private readonly frames: FrameSource;
  private readonly bytes: FrameBytes;
  private readonly evictable = new PageList();
  private readonly sizeChange = { size: 0 };

  constructor(frames: FrameSource, bytes: FrameBytes, budget: number) {
    this.frames = frames;
    this.bytes = bytes;
    this.budget = budget;
  }

  /**
   * The page with valid contents, read in if needed (a hole of a resident file system becomes a zero page).
   * @returns the page, or WOULD_BLOCK (run again), ENOMEM, ENOSPC, or what `readPage` failed with
   */
  load(vnode: Vnode, index: number): Page | Errno {
    const found = vnode.pages.get(index);
    if (found !== undefined && (found.flags & PAGE_LOADING) === 0) {
      found.flags |= PAGE_REFERENCED;
      return found;
    }
    if (vnode.sb.resident) return this.insert(vnode, index, 0, true);
    const page = found ?? this.insert(vnode, index, PAGE_LOADING, false);
    if (typeof page === 'number') return page;
    const result = vnode.sb.fs.readPage(vnode.ino, index, page.frame);
    if (result === 0) {
      page.flags = (page.flags & ~PAGE_LOADING) | PAGE_REFERENCED;
      return page;
    }
    if (result !== WOULD_BLOCK) {
      page.flags &= ~PAGE_LOADING;
      this.drop(page);
    }
    return result;
  }

  /** A page whose old contents do not matter: an existing valid one, or a new one (zeroed if `zero`). */
  forOverwrite(vnode: Vnode, index: number, zero: boolean): Page | Errno {
    const found = vnode.pages.get(index);
    if (found === undefined) return this.insert(vnode, index, PAGE_REFERENCED, zero);
    if ((found.flags & PAGE_LOADING) !== 0) return this.load(vnode, index);
    found.flags |= PAGE_REFERENCED;
    return found;
  }

  /** Frame of page `index` for a mapping: ENXIO beyond the end, else as {@link load}. */
  frameFor(vnode: Vnode, index: number, forWrite: boolean): Frame | Errno {
    if (index < 0 || index * PAGE_SIZE >= vnode.size) return ENXIO;
    const page = this.load(vnode, index);
    if (typeof page === 'number') return page;
    if (forWrite && !vnode.sb.resident) {
      page.flags |= PAGE_MAPPED;
      this.markDirty(page);
    }
    return page.frame;
  }

  /** Frame of page `index` if its contents are here now, else ENXIO; changes nothing. */
  peek(vnode: Vnode, index: number): Frame | Errno {
    if (index < 0 || index * PAGE_SIZE >= vnode.size) return ENXIO;
    const page = vnode.pages.get(index);
    return page === undefined || (page.flags & PAGE_LOADING) !== 0 ? ENXIO : page.frame;
  }

  /** Bytes of a page were written by the kernel: CPUs may hold code from it. */
  written(page: Page): void {
    this.frames.changed?.(page.frame);
    this.markDirty(page);
  }

  markDirty(page: Page): void {
    const { vnode } = page;
    if (vnode.sb.resident || (page.flags & PAGE_DIRTY) !== 0) return;
    page.flags |= PAGE_DIRTY;
    if ((page.flags & PAGE_WRITING) !== 0) return;
    if (vnode.dirty === null) {
      vnode.dirty = new Set();
      vnode.sb.dirty.add(vnode);
    }
    vnode.dirty.add(page);
    vnode.sb.dirtyPages++;
  }

  /** Stores every dirty page: 0, WOULD_BLOCK until all have arrived, or the last failure (those pages stay dirty). */
  writeBack(vnode: Vnode): 0 | Errno {
    if (vnode.dirty === null || vnode.dead) return 0;
    let outcome: 0 | Errno = 0;
    for (const page of [...vnode.dirty].sort((a, b) => a.index - b.index)) {
      const result = this.store(page);
      if (result !== 0 && outcome !== WOULD_BLOCK) outcome = result;
    }
    return outcome;
  }

  /** {@link writeBack} of every file of a file system. */
  writeBackAll(sb: Superblock): 0 | Errno {
    let outcome: 0 | Errno = 0;
    for (const vnode of [...sb.dirty]) {
      const result = this.writeBack(vnode);
      if (result !== 0 && outcome !== WOULD_BLOCK) outcome = result;
    }
    return outcome;
  }

  /**
   * Changes the size of a regular file, in the file system first. Bytes between the old and the new end read as zero.
   * @returns 0, or WOULD_BLOCK (also while pages that it would drop are under I/O) or the file system's error
   */
  truncate(vnode: Vnode, size: number): 0 | Errno {
    const pending = this.settle(vnode, floor(min(size, vnode.size) / PAGE_SIZE));
    if (pending !== 0) return pending;
    this.sizeChange.size = size;
    const result = vnode.sb.fs.setattr(vnode.ino, this.sizeChange);
    if (result !== 0) return result;
    this.zeroTail(vnode, min(size, vnode.size));
    if (size < vnode.size) {
      const firstPage = ceil(size / PAGE_SIZE);
      for (const mapped of vnode.mapped) mapped.shrunk(firstPage);
      this.dropFrom(vnode, firstPage);
    }
    vnode.size = size;
    return 0;
  }

  /** Zeroes the rest of the page that holds byte `end`: mappings may have written past the end of the file. */
  zeroTail(vnode: Vnode, end: number): void {
    const offset = end % PAGE_SIZE;
    if (offset === 0) return;
    const page = vnode.pages.get(floor(end / PAGE_SIZE));
    if (page === undefined || (page.flags & PAGE_LOADING) !== 0) return;
    page.view.fill(0, offset);
    this.frames.changed?.(page.frame);
  }

  /** Drops pages from `index` on. The caller knows that none is under I/O. */
  dropFrom(vnode: Vnode, index: number): void {
    for (const page of vnode.pages.values()) if (page.index >= index) this.drop(page);
  }

  /**
   * Drops every page that is not under I/O, dirty ones included.
   * @returns 0, or WOULD_BLOCK when some had to stay: run it again
   */
  discard(vnode: Vnode): 0 | Errno {
    let outcome: 0 | Errno = 0;
    for (const page of [...vnode.pages.values()]) {
      if (this.poll(page) === WOULD_BLOCK) outcome = WOULD_BLOCK;
      else if (vnode.pages.get(page.index) === page) this.drop(page);
    }
    return outcome;
  }

  /** Drops clean, unmapped pages that may be stale: a dynamic file system's file has changed. */
  invalidate(vnode: Vnode): void {
    for (const page of [...vnode.pages.values()]) if ((page.flags & (PAGE_BUSY | PAGE_DIRTY)) === 0) this.drop(page);
  }

  /** Lets the I/O of pages from `index` on finish: 0, or WOULD_BLOCK. */
  settle(vnode: Vnode, index: number): 0 | Errno {
    if (vnode.sb.resident) return 0;
    let outcome: 0 | Errno = 0;
    for (const page of [...vnode.pages.values()]) {
      if (page.index >= index && this.poll(page) === WOULD_BLOCK) outcome = WOULD_BLOCK;
    }
    return outcome;
  }

  /** Asks the file system about a page under I/O; WOULD_BLOCK while it goes on. */
  private poll(page: Page): 0 | Errno {
    if ((page.flags & PAGE_LOADING) !== 0) {
      const result = this.load(page.vnode, page.index);
      return typeof result === 'number' ? result : 0;
    }
    return (page.flags & PAGE_WRITING) !== 0 ? this.store(page) : 0;
  }

  /** Starts or continues storing one page. */
  private store(page: Page): 0 | Errno {
    const { vnode } = page;
    if ((page.flags & PAGE_WRITING) === 0) {
      page.writeLength = min(PAGE_SIZE, vnode.size - page.start);
      page.flags = (page.flags & ~PAGE_DIRTY) | PAGE_WRITING;
    }
    const result =
      page.writeLength <= 0 ? 0 : vnode.sb.fs.writePage(vnode.ino, page.index, page.frame, page.writeLength);
    if (result === WOULD_BLOCK) return result;
    page.flags &= ~PAGE_WRITING;
    if (result !== 0) {
      page.flags |= PAGE_DIRTY;
    } else if ((page.flags & PAGE_MAPPED) !== 0) {
      // User code may go on writing through its mapping without telling anybody.
      if (this.frames.references(page.frame) > 1) page.flags |= PAGE_DIRTY;
      else page.flags &= ~PAGE_MAPPED;
    }
    if ((page.flags & PAGE_DIRTY) === 0) this.undirty(page);
    return result;
  }

  private undirty(page: Page): void {
    const { vnode } = page;
    if (vnode.dirty === null || !vnode.dirty.delete(page)) return;
    vnode.sb.dirtyPages--;
    if (vnode.dirty.size > 0) return;
    vnode.dirty = null;
    vnode.sb.dirty.delete(vnode);
  }

  private insert(vnode: Vnode, index: number, flags: number, zero: boolean): Page | Errno {
    const { sb } = vnode;
    const accepted = sb.resident ? (sb.fs.accountPages?.(vnode.ino, 1) ?? 0) : 0;
    if (accepted !== 0) return accepted;
    const frame = this.allocate(zero);
    if (frame < 0) {
      if (sb.resident) sb.fs.accountPages?.(vnode.ino, -1);
      return frame as Errno;
    }
    const page = new Page(vnode, index, frame as Frame, this.bytes.view(frame as Frame), flags);
    vnode.addPage(page);
    this.count++;
    if (!sb.resident) {
      this.evictable.add(page);
      while (this.evictable.length > this.budget) if (!this.evict(page)) break;
    }
    return page;
  }

  private allocate(zero: boolean): Frame | Errno {
    const frame = zero ? this.frames.allocZeroed() : this.frames.alloc();
    if (frame !== ENOMEM) return frame;
    for (let i = 0; i < EVICTION_BATCH; i++) if (!this.evict(null)) break;
    return zero ? this.frames.allocZeroed() : this.frames.alloc();
  }

  /** Evicts one clean page nobody uses, storing dirty ones on the way; false when there was none among those seen. */
  private evict(keep: Page | null): boolean {
    const scan = min(2 * this.evictable.length, EVICTION_SCAN);
    for (let i = 0; i < scan; i++) {
      const page = this.evictable.last as Page;
      if (page !== keep && this.mayGo(page)) {
        const { vnode } = page;
        this.drop(page);
        if (vnode.refs === 0 && vnode.pages.size === 0) this.onEmpty(vnode);
        return true;
      }
      this.evictable.remove(page);
      this.evictable.add(page);
    }
    return false;
  }

  private mayGo(page: Page): boolean {
    if ((page.flags & PAGE_REFERENCED) !== 0) {
      page.flags &= ~PAGE_REFERENCED;
      return false;
    }
    if ((page.flags & PAGE_LOADING) !== 0 || this.frames.references(page.frame) !== 1) return false;
    if ((page.flags & (PAGE_DIRTY | PAGE_WRITING)) !== 0) this.store(page);
    return (page.flags & (PAGE_DIRTY | PAGE_BUSY)) === 0;
  }

  private drop(page: Page): void {
    const { vnode } = page;
    vnode.pages.delete(page.index);
    this.undirty(page);
    if (vnode.sb.resident) vnode.sb.fs.accountPages?.(vnode.ino, -1);
    else this.evictable.remove(page);
    this.count--;
    this.frames.release(page.frame);
  }
}
