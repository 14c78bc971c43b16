/**
 * The tree of names in use, and the cache of those that are not (negative ones included).
 *
 * Bound       at most `limit` unused dentries after `trim`, which runs between operations only: within one, every
 *             dentry it has seen stays valid without being retained
 * Invariant   a dentry is in the unused list exactly when it is hashed, has a parent and has no references
 * Eviction    second chance; a parent can go only after its children
 */
import { ENOENT, panic, type Errno, type Ino } from '@veridian-os/abi';
import type { Superblock } from '../nodes/superblock.js';
import type { VnodeTable } from '../nodes/vnode-table.js';
import type { Vnode } from '../nodes/vnode.js';
import { Dentry, DentryList } from './dentry.js';

const { max } = Math;

/** Names of the longest path: 4095 bytes. */
const RETRY_NAMES = 2048;

export class DentryCache {
  private readonly vnodes: VnodeTable;
  private readonly limit: number;
  private readonly unused = new DentryList();

  constructor(vnodes: VnodeTable, limit: number) {
    this.vnodes = vnodes;
    this.limit = limit;
  }

  /** Dentries kept though nobody uses them. */
  get unusedCount(): number {
    return this.unused.length;
  }

  /** The root of a file system that is mounted for the first time; retained by its superblock. */
  createRoot(sb: Superblock, vnode: Vnode): Dentry {
    const root = new Dentry(sb, null, '', vnode);
    this.vnodes.retain(vnode);
    root.refs = 1;
    return root;
  }

  /** What `name` is in a directory: a dentry (negative when nothing), an Errno of `lookup`, or ENOENT in a removed directory. */
  child(parent: Dentry, name: string): Dentry | Errno {
    const known = parent.children?.get(name);
    if (known !== undefined && !parent.sb.dynamic) {
      known.referenced = true;
      return known;
    }
    const { sb } = parent;
    const directory = parent.vnode as Vnode;
    if (directory.dead) return ENOENT;
    const ino = sb.fs.lookup(directory.ino, name);
    if (ino < 0) {
      if (ino !== ENOENT) return ino as Errno;
      if (known?.vnode === null) return known;
      if (known !== undefined) this.unhash(known);
      return this.add(parent, name, null);
    }
    if (known?.vnode?.ino === ino) return known;
    const vnode = this.vnodes.get(sb, ino as Ino);
    if (typeof vnode === 'number') return vnode;
    if (known !== undefined) this.unhash(known);
    return this.add(parent, name, vnode);
  }

  /** Makes a negative dentry name `vnode`. */
  instantiate(dentry: Dentry, vnode: Vnode): void {
    if (dentry.vnode !== null) panic('vfs/dentry-instantiate', dentry.name);
    this.vnodes.retain(vnode);
    dentry.vnode = vnode;
  }

  retain(dentry: Dentry): void {
    if (dentry.refs++ === 0) this.unused.remove(dentry);
  }

  release(dentry: Dentry): void {
    if (dentry.refs <= 0) panic('vfs/dentry-release', dentry.name);
    if (--dentry.refs > 0) return;
    if (dentry.hashed) this.unused.add(dentry);
    else this.free(dentry);
  }

  /** The name no longer leads here; whoever holds the dentry keeps it. */
  unhash(dentry: Dentry): void {
    const { parent } = dentry;
    if (!dentry.hashed || parent === null) return;
    this.shrink(dentry);
    parent.children?.delete(dentry.name);
    dentry.hashed = false;
    if (dentry.refs === 0) {
      this.unused.remove(dentry);
      this.free(dentry);
    }
  }

  /** `dentry` is called `name` in `parent` from now on; what was cached under that name is gone. */
  move(dentry: Dentry, parent: Dentry, name: string): void {
    const victim = parent.children?.get(name);
    this.retain(dentry);
    if (victim !== undefined) this.unhash(victim);
    (dentry.parent as Dentry).children?.delete(dentry.name);
    this.attach(dentry, parent, name);
    this.release(dentry);
  }

  /** Two dentries change places. */
  exchange(one: Dentry, other: Dentry): void {
    const { name } = one;
    const parent = one.parent as Dentry;
    this.retain(parent);
    parent.children?.delete(name);
    this.attach(one, other.parent as Dentry, other.name);
    this.attach(other, parent, name);
    this.release(parent);
  }

  /**
   * Frees unused dentries over the limit. Call it between operations only.
   * @param retrying the last operation waits and will be run again: what it looked up is kept, or it might never end
   */
  trim(retrying: boolean): void {
    const limit = retrying ? max(this.limit, RETRY_NAMES) : this.limit;
    for (let scan = 2 * this.unused.length; scan > 0 && this.unused.length > limit; scan--) {
      const dentry = this.unused.last as Dentry;
      this.unused.remove(dentry);
      if (dentry.referenced) {
        dentry.referenced = false;
        this.unused.add(dentry);
      } else {
        this.detach(dentry);
      }
    }
  }

  /** Frees every unused dentry below `dentry`. */
  shrink(dentry: Dentry): void {
    if (dentry.children === null) return;
    const below = [...dentry.children.values()];
    for (let i = 0; i < below.length; i++) {
      const { children } = below[i];
      if (children !== null) below.push(...children.values());
    }
    for (let i = below.length - 1; i >= 0; i--) {
      const child = below[i];
      if (child.refs > 0) continue;
      this.unused.remove(child);
      this.detach(child);
    }
  }

  /** Ends a root that nothing refers to but its superblock. */
  destroyRoot(root: Dentry): void {
    this.shrink(root);
    root.hashed = false;
    this.release(root);
  }

  private add(parent: Dentry, name: string, vnode: Vnode | null): Dentry {
    const dentry = new Dentry(parent.sb, parent, name, vnode);
    if (vnode !== null) this.vnodes.retain(vnode);
    this.retain(parent);
    (parent.children ??= new Map<string, Dentry>()).set(name, dentry);
    this.unused.add(dentry);
    return dentry;
  }

  private attach(dentry: Dentry, parent: Dentry, name: string): void {
    const old = dentry.parent as Dentry;
    this.retain(parent);
    dentry.parent = parent;
    dentry.name = name;
    (parent.children ??= new Map<string, Dentry>()).set(name, dentry);
    this.release(old);
  }

  /** Takes a dentry that is in no list out of the tree. */
  private detach(dentry: Dentry): void {
    dentry.parent?.children?.delete(dentry.name);
    dentry.hashed = false;
    this.free(dentry);
  }

  private free(dentry: Dentry): void {
    const { vnode, parent } = dentry;
    dentry.vnode = null;
    if (vnode !== null) this.vnodes.release(vnode);
    if (parent !== null) this.release(parent);
  }
}
