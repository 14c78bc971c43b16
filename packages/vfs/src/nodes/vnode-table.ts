/**
 * Who uses an inode, and when it may go.
 *
 * Protocol   `get` or `adopt` a vnode, `retain` it, `release` it; at zero references and without pages it is forgotten
 *            and the file system's inode released. Nothing is forgotten while its pages are under I/O
 * Cost       get O(1), one map lookup
 */
import { S_IFMT, WOULD_BLOCK, panic, type Errno, type FileStat, type Ino } from '@veridian-os/abi';
import { createFileStat } from '../internal/stat.js';
import type { PageCache } from '../pages/page-cache.js';
import type { Superblock } from './superblock.js';
import { Vnode } from './vnode.js';

export class VnodeTable {
  private readonly cache: PageCache;
  private readonly scratch: FileStat = createFileStat();
  /** Unused vnodes that wait for I/O: of their pages, or to learn whether they have names. */
  private waiting: Vnode[] = [];

  constructor(cache: PageCache) {
    this.cache = cache;
    cache.onEmpty = (vnode) => this.forget(vnode);
  }

  /** The vnode of an inode that the file system has just named; unretained. Errors are those of `getattr`. */
  get(sb: Superblock, ino: Ino): Vnode | Errno {
    const known = sb.vnodes.get(ino);
    if (known !== undefined) return known;
    const result = sb.fs.getattr(ino, this.scratch);
    if (result !== 0) return result;
    return this.adopt(sb, ino, this.scratch.mode & S_IFMT, this.scratch.size);
  }

  /** The vnode of an inode that was just created with this type. */
  adopt(sb: Superblock, ino: Ino, type: number, size: number): Vnode {
    const vnode = new Vnode(sb, ino, type, size);
    sb.fs.retain(ino);
    sb.vnodes.set(ino, vnode);
    return vnode;
  }

  retain(vnode: Vnode): void {
    vnode.refs++;
  }

  release(vnode: Vnode): void {
    if (vnode.refs <= 0) panic('vfs/vnode-release', `inode ${vnode.ino} of device ${vnode.sb.dev}`);
    if (--vnode.refs === 0) this.idle(vnode);
  }

  /** Attributes as stat shows them: the file system's, with what it has not seen yet. */
  stat(vnode: Vnode, out: FileStat): 0 | Errno {
    const { sb } = vnode;
    const result = sb.fs.getattr(vnode.ino, out);
    if (result !== 0) return result;
    out.dev = sb.dev;
    if (!vnode.isRegular || sb.resident) return 0;
    if (sb.dynamic && vnode.dirty === null) {
      vnode.size = out.size;
      return 0;
    }
    out.size = vnode.size;
    if (vnode.dirty !== null) {
      out.mtimeSec = vnode.mtimeSec;
      out.mtimeNsec = vnode.mtimeNsec;
    }
    return 0;
  }

  /** Size again, and stale pages dropped, where the file may have changed behind our back. */
  revalidate(vnode: Vnode): 0 | Errno {
    if (!vnode.sb.dynamic || vnode.dirty !== null || !vnode.isRegular) return 0;
    const { scratch } = this;
    const result = vnode.sb.fs.getattr(vnode.ino, scratch);
    if (result !== 0) return result;
    if (scratch.mtimeSec !== vnode.seenSec || scratch.mtimeNsec !== vnode.seenNsec || scratch.size !== vnode.size) {
      this.cache.invalidate(vnode);
      vnode.size = scratch.size;
      vnode.seenSec = scratch.mtimeSec;
      vnode.seenNsec = scratch.mtimeNsec;
    }
    return 0;
  }

  /** A name of the vnode is gone; was it the last? */
  unlinked(vnode: Vnode): void {
    if (vnode.isDirectory) {
      vnode.dead = true;
      return;
    }
    vnode.doubtful = true;
    this.decide(vnode);
  }

  /** Ends vnodes that nobody uses and whose I/O has finished by now. */
  reap(): void {
    if (this.waiting.length === 0) return;
    const { waiting } = this;
    this.waiting = [];
    for (const vnode of waiting) {
      vnode.waiting = false;
      if (vnode.refs === 0 && vnode.sb.vnodes.get(vnode.ino) === vnode) this.idle(vnode);
    }
  }

  /** Forgets every vnode of a file system that nobody uses any more. */
  purge(sb: Superblock): void {
    for (const vnode of [...sb.vnodes.values()]) {
      vnode.dead = true;
      if (vnode.refs === 0) this.forget(vnode);
    }
  }

  private idle(vnode: Vnode): void {
    if (!this.decide(vnode)) this.later(vnode);
    else if (vnode.dead || vnode.pages.size === 0) this.forget(vnode);
  }

  /** Finds out whether a vnode has names left; false while the file system cannot say. */
  private decide(vnode: Vnode): boolean {
    if (!vnode.doubtful) return true;
    const { scratch } = this;
    const result = vnode.sb.fs.getattr(vnode.ino, scratch);
    if (result === WOULD_BLOCK) return false;
    vnode.doubtful = false;
    if (result !== 0 || scratch.nlink === 0) vnode.dead = true;
    return true;
  }

  private forget(vnode: Vnode): void {
    if (this.cache.discard(vnode) !== 0) {
      this.later(vnode);
      return;
    }
    if (vnode.sb.vnodes.get(vnode.ino) !== vnode) panic('vfs/vnode-forget', `inode ${vnode.ino}`);
    vnode.sb.vnodes.delete(vnode.ino);
    vnode.sb.fs.release(vnode.ino);
  }

  private later(vnode: Vnode): void {
    if (!vnode.waiting) this.waiting.push(vnode);
    vnode.waiting = true;
  }
}
