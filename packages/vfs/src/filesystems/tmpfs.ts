/**
 * tmpfs: names and attributes in memory, contents in the VFS's page cache (a resident file system).
 *
 * Semantics   POSIX names with hard links, symbolic links, FIFOs, sockets' names and device nodes; rename with
 *             NOREPLACE and EXCHANGE; a directory's set-group-id bit passes its group on
 * Limits      pages and inodes; ENOSPC beyond, nothing changed. One page cache at a time: the contents belong to the VFS
 * Link counts a directory has 2 plus one per subdirectory; an inode without links lives until its last `release`
 * Times       access times change only when they are set
 */
import {
  EEXIST,
  EINVAL,
  EISDIR,
  ENOENT,
  ENOSPC,
  ENOTDIR,
  ENOTEMPTY,
  EPERM,
  PAGE_SIZE,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  S_IFSOCK,
  panic,
  type AttributeChange,
  type DirectorySink,
  type Errno,
  type FileStat,
  type FileSystem,
  type FileSystemStat,
  type Frame,
  type Ino,
  type SpecialFile,
  type WaitPort,
  type WaitQueueId,
} from '@veridian-os/abi';
import type { Timestamp } from '../api.js';
import { utf8Length } from '../internal/utf8.js';
import { TmpfsDirectory } from './tmpfs-directory.js';
import { TmpfsTable, type TmpfsNode } from './tmpfs-node.js';
import { planRename } from './tmpfs-rename.js';

const TMPFS_MAGIC = 0x01021994;
const S_ISGID = 0o2000;
const UNLIMITED = Number.MAX_SAFE_INTEGER;
const TYPES: ReadonlySet<number> = new Set([S_IFREG, S_IFDIR, S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK]);

export interface TmpfsConfig {
  readonly wait: WaitPort;
  readonly now: () => Timestamp;
  /** Bytes of contents, rounded down to pages; > 0, default unlimited (then the frame source's ENOMEM is the limit). */
  readonly maxBytes?: number;
  /** Inodes, the root included; > 0, default unlimited. */
  readonly maxInodes?: number;
  /** Permission bits of the root, default 0o755. */
  readonly mode?: number;
  /** Name in /proc/mounts, default `'tmpfs'`. */
  readonly type?: string;
  /** Opens device nodes; undefined: left to the VFS. */
  readonly openDevice?: (mode: number, rdev: number, flags: number) => SpecialFile | Errno | undefined;
}

function positive(name: string, value: number | undefined): number {
  if (value === undefined) return UNLIMITED;
  if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`${name}: expected 1 to 2^53 - 1, got ${value}`);
  return value;
}

/** @throws RangeError when a limit is not a positive integer */
export function createTmpfs(config: TmpfsConfig): FileSystem {
  return new Tmpfs(config);
}

export class Tmpfs implements FileSystem {
  readonly type: string;
  readonly root: Ino;
  readonly readOnly = false;
  readonly resident: boolean = true;
  readonly ioQueue: WaitQueueId;
  private readonly now: () => Timestamp;
  private readonly deviceOpener: TmpfsConfig['openDevice'];
  private readonly table = new TmpfsTable();
  private readonly maxPages: number;
  private readonly maxInodes: number;
  private usedPages = 0;

  constructor(config: TmpfsConfig) {
    const bytes = positive('maxBytes', config.maxBytes);
    this.maxPages = bytes === UNLIMITED ? UNLIMITED : Math.floor(bytes / PAGE_SIZE);
    this.maxInodes = positive('maxInodes', config.maxInodes);
    this.type = config.type ?? 'tmpfs';
    this.now = config.now;
    this.deviceOpener = config.openDevice;
    this.ioQueue = config.wait.create();
    const root = this.newNode(S_IFDIR | (config.mode ?? 0o755), 0, '', null);
    this.root = root.ino;
    root.nlink = 2;
  }

  lookup(directory: Ino, name: string): Ino | Errno {
    const { entries } = this.node(directory);
    if (entries === null) return ENOTDIR;
    return (entries.find(name)?.ino as Ino | undefined) ?? ENOENT;
  }

  getattr(ino: Ino, out: FileStat): 0 | Errno {
    const node = this.table.get(ino);
    if (node === undefined) return ENOENT;
    out.dev = 0;
    out.ino = ino;
    out.mode = node.mode;
    out.nlink = node.nlink;
    out.uid = node.uid;
    out.gid = node.gid;
    out.rdev = node.rdev;
    out.size = node.size;
    out.blockSize = PAGE_SIZE;
    out.blocks = node.pages * (PAGE_SIZE / 512);
    out.atimeSec = node.atimeSec;
    out.atimeNsec = node.atimeNsec;
    out.mtimeSec = node.mtimeSec;
    out.mtimeNsec = node.mtimeNsec;
    out.ctimeSec = node.ctimeSec;
    out.ctimeNsec = node.ctimeNsec;
    return 0;
  }

