/**
 * The virtual file system: one tree of names over many file systems, one page cache, open file descriptions.
 *
 * Structure  names/ walks and caches the tree, nodes/ keeps inodes in use, pages/ their contents, files/ and pipes/ what
 *            is open, operations/ the system calls' semantics; this file is the interface
 * Waiting    no operation waits: WOULD_BLOCK with `blockedOn` set, state unchanged, to be run again
 * Permission every caller is root: no mode bit refuses, read-only mounts do
 */
import {
  EBUSY,
  EINVAL,
  ENOENT,
  S_IFIFO,
  WOULD_BLOCK,
  panic,
  type AttributeChange,
  type Errno,
  type FileStat,
  type FileSystem,
  type FileSystemStat,
  type SpecialFile,
  type WaitQueueId,
} from '@veridian-os/abi';
import {
  O_ACCMODE,
  O_RDONLY,
  O_WRONLY,
  type OpenFile,
  type Path,
  type PathContext,
  type Vfs,
  type VfsConfig,
} from './api.js';
import { SharedSpecial, SpecialDescription } from './files/special-file.js';
import type { Dentry } from './names/dentry.js';
import type { Mount } from './names/mount.js';
import { absoluteName, type PathRef } from './names/path.js';
import type { Superblock } from './nodes/superblock.js';
import type { Vnode } from './nodes/vnode.js';
import { Core } from './operations/core.js';
import { Namer } from './operations/naming.js';
import { Opener } from './operations/open.js';
import { PipeEnd } from './pipes/pipe-file.js';
import { PIPE_CAPACITY, Pipe, pipeCapacity } from './pipes/pipe.js';

/** @throws RangeError when a cache size is out of range */
export function createVfs(config: VfsConfig): Vfs {
  return new VirtualFileSystem(config);
}

class VirtualFileSystem implements Vfs {
  blockedOn: WaitQueueId;
  private readonly core: Core;
  private readonly opener: Opener;
  private readonly namer: Namer;

  constructor(config: VfsConfig) {
    this.core = new Core(config);
    this.opener = new Opener(this.core);
    this.namer = new Namer(this.core);
    this.blockedOn = this.core.anonymousFs.ioQueue;
  }

  get cachedPages(): number {
    return this.core.cache.count;
  }

  mount(path: string, fs: FileSystem, options: { readOnly?: boolean; source?: string } = {}): 0 | Errno {
    const { core } = this;
    core.begin();
    const { readOnly = false, source = fs.type } = options;
    const first = core.mounts.root === undefined;
    if (first !== (path === '/')) return first ? ENOENT : EBUSY;
    const reached = first ? 0 : core.walker.walk(this.globalContext(), path, true);
    if (reached !== 0) return this.done(reached);
    const on = first ? null : { mount: core.walker.mount, dentry: core.walker.dentry };
    if (on !== null && on.dentry === on.mount.root && on.mount.sb === core.superblocks.get(fs)) return EBUSY;
    const sb = core.superblock(fs);
    if (typeof sb === 'number') return sb === WOULD_BLOCK ? this.blocked(fs) : sb;
    const mount = core.mounts.add(sb, on, { readOnly, source });
    if (typeof mount !== 'number') return 0;
    if (sb.mounts === 0) this.drop(sb);
    return mount;
  }

  unmount(path: string): 0 | Errno {
    const { core } = this;
    core.begin();
    const reached = core.walker.walk(this.globalContext(), path, true);
    if (reached !== 0) return this.done(reached);
    const { mount, dentry } = core.walker;
    if (dentry !== mount.root || mount.parent === null) return EINVAL;
    if (mount.refs > 0) return EBUSY;
    if (mount.sb.mounts === 1) {
      const stored = this.flush(mount.sb);
      if (stored !== 0) return stored;
    }
    const removed = core.mounts.remove(mount);
    if (removed === 0 && mount.sb.mounts === 0) this.drop(mount.sb);
    return removed;
  }

  mounts(): readonly { path: string; type: string; source: string; readOnly: boolean }[] {
    return this.core.mounts.list.map((mount) => ({
      path: absoluteName(mount, mount.root) ?? '',
      type: mount.sb.fs.type,
      source: mount.source,
      readOnly: mount.readOnly,
    }));
  }

  root(): Path {
    const mount = this.core.mounts.root ?? panic('vfs/no-root', 'nothing is mounted on /');
    return this.core.pathTo(mount, mount.root);
  }

  retainPath(path: Path): void {
    (path as PathRef).retain();
  }

  releasePath(path: Path): void {
    (path as PathRef).release();
  }

  resolve(context: PathContext, name: string, followLast: boolean): Path | Errno {
    const reached = this.walk(context, name, followLast);
    if (reached !== 0) return reached;
    return this.core.pathTo(this.core.walker.mount, this.core.walker.dentry);
  }

  open(context: PathContext, name: string, flags: number, mode: number): OpenFile | Errno {
    this.core.begin();
    const file = this.opener.open(context, name, flags, mode);
    return typeof file === 'number' ? (this.done(file) as Errno) : file;
  }

  stat(context: PathContext, name: string, follow: boolean, out: FileStat): 0 | Errno {
    const reached = this.walk(context, name, follow);
    return reached !== 0 ? reached : this.done(this.core.vnodes.stat(this.reached, out));
  }

