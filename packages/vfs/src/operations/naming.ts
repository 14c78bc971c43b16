/** Operations that make, remove and change names. Refusals come in Linux's order, the file system's own last. */
import {
  EBUSY,
  EEXIST,
  EINVAL,
  EISDIR,
  ENAMETOOLONG,
  ENOENT,
  ENOTDIR,
  ENOTEMPTY,
  EPERM,
  EROFS,
  EXDEV,
  RENAME_EXCHANGE,
  RENAME_NOREPLACE,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFMT,
  S_IFREG,
  S_IFSOCK,
  isErrno,
  type Errno,
  type Ino,
} from '@veridian-os/abi';
import type { PathContext } from '../api.js';
import { longerThan } from '../internal/utf8.js';
import type { Dentry } from '../names/dentry.js';
import type { Mount } from '../names/mount.js';
import { isAncestor } from '../names/path.js';
import { LastKind, PATH_LIMIT } from '../names/walk.js';
import type { Vnode } from '../nodes/vnode.js';
import type { Core } from './core.js';

const MAKEABLE: ReadonlySet<number> = new Set([S_IFREG, S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK]);

/** Two ends of a rename, after both walks. */
interface RenameEnds {
  readonly mount: Mount;
  readonly from: Dentry;
  readonly source: Dentry;
  readonly sourceSlash: boolean;
  readonly to: Dentry;
  readonly target: Dentry;
  readonly targetSlash: boolean;
}

export class Namer {
  private readonly core: Core;

  constructor(core: Core) {
    this.core = core;
  }

  mkdir(context: PathContext, name: string, mode: number): 0 | Errno {
    const dentry = this.newName(context, name, true);
    if (typeof dentry === 'number') return dentry;
    return this.make(dentry, S_IFDIR | (mode & ~context.umask & 0o1777), 0);
  }

  mknod(context: PathContext, name: string, mode: number, rdev: number): 0 | Errno {
    const type = (mode & S_IFMT) === 0 ? S_IFREG : mode & S_IFMT;
    if (type === S_IFDIR) return EPERM;
    if (!MAKEABLE.has(type)) return EINVAL;
    const dentry = this.newName(context, name, false);
    if (typeof dentry === 'number') return dentry;
    return this.make(dentry, type | (mode & ~context.umask & 0o7777), type === S_IFCHR || type === S_IFBLK ? rdev : 0);
  }

  symlink(target: string, context: PathContext, name: string): 0 | Errno {
    if (target === '') return ENOENT;
    if (target.includes('\0')) return EINVAL;
    if (longerThan(target, PATH_LIMIT)) return ENAMETOOLONG;
    const dentry = this.newName(context, name, false);
    if (typeof dentry === 'number') return dentry;
    const { fs } = dentry.sb;
    const ino = fs.symlink(parentIno(dentry), dentry.name, target);
    return isErrno(ino) ? ino : this.instantiate(dentry, ino);
  }

  link(from: PathContext, name: string, to: PathContext, newName: string, follow: boolean): 0 | Errno {
    const { walker, names } = this.core;
    const reached = walker.walk(from, name, follow);
    if (reached !== 0) return reached;
    const { mount } = walker;
    const vnode = walker.dentry.vnode as Vnode;
    const dentry = this.newName(to, newName, false);
    if (typeof dentry === 'number') return dentry;
    if (walker.mount !== mount) return EXDEV;
    if (vnode.isDirectory) return EPERM;
    const result = mount.sb.fs.link(parentIno(dentry), dentry.name, vnode.ino);
    if (result === 0) names.instantiate(dentry, vnode);
    return result;
  }

  unlink(context: PathContext, name: string): 0 | Errno {
    const { walker } = this.core;
    const reached = walker.parent(context, name);
    if (reached !== 0) return reached;
    if (walker.lastKind !== LastKind.Normal) return EISDIR;
    const dentry = this.oldName();
    if (typeof dentry === 'number') return dentry;
    const vnode = dentry.vnode as Vnode;
    if (walker.slash) return vnode.isDirectory ? EISDIR : ENOTDIR;
    if (dentry.mounts > 0) return EBUSY;
    if (vnode.isDirectory) return EISDIR;
    const result = walker.mount.sb.fs.unlink(parentIno(dentry), dentry.name);
    if (result === 0) this.removed(dentry, vnode);
    return result;
  }

  rmdir(context: PathContext, name: string): 0 | Errno {
    const { walker } = this.core;
    const reached = walker.parent(context, name);
    if (reached !== 0) return reached;
    if (walker.lastKind === LastKind.Dot) return EINVAL;
    if (walker.lastKind === LastKind.DotDot) return ENOTEMPTY;
    if (walker.lastKind !== LastKind.Normal) return EBUSY;
    const dentry = this.oldName();
    if (typeof dentry === 'number') return dentry;
    const vnode = dentry.vnode as Vnode;
    if (!vnode.isDirectory) return ENOTDIR;
    if (dentry.mounts > 0) return EBUSY;
    const result = walker.mount.sb.fs.rmdir(parentIno(dentry), dentry.name);
    if (result === 0) this.removed(dentry, vnode);
    return result;
  }

