/**
 * An open directory.
 *
 * Offsets  0 is '.', 1 is '..', n + 2 is the file system's cursor n: stable while entries come and go
 */
import { EBADF, EINVAL, EISDIR, ENOENT, S_IFDIR, WOULD_BLOCK, type Errno, type Ino } from '@veridian-os/abi';
import type { Chunks } from '../internal/chunks.js';
import type { PathRef } from '../names/path.js';
import { Description, type EntrySink, type FileHost } from './description.js';
import { SEEK_CUR, SEEK_SET } from './regular-file.js';

export class DirectoryFile extends Description {
  readonly kind = 'directory';
  override readonly seekable = true;

  constructor(host: FileHost, at: PathRef, flags: number) {
    super(host, at, flags, at.vnode.sb.fs.ioQueue);
  }

  override read(_into: Chunks, _position?: number): number | Errno {
    return this.readable ? EISDIR : EBADF;
  }

  override seek(offset: number, whence: number): number | Errno {
    if (whence !== SEEK_SET && whence !== SEEK_CUR) return EINVAL;
    const target = whence === SEEK_SET ? offset : this.offset + offset;
    if (target < 0) return EINVAL;
    this.offset = target;
    return target;
  }

  override readdir(sink: EntrySink): 0 | Errno {
    const { vnode } = this.at;
    if (vnode.dead) return ENOENT;
    if (this.offset === 0 && !this.give(sink, '.', vnode.ino, S_IFDIR, 1)) return 0;
    if (this.offset === 1 && !this.give(sink, '..', this.parentIno(), S_IFDIR, 2)) return 0;
    const before = this.offset;
    const result = vnode.sb.fs.readdir(vnode.ino, this.offset - 2, (name, ino, mode, next) =>
      this.give(sink, name, ino, mode, next + 2),
    );
    return result === WOULD_BLOCK && this.offset > before ? 0 : result;
  }

  override sync(): 0 | Errno {
    return this.at.vnode.sb.fs.sync();
  }

  private give(sink: EntrySink, name: string, ino: number, mode: number, next: number): boolean {
    if (!sink(name, ino, mode, next)) return false;
    this.offset = next;
    return true;
  }

  private parentIno(): Ino {
    let { at: mount, dentry } = this.at;
    while (dentry === mount.root && mount.parent !== null && mount.point !== null) {
      dentry = mount.point;
      mount = mount.parent;
    }
    return (dentry.parent ?? dentry).vnode?.ino ?? this.at.ino;
  }
}
