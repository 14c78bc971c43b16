/** The file system of things without a name: pipes, and special files wrapped as descriptions. Never mounted at a path. */
import {
  EINVAL,
  ENOENT,
  ENOSYS,
  ENOTDIR,
  EPERM,
  type AttributeChange,
  type DirectorySink,
  type Errno,
  type FileStat,
  type FileSystem,
  type FileSystemStat,
  type Frame,
  type Ino,
  type WaitQueueId,
} from '@veridian-os/abi';
import type { Timestamp } from '../api.js';

/** Linux's ANON_INODE_FS_MAGIC. */
const ANONYMOUS_MAGIC = 0x09041934;

interface AnonymousNode {
  mode: number;
  uid: number;
  gid: number;
  readonly sec: number;
  readonly nsec: number;
}

export class AnonymousFs implements FileSystem {
  readonly type = 'anon_inodefs';
  readonly root: Ino;
  readonly readOnly = false;
  readonly resident = false;
  readonly ioQueue: WaitQueueId;
  private readonly now: () => Timestamp;
  private readonly nodes = new Map<Ino, AnonymousNode>();
  private next = 1;

  constructor(ioQueue: WaitQueueId, now: () => Timestamp) {
    this.ioQueue = ioQueue;
    this.now = now;
    this.root = this.add(0);
  }

  /** A new inode; lives until its last release. */
  add(mode: number): Ino {
    const { sec, nsec } = this.now();
    const ino = this.next++ as Ino;
    this.nodes.set(ino, { mode, uid: 0, gid: 0, sec, nsec });
    return ino;
  }

  getattr(ino: Ino, out: FileStat): 0 | Errno {
    const node = this.nodes.get(ino);
    if (node === undefined) return ENOENT;
    const { mode, uid, gid, sec, nsec } = node;
    Object.assign(out, { dev: 0, ino, mode, nlink: 1, uid, gid, rdev: 0, size: 0, blockSize: 4096, blocks: 0 });
    out.atimeSec = out.mtimeSec = out.ctimeSec = sec;
    out.atimeNsec = out.mtimeNsec = out.ctimeNsec = nsec;
    return 0;
  }

  setattr(ino: Ino, change: AttributeChange): 0 | Errno {
    const node = this.nodes.get(ino);
    if (node === undefined) return ENOENT;
    if (change.mode !== undefined) node.mode = (node.mode & ~0o7777) | (change.mode & 0o7777);
    if (change.uid !== undefined) node.uid = change.uid;
    if (change.gid !== undefined) node.gid = change.gid;
    return 0;
  }

  retain(_ino: Ino): void {}
  release(ino: Ino): void {
    this.nodes.delete(ino);
  }

  statfs(out: FileSystemStat): 0 {
    Object.assign(out, { type: ANONYMOUS_MAGIC, blockSize: 4096, blocks: 0, blocksFree: 0 });
    Object.assign(out, { files: 0, filesFree: 0, nameMax: 255 });
    return 0;
  }
  sync(): 0 {
    return 0;
  }

  lookup(_directory: Ino, _name: string): Errno {
    return ENOTDIR;
  }
  create(_directory: Ino, _name: string, _mode: number, _rdev: number): Errno {
    return ENOTDIR;
  }
  symlink(_directory: Ino, _name: string, _target: string): Errno {
    return ENOTDIR;
  }
  readlink(_ino: Ino): Errno {
    return EINVAL;
  }
  link(_directory: Ino, _name: string, _ino: Ino): Errno {
    return EPERM;
  }
  unlink(_directory: Ino, _name: string): Errno {
    return ENOTDIR;
  }
  rmdir(_directory: Ino, _name: string): Errno {
    return ENOTDIR;
  }
  rename(_directory: Ino, _name: string, _newDirectory: Ino, _newName: string, _flags: number): Errno {
    return ENOTDIR;
  }
  readdir(_directory: Ino, _cursor: number, _sink: DirectorySink): Errno {
    return ENOTDIR;
  }
  readPage(_ino: Ino, _index: number, _frame: Frame): Errno {
    return ENOSYS;
  }
  writePage(_ino: Ino, _index: number, _frame: Frame, _length: number): Errno {
    return ENOSYS;
  }
}