  rename(from: PathContext, name: string, to: PathContext, newName: string, flags: number): 0 | Errno {
    if ((flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE)) !== 0) return EINVAL;
    if (flags === (RENAME_NOREPLACE | RENAME_EXCHANGE)) return EINVAL;
    const ends = this.renameEnds(from, name, to, newName, flags);
    if (typeof ends === 'number') return ends;
    const refused = refuseRename(ends, flags);
    if (refused !== 0) return refused;
    const { source, target, mount } = ends;
    if (source.vnode === target.vnode) return 0;
    if (source.mounts > 0 || target.mounts > 0) return EBUSY;
    const result = mount.sb.fs.rename(
      (ends.from.vnode as Vnode).ino,
      source.name,
      (ends.to.vnode as Vnode).ino,
      target.name,
      flags,
    );
    if (result === 0) this.renamed(ends, flags);
    return result;
  }

  private renameEnds(
    context: PathContext,
    name: string,
    toContext: PathContext,
    newName: string,
    flags: number,
  ): RenameEnds | Errno {
    const { walker, names } = this.core;
    const first = walker.parent(context, name);
    if (first !== 0) return first;
    const { mount, dentry: from, last, lastKind, slash: sourceSlash } = walker;
    const second = walker.parent(toContext, newName);
    if (second !== 0) return second;
    if (walker.mount !== mount) return EXDEV;
    if (lastKind !== LastKind.Normal) return EBUSY;
    if (walker.lastKind !== LastKind.Normal) return (flags & RENAME_NOREPLACE) !== 0 ? EEXIST : EBUSY;
    if (mount.readOnly) return EROFS;
    const source = names.child(from, last);
    if (typeof source === 'number') return source;
    if (source.vnode === null) return ENOENT;
    const target = names.child(walker.dentry, walker.last);
    if (typeof target === 'number') return target;
    return { mount, from, source, sourceSlash, to: walker.dentry, target, targetSlash: walker.slash };
  }

  private renamed({ from, source, to, target }: RenameEnds, flags: number): void {
    const { names, vnodes } = this.core;
    // Keeps both parents valid while their children move.
    names.retain(from);
    names.retain(to);
    if ((flags & RENAME_EXCHANGE) !== 0) {
      names.exchange(source, target);
    } else {
      if (target.vnode !== null) vnodes.unlinked(target.vnode);
      names.move(source, to, target.name);
    }
    names.release(to);
    names.release(from);
  }

  /** The negative dentry of a name that is to be made, in a directory that allows it. */
  private newName(context: PathContext, name: string, directory: boolean): Dentry | Errno {
    const { walker, names } = this.core;
    const reached = walker.parent(context, name);
    if (reached !== 0) return reached;
    if (walker.lastKind !== LastKind.Normal) return EEXIST;
    const dentry = names.child(walker.dentry, walker.last);
    if (typeof dentry === 'number') return dentry;
    if (dentry.vnode !== null) return EEXIST;
    if (walker.slash && !directory) return ENOENT;
    return walker.mount.readOnly ? EROFS : dentry;
  }

  /** The dentry of the name that the last walk to a parent found; ENOENT when there is none, EROFS first. */
  private oldName(): Dentry | Errno {
    const { walker, names } = this.core;
    if (walker.mount.readOnly) return EROFS;
    const dentry = names.child(walker.dentry, walker.last);
    if (typeof dentry === 'number') return dentry;
    return dentry.vnode === null ? ENOENT : dentry;
  }

  private make(dentry: Dentry, mode: number, rdev: number): 0 | Errno {
    const { names, vnodes } = this.core;
    const { sb } = dentry;
    const ino = sb.fs.create(parentIno(dentry), dentry.name, mode, rdev);
    if (isErrno(ino)) return ino;
    names.instantiate(dentry, vnodes.adopt(sb, ino, mode & S_IFMT, 0));
    return 0;
  }

  private instantiate(dentry: Dentry, ino: Ino): 0 {
    const { names, vnodes } = this.core;
    const vnode = vnodes.get(dentry.sb, ino);
    // Attributes that cannot be had now are asked for at the next lookup.
    if (typeof vnode === 'number') names.unhash(dentry);
    else names.instantiate(dentry, vnode);
    return 0;
  }

  private removed(dentry: Dentry, vnode: Vnode): void {
    const { names, vnodes } = this.core;
    vnodes.unlinked(vnode);
    names.unhash(dentry);
  }
}

function refuseRename(ends: RenameEnds, flags: number): 0 | Errno {
  const { source, target } = ends;
  const exchange = (flags & RENAME_EXCHANGE) !== 0;
  const moved = source.vnode as Vnode;
  if ((flags & RENAME_NOREPLACE) !== 0 && target.vnode !== null) return EEXIST;
  if (exchange && target.vnode === null) return ENOENT;
  if (exchange && ends.targetSlash && target.vnode?.isDirectory !== true) return ENOTDIR;
  if (!moved.isDirectory && (ends.sourceSlash || (!exchange && ends.targetSlash))) return ENOTDIR;
  if (isAncestor(source, ends.to)) return EINVAL;
  if (isAncestor(target, ends.from)) return exchange ? EINVAL : ENOTEMPTY;
  if (exchange || target.vnode === null || target.vnode === moved) return 0;
  if (moved.isDirectory && !target.vnode.isDirectory) return ENOTDIR;
  if (!moved.isDirectory && target.vnode.isDirectory) return EISDIR;
  return 0;
}

function parentIno(dentry: Dentry): Ino {
  return ((dentry.parent as Dentry).vnode as Vnode).ino;
}
