/**
 * Reading and writing regular files through the page cache.
 *
 * Sizes    offsets and lengths are bytes below MAX_FILE_SIZE
 * Waiting  WOULD_BLOCK comes before anything has changed; a call that has made progress returns a short count instead.
 *          Before it waits, a read starts the I/O of every page it will need (at most half the cache)
 * Cost     one map lookup per page touched; no allocation on cached pages but `subarray` views of partial pages
 */
import { EFBIG, ENXIO, PAGE_SIZE, WOULD_BLOCK, type Errno } from '@veridian-os/abi';
import type { Timestamp } from '../api.js';
import { ChunkCursor, totalBytes, type Chunks } from '../internal/chunks.js';
import type { Vnode } from '../nodes/vnode.js';
import type { PageCache } from './page-cache.js';
import { PAGE_LOADING, type Page } from './page.js';

const { floor, max, min } = Math;

/** Bytes; keeps page indices int32. */
export const MAX_FILE_SIZE = 2 ** 43;

export class FileIo {
  private readonly cache: PageCache;
  private readonly now: () => Timestamp;
  private readonly cursor = new ChunkCursor();
  private readonly touched = { mtimeSec: 0, mtimeNsec: 0 };
  private readonly grown = { size: 0, mtimeSec: 0, mtimeNsec: 0 };

  constructor(cache: PageCache, now: () => Timestamp) {
    this.cache = cache;
    this.now = now;
  }

  /** Bytes read from `position` (0 at the end), or WOULD_BLOCK, ENOMEM, EIO. */
  read(vnode: Vnode, into: Chunks, position: number): number | Errno {
    const length = min(totalBytes(into), vnode.size - position);
    if (length <= 0) return 0;
    this.cursor.start(into);
    const result = this.readRange(vnode, position, length);
    this.cursor.end();
    return result;
  }

  /** Bytes written at `position`, or WOULD_BLOCK, ENOSPC, ENOMEM, EFBIG, EIO. */
  write(vnode: Vnode, from: Chunks, position: number): number | Errno {
    let length = totalBytes(from);
    if (length === 0) return 0;
    if (position >= MAX_FILE_SIZE) return EFBIG;
    length = min(length, MAX_FILE_SIZE - position);
    const ready = this.prepareWrite(vnode, position, length);
    if (ready !== 0) return ready;
    if (position > vnode.size) this.cache.zeroTail(vnode, vnode.size);
    this.cursor.start(from);
    const result = this.writeRange(vnode, position, length);
    this.cursor.end();
    if (result > 0) this.wrote(vnode, position + result);
    return result;
  }

  /** Records that contents changed now and reach at least to `end`. */
  wrote(vnode: Vnode, end: number): void {
    const { sec, nsec } = this.now();
    const grows = end > vnode.size;
    if (grows) vnode.size = end;
    vnode.mtimeSec = sec;
    vnode.mtimeNsec = nsec;
    if (!vnode.sb.resident) return;
    const change = grows ? this.grown : this.touched;
    change.mtimeSec = sec;
    change.mtimeNsec = nsec;
    this.grown.size = end;
    vnode.sb.fs.setattr(vnode.ino, change);
  }

  /** Offset of the first data (or hole) at or after `offset`; ENXIO at or beyond the end, or when no data follows. */
  seekData(vnode: Vnode, offset: number): number | Errno {
    if (offset >= vnode.size) return ENXIO;
    if (!vnode.sb.resident) return offset;
    const index = nextPage(vnode, floor(offset / PAGE_SIZE));
    return index < 0 ? ENXIO : max(offset, index * PAGE_SIZE);
  }

  seekHole(vnode: Vnode, offset: number): number | Errno {
    if (offset >= vnode.size) return ENXIO;
    if (!vnode.sb.resident) return vnode.size;
    let index = floor(offset / PAGE_SIZE);
    while (vnode.pages.has(index)) index++;
    return min(max(offset, index * PAGE_SIZE), vnode.size);
  }

