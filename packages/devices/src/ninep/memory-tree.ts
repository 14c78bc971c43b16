/** A tree of files in memory: for pages, and as the model of what a `FileTree` does. */
import { EEXIST, EINVAL, EISDIR, ELOOP, ENOENT, ENOSPC, ENOTDIR, ENOTEMPTY, EPERM, type Errno } from '@veridian-os/abi';
import type { FileTree, NodeAttributes, NodeChange, NodeTime, OpenMode, TreeEntry, TreeStat } from './file-tree.js';

const REGULAR = 0o100000;
const DIRECTORY = 0o040000;
const SYMLINK = 0o120000;
const TYPE = 0o170000;
const BLOCK = 4096;
const MAGIC = 0x01021994; // tmpfs

/** Seconds and nanoseconds since 1970. */
export interface TreeTime {
  readonly seconds: number;
  readonly nanoseconds: number;
}

export interface MemoryNode {
  readonly ino: number;
  mode: number;
  uid: number;
  gid: number;
  nlink: number;
  /** Content of a regular file: the first `size` bytes. */
  bytes: Uint8Array;
  size: number;
  /** Target of a symbolic link. */
  readonly target: string;
  /** Entries of a directory, in order of creation. */
  readonly entries: Map<string, MemoryNode>;
  parent: MemoryNode | undefined;
  atime: TreeTime;
  mtime: TreeTime;
  ctime: TreeTime;
}

export interface MemoryTreeOptions {
  /** What 'now' is; 1970 by default. */
  readonly now?: () => TreeTime;
  /** Bytes of all files together; 1 GiB by default. */
  readonly capacity?: number;
}

export class MemoryTree implements FileTree<MemoryNode, MemoryNode> {
  private readonly now: () => TreeTime;
  private readonly capacity: number;
  private readonly top: MemoryNode;
  private inodes = 0;
  private used = 0;

  constructor(options: MemoryTreeOptions = {}) {
    this.now = options.now ?? (() => ({ seconds: 0, nanoseconds: 0 }));
    this.capacity = options.capacity ?? 1024 * 1024 * 1024;
    this.top = this.make(DIRECTORY | 0o755, undefined);
  }

  private make(mode: number, parent: MemoryNode | undefined, target = ''): MemoryNode {
    const time = this.now();
    const links = (mode & TYPE) === DIRECTORY ? 2 : 1;
    return {
      ino: ++this.inodes,
      mode,
      uid: 0,
      gid: 0,
      nlink: links,
      bytes: new Uint8Array(0),
      size: target.length,
      target,
      entries: new Map(),
      parent,
      atime: time,
      mtime: time,
      ctime: time,
    };
  }

  root(): MemoryNode {
    return this.top;
  }

  lookup(directory: MemoryNode, name: string): MemoryNode | Errno {
    if (!isDirectory(directory)) return ENOTDIR;
    return directory.entries.get(name) ?? ENOENT;
  }

  getattr(node: MemoryNode): NodeAttributes {
    const { ino, mode, uid, gid, nlink, size, atime, mtime, ctime } = node;
    return {
      ino,
      mode,
      uid,
      gid,
      nlink,
      rdev: 0,
      size,
      blockSize: BLOCK,
      blocks: Math.ceil(size / 512),
      atimeSec: atime.seconds,
      atimeNsec: atime.nanoseconds,
      mtimeSec: mtime.seconds,
      mtimeNsec: mtime.nanoseconds,
      ctimeSec: ctime.seconds,
      ctimeNsec: ctime.nanoseconds,
    };
  }

  setattr(node: MemoryNode, change: NodeChange): 0 | Errno {
    if (change.size !== undefined) {
      if ((node.mode & TYPE) !== REGULAR) return isDirectory(node) ? EISDIR : EINVAL;
      const result = this.resize(node, change.size);
      if (result !== 0) return result;
      node.mtime = this.now();
    }
    if (change.mode !== undefined) node.mode = (node.mode & TYPE) | change.mode;
    node.uid = change.uid ?? node.uid;
    node.gid = change.gid ?? node.gid;
    node.atime = this.time(change.atime) ?? node.atime;
    node.mtime = this.time(change.mtime) ?? node.mtime;
    node.ctime = this.now();
    return 0;
  }

  private time(time: NodeTime | undefined): TreeTime | undefined {
    return time === 'now' ? this.now() : time;
  }

  private resize(node: MemoryNode, size: number): 0 | Errno {
    if (this.used + size - node.size > this.capacity) return ENOSPC;
    if (size > node.bytes.length) {
      const grown = new Uint8Array(Math.max(size, Math.min(2 * node.bytes.length, size + (1 << 20))));
      grown.set(node.bytes.subarray(0, node.size));
      node.bytes = grown;
    } else node.bytes.fill(0, size, node.size);
    this.used += size - node.size;
    node.size = size;
    return 0;
  }

  open(node: MemoryNode, mode: OpenMode): MemoryNode | Errno {
    if (isDirectory(node)) return EISDIR;
    if ((node.mode & TYPE) === SYMLINK) return ELOOP;
    if (mode.truncate) this.setattr(node, { size: 0 });
    return node;
  }