  setattr(ino: Ino, change: AttributeChange): 0 | Errno {
    const node = this.node(ino);
    if (change.size !== undefined) {
      const type = node.mode & S_IFMT;
      if (type !== S_IFREG) return type === S_IFDIR ? EISDIR : EINVAL;
      node.size = change.size;
      this.modified(node);
    }
    if (change.mode !== undefined) node.mode = (node.mode & S_IFMT) | (change.mode & 0o7777);
    if (change.uid !== undefined) node.uid = change.uid;
    if (change.gid !== undefined) node.gid = change.gid;
    if (change.atimeSec !== undefined) node.atimeSec = change.atimeSec;
    if (change.atimeNsec !== undefined) node.atimeNsec = change.atimeNsec;
    if (change.mtimeSec !== undefined) node.mtimeSec = change.mtimeSec;
    if (change.mtimeNsec !== undefined) node.mtimeNsec = change.mtimeNsec;
    this.changed(node);
    return 0;
  }

  create(directory: Ino, name: string, mode: number, rdev: number): Ino | Errno {
    if (!TYPES.has(mode & S_IFMT)) return EINVAL;
    return this.make(directory, name, mode, rdev, '');
  }

  symlink(directory: Ino, name: string, target: string): Ino | Errno {
    return this.make(directory, name, S_IFLNK | 0o777, 0, target);
  }

  readlink(ino: Ino): string | Errno {
    const node = this.node(ino);
    return (node.mode & S_IFMT) === S_IFLNK ? node.target : EINVAL;
  }

  link(directory: Ino, name: string, ino: Ino): 0 | Errno {
    const parent = this.node(directory);
    const node = this.node(ino);
    const refused = refuseEntry(parent, name);
    if (refused !== 0) return refused;
    if (node.entries !== null) return EPERM;
    if (node.nlink === 0) return ENOENT;
    parent.entries?.add(name, ino);
    node.nlink++;
    this.changed(node);
    this.modified(parent);
    return 0;
  }

  unlink(directory: Ino, name: string): 0 | Errno {
    const parent = this.node(directory);
    if (parent.entries === null) return ENOTDIR;
    const found = parent.entries.find(name);
    if (found === undefined) return ENOENT;
    const node = this.node(found.ino as Ino);
    if (node.entries !== null) return EISDIR;
    parent.entries.remove(name);
    this.modified(parent);
    this.dropLinks(node, 1);
    return 0;
  }

  rmdir(directory: Ino, name: string): 0 | Errno {
    const parent = this.node(directory);
    if (parent.entries === null) return ENOTDIR;
    const found = parent.entries.find(name);
    if (found === undefined) return ENOENT;
    const node = this.node(found.ino as Ino);
    if (node.entries === null) return ENOTDIR;
    if (node.entries.size > 0) return ENOTEMPTY;
    parent.entries.remove(name);
    parent.nlink--;
    this.modified(parent);
    this.dropLinks(node, 2);
    return 0;
  }

  rename(directory: Ino, name: string, newDirectory: Ino, newName: string, flags: number): 0 | Errno {
    const from = this.node(directory);
    const to = this.node(newDirectory);
    const plan = planRename(this.table, from, name, to, newName, flags);
    if (typeof plan === 'number') return plan;
    const { source, target, exchange } = plan;
    if (source === target) return 0;
    if (exchange && target !== undefined) {
      this.place(from, name, target);
      this.place(to, newName, source);
      this.changed(target);
    } else {
      from.entries?.remove(name);
      if (source.entries !== null) from.nlink--;
      if (target?.entries) to.nlink--;
      this.enter(to, newName, source);
      if (target !== undefined) this.dropLinks(target, target.entries === null ? 1 : 2);
    }
    this.changed(source);
    this.modified(from);
    this.modified(to);
    return 0;
  }

  readdir(directory: Ino, cursor: number, sink: DirectorySink): 0 | Errno {
    const { entries } = this.node(directory);
    if (entries === null) return ENOTDIR;
    let index = entries.seek(cursor);
    for (let entry = entries.at(index); entry !== undefined; entry = entries.at(++index)) {
      if (entry.ino === 0) continue;
      const ino = entry.ino as Ino;
      if (!sink(entry.name, ino, this.node(ino).mode, entry.cookie)) return 0;
    }
    return 0;
  }

  retain(ino: Ino): void {
    this.node(ino).users++;
  }

  release(ino: Ino): void {
    const node = this.node(ino);
    if (node.users === 0) panic('tmpfs/release', `inode ${ino}`);
    node.users--;
    this.freeIfUnused(node);
  }

  accountPages(ino: Ino, delta: number): 0 | Errno {
    if (delta > 0 && this.usedPages + delta > this.maxPages) return ENOSPC;
    this.node(ino).pages += delta;
    this.usedPages += delta;
    return 0;
  }

