/**
 * A folder of the host as a file system.
 *
 * Containment  names are single components and the VFS resolves symbolic links in the guest's own tree. Before a path is
 *              used, the directory at it must be the very one (device and inode number) that the node stands for;
 *              contents and attributes of files and directories are changed through descriptors that were compared
 *              likewise. So a name that leads elsewhere by now gives ESTALE
 * Freshness    unless `exclusive`, names and attributes are asked of the host each time (two lstat calls for each name)
 * Kinds        files, directories, symbolic links; devices and sockets of the host are shown but cannot be opened, and
 *              a FIFO is one between guest programs only
 * Waiting      none: calls are synchronous, the host's disk answers within the system call
 */
import * as fs from 'node:fs';
import { resolve } from 'node:path';
import type {
  AttributeChange,
  DirectorySink,
  Errno,
  FileStat,
  FileSystemStat,
  Frame,
  FrameBytes,
  Ino,
  SpecialFile,
  WaitQueueId,
} from '@veridian-os/abi';
import {
  EACCES,
  EEXIST,
  EINVAL,
  EISDIR,
  ENOENT,
  ENOTDIR,
  EOPNOTSUPP,
  EPERM,
  EROFS,
  ESTALE,
  isErrno,
  PAGE_SIZE,
  RENAME_EXCHANGE,
  RENAME_NOREPLACE,
  S_IFDIR,
  S_IFMT,
  S_IFREG,
} from '@veridian-os/abi';
import type { HostFileSystem, HostfsOptions } from './api.js';
import { fill, fillFileSystem, isSame, statOf, timesAfter } from './attributes.js';
import { HostDescriptors, readFully, readSome, writeFully } from './descriptors.js';
import { attempt, done } from './errors.js';
import { Listing } from './listing.js';
import { HostNodes, type HostNode } from './nodes.js';

/** open(2)'s access mode, in the guest's numbers (Linux's). */
const ACCESS_MODE = 3;
/** Mode bits that reach the host: a guest makes no set-user-ID file for the host's users to run. */
const HOST_MODE = 0o1777;
const { O_CREAT, O_EXCL, O_RDWR, O_NOFOLLOW } = fs.constants;

/** @throws RangeError when `folder` is not an existing directory */
export function createHostfs(options: HostfsOptions): HostFileSystem {
  const folder = attempt(() => fs.realpathSync(resolve(options.folder)));
  const stat = typeof folder === 'string' ? statOf(folder) : folder;
  if (typeof folder !== 'string' || typeof stat === 'number' || !stat.isDirectory()) {
    throw new RangeError(`folder: expected an existing directory, got ${JSON.stringify(options.folder)}`);
  }
  return new Hostfs(folder, stat, options);
}

/** A directory that may be used as a parent: its node and its path, just verified. */
interface Parent {
  readonly node: HostNode;
  readonly path: string;
}

class Hostfs implements HostFileSystem {
  readonly type = 'hostfs';
  readonly root: Ino;
  readonly readOnly: boolean;
  readonly resident = false;
  readonly dynamic: boolean;
  readonly ioQueue: WaitQueueId;
  private readonly folder: string;
  private readonly bytes: FrameBytes;
  private readonly nodes: HostNodes;
  private readonly descriptors: HostDescriptors;
  private readonly listings = new Map<number, Listing>();

  constructor(folder: string, stat: fs.Stats, options: HostfsOptions) {
    this.folder = folder;
    this.bytes = options.bytes;
    this.readOnly = options.readOnly ?? false;
    this.dynamic = options.exclusive !== true;
    this.ioQueue = options.wait.create();
    this.nodes = new HostNodes(folder, stat);
    this.root = this.nodes.root.ino;
    this.descriptors = new HostDescriptors((node) => this.nodes.path(node));
  }

  lookup(directory: Ino, name: string): Ino | Errno {
    const parent = this.directory(directory);
    if (typeof parent === 'number') return parent;
    const stat = statOf(`${parent.path}/${name}`);
    return typeof stat === 'number' ? stat : this.nodes.at(parent.node, name, stat).ino;
  }

