/** A retained place in the tree: what the interface calls a Path. */
import { panic, type Ino } from '@veridian-os/abi';
import type { Path } from '../api.js';
import type { Vnode } from '../nodes/vnode.js';
import type { Dentry } from './dentry.js';
import type { DentryCache } from './dentry-cache.js';
import type { Mount } from './mount.js';

export class PathRef implements Path {
  readonly mount: number;
  readonly ino: Ino;
  readonly at: Mount;
  readonly dentry: Dentry;
  private readonly names: DentryCache;
  private refs = 1;

  /** Retains the dentry and keeps the mount busy until the last {@link release}. */
  constructor(names: DentryCache, at: Mount, dentry: Dentry) {
    names.retain(dentry);
    at.refs++;
    this.names = names;
    this.at = at;
    this.dentry = dentry;
    this.mount = at.id;
    this.ino = (dentry.vnode as Vnode).ino;
  }

  get vnode(): Vnode {
    return this.dentry.vnode as Vnode;
  }

  retain(): void {
    if (this.refs === 0) panic('vfs/path-retain', this.dentry.name);
    this.refs++;
  }

  release(): void {
    if (this.refs === 0) panic('vfs/path-release', this.dentry.name);
    if (--this.refs > 0) return;
    this.at.refs--;
    this.names.release(this.dentry);
  }

  /** Absolute path from the global root, with Linux's ` (deleted)` when the name is gone. */
  name(): string {
    return absoluteName(this.at, this.dentry) ?? `${this.lastKnownName()} (deleted)`;
  }

  private lastKnownName(): string {
    const { parent, name } = this.dentry;
    const folder = parent === null ? '' : (absoluteName(this.at, parent) ?? '');
    return `${folder === '/' ? '' : folder}/${name}`;
  }
}

/** Absolute path of a place, or undefined when a name on the way was removed. */
export function absoluteName(mount: Mount, dentry: Dentry): string | undefined {
  if (dentry.parent === null && dentry !== mount.root) return dentry.name; // anonymous
  let name = '';
  let at = mount;
  let node = dentry;
  for (;;) {
    while (node === at.root) {
      if (at.parent === null || at.point === null) return name === '' ? '/' : name;
      node = at.point;
      at = at.parent;
    }
    if (!node.hashed || node.parent === null) return undefined;
    name = `/${node.name}${name}`;
    node = node.parent;
  }
}

/** True when `ancestor` is `dentry` or a directory above it, within one file system. */
export function isAncestor(ancestor: Dentry, dentry: Dentry): boolean {
  for (let node: Dentry | null = dentry; node !== null; node = node.parent) if (node === ancestor) return true;
  return false;
}
