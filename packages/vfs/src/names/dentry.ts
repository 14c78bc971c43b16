/**
 * A name in the tree: one node per (parent, name) that was looked up, positive or negative.
 *
 * refs   open places (PathRef), mounts on it, and children; at 0 a hashed dentry is cached, an unhashed one freed
 */
import type { Superblock } from '../nodes/superblock.js';
import type { Vnode } from '../nodes/vnode.js';

export class Dentry {
  readonly sb: Superblock;
  /** Null for the root of a file system. */
  parent: Dentry | null;
  name: string;
  /** Null: the name is known not to exist. */
  vnode: Vnode | null;
  refs = 0;
  /** Reachable by name from its parent. */
  hashed = true;
  /** Used since eviction last looked. */
  referenced = false;
  /** Mounts whose mount point this is. */
  mounts = 0;
  children: Map<string, Dentry> | null = null;
  newer: Dentry | null = null;
  older: Dentry | null = null;

  constructor(sb: Superblock, parent: Dentry | null, name: string, vnode: Vnode | null) {
    this.sb = sb;
    this.parent = parent;
    this.name = name;
    this.vnode = vnode;
  }
}

/** Intrusive list of unused dentries, oldest first out. */
export class DentryList {
  length = 0;
  private newest: Dentry | null = null;
  private oldest: Dentry | null = null;

  get last(): Dentry | null {
    return this.oldest;
  }

  add(dentry: Dentry): void {
    dentry.older = this.newest;
    dentry.newer = null;
    if (this.newest === null) this.oldest = dentry;
    else this.newest.newer = dentry;
    this.newest = dentry;
    this.length++;
  }

  remove(dentry: Dentry): void {
    if (dentry.newer === null) this.newest = dentry.older;
    else dentry.newer.older = dentry.older;
    if (dentry.older === null) this.oldest = dentry.newer;
    else dentry.older.newer = dentry.newer;
    dentry.newer = null;
    dentry.older = null;
    this.length--;
  }
}
