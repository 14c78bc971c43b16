/**
 * procfs: processes and the system as files.
 *
 *   /proc/self, thread-self          links to the caller
 *   /proc/PID/{exe,cwd,root}         links to the object itself (MagicLinks); fd/N too
 *   /proc/PID/task/TID/NAME          text files of a thread; /proc/PID/NAME those of the first one
 *   everything else                  text files of the system
 *
 * Source  proc(5). What is generated, and when, is a ProcSource's; names appear and vanish with processes, so nothing
 * is cached (`dynamic`)
 */
import {
  EACCES,
  EINVAL,
  ENOENT,
  ENOTDIR,
  EPERM,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
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
import type { MagicLinks, Path, Timestamp, Vfs } from '../api.js';
import { writes } from '../files/description.js';
import type { PathRef } from '../names/path.js';
import { GeneratedFile } from './proc-file.js';
import {
  MAX_PROCESS_FILES,
  PROCESS_LINKS,
  SLOT_CWD,
  SLOT_DESCRIPTORS,
  SLOT_DIRECTORY,
  SLOT_EXE,
  SLOT_FD,
  SLOT_FILES,
  SLOT_ROOT,
  SLOT_TASK,
  decodeIno,
  processIno,
  threadIno,
} from './proc-node.js';
import type { ProcSource } from './proc-source.js';
import { ROOT_INDEX, SELF_INDEX, THREAD_SELF_INDEX, buildProcTree, type ProcTreeNode } from './proc-tree.js';

const PROC_MAGIC = 0x9fa0;
const DIRECTORY = S_IFDIR | 0o555;
const LINK = S_IFLNK | 0o777;
/** Directory cursors of processes start here: above every index of the static tree. */
const PID_CURSOR = 2 ** 21;

export interface ProcfsConfig {
  readonly wait: WaitPort;
  readonly now: () => Timestamp;
}

/** @throws RangeError when the source's file names are not usable */
export function createProcfs(source: ProcSource, config: ProcfsConfig): FileSystem & MagicLinks {
  return new Procfs(source, config);
}

/** Text of /proc/mounts. */
export function formatMounts(vfs: Pick<Vfs, 'mounts'>): string {
  const escape = (text: string): string =>
    text.replace(/[\\ \t\n]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`);
  return vfs
    .mounts()
    .map(
      ({ path, type, source, readOnly }) =>
        `${escape(source)} ${escape(path)} ${type} ${readOnly ? 'ro' : 'rw'},noatime 0 0\n`,
    )
    .join('');
}

class Procfs implements FileSystem, MagicLinks {
  readonly type = 'proc';
  readonly root = ROOT_INDEX as Ino;
  readonly readOnly = false;
  readonly resident = false;
  readonly dynamic = true;
  readonly ioQueue: WaitQueueId;
  private readonly source: ProcSource;
  private readonly tree: readonly ProcTreeNode[];
  private readonly born: Timestamp;

  constructor(source: ProcSource, { wait, now }: ProcfsConfig) {
    if (source.processFiles.length > MAX_PROCESS_FILES) {
      throw new RangeError(`processFiles: expected at most ${MAX_PROCESS_FILES}, got ${source.processFiles.length}`);
    }
    this.source = source;
    this.tree = buildProcTree(source.systemFiles);
    this.ioQueue = wait.create();
    const { sec, nsec } = now();
    this.born = { sec, nsec };
  }

  lookup(directory: Ino, name: string): Ino | Errno {
    const node = decodeIno(directory);
    if (this.modeOf(directory) < 0) return ENOENT;
    switch (node.kind) {
      case 'system':
        return this.lookupSystem(node.index, name);
      case 'thread':
        return node.slot === SLOT_DIRECTORY ? this.fileIno(name, (slot) => threadIno(node.tid, slot)) : ENOTDIR;
      case 'process':
        return this.lookupProcess(node.pid, node.slot, name);
    }
  }

  getattr(ino: Ino, out: FileStat): 0 | Errno {
    const mode = this.modeOf(ino);
    if (mode < 0) return mode as Errno;
    const { sec, nsec } = this.born;
    // A link count of 1 says "not counted" to programs that derive the number of subdirectories from it.
    Object.assign(out, { dev: 0, ino, mode, nlink: 1, uid: 0, gid: 0, rdev: 0, size: 0, blockSize: 1024, blocks: 0 });
    out.atimeSec = out.mtimeSec = out.ctimeSec = sec;
    out.atimeNsec = out.mtimeNsec = out.ctimeNsec = nsec;
    return 0;
  }

  readlink(ino: Ino): string | Errno {
    if (ino === SELF_INDEX) return String(this.source.self());
    if (ino === THREAD_SELF_INDEX) return `${this.source.self()}/task/${this.source.selfThread()}`;
    const node = decodeIno(ino);
    if (node.kind !== 'process') return EINVAL;
    if (node.slot >= SLOT_DESCRIPTORS) {
      return this.source.descriptor(node.pid, node.slot - SLOT_DESCRIPTORS)?.name ?? ENOENT;
    }
    const place = this.linked(node.pid, node.slot);
    return typeof place === 'number' ? place : place.name();
  }

  followLink(ino: Ino): Path | Errno | undefined {
    const node = decodeIno(ino);
    if (node.kind !== 'process') return undefined;
    const place =
      node.slot >= SLOT_DESCRIPTORS
        ? ((this.source.descriptor(node.pid, node.slot - SLOT_DESCRIPTORS)?.path as PathRef | undefined) ?? ENOENT)
        : this.linked(node.pid, node.slot);
    if (typeof place !== 'number') place.retain();
    return place;
  }

  readdir(directory: Ino, cursor: number, sink: DirectorySink): 0 | Errno {
    const node = decodeIno(directory);
    if (this.modeOf(directory) < 0) return ENOENT;
    if (node.kind === 'system') return this.listSystem(node.index, cursor, sink);
    if (node.kind === 'thread') {
      if (node.slot !== SLOT_DIRECTORY) return ENOTDIR;
      return this.listFiles([], cursor, sink, (slot) => threadIno(node.tid, slot));
    }
    const { pid, slot } = node;
    if (slot === SLOT_DIRECTORY) return this.listFiles(PROCESS_LINKS, cursor, sink, (at) => processIno(pid, at));
    if (slot === SLOT_FD) {
      return list(this.source.descriptors(pid), cursor, 0, LINK, sink, (fd) => processIno(pid, SLOT_DESCRIPTORS + fd));
    }
    if (slot !== SLOT_TASK) return ENOTDIR;
    return list(this.source.threads(pid), cursor, 0, DIRECTORY, sink, (tid) => threadIno(tid, SLOT_DIRECTORY));
  }

  openSpecial(ino: Ino, flags: number): SpecialFile | Errno | undefined {
    const node = decodeIno(ino);
    if (node.kind === 'system') {
      const generate = this.tree[node.index]?.generate;
      if (generate === undefined || generate === null) return undefined;
      return writes(flags) ? EACCES : new GeneratedFile(this.ioQueue, generate);
    }
    const name = this.source.processFiles[node.slot - SLOT_FILES];
    if (name === undefined) return undefined;
    const { source } = this;
    const tid = node.kind === 'thread' ? node.tid : node.pid;
    const pid = node.kind === 'thread' ? this.processOf(node.tid) : node.pid;
    if (writes(flags) && source.write === undefined) return EACCES;
    return new GeneratedFile(
      this.ioQueue,
      () => source.text(pid, tid, name),
      (data) => source.write?.(pid, tid, name, data) ?? EINVAL,
    );
  }

  setattr(_ino: Ino, _change: AttributeChange): 0 | Errno {
    return EPERM;
  }
  create(_directory: Ino, _name: string, _mode: number, _rdev: number): Errno {
    return ENOENT;
  }
  symlink(_directory: Ino, _name: string, _target: string): Errno {
    return ENOENT;
  }
  link(_directory: Ino, _name: string, _ino: Ino): Errno {
    return ENOENT;
  }
  unlink(_directory: Ino, _name: string): Errno {
    return EPERM;
  }
  rmdir(_directory: Ino, _name: string): Errno {
    return EPERM;
  }
  rename(_directory: Ino, _name: string, _newDirectory: Ino, _newName: string, _flags: number): Errno {
    return EPERM;
  }
  retain(_ino: Ino): void {}
  release(_ino: Ino): void {}
  readPage(ino: Ino, _index: number, _frame: Frame): Errno {
    return panic('procfs/read-page', `inode ${ino}: every file is special`);
  }
  writePage(ino: Ino, _index: number, _frame: Frame, _length: number): Errno {
    return panic('procfs/write-page', `inode ${ino}: every file is special`);
  }
  statfs(out: FileSystemStat): 0 {
    Object.assign(out, { type: PROC_MAGIC, blockSize: 4096, blocks: 0, blocksFree: 0 });
    Object.assign(out, { files: 0, filesFree: 0, nameMax: 255 });
    return 0;
  }
  sync(): 0 {
    return 0;
  }

  /** Type and permissions of a node that exists now, else ENOENT. */
  private modeOf(ino: Ino): number | Errno {
    const node = decodeIno(ino);
    if (node.kind === 'system') return this.tree[node.index]?.mode ?? ENOENT;
    const { slot } = node;
    const writable = this.source.write === undefined ? 0o444 : 0o644;
    if (node.kind === 'thread') {
      if (this.processOf(node.tid) === 0) return ENOENT;
      return slot === SLOT_DIRECTORY ? DIRECTORY : S_IFREG | writable;
    }
    if (!this.source.pids().includes(node.pid)) return ENOENT;
    if (slot >= SLOT_DESCRIPTORS) return S_IFLNK | 0o700;
    if (slot === SLOT_DIRECTORY || slot === SLOT_FD || slot === SLOT_TASK) return DIRECTORY;
    return slot < SLOT_FILES ? LINK : S_IFREG | writable;
  }

  private lookupSystem(index: number, name: string): Ino | Errno {
    const node = this.tree[index];
    if ((node.mode & S_IFMT) !== S_IFDIR) return ENOTDIR;
    const child = node.children.get(name);
    if (child !== undefined) {
      return (child === SELF_INDEX || child === THREAD_SELF_INDEX) && this.source.self() === 0
        ? ENOENT
        : (child as Ino);
    }
    const pid = index === ROOT_INDEX ? decimal(name) : -1;
    return pid > 0 && this.source.pids().includes(pid) ? processIno(pid, SLOT_DIRECTORY) : ENOENT;
  }

  private lookupProcess(pid: number, slot: number, name: string): Ino | Errno {
    if (slot === SLOT_FD) {
      const fd = decimal(name);
      return fd >= 0 && this.source.descriptor(pid, fd) !== undefined ? processIno(pid, SLOT_DESCRIPTORS + fd) : ENOENT;
    }
    if (slot === SLOT_TASK) {
      const tid = decimal(name);
      return this.source.threads(pid).includes(tid) ? threadIno(tid, SLOT_DIRECTORY) : ENOENT;
    }
    if (slot !== SLOT_DIRECTORY) return ENOTDIR;
    for (const [link, at] of PROCESS_LINKS) if (link === name) return processIno(pid, at);
    return this.fileIno(name, (at) => processIno(pid, at));
  }

  private fileIno(name: string, ino: (slot: number) => Ino): Ino | Errno {
    const index = this.source.processFiles.indexOf(name);
    return index < 0 ? ENOENT : ino(SLOT_FILES + index);
  }

  private listSystem(index: number, cursor: number, sink: DirectorySink): 0 | Errno {
    const node = this.tree[index];
    if ((node.mode & S_IFMT) !== S_IFDIR) return ENOTDIR;
    for (const [name, child] of node.children) {
      if (child <= cursor) continue;
      if (child <= THREAD_SELF_INDEX && this.source.self() === 0) continue;
      if (!sink(name, child as Ino, this.tree[child].mode, child)) return 0;
    }
    if (index !== ROOT_INDEX) return 0;
    return list(this.source.pids(), cursor, PID_CURSOR, DIRECTORY, sink, (pid) => processIno(pid, SLOT_DIRECTORY));
  }

  private listFiles(
    links: typeof PROCESS_LINKS,
    cursor: number,
    sink: DirectorySink,
    ino: (slot: number) => Ino,
  ): 0 | Errno {
    for (const [name, slot] of links) {
      if (slot > cursor && !sink(name, ino(slot), this.modeOf(ino(slot)), slot)) return 0;
    }
    const { processFiles } = this.source;
    for (let i = 0; i < processFiles.length; i++) {
      const slot = SLOT_FILES + i;
      if (slot > cursor && !sink(processFiles[i], ino(slot), this.modeOf(ino(slot)), slot)) return 0;
    }
    return 0;
  }

  /** Where one of the links exe, cwd and root leads. */
  private linked(pid: number, slot: number): PathRef | Errno {
    if (slot !== SLOT_EXE && slot !== SLOT_CWD && slot !== SLOT_ROOT) return EINVAL;
    const name = slot === SLOT_EXE ? 'exe' : slot === SLOT_CWD ? 'cwd' : 'root';
    return (this.source.link(pid, name) as PathRef | undefined) ?? ENOENT;
  }

  /** Process of a live thread, or 0. */
  private processOf(tid: number): number {
    return this.source.pids().find((pid) => this.source.threads(pid).includes(tid)) ?? 0;
  }
}

/** Lists numbers as names in ascending order; the cursor of n is base + n + 1. */
function list(
  numbers: readonly number[],
  cursor: number,
  base: number,
  mode: number,
  sink: DirectorySink,
  ino: (number: number) => Ino,
): 0 {
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const next = base + number + 1;
    if (next > cursor && !sink(String(number), ino(number), mode, next)) return 0;
  }
  return 0;
}

/** A canonical decimal number, or -1. */
function decimal(name: string): number {
  return /^(0|[1-9][0-9]{0,9})$/.test(name) ? Number(name) : -1;
}
