/** A cached page of a file, and the list that eviction walks. */
import { PAGE_SIZE, type Frame } from '@veridian-os/abi';
import type { Vnode } from '../nodes/vnode.js';

/** The file system is filling the frame: contents not valid yet. */
export const PAGE_LOADING = 1;
/** Newer than the file system's copy. */
export const PAGE_DIRTY = 2;
/** The file system is storing the frame. */
export const PAGE_WRITING = 4;
/** Handed out for a shared writable mapping: user code may change it unseen while somebody else holds the frame. */
export const PAGE_MAPPED = 8;
/** Used since eviction last looked. */
export const PAGE_REFERENCED = 16;
/** I/O under way: the frame must stay. */
export const PAGE_BUSY = PAGE_LOADING | PAGE_WRITING;

export class Page {
  readonly vnode: Vnode;
  readonly index: number;
  readonly frame: Frame;
  readonly view: Uint8Array<ArrayBufferLike>;
  flags: number;
  /** Bytes being stored while PAGE_WRITING. */
  writeLength = 0;
  /** Neighbours in the eviction list; only pages of non-resident file systems are in it. */
  newer: Page | null = null;
  older: Page | null = null;

  constructor(vnode: Vnode, index: number, frame: Frame, view: Uint8Array<ArrayBufferLike>, flags: number) {
    this.vnode = vnode;
    this.index = index;
    this.frame = frame;
    this.view = view;
    this.flags = flags;
  }

  /** File offset of the first byte. */
  get start(): number {
    return this.index * PAGE_SIZE;
  }
}

/** Intrusive list of evictable pages, oldest first out. */
export class PageList {
  length = 0;
  private newest: Page | null = null;
  private oldest: Page | null = null;

  get last(): Page | null {
    return this.oldest;
  }

  add(page: Page): void {
    page.older = this.newest;
    page.newer = null;
    if (this.newest === null) this.oldest = page;
    else this.newest.newer = page;
    this.newest = page;
    this.length++;
  }

  remove(page: Page): void {
    if (page.newer === null) this.newest = page.older;
    else page.newer.older = page.older;
    if (page.older === null) this.oldest = page.newer;
    else page.older.newer = page.newer;
    page.newer = null;
    page.older = null;
    this.length--;
  }
}