  getattr(ino: Ino, out: FileStat): 0 | Errno {
    const node = this.nodes.get(ino);
    const stat = node === undefined ? ESTALE : this.stat(node);
    if (typeof stat === 'number') return stat;
    fill(out, stat, ino);
    return 0;
  }

  setattr(ino: Ino, change: AttributeChange): 0 | Errno {
    if (this.readOnly) return EROFS;
    // The guest sees everything as its own (root's); the host's owners are not its business.
    if ((change.uid ?? 0) !== 0 || (change.gid ?? 0) !== 0) return EPERM;
    const node = this.nodes.get(ino);
    const stat = node === undefined ? ESTALE : this.stat(node);
    if (node === undefined || typeof stat === 'number') return stat as Errno;
    if (change.size !== undefined) {
      const sized = this.resize(node, change.size);
      if (sized !== 0) return sized;
    }
    const { mode } = change;
    const times = timesAfter(stat, change);
    if (mode === undefined && times === undefined) return 0;
    if (node.isFile || node.isDirectory) return this.changeThroughDescriptor(node, mode, times);
    return this.changeByPath(node, mode, times);
  }

  create(directory: Ino, name: string, mode: number, _rdev: number): Ino | Errno {
    if (this.readOnly) return EROFS;
    const type = mode & S_IFMT;
    if (type !== S_IFREG && type !== S_IFDIR) return EPERM;
    const parent = this.directory(directory);
    if (typeof parent === 'number') return parent;
    return type === S_IFDIR
      ? this.createDirectory(parent, name, mode & HOST_MODE)
      : this.createFile(parent, name, mode & HOST_MODE);
  }

  symlink(directory: Ino, name: string, target: string): Ino | Errno {
    if (this.readOnly) return EROFS;
    const parent = this.directory(directory);
    if (typeof parent === 'number') return parent;
    const made = done(() => fs.symlinkSync(target, `${parent.path}/${name}`));
    return made === 0 ? this.lookup(directory, name) : made;
  }

  readlink(ino: Ino): string | Errno {
    const path = this.pathOf(this.nodes.get(ino));
    return typeof path === 'number' ? path : attempt(() => fs.readlinkSync(path));
  }

  link(directory: Ino, name: string, ino: Ino): 0 | Errno {
    if (this.readOnly) return EROFS;
    const parent = this.directory(directory);
    const from = this.pathOf(this.nodes.get(ino));
    if (typeof parent === 'number') return parent;
    return typeof from === 'number' ? from : done(() => fs.linkSync(from, `${parent.path}/${name}`));
  }

  unlink(directory: Ino, name: string): 0 | Errno {
    return this.remove(directory, name, (path) => fs.unlinkSync(path));
  }

  rmdir(directory: Ino, name: string): 0 | Errno {
    return this.remove(directory, name, (path) => fs.rmdirSync(path));
  }

  rename(directory: Ino, name: string, newDirectory: Ino, newName: string, flags: number): 0 | Errno {
    if (this.readOnly) return EROFS;
    if ((flags & RENAME_EXCHANGE) !== 0) return EINVAL;
    const from = this.directory(directory);
    if (typeof from === 'number') return from;
    const to = this.directory(newDirectory);
    if (typeof to === 'number') return to;
    const [source, target] = [`${from.path}/${name}`, `${to.path}/${newName}`];
    const stat = statOf(source);
    if (typeof stat === 'number') return stat;
    const move = (): void => {
      fs.renameSync(source, target);
      this.nodes.moved(this.nodes.at(from.node, name, stat), from.node, name, to.node, newName);
    };
    const replaced = statOf(target);
    if (typeof replaced === 'number') return done(move);
    if ((flags & RENAME_NOREPLACE) !== 0) return EEXIST;
    // Two names of one file: rename(2) leaves both.
    if (replaced.ino === stat.ino && replaced.dev === stat.dev) return done(() => fs.renameSync(source, target));
    return this.replacing(to, newName, replaced, move);
  }

