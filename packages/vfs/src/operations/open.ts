/**
 * open(2): from a name and flags to an open file description.
 *
 * Order of refusals follows Linux's do_open and may_open: ENOENT and ELOOP of the walk, EEXIST, EISDIR of O_CREAT,
 * ENOTDIR of O_DIRECTORY, ELOOP of a last link, EISDIR of writing a directory, EROFS, then the object's own.
 */
import {
  EEXIST,
  EINVAL,
  EISDIR,
  ELOOP,
  ENOTDIR,
  ENXIO,
  EROFS,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFREG,
  isErrno,
  type Errno,
  type FileStat,
} from '@veridian-os/abi';
import {
  O_CREAT,
  O_CLOEXEC,
  O_DIRECTORY,
  O_EXCL,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_PATH,
  O_TRUNC,
  type OpenFile,
  type PathContext,
} from '../api.js';
import { writes, reads } from '../files/description.js';
import { DirectoryFile } from '../files/directory-file.js';
import { PathFile } from '../files/path-file.js';
import { RegularFile } from '../files/regular-file.js';
import { SharedSpecial, SpecialDescription } from '../files/special-file.js';
import { createFileStat } from '../internal/stat.js';
import type { Dentry } from '../names/dentry.js';
import type { Mount } from '../names/mount.js';
import { LastKind } from '../names/walk.js';
import type { Vnode } from '../nodes/vnode.js';
import { PipeEnd } from '../pipes/pipe-file.js';
import { PIPE_CAPACITY, Pipe } from '../pipes/pipe.js';
import type { Core } from './core.js';

const PATH_FLAGS = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
/** Flags that only matter while opening; F_GETFL does not show them. */
const TRANSIENT = O_CREAT | O_EXCL | O_TRUNC;

export class Opener {
  private readonly core: Core;
  private readonly scratch: FileStat = createFileStat();

  constructor(core: Core) {
    this.core = core;
  }

  open(context: PathContext, name: string, requested: number, mode: number): OpenFile | Errno {
    const { walker } = this.core;
    const flags = (requested & O_PATH) !== 0 ? requested & PATH_FLAGS : requested;
    if ((flags & O_CREAT) !== 0) return this.openCreating(context, name, flags, mode);
    const reached = walker.walk(context, name, (flags & O_NOFOLLOW) === 0);
    return reached !== 0 ? reached : this.openPlace(walker.mount, walker.dentry, flags, false);
  }

  private openCreating(context: PathContext, name: string, flags: number, mode: number): OpenFile | Errno {
    const { walker, names } = this.core;
    if ((flags & O_DIRECTORY) !== 0) return EINVAL;
    let reached = walker.parent(context, name);
    let missed = false;
    // Bounded by the walker's limit of links.
    while (reached === 0) {
      if (walker.lastKind === LastKind.Jump) return this.openPlace(walker.mount, walker.dentry, flags, false);
      if (walker.lastKind !== LastKind.Normal) return (flags & O_EXCL) !== 0 ? EEXIST : EISDIR;
      if (walker.slash) return EISDIR;
      const dentry = names.child(walker.dentry, walker.last);
      if (typeof dentry === 'number') return dentry;
      if (dentry.vnode === null) {
        const made = this.createAndOpen(walker.mount, walker.dentry, dentry, flags, mode & ~context.umask);
        if (made !== EEXIST || missed || (flags & O_EXCL) !== 0) return made;
        // Somebody else has made it since it was looked up: look again, once.
        missed = true;
        names.unhash(dentry);
        continue;
      }
      if ((flags & O_EXCL) !== 0) return EEXIST;
      if (!dentry.vnode.isLink) {
        walker.enter(dentry);
        if ((walker.dentry.vnode as Vnode).isDirectory) return EISDIR;
        return this.openPlace(walker.mount, walker.dentry, flags, false);
      }
      if ((flags & O_NOFOLLOW) !== 0) return ELOOP;
      reached = walker.parentOfTarget(dentry);
    }
    return reached;
  }

