/**
 * One file-system instance as the VFS sees it, however often it is mounted.
 *
 * Invariant  `vnodes` holds at most one vnode per inode, and every vnode in it has retained that inode once
 */
import type { Errno, FileSystem, Ino } from '@veridian-os/abi';
import type { MagicLinks, Path } from '../api.js';
import type { Dentry } from '../names/dentry.js';
import type { Vnode } from './vnode.js';

export class Superblock {
  readonly fs: FileSystem & MagicLinks;
  /** Device number that stat shows; never 0. */
  readonly dev: number;
  readonly resident: boolean;
  /** Names and attributes may change behind our back: ask again at each lookup. */
  readonly dynamic: boolean;
  readonly vnodes = new Map<Ino, Vnode>();
  /** Vnodes with dirty pages; always empty for a resident file system. */
  readonly dirty = new Set<Vnode>();
  /** Set once, when the file system is first mounted. */
  root: Dentry | null = null;
  mounts = 0;
  /** Pages in all `dirty` sets. */
  dirtyPages = 0;

  constructor(fs: FileSystem & MagicLinks, dev: number) {
    this.fs = fs;
    this.dev = dev;
    this.resident = fs.resident;
    this.dynamic = fs.dynamic === true;
  }

  /** Object that a symbolic link leads to without a name, if this file system has such links. */
  jump(ino: Ino): Path | Errno | undefined {
    return this.fs.followLink?.(ino);
  }
}