  create(directory: MemoryNode, name: string, permissions: number): { node: MemoryNode; handle: MemoryNode } | Errno {
    const node = this.enter(directory, name, REGULAR | permissions);
    return typeof node === 'number' ? node : { node, handle: node };
  }

  private enter(directory: MemoryNode, name: string, mode: number, target?: string): MemoryNode | Errno {
    if (!isDirectory(directory)) return ENOTDIR;
    if (directory.entries.has(name)) return EEXIST;
    if (directory.nlink === 0) return ENOENT;
    const node = this.make(mode, directory, target);
    directory.entries.set(name, node);
    if (isDirectory(node)) directory.nlink++;
    this.touch(directory);
    return node;
  }

  private touch(directory: MemoryNode): void {
    directory.mtime = directory.ctime = this.now();
  }

  read(node: MemoryNode, position: number, target: Uint8Array): number {
    const bytes = node.bytes.subarray(Math.min(position, node.size), Math.min(position + target.length, node.size));
    target.set(bytes);
    node.atime = this.now();
    return bytes.length;
  }

  write(node: MemoryNode, position: number, source: Uint8Array): number | Errno {
    const end = position + source.length;
    if (end > node.size) {
      const result = this.resize(node, end);
      if (result !== 0) return result;
    }
    node.bytes.set(source, position);
    this.touch(node);
    return source.length;
  }

  sync(): 0 {
    return 0;
  }

  close(): void {
    // Nodes live as long as somebody knows them.
  }

  list(directory: MemoryNode): readonly TreeEntry[] | Errno {
    if (!isDirectory(directory)) return ENOTDIR;
    return [...directory.entries].map(([name, { ino, mode }]) => ({ name, ino, mode }));
  }

  mkdir(directory: MemoryNode, name: string, permissions: number): MemoryNode | Errno {
    return this.enter(directory, name, DIRECTORY | permissions);
  }

  symlink(directory: MemoryNode, name: string, target: string): MemoryNode | Errno {
    return this.enter(directory, name, SYMLINK | 0o777, target);
  }

  readlink(node: MemoryNode): string | Errno {
    return (node.mode & TYPE) === SYMLINK ? node.target : EINVAL;
  }

  link(directory: MemoryNode, name: string, node: MemoryNode): 0 | Errno {
    if (!isDirectory(directory)) return ENOTDIR;
    if (isDirectory(node)) return EPERM;
    if (node.nlink === 0) return ENOENT;
    if (directory.entries.has(name)) return EEXIST;
    directory.entries.set(name, node);
    node.nlink++;
    node.ctime = this.now();
    this.touch(directory);
    return 0;
  }

  unlink(directory: MemoryNode, name: string, directoryWanted: boolean): 0 | Errno {
    const node = this.lookup(directory, name);
    if (typeof node === 'number') return node;
    if (isDirectory(node) !== directoryWanted) return directoryWanted ? ENOTDIR : EISDIR;
    if (node.entries.size > 0) return ENOTEMPTY;
    directory.entries.delete(name);
    this.forget(directory, node);
    this.touch(directory);
    return 0;
  }

  /** A name of a node has gone. */
  private forget(directory: MemoryNode, node: MemoryNode): void {
    if (isDirectory(node)) {
      node.nlink = 0;
      directory.nlink--;
    } else node.nlink--;
    // An open file keeps its bytes; the tree's capacity is about names.
    if (node.nlink === 0 && (node.mode & TYPE) === REGULAR) this.used -= node.size;
  }

  rename(directory: MemoryNode, name: string, newDirectory: MemoryNode, newName: string): 0 | Errno {
    const node = this.lookup(directory, name);
    if (typeof node === 'number') return node;
    if (!isDirectory(newDirectory)) return ENOTDIR;
    if (newDirectory.nlink === 0) return ENOENT;
    for (let above: MemoryNode | undefined = newDirectory; above !== undefined; above = above.parent) {
      if (above === node) return EINVAL;
    }
    const old = newDirectory.entries.get(newName);
    if (old === node) return 0;
    if (old !== undefined) {
      // Linux looks at this before it compares the kinds: what is above a file is not empty.
      for (let above: MemoryNode | undefined = directory; above !== undefined; above = above.parent) {
        if (above === old) return ENOTEMPTY;
      }
      if (isDirectory(node) !== isDirectory(old)) return isDirectory(old) ? EISDIR : ENOTDIR;
      if (old.entries.size > 0) return ENOTEMPTY;
      newDirectory.entries.delete(newName);
      this.forget(newDirectory, old);
    }
    directory.entries.delete(name);
    newDirectory.entries.set(newName, node);
    if (isDirectory(node)) {
      directory.nlink--;
      newDirectory.nlink++;
      node.parent = newDirectory;
    }
    node.ctime = this.now();
    this.touch(directory);
    this.touch(newDirectory);
    return 0;
  }

  statfs(): TreeStat {
    const free = Math.floor((this.capacity - this.used) / BLOCK);
    const blocks = Math.floor(this.capacity / BLOCK);
    return { type: MAGIC, blockSize: BLOCK, blocks, blocksFree: free, files: 0, filesFree: 0 };
  }
}

function isDirectory(node: MemoryNode): boolean {
  return (node.mode & TYPE) === DIRECTORY;
}
