/** The mechanisms that path operations share, wired together once. */
import {
  EFBIG,
  EINVAL,
  EISDIR,
  EOPNOTSUPP,
  EROFS,
  type AttributeChange,
  type Errno,
  type FileStat,
  type FileSystem,
  type WaitPort,
} from '@veridian-os/abi';
import type { MagicLinks, Timestamp, VfsConfig } from '../api.js';
import type { FileHostWithPages } from '../files/regular-file.js';
import { DentryCache } from '../names/dentry-cache.js';
import type { Dentry } from '../names/dentry.js';
import { Mount, MountTable } from '../names/mount.js';
import { PathRef } from '../names/path.js';
import { Walker } from '../names/walk.js';
import { AnonymousFs } from '../nodes/anonymous.js';
import { Superblock } from '../nodes/superblock.js';
import { VnodeTable } from '../nodes/vnode-table.js';
import type { Vnode } from '../nodes/vnode.js';
import { FileIo, MAX_FILE_SIZE } from '../pages/file-io.js';
import { PageCache } from '../pages/page-cache.js';

const DEFAULT_CACHE_PAGES = 16384;
const DEFAULT_CACHE_NAMES = 8192;

function atLeast16(name: string, value: number | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  if ((value | 0) !== value || value < 16) throw new RangeError(`${name}: expected 16 to 2^31 - 1, got ${value}`);
  return value;
}

export class Core implements FileHostWithPages {
  readonly wait: WaitPort;
  readonly now: () => Timestamp;
  readonly openDevice: VfsConfig['openDevice'];
  readonly cache: PageCache;
  readonly io: FileIo;
  readonly vnodes: VnodeTable;
  readonly names: DentryCache;
  readonly mounts: MountTable;
  readonly walker: Walker;
  readonly anonymousFs: AnonymousFs;
  readonly anonymousMount: Mount;
  readonly superblocks = new Map<FileSystem, Superblock>();
  /** The last operation answered WOULD_BLOCK. */
  retrying = false;
  private nextDevice = 1;

  /** @throws RangeError when a cache size is out of range */
  constructor(config: VfsConfig) {
    const pages = atLeast16('cachePages', config.cachePages, DEFAULT_CACHE_PAGES);
    const names = atLeast16('cacheNames', config.cacheNames, DEFAULT_CACHE_NAMES);
    this.wait = config.wait;
    this.now = config.now;
    this.openDevice = config.openDevice;
    this.cache = new PageCache(config.frames, config.bytes, pages);
    this.io = new FileIo(this.cache, config.now);
    this.vnodes = new VnodeTable(this.cache);
    this.names = new DentryCache(this.vnodes, names);
    this.mounts = new MountTable(this.names);
    this.walker = new Walker(this.names, this.mounts);
    this.anonymousFs = new AnonymousFs(config.wait.create(), config.now);
    this.anonymousMount = this.mountAnonymous();
  }

  /** Housekeeping before each operation: bounds the caches while nothing holds unretained names. */
  begin(): void {
    this.names.trim(this.retrying);
    this.retrying = false;
    this.vnodes.reap();
  }

  /** The superblock of a file system, new or already mounted somewhere; or what `getattr` of its root failed with. */
  superblock(fs: FileSystem & MagicLinks): Superblock | Errno {
    const known = this.superblocks.get(fs);
    if (known !== undefined) return known;
    const sb = new Superblock(fs, this.nextDevice);
    const root = this.vnodes.get(sb, fs.root);
    if (typeof root === 'number') return root;
    this.nextDevice++;
    sb.root = this.names.createRoot(sb, root);
    this.superblocks.set(fs, sb);
    return sb;
  }

  pathTo(mount: Mount, dentry: Dentry): PathRef {
    return new PathRef(this.names, mount, dentry);
  }

  /** A place for something without a name; goes with its last reference. */
  anonymous(mode: number, name: (ino: number) => string): PathRef {
    const ino = this.anonymousFs.add(mode);
    const { sb } = this.anonymousMount;
    const vnode = this.vnodes.adopt(sb, ino, mode & 0o170000, 0);
    const dentry = this.names.createRoot(sb, vnode);
    dentry.name = name(ino);
    dentry.hashed = false;
    const place = this.pathTo(this.anonymousMount, dentry);
    this.names.release(dentry);
    return place;
  }

  stat(at: PathRef, out: FileStat): 0 | Errno {
    return this.vnodes.stat(at.vnode, out);
  }

  setattr(at: PathRef, change: AttributeChange): 0 | Errno {
    return this.change(at.at, at.vnode, change);
  }

  /** Applies attributes: size through the page cache, times after the data they belong to. */
  change(mount: Mount, vnode: Vnode, change: AttributeChange): 0 | Errno {
    if (mount.readOnly) return EROFS;
    if (vnode.isLink && change.mode !== undefined) return EOPNOTSUPP;
    if (change.size !== undefined) {
      const sized = this.resize(vnode, change.size);
      if (sized !== 0) return sized;
    }
    if (change.mtimeSec !== undefined || change.mtimeNsec !== undefined) {
      const stored = this.cache.writeBack(vnode);
      if (stored !== 0) return stored;
    }
    const { size: _size, ...rest } = change;
    return Object.keys(rest).length === 0 ? 0 : vnode.sb.fs.setattr(vnode.ino, rest);
  }

  private resize(vnode: Vnode, size: number): 0 | Errno {
    if (vnode.isDirectory) return EISDIR;
    if (!vnode.isRegular || !(size >= 0)) return EINVAL;
    return size > MAX_FILE_SIZE ? EFBIG : this.cache.truncate(vnode, size);
  }

  private mountAnonymous(): Mount {
    const sb = new Superblock(this.anonymousFs, this.nextDevice++);
    sb.root = this.names.createRoot(sb, this.vnodes.adopt(sb, this.anonymousFs.root, 0, 0));
    return new Mount(0, sb, null, { readOnly: false, source: 'none' });
  }
}
