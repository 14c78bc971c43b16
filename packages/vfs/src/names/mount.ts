/** Mounts: which file system covers which directory. */
import { EBUSY, EINVAL, ENOTDIR, type Errno } from '@veridian-os/abi';
import type { Superblock } from '../nodes/superblock.js';
import type { Dentry } from './dentry.js';
import type { DentryCache } from './dentry-cache.js';

export class Mount {
  readonly id: number;
  readonly sb: Superblock;
  readonly root: Dentry;
  /** What it is mounted on; null for '/'. */
  readonly parent: Mount | null;
  readonly point: Dentry | null;
  readonly readOnly: boolean;
  readonly source: string;
  /** Open places on it, and mounts on top of it. */
  refs = 0;

  constructor(
    id: number,
    sb: Superblock,
    on: { mount: Mount; dentry: Dentry } | null,
    options: { readOnly: boolean; source: string },
  ) {
    this.id = id;
    this.sb = sb;
    this.root = sb.root as Dentry;
    this.parent = on?.mount ?? null;
    this.point = on?.dentry ?? null;
    this.readOnly = options.readOnly || sb.fs.readOnly;
    this.source = options.source;
  }
}

/** All mounts, in order of mounting; a handful, so they are searched one by one. */
export class MountTable {
  readonly list: Mount[] = [];
  private readonly names: DentryCache;
  private nextId = 1;

  constructor(names: DentryCache) {
    this.names = names;
  }

  get root(): Mount | undefined {
    return this.list[0];
  }

  /** The topmost mount on a directory of a mount, or undefined. */
  on(mount: Mount, dentry: Dentry): Mount | undefined {
    for (const candidate of this.list) if (candidate.parent === mount && candidate.point === dentry) return candidate;
    return undefined;
  }

  /** Mounts on '/' (null, first) or on a directory. */
  add(
    sb: Superblock,
    on: { mount: Mount; dentry: Dentry } | null,
    options: { readOnly: boolean; source: string },
  ): Mount | Errno {
    if (on !== null && on.dentry.vnode?.isDirectory !== true) return ENOTDIR;
    const mount = new Mount(this.nextId++, sb, on, options);
    this.list.push(mount);
    sb.mounts++;
    if (on !== null) {
      this.names.retain(on.dentry);
      on.dentry.mounts++;
      on.mount.refs++;
    }
    return mount;
  }

  /** Takes a mount that nobody uses away: 0, EBUSY, or EINVAL for '/'. */
  remove(mount: Mount): 0 | Errno {
    if (mount.parent === null || mount.point === null) return EINVAL;
    if (mount.refs > 0) return EBUSY;
    this.list.splice(this.list.indexOf(mount), 1);
    mount.sb.mounts--;
    mount.point.mounts--;
    mount.parent.refs--;
    this.names.release(mount.point);
    return 0;
  }
}
