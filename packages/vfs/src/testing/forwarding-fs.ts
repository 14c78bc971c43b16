/** A file system that passes everything on to another one: the base of those that change one thing. */
import type {
  AttributeChange,
  DirectorySink,
  Errno,
  FileStat,
  FileSystem,
  FileSystemStat,
  Frame,
  Ino,
  SpecialFile,
  WaitQueueId,
} from '@veridian-os/abi';

export class ForwardingFs implements FileSystem {
  readonly type: string;
  readonly root: Ino;
  readonly readOnly: boolean;
  readonly resident: boolean;
  readonly dynamic: boolean;
  readonly ioQueue: WaitQueueId;
  protected readonly inner: FileSystem;

  constructor(inner: FileSystem, changes: { type?: string; resident?: boolean } = {}) {
    this.inner = inner;
    this.type = changes.type ?? inner.type;
    this.root = inner.root;
    this.readOnly = inner.readOnly;
    this.resident = changes.resident ?? inner.resident;
    this.dynamic = inner.dynamic === true;
    this.ioQueue = inner.ioQueue;
  }

  lookup(directory: Ino, name: string): Ino | Errno {
    return this.inner.lookup(directory, name);
  }
  getattr(ino: Ino, out: FileStat): 0 | Errno {
    return this.inner.getattr(ino, out);
  }
  setattr(ino: Ino, change: AttributeChange): 0 | Errno {
    return this.inner.setattr(ino, change);
  }
  create(directory: Ino, name: string, mode: number, rdev: number): Ino | Errno {
    return this.inner.create(directory, name, mode, rdev);
  }
  symlink(directory: Ino, name: string, target: string): Ino | Errno {
    return this.inner.symlink(directory, name, target);
  }
  readlink(ino: Ino): string | Errno {
    return this.inner.readlink(ino);
  }
  link(directory: Ino, name: string, ino: Ino): 0 | Errno {
    return this.inner.link(directory, name, ino);
  }
  unlink(directory: Ino, name: string): 0 | Errno {
    return this.inner.unlink(directory, name);
  }
  rmdir(directory: Ino, name: string): 0 | Errno {
    return this.inner.rmdir(directory, name);
  }
  rename(directory: Ino, name: string, newDirectory: Ino, newName: string, flags: number): 0 | Errno {
    return this.inner.rename(directory, name, newDirectory, newName, flags);
  }
  readdir(directory: Ino, cursor: number, sink: DirectorySink): 0 | Errno {
    return this.inner.readdir(directory, cursor, sink);
  }
  retain(ino: Ino): void {
    this.inner.retain(ino);
  }
  release(ino: Ino): void {
    this.inner.release(ino);
  }
  readPage(ino: Ino, index: number, frame: Frame): 0 | Errno {
    return this.inner.readPage(ino, index, frame);
  }
  writePage(ino: Ino, index: number, frame: Frame, length: number): 0 | Errno {
    return this.inner.writePage(ino, index, frame, length);
  }
  statfs(out: FileSystemStat): 0 | Errno {
    return this.inner.statfs(out);
  }
  sync(): 0 | Errno {
    return this.inner.sync();
  }
  accountPages(ino: Ino, delta: number): 0 | Errno {
    return this.inner.accountPages?.(ino, delta) ?? 0;
  }
  openSpecial(ino: Ino, flags: number): SpecialFile | Errno | undefined {
    return this.inner.openSpecial?.(ino, flags);
  }
}