  statPath(path: Path, out: FileStat): 0 | Errno {
    const place = path as PathRef;
    const result = this.core.stat(place, out);
    return result === WOULD_BLOCK ? this.blocked(place.vnode.sb.fs) : result;
  }

  setattr(context: PathContext, name: string, follow: boolean, change: AttributeChange): 0 | Errno {
    const reached = this.walk(context, name, follow);
    return reached !== 0 ? reached : this.done(this.core.change(this.core.walker.mount, this.reached, change));
  }

  mkdir(context: PathContext, name: string, mode: number): 0 | Errno {
    this.core.begin();
    return this.done(this.namer.mkdir(context, name, mode));
  }

  mknod(context: PathContext, name: string, mode: number, rdev: number): 0 | Errno {
    this.core.begin();
    return this.done(this.namer.mknod(context, name, mode, rdev));
  }

  unlink(context: PathContext, name: string): 0 | Errno {
    this.core.begin();
    return this.done(this.namer.unlink(context, name));
  }

  rmdir(context: PathContext, name: string): 0 | Errno {
    this.core.begin();
    return this.done(this.namer.rmdir(context, name));
  }

  rename(from: PathContext, name: string, to: PathContext, newName: string, flags: number): 0 | Errno {
    this.core.begin();
    return this.done(this.namer.rename(from, name, to, newName, flags));
  }

  link(from: PathContext, name: string, to: PathContext, newName: string, follow: boolean): 0 | Errno {
    this.core.begin();
    return this.done(this.namer.link(from, name, to, newName, follow));
  }

  symlink(target: string, context: PathContext, name: string): 0 | Errno {
    this.core.begin();
    return this.done(this.namer.symlink(target, context, name));
  }

  readlink(context: PathContext, name: string): string | Errno {
    const reached = this.walk(context, name, false);
    if (reached !== 0) return reached;
    const { reached: vnode } = this;
    if (!vnode.isLink) return EINVAL;
    const target = vnode.readlink();
    return target === WOULD_BLOCK ? this.blocked(vnode.sb.fs) : target;
  }

  statfs(context: PathContext, name: string, out: FileSystemStat): 0 | Errno {
    const reached = this.walk(context, name, true);
    return reached !== 0 ? reached : this.done(this.core.walker.mount.sb.fs.statfs(out));
  }

  pathName(path: Path): string | Errno {
    const { at, dentry } = path as PathRef;
    return absoluteName(at, dentry) ?? ENOENT;
  }

  pipe(flags: number, capacity = PIPE_CAPACITY): [OpenFile, OpenFile] | Errno {
    const { core } = this;
    const bytes = pipeCapacity(capacity);
    if (bytes < 0) return bytes as Errno;
    const place = core.anonymous(S_IFIFO | 0o600, (ino) => `pipe:[${ino}]`);
    const pipe = new Pipe(core.wait, bytes);
    place.vnode.pipe = pipe;
    place.retain();
    const common = flags & ~O_ACCMODE;
    return [
      new PipeEnd(core, place, common | O_RDONLY, pipe, true),
      new PipeEnd(core, place, common | O_WRONLY, pipe, true),
    ];
  }

  openSpecial(file: SpecialFile, flags: number, name: string, mode = 0o600): OpenFile {
    const place = this.core.anonymous(mode, () => name);
    place.vnode.special = new SharedSpecial(file);
    return new SpecialDescription(this.core, place, flags, place.vnode.special);
  }

  sync(): 0 | Errno {
    this.core.begin();
    let outcome: 0 | Errno = 0;
    for (const sb of this.core.superblocks.values()) {
      const result = this.flush(sb);
      if (result !== 0 && outcome !== WOULD_BLOCK) outcome = result;
    }
    return outcome;
  }

  private walk(context: PathContext, name: string, followLast: boolean): 0 | Errno {
    this.core.begin();
    return this.done(this.core.walker.walk(context, name, followLast));
  }

  /** The vnode that the last walk ended at. */
  private get reached(): Vnode {
    return this.core.walker.dentry.vnode as Vnode;
  }

  /** Names the queue to wait for: the file system that blocks is the one the walk stands on. */
  private done(result: 0 | Errno): 0 | Errno {
    return result === WOULD_BLOCK ? this.blocked(this.core.walker.mount.sb.fs) : result;
  }

  private blocked(fs: FileSystem): Errno {
    this.blockedOn = fs.ioQueue;
    this.core.retrying = true;
    return WOULD_BLOCK;
  }

  private flush(sb: Superblock): 0 | Errno {
    const stored = this.core.cache.writeBackAll(sb);
    const result = stored !== 0 ? stored : sb.fs.sync();
    return result === WOULD_BLOCK ? this.blocked(sb.fs) : result;
  }

  /** Forgets a file system that is mounted nowhere. */
  private drop(sb: Superblock): void {
    const { core } = this;
    core.superblocks.delete(sb.fs);
    core.names.destroyRoot(sb.root as Dentry);
    core.vnodes.purge(sb);
  }

  private globalContext(): PathContext {
    const { root } = this.core.mounts as { root: Mount };
    const place = this.core.pathTo(root, root.root);
    // Only read during the walk that follows; the mount keeps the root alive.
    place.release();
    return { root: place, start: place, umask: 0 };
  }
}