  readdir(directory: Ino, cursor: number, sink: DirectorySink): 0 | Errno {
    const parent = this.directory(directory);
    if (typeof parent === 'number') return parent;
    // A cursor is a place in the order of names, not an index: entries that vanish meanwhile shift nothing.
    const listing = this.listing(parent, cursor === 0);
    if (typeof listing === 'number') return listing;
    for (const [position, name] of listing.after(cursor)) {
      const stat = statOf(`${parent.path}/${name}`);
      if (typeof stat === 'number') continue;
      const { ino } = this.nodes.at(parent.node, name, stat);
      if (!sink(name, ino, stat.mode, position)) return 0;
    }
    return 0;
  }

  retain(ino: Ino): void {
    const node = this.nodes.get(ino);
    if (node !== undefined) node.references++;
  }

  release(ino: Ino): void {
    const node = this.nodes.get(ino);
    if (node === undefined || --node.references > 0) return;
    this.descriptors.close(node);
    this.listings.delete(ino);
    // Nodes below a forgotten directory would lose their path, so directories with a name stay.
    if (!node.isDirectory || node.gone) this.nodes.forget(node);
  }

  /** Refuses at open what reading or writing pages would find out too late. */
  openSpecial(ino: Ino, flags: number): SpecialFile | Errno | undefined {
    const node = this.nodes.get(ino);
    if (node === undefined) return ESTALE;
    if (!node.isFile) return EACCES;
    const writes = (flags & ACCESS_MODE) !== 0;
    if (writes && this.readOnly) return EROFS;
    const fd = this.descriptors.get(node, writes);
    if (isErrno(fd)) return fd;
    node.opened = true;
    node.openedForWriting ||= writes;
    return undefined;
  }

  readPage(ino: Ino, index: number, frame: Frame): 0 | Errno {
    const fd = this.descriptor(ino, false);
    return isErrno(fd) ? fd : readFully(fd, this.bytes.view(frame), index * PAGE_SIZE);
  }

  writePage(ino: Ino, index: number, frame: Frame, length: number): 0 | Errno {
    if (this.readOnly) return EROFS;
    const fd = this.descriptor(ino, true);
    return isErrno(fd) ? fd : writeFully(fd, this.bytes.view(frame), length, index * PAGE_SIZE);
  }

  readBytes(ino: Ino, position: number, into: Uint8Array): number | Errno {
    const fd = this.descriptor(ino, false);
    return isErrno(fd) ? fd : readSome(fd, into, position);
  }

  writeBytes(ino: Ino, position: number, from: Uint8Array): 0 | Errno {
    if (this.readOnly) return EROFS;
    const fd = this.descriptor(ino, true);
    return isErrno(fd) ? fd : writeFully(fd, from, from.length, position);
  }

  statfs(out: FileSystemStat): 0 | Errno {
    return fillFileSystem(out, this.folder);
  }

  sync(): 0 | Errno {
    return this.descriptors.sync();
  }

  private createFile(parent: Parent, name: string, mode: number): Ino | Errno {
    const path = `${parent.path}/${name}`;
    const fd = attempt(() => fs.openSync(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode));
    if (isErrno(fd)) return fd;
    const stat = attempt(() => {
      fs.fchmodSync(fd, mode); // not what the host's umask leaves of it
      return fs.fstatSync(fd);
    });
    if (typeof stat === 'number') {
      done(() => fs.closeSync(fd));
      return stat;
    }
    const node = this.nodes.at(parent.node, name, stat);
    // Kept: a mode that forbids opening the file again must not forbid its creator to write it.
    this.descriptors.adopt(node, fd, true);
    return node.ino;
  }

  private createDirectory(parent: Parent, name: string, mode: number): Ino | Errno {
    const made = done(() => fs.mkdirSync(`${parent.path}/${name}`, mode));
    if (made !== 0) return made;
    const ino = this.lookup(parent.node.ino, name);
    if (isErrno(ino)) return ino;
    const changed = this.setattr(ino, { mode });
    return changed === 0 ? ino : changed;
  }

  private resize(node: HostNode, size: number): 0 | Errno {
    if (!node.isFile) return node.isDirectory ? EISDIR : EINVAL;
    const fd = this.descriptors.get(node, true);
    if (isErrno(fd)) return fd;
    node.unsynced = true;
    return done(() => fs.ftruncateSync(fd, size));
  }