  private createAndOpen(mount: Mount, parent: Dentry, dentry: Dentry, flags: number, mode: number): OpenFile | Errno {
    const { vnodes, names } = this.core;
    if (mount.readOnly) return EROFS;
    const { sb } = mount;
    const ino = sb.fs.create((parent.vnode as Vnode).ino, dentry.name, S_IFREG | (mode & 0o7777), 0);
    if (isErrno(ino)) return ino;
    names.instantiate(dentry, vnodes.adopt(sb, ino, S_IFREG, 0));
    return this.openPlace(mount, dentry, flags, true);
  }

  private openPlace(mount: Mount, dentry: Dentry, flags: number, created: boolean): OpenFile | Errno {
    const { core } = this;
    const vnode = dentry.vnode as Vnode;
    const { type } = vnode;
    if ((flags & O_DIRECTORY) !== 0 && type !== S_IFDIR) return ENOTDIR;
    if ((flags & O_PATH) !== 0) return new PathFile(core, core.pathTo(mount, dentry), flags);
    const kept = flags & ~TRANSIENT;
    switch (type) {
      case S_IFLNK:
        return ELOOP;
      case S_IFDIR:
        if (writes(flags) || (flags & O_TRUNC) !== 0) return EISDIR;
        return new DirectoryFile(core, core.pathTo(mount, dentry), kept);
      case S_IFREG:
        return this.openRegular(mount, dentry, flags, created);
      case S_IFIFO:
        return this.openPipe(mount, dentry, kept);
      default:
        return this.openSpecial(mount, dentry, kept);
    }
  }

  private openRegular(mount: Mount, dentry: Dentry, flags: number, created: boolean): OpenFile | Errno {
    const { core } = this;
    const vnode = dentry.vnode as Vnode;
    const truncates = (flags & O_TRUNC) !== 0 && !created;
    if (mount.readOnly && (truncates || writes(flags))) return EROFS;
    const kept = flags & ~TRANSIENT;
    const made = vnode.sb.fs.openSpecial?.(vnode.ino, kept);
    if (typeof made === 'number') return made;
    if (made !== undefined) {
      return new SpecialDescription(core, core.pathTo(mount, dentry), kept, new SharedSpecial(made));
    }
    const fresh = truncates ? core.cache.truncate(vnode, 0) : core.vnodes.revalidate(vnode);
    if (fresh !== 0) return fresh;
    return new RegularFile(core, core.pathTo(mount, dentry), kept);
  }

  private openPipe(mount: Mount, dentry: Dentry, flags: number): OpenFile | Errno {
    const { core } = this;
    const vnode = dentry.vnode as Vnode;
    const nonblocking = (flags & O_NONBLOCK) !== 0;
    if (nonblocking && writes(flags) && !reads(flags) && (vnode.pipe?.readers ?? 0) === 0) return ENXIO;
    if (!writes(flags) && !reads(flags)) return EINVAL;
    vnode.pipe ??= new Pipe(core.wait, PIPE_CAPACITY);
    return new PipeEnd(core, core.pathTo(mount, dentry), flags, vnode.pipe, false);
  }

  private openSpecial(mount: Mount, dentry: Dentry, flags: number): OpenFile | Errno {
    const { core } = this;
    const vnode = dentry.vnode as Vnode;
    const shared = vnode.special ?? this.driver(vnode, flags);
    if (typeof shared === 'number') return shared;
    return new SpecialDescription(core, core.pathTo(mount, dentry), flags, shared);
  }

  private driver(vnode: Vnode, flags: number): SharedSpecial | Errno {
    const own = vnode.sb.fs.openSpecial?.(vnode.ino, flags);
    if (own !== undefined) return typeof own === 'number' ? own : new SharedSpecial(own);
    if (vnode.type !== S_IFCHR && vnode.type !== S_IFBLK) return ENXIO;
    const { scratch } = this;
    const known = vnode.sb.fs.getattr(vnode.ino, scratch);
    if (known !== 0) return known;
    const file = this.core.openDevice?.(scratch.mode, scratch.rdev, flags) ?? ENXIO;
    return typeof file === 'number' ? file : new SharedSpecial(file);
  }
}
