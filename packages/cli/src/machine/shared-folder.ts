/**
 * `--share`: a folder of the host for the guest, over 9P. Requests are answered at once.
 *
 * Containment  is hostfs's: names are single components, links are the guest's to follow, and what is opened is compared
 *              with what was looked up
 * Lifetime     a file that was opened once stays known (some hundred bytes; hostfs bounds open descriptors) until its
 *              last name has gone and nobody has it open
 */
import type { Errno, FileStat, FileSystemStat, FrameBytes, Ino, WaitPort, WaitQueueId } from '@veridian-os/abi';
import { EROFS, isErrno } from '@veridian-os/abi';
import type {
  FileTree,
  NodeAttributes,
  NodeChange,
  NodeTime,
  OpenMode,
  TreeEntry,
  TreeStat,
} from '@veridian-os/devices';
import { createHostfs, type HostFileSystem } from '@veridian-os/hostfs';
import { MachineFileError, NOT_THERE, NOT_USABLE } from './files.js';

const REGULAR = 0o100000;
const DIRECTORY = 0o040000;
const READ_ONLY = 0;
const READ_WRITE = 2;
const DEFAULT_TAG = 'share';
const NS_PER_MS = 1e6;

/** Nothing is read or written by pages here, and nobody waits. */
const bytes: FrameBytes = {
  view: () => new Uint8Array(0),
  fill: () => undefined,
  copyFrame: () => undefined,
  read32: () => 0,
  write32: () => undefined,
};
const wait: WaitPort = { create: () => 0 as WaitQueueId, destroy: () => undefined, wake: () => undefined };

export interface Share {
  readonly folder: string;
  /** What the guest mounts. */
  readonly tag: string;
  readonly readOnly: boolean;
}

/** @param text `FOLDER[:TAG][,ro]`; without a tag, a colon before a slash is the folder's. Tag: default `share` */
export function parseShare(text: string): Share {
  const readOnly = /,(readonly|ro)$/.test(text);
  const place = text.replace(/,(readonly|ro|rw)$/, '');
  const [, folder = place, tag = DEFAULT_TAG] = /^(.+):([^:/,]+)$/.exec(place) ?? [];
  return { folder, tag, readOnly };
}

export class SharedFolder implements FileTree<Ino, Ino> {
  private readonly fs: HostFileSystem;
  /** Open handles of each file that was opened. */
  private readonly handles = new Map<Ino, number>();
  private readonly stat = {} as FileStat;

  /** @throws MachineFileError naming the folder */
  constructor({ folder, readOnly }: Share) {
    try {
      this.fs = createHostfs({ folder, readOnly, bytes, wait });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new MachineFileError(`--share: ${error.message}`, folder === '' ? NOT_USABLE : NOT_THERE);
    }
  }

  root(): Ino {
    return this.fs.root;
  }

  lookup(directory: Ino, name: string): Ino | Errno {
    return this.fs.lookup(directory, name);
  }

  getattr(node: Ino): NodeAttributes | Errno {
    const result = this.fs.getattr(node, this.stat);
    return result === 0 ? { ...this.stat } : result;
  }

  setattr(node: Ino, { mode, uid, gid, size, atime, mtime }: NodeChange): 0 | Errno {
    const [accessed, modified] = [timeOf(atime), timeOf(mtime)];
    return this.fs.setattr(node, {
      ...(mode === undefined ? {} : { mode }),
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
      ...(size === undefined ? {} : { size }),
      ...(accessed === undefined ? {} : { atimeSec: accessed.seconds, atimeNsec: accessed.nanoseconds }),
      ...(modified === undefined ? {} : { mtimeSec: modified.seconds, mtimeNsec: modified.nanoseconds }),
    });
  }

  open(node: Ino, mode: OpenMode): Ino | Errno {
    if (mode.write && this.fs.readOnly) return EROFS;
    const special = this.fs.openSpecial?.(node, mode.write ? READ_WRITE : READ_ONLY);
    if (typeof special === 'number') return special;
    this.retain(node);
    const truncated = mode.truncate ? this.fs.setattr(node, { size: 0 }) : 0;
    if (truncated === 0) return node;
    this.close(node);
    return truncated;
  }

  create(directory: Ino, name: string, permissions: number, mode: OpenMode): { node: Ino; handle: Ino } | Errno {
    const node = this.fs.create(directory, name, REGULAR | permissions, 0);
    if (isErrno(node)) return node;
    const handle = this.open(node, mode);
    return isErrno(handle) ? handle : { node, handle };
  }

  read(handle: Ino, position: number, target: Uint8Array): number | Errno {
    return this.fs.readBytes(handle, position, target);
  }

  write(handle: Ino, position: number, source: Uint8Array): number | Errno {
    const result = this.fs.writeBytes(handle, position, source);
    return result === 0 ? source.length : result;
  }

  sync(): 0 | Errno {
    return this.fs.readOnly ? 0 : this.fs.sync();
  }

  close(handle: Ino): void {
    const left = (this.handles.get(handle) ?? 1) - 1;
    this.handles.set(handle, left);
    if (left > 0) return;
    const exists = this.fs.getattr(handle, this.stat) === 0 && this.stat.nlink > 0;
    // The last way to a file without a name: other fids of it end here as well.
    if (!exists) this.release(handle);
  }

  list(directory: Ino): readonly TreeEntry[] | Errno {
    const entries: TreeEntry[] = [];
    const result = this.fs.readdir(directory, 0, (name, ino, mode) => {
      entries.push({ name, ino, mode });
      return true;
    });
    return result === 0 ? entries : result;
  }

  mkdir(directory: Ino, name: string, permissions: number): Ino | Errno {
    return this.fs.create(directory, name, DIRECTORY | permissions, 0);
  }

  symlink(directory: Ino, name: string, target: string): Ino | Errno {
    return this.fs.symlink(directory, name, target);
  }

  readlink(node: Ino): string | Errno {
    return this.fs.readlink(node);
  }

  link(directory: Ino, name: string, node: Ino): 0 | Errno {
    return this.fs.link(directory, name, node);
  }

  unlink(directory: Ino, name: string, directoryWanted: boolean): 0 | Errno {
    return directoryWanted ? this.fs.rmdir(directory, name) : this.fs.unlink(directory, name);
  }

  rename(directory: Ino, name: string, newDirectory: Ino, newName: string): 0 | Errno {
    return this.fs.rename(directory, name, newDirectory, newName, 0);
  }

  statfs(): TreeStat | Errno {
    const out = {} as FileSystemStat;
    const result = this.fs.statfs(out);
    return result === 0 ? out : result;
  }

  /** hostfs keeps what is retained: once for all handles. */
  private retain(node: Ino): void {
    const open = this.handles.get(node);
    if (open === undefined) this.fs.retain(node);
    this.handles.set(node, (open ?? 0) + 1);
  }

  private release(node: Ino): void {
    if (this.handles.delete(node)) this.fs.release(node);
  }
}

function timeOf(time: NodeTime | undefined): Exclude<NodeTime, 'now'> | undefined {
  if (time !== 'now') return time;
  const now = Date.now();
  return { seconds: Math.floor(now / 1000), nanoseconds: (now % 1000) * NS_PER_MS };
}