  private changeThroughDescriptor(node: HostNode, mode: number | undefined, times?: [number, number]): 0 | Errno {
    if (mode !== undefined) this.keepUsable(node);
    const own = node.fd < 0;
    const fd = own ? this.descriptors.open(node, false) : node.fd;
    // Its owner may change what it may not read.
    if (fd === EACCES) return this.changeByPath(node, mode, times);
    if (isErrno(fd)) return fd;
    const result = done(() => {
      if (mode !== undefined) fs.fchmodSync(fd, mode & HOST_MODE);
      if (times !== undefined) fs.futimesSync(fd, ...times);
    });
    if (own) done(() => fs.closeSync(fd));
    return result;
  }

  private changeByPath(node: HostNode, mode: number | undefined, times?: [number, number]): 0 | Errno {
    const path = this.pathOf(node);
    if (typeof path === 'number') return path;
    if (mode !== undefined && !node.isFile && !node.isDirectory) return EOPNOTSUPP;
    return done(() => {
      if (mode !== undefined) fs.chmodSync(path, mode & HOST_MODE);
      if (times !== undefined) fs.lutimesSync(path, ...times);
    });
  }

  private listing(parent: Parent, fromStart: boolean): Listing | Errno {
    const { ino } = parent.node;
    const known = this.listings.get(ino);
    if (known !== undefined && !fromStart) return known;
    const names = attempt(() => fs.readdirSync(parent.path).sort());
    if (typeof names === 'number') return names;
    const listing = known ?? new Listing();
    listing.refresh(names);
    this.listings.set(ino, listing);
    return listing;
  }

  /** What the host says of the node's own file, wherever it is now. */
  private stat(node: HostNode): fs.Stats | Errno {
    if (node.fd >= 0) return attempt(() => fs.fstatSync(node.fd));
    if (node.last !== undefined) return node.last;
    const path = this.nodes.path(node);
    const stat = path === undefined ? ENOENT : statOf(path);
    return typeof stat === 'number' || isSame(node, stat) ? stat : ESTALE;
  }

  private directory(ino: Ino): Parent | Errno {
    const node = this.nodes.get(ino);
    if (node === undefined) return ESTALE;
    if (!node.isDirectory) return ENOTDIR;
    const path = this.pathOf(node);
    return typeof path === 'number' ? path : { node, path };
  }

  /** A path at which the node's file was found just now. */
  private pathOf(node: HostNode | undefined): string | Errno {
    if (node === undefined) return ESTALE;
    const path = this.nodes.path(node);
    const stat = path === undefined ? ENOENT : statOf(path);
    if (path === undefined || typeof stat === 'number') return stat as Errno;
    return isSame(node, stat) ? path : ESTALE;
  }

  private remove(directory: Ino, name: string, act: (path: string) => void): 0 | Errno {
    if (this.readOnly) return EROFS;
    const parent = this.directory(directory);
    if (typeof parent === 'number') return parent;
    const path = `${parent.path}/${name}`;
    const stat = statOf(path);
    return typeof stat === 'number' ? stat : this.replacing(parent, name, stat, () => act(path));
  }

  /** Does what takes a name from a file; one that is open lives on through its descriptor. */
  private replacing(parent: Parent, name: string, stat: fs.Stats, act: () => void): 0 | Errno {
    const node = this.nodes.known(stat);
    if (node !== undefined) this.keepUsable(node);
    const result = done(act);
    if (result === 0 && node !== undefined) this.nodes.removed(node, parent.node, name, stat);
    return result;
  }

  /** Opens now what could not be opened again later. */
  private keepUsable(node: HostNode): void {
    if (node.opened) this.descriptors.get(node, node.openedForWriting);
  }

  private descriptor(ino: Ino, write: boolean): number | Errno {
    const node = this.nodes.get(ino);
    if (node === undefined) return ESTALE;
    if (!node.isFile) return node.isDirectory ? EISDIR : EINVAL;
    if (write) node.unsynced = true;
    return this.descriptors.get(node, write);
  }
}