  private readRange(vnode: Vnode, position: number, length: number): number | Errno {
    const { resident } = vnode.sb;
    let index = floor(position / PAGE_SIZE);
    let offset = position % PAGE_SIZE;
    for (let done = 0; done < length;) {
      const count = min(PAGE_SIZE - offset, length - done);
      let page: Page | Errno | undefined = vnode.pages.get(index);
      if (page === undefined && resident) {
        this.cursor.putZeroes(count);
      } else {
        if (page === undefined || (page.flags & PAGE_LOADING) !== 0) {
          page = this.fetch(vnode, index, floor((position + length - 1) / PAGE_SIZE));
          if (typeof page === 'number') return this.stopped(page, done);
        }
        this.cursor.put(page.view, offset, count);
      }
      done += count;
      offset = 0;
      index++;
    }
    return length;
  }

  /** Pages copied before a wait are copied again afterwards, unless the range is too large to be held at once. */
  private stopped(error: Errno, done: number): number | Errno {
    if (error === WOULD_BLOCK) return done > this.window * PAGE_SIZE ? done : error;
    return done > 0 ? done : error;
  }

  private get window(): number {
    return this.cache.budget >> 1;
  }

  /** Loads page `index`; if it must wait, starts the pages up to `last` as well. */
  private fetch(vnode: Vnode, index: number, last: number): Page | Errno {
    const page = this.cache.load(vnode, index);
    if (page !== WOULD_BLOCK) return page;
    const end = min(last, index + this.window);
    for (let next = index + 1; next <= end; next++) {
      const ahead = this.cache.load(vnode, next);
      if (typeof ahead === 'number' && ahead !== WOULD_BLOCK) break;
    }
    return page;
  }

  /** Everything that may wait, before a byte is changed. */
  private prepareWrite(vnode: Vnode, position: number, length: number): 0 | Errno {
    const { sb } = vnode;
    if (sb.resident) return 0;
    if (sb.dirtyPages >= this.window) {
      const stored = this.cache.writeBackAll(sb);
      if (stored !== 0) return stored;
    }
    const first = floor(position / PAGE_SIZE);
    const last = floor((position + length - 1) / PAGE_SIZE);
    const head = needsOld(vnode, first, position, length) ? this.cache.load(vnode, first) : 0;
    if (typeof head === 'number' && head !== 0 && head !== WOULD_BLOCK) return head;
    const tail = last !== first && needsOld(vnode, last, position, length) ? this.cache.load(vnode, last) : 0;
    if (typeof tail === 'number' && tail !== 0) return tail;
    return head === WOULD_BLOCK ? head : 0;
  }

  private writeRange(vnode: Vnode, position: number, length: number): number | Errno {
    let index = floor(position / PAGE_SIZE);
    let offset = position % PAGE_SIZE;
    for (let done = 0; done < length;) {
      const count = min(PAGE_SIZE - offset, length - done);
      const page = needsOld(vnode, index, position, length)
        ? this.cache.load(vnode, index)
        : this.cache.forOverwrite(vnode, index, count < PAGE_SIZE);
      if (typeof page === 'number') return done > 0 ? done : page;
      this.cursor.take(page.view, offset, count);
      this.cache.written(page);
      done += count;
      offset = 0;
      index++;
    }
    return length;
  }
}

/** True when a write of the range leaves valid old bytes in page `index`. */
function needsOld(vnode: Vnode, index: number, position: number, length: number): boolean {
  const start = index * PAGE_SIZE;
  const valid = min(PAGE_SIZE, vnode.size - start);
  return valid > 0 && (position > start || position + length < start + valid);
}

/** Lowest cached page index >= `from`, or -1. */
function nextPage(vnode: Vnode, from: number): number {
  const last = floor((vnode.size - 1) / PAGE_SIZE);
  if (last - from <= 4 * vnode.pages.size) {
    for (let index = from; index <= last; index++) if (vnode.pages.has(index)) return index;
    return -1;
  }
  let lowest = -1;
  for (const index of vnode.pages.keys()) if (index >= from && (lowest < 0 || index < lowest)) lowest = index;
  return lowest;
}
