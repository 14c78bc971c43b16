/**
 * An inode in use: named by a cached dentry, open, mapped, or the owner of cached pages.
 *
 * refs       dentries + open file descriptions + mappings. At 0 a vnode without pages goes away; one with pages stays
 *            until they are evicted (or, on a resident file system, until its last link is gone)
 * size       authoritative for regular files: the file system learns of growth when dirty pages reach it
 */
import { S_IFDIR, S_IFLNK, S_IFREG, type Errno, type Ino } from '@veridian-os/abi';
import type { Page } from '../pages/page.js';
import type { Pipe } from '../pipes/pipe.js';
import type { SharedSpecial } from '../files/special-file.js';
import type { Superblock } from './superblock.js';

const NO_PAGES: ReadonlyMap<number, Page> = new Map<number, Page>();

/** Told when pages from an index on are gone. */
export interface ShrinkListener {
  shrunk(firstPage: number): void;
}

const NO_MAPPINGS: Set<ShrinkListener> = new Set();

export class Vnode {
  readonly sb: Superblock;
  readonly ino: Ino;
  /** Type bits of the mode; never change. */
  readonly type: number;
  refs = 0;
  size: number;
  /** Cached pages by index; the shared empty map until the first one. */
  pages: Map<number, Page> = NO_PAGES as Map<number, Page>;
  /** Dirty pages, or null; only on non-resident file systems. */
  dirty: Set<Page> | null = null;
  /** Time of the last write that the file system has not seen yet; valid while `dirty` is not null. */
  mtimeSec = 0;
  mtimeNsec = 0;
  /** Modification time at the last validation of a dynamic file system's cached pages. */
  seenSec = 0;
  seenNsec = 0;
  /** No name is left: dirty pages need not be written. For directories: removed. */
  dead = false;
  /** A name was removed, and the file system has not said yet whether others are left. */
  doubtful = false;
  /** In the table's list of unused vnodes that wait for I/O. */
  waiting = false;
  /** Target of a symbolic link once read; never on a dynamic file system. */
  private target: string | null = null;
  /** The pipe behind a FIFO while somebody has it open. */
  pipe: Pipe | null = null;
  /** Mappings of the file; the shared empty set until the first one. */
  mapped: Set<ShrinkListener> = NO_MAPPINGS;
  /** The special file that an anonymous vnode stands for. */
  special: SharedSpecial | null = null;

  constructor(sb: Superblock, ino: Ino, type: number, size: number) {
    this.sb = sb;
    this.ino = ino;
    this.type = type;
    this.size = size;
  }

  addMapped(listener: ShrinkListener): void {
    if (this.mapped === NO_MAPPINGS) this.mapped = new Set();
    this.mapped.add(listener);
  }

  get isDirectory(): boolean {
    return this.type === S_IFDIR;
  }
  get isLink(): boolean {
    return this.type === S_IFLNK;
  }
  get isRegular(): boolean {
    return this.type === S_IFREG;
  }

  /** Target of a symbolic link: EINVAL, WOULD_BLOCK, EIO. Links do not change, so it is read once. */
  readlink(): string | Errno {
    if (this.target !== null) return this.target;
    const target = this.sb.fs.readlink(this.ino);
    if (typeof target === 'string' && !this.sb.dynamic) this.target = target;
    return target;
  }

  addPage(page: Page): void {
    if ((this.pages as ReadonlyMap<number, Page>) === NO_PAGES) this.pages = new Map<number, Page>();
    this.pages.set(page.index, page);
  }
}