  readPage(ino: Ino, index: number, _frame: Frame): 0 | Errno {
    return panic('tmpfs/read-page', `page ${index} of inode ${ino}: a resident file system has no other store`);
  }

  writePage(ino: Ino, index: number, _frame: Frame, _length: number): 0 | Errno {
    return panic('tmpfs/write-page', `page ${index} of inode ${ino}: a resident file system has no other store`);
  }

  statfs(out: FileSystemStat): 0 {
    const limited = this.maxPages !== UNLIMITED;
    const counted = this.maxInodes !== UNLIMITED;
    out.type = TMPFS_MAGIC;
    out.blockSize = PAGE_SIZE;
    out.blocks = limited ? this.maxPages : 0;
    out.blocksFree = limited ? this.maxPages - this.usedPages : 0;
    out.files = counted ? this.maxInodes : 0;
    out.filesFree = counted ? this.maxInodes - this.table.count : 0;
    out.nameMax = 255;
    return 0;
  }

  sync(): 0 {
    return 0;
  }

  openSpecial(ino: Ino, flags: number): SpecialFile | Errno | undefined {
    const { mode, rdev } = this.node(ino);
    const type = mode & S_IFMT;
    if (type !== S_IFCHR && type !== S_IFBLK) return undefined;
    return this.deviceOpener?.(mode, rdev, flags);
  }

  private node(ino: Ino): TmpfsNode {
    return this.table.get(ino) ?? panic('tmpfs/inode', `${ino}`);
  }

  private make(directory: Ino, name: string, mode: number, rdev: number, target: string): Ino | Errno {
    const parent = this.node(directory);
    const refused = refuseEntry(parent, name);
    if (refused !== 0) return refused;
    if (this.table.count >= this.maxInodes) return ENOSPC;
    const node = this.newNode(mode, rdev, target, parent);
    this.enter(parent, name, node);
    node.nlink = node.entries === null ? 1 : 2;
    this.modified(parent);
    return node.ino;
  }

  private newNode(mode: number, rdev: number, target: string, parent: TmpfsNode | null): TmpfsNode {
    const { sec, nsec } = this.now();
    const ino = this.table.nextIno;
    const directory = (mode & S_IFMT) === S_IFDIR;
    const inherits = parent !== null && (parent.mode & S_ISGID) !== 0;
    const node: TmpfsNode = {
      ino,
      mode: inherits && directory ? mode | S_ISGID : mode,
      nlink: 0,
      uid: 0,
      gid: inherits ? parent.gid : 0,
      rdev,
      size: utf8Length(target),
      pages: 0,
      users: 0,
      target,
      entries: directory ? new TmpfsDirectory(parent?.ino ?? ino) : null,
      atimeSec: sec,
      atimeNsec: nsec,
      mtimeSec: sec,
      mtimeNsec: nsec,
      ctimeSec: sec,
      ctimeNsec: nsec,
    };
    this.table.add(node);
    return node;
  }

  /** Makes `name` lead to `node`, new or instead of what it led to; counts a subdirectory. */
  private enter(parent: TmpfsNode, name: string, node: TmpfsNode): void {
    const { entries } = parent;
    if (entries === null) return;
    const existing = entries.find(name);
    if (existing === undefined) entries.add(name, node.ino);
    else existing.ino = node.ino;
    if (node.entries === null) return;
    node.entries.parent = parent.ino;
    parent.nlink++;
  }

  /** Half of an exchange: the entry's old directory, if it was one, stops counting here. */
  private place(parent: TmpfsNode, name: string, node: TmpfsNode): void {
    const old = parent.entries?.find(name);
    if (old !== undefined && this.node(old.ino as Ino).entries !== null) parent.nlink--;
    this.enter(parent, name, node);
  }

  private dropLinks(node: TmpfsNode, links: number): void {
    node.nlink -= links;
    this.changed(node);
    this.freeIfUnused(node);
  }

  private freeIfUnused(node: TmpfsNode): void {
    if (node.nlink > 0 || node.users > 0) return;
    if (node.pages !== 0) panic('tmpfs/pages', `inode ${node.ino} goes with ${node.pages} pages`);
    this.table.remove(node.ino);
  }

  private modified(node: TmpfsNode): void {
    const { sec, nsec } = this.now();
    node.mtimeSec = sec;
    node.mtimeNsec = nsec;
    node.ctimeSec = sec;
    node.ctimeNsec = nsec;
  }

  private changed(node: TmpfsNode): void {
    const { sec, nsec } = this.now();
    node.ctimeSec = sec;
    node.ctimeNsec = nsec;
  }
}

/** Why no entry `name` can be made in a directory. */
function refuseEntry(parent: TmpfsNode, name: string): 0 | Errno {
  if (parent.entries === null) return ENOTDIR;
  if (parent.nlink === 0) return ENOENT;
  return parent.entries.find(name) === undefined ? 0 : EEXIST;
}
