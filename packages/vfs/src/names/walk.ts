/**
 * From a name to a place: components, '.', '..', symbolic links, mount points.
 *
 * Rules      path_resolution(7): '..' stops at the context's root and leaves a mount at its root; a trailing slash
 *            asks for a directory and follows a last symbolic link; more than 40 links are ELOOP; a component of more
 *            than 255 bytes or a path of more than 4095 is ENAMETOOLONG; an empty name is ENOENT, a NUL in
 *            it EINVAL
 * State      one walk at a time; results are the public fields, valid until the next walk. Nothing is retained
 * Waiting    WOULD_BLOCK leaves nothing behind but cached names; `mount` is then the one whose file system waits
 * Cost       one map lookup per cached component, no allocation but the components' strings
 */
import { EINVAL, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR, panic, type Errno } from '@veridian-os/abi';
import type { PathContext } from '../api.js';
import { longerThan } from '../internal/utf8.js';
import type { Vnode } from '../nodes/vnode.js';
import type { Dentry } from './dentry.js';
import type { DentryCache } from './dentry-cache.js';
import type { Mount, MountTable } from './mount.js';
import type { PathRef } from './path.js';

export const MAX_LINKS = 40;
export const NAME_MAX = 255;
/** Bytes of a path without its NUL. */
export const PATH_LIMIT = 4095;

/** What the last component of a walk to a parent is. */
export const LastKind = { Normal: 0, Dot: 1, DotDot: 2, Root: 3, Jump: 4 } as const;
export type LastKind = (typeof LastKind)[keyof typeof LastKind];

const SLASH = 47;

export class Walker {
  /** The place reached (for `parent`: the directory of the last component, or the object itself unless Normal). */
  mount!: Mount;
  dentry!: Dentry;
  /** Last component, not looked up; only after `parent`. */
  last = '';
  lastKind: LastKind = LastKind.Normal;
  /** The last component was followed by a slash. */
  slash = false;

  private readonly names: DentryCache;
  private readonly mounts: MountTable;
  private root!: PathRef;
  private links = 0;

  constructor(names: DentryCache, mounts: MountTable) {
    this.names = names;
    this.mounts = mounts;
  }

  /** Walks to an existing object. */
  walk(context: PathContext, name: string, followLast: boolean): 0 | Errno {
    const bad = this.begin(context, name);
    return bad !== 0 ? bad : this.run(name, followLast, false);
  }

  /** Walks to the directory of the last component. */
  parent(context: PathContext, name: string): 0 | Errno {
    const bad = this.begin(context, name);
    return bad !== 0 ? bad : this.run(name, false, true);
  }

  /** After `parent`: the last component is this symbolic link; walks to the parent of where it leads. */
  parentOfTarget(link: Dentry): 0 | Errno {
    const target = this.follow(link);
    if (typeof target === 'number') return target;
    this.lastKind = LastKind.Jump;
    return target === null ? 0 : this.run(target, false, true);
  }

  /** After `parent`: steps from the parent onto an object in it, and through mounts on that. */
  enter(dentry: Dentry): void {
    this.dentry = dentry;
    while (this.dentry.mounts > 0) {
      const covering = this.mounts.on(this.mount, this.dentry);
      if (covering === undefined) return;
      this.mount = covering;
      this.dentry = covering.root;
    }
  }

  private begin(context: PathContext, name: string): 0 | Errno {
    if (name === '') return ENOENT;
    if (name.includes('\0')) return EINVAL;
    if (longerThan(name, PATH_LIMIT)) return ENAMETOOLONG;
    this.root = context.root as PathRef;
    const start = name.charCodeAt(0) === SLASH ? this.root : (context.start as PathRef);
    this.mount = start.at;
    this.dentry = start.dentry;
    this.links = 0;
    return 0;
  }

  private run(path: string, followLast: boolean, toParent: boolean): 0 | Errno {
    let rest = path;
    let at = 0;
    this.lastKind = LastKind.Root;
    this.last = '';
    this.slash = false;
    for (;;) {
      while (rest.charCodeAt(at) === SLASH) at++;
      if (at === rest.length) return 0;
      let end = rest.indexOf('/', at);
      if (end < 0) end = rest.length;
      const name = rest.slice(at, end);
      this.slash = end < rest.length;
      at = end;
      while (rest.charCodeAt(at) === SLASH) at++;
      const isLast = at === rest.length;
      if (!(this.dentry.vnode as Vnode).isDirectory) return ENOTDIR;
      if (longerThan(name, NAME_MAX)) return ENAMETOOLONG;
      if (isLast && toParent) return this.stopAt(name);
      if (name === '.') continue;
      if (name === '..') {
        this.up();
        continue;
      }
      const next = this.names.child(this.dentry, name);
      if (typeof next === 'number') return next;
      if (next.vnode === null) return ENOENT;
      if (next.vnode.isLink && (!isLast || followLast || this.slash)) {
        const target = this.follow(next);
        if (typeof target === 'number') return target;
        const tail = isLast ? (this.slash ? '/' : '') : `/${rest.slice(at)}`;
        if (target === null) {
          rest = tail;
          if (tail !== '' && !(this.dentry.vnode as Vnode).isDirectory) return ENOTDIR;
        } else {
          rest = target + tail;
        }
        at = 0;
        continue;
      }
      this.enter(next);
      if (this.slash && !(this.dentry.vnode as Vnode).isDirectory) return ENOTDIR;
    }
  }

  private stopAt(name: string): 0 {
    this.last = name;
    if (name === '.') this.lastKind = LastKind.Dot;
    else if (name === '..') this.lastKind = LastKind.DotDot;
    else this.lastKind = LastKind.Normal;
    return 0;
  }

  /** Where a link leads: the text to walk from here, null when it jumped there, or an Errno. */
  private follow(link: Dentry): string | null | Errno {
    if (++this.links > MAX_LINKS) return ELOOP;
    const vnode = link.vnode as Vnode;
    const object = vnode.sb.jump(vnode.ino);
    if (typeof object === 'number') return object;
    if (object !== undefined) {
      const place = object as PathRef;
      this.mount = place.at;
      this.dentry = place.dentry;
      // The process that holds the object keeps it alive through this operation.
      place.release();
      return null;
    }
    const target = vnode.readlink();
    if (typeof target === 'number') return target;
    if (target === '') return ENOENT;
    if (target.charCodeAt(0) === SLASH) {
      this.mount = this.root.at;
      this.dentry = this.root.dentry;
    }
    return target;
  }

  private up(): void {
    if (this.dentry === this.root.dentry && this.mount === this.root.at) return;
    while (this.dentry === this.mount.root) {
      if (this.mount.parent === null || this.mount.point === null) return;
      this.dentry = this.mount.point;
      this.mount = this.mount.parent;
    }
    const above = this.dentry.parent;
    if (above === null) panic('vfs/walk-up', this.dentry.name);
    this.enter(above);
  }
}
