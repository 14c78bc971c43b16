/**
 * What a 9P server serves: a tree of files. Operations answer at once; an error is a negative Errno, with nothing
 * changed.
 *
 *   N  a file or directory, wherever it is; any type but a negative number
 *   H  an open file, the same
 *
 * Names have been checked: not empty, '.' or '..', without '/' and NUL, at most 255 bytes of UTF-8. A tree never sees a
 * way out of itself, unless it follows symbolic links: it must not, the guest resolves them.
 */
import type { Errno } from '@veridian-os/abi';

/** Times are seconds and nanoseconds since 1970. */
export interface NodeAttributes {
  /** Unique among the nodes that live. */
  readonly ino: number;
  /** Type and permission bits, as in stat(2). */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly nlink: number;
  readonly rdev: number;
  /** Bytes. */
  readonly size: number;
  readonly blockSize: number;
  /** 512-byte units. */
  readonly blocks: number;
  readonly atimeSec: number;
  readonly atimeNsec: number;
  readonly mtimeSec: number;
  readonly mtimeNsec: number;
  readonly ctimeSec: number;
  readonly ctimeNsec: number;
}

/** A time to set: the tree's own now, or a given one. */
export type NodeTime = 'now' | { readonly seconds: number; readonly nanoseconds: number };

/** Absent attributes stay. */
export interface NodeChange {
  /** Permission bits. */
  mode?: number;
  uid?: number;
  gid?: number;
  size?: number;
  atime?: NodeTime;
  mtime?: NodeTime;
}

export interface OpenMode {
  readonly read: boolean;
  readonly write: boolean;
  readonly truncate: boolean;
}

export interface TreeEntry {
  readonly name: string;
  readonly ino: number;
  /** Type bits at least. */
  readonly mode: number;
}

/** Units as in statfs(2). */
export interface TreeStat {
  readonly type: number;
  readonly blockSize: number;
  readonly blocks: number;
  readonly blocksFree: number;
  readonly files: number;
  readonly filesFree: number;
}

export interface FileTree<N = unknown, H = unknown> {
  root(): N;
  lookup(directory: N, name: string): N | Errno;
  /** @param handle the node's open file, if the client asks by one: it lives on when its names are gone */
  getattr(node: N, handle?: H): NodeAttributes | Errno;
  setattr(node: N, change: NodeChange, handle?: H): 0 | Errno;

  /** Opens a regular file. */
  open(node: N, mode: OpenMode): H | Errno;
  /** Creates a regular file and opens it. EEXIST. */
  create(directory: N, name: string, permissions: number, mode: OpenMode): { node: N; handle: H } | Errno;
  /** Bytes read from `position` on; 0 at the end. */
  read(handle: H, position: number, target: Uint8Array): number | Errno;
  write(handle: H, position: number, source: Uint8Array): number | Errno;
  sync(handle: H): 0 | Errno;
  close(handle: H): void;

  /** All entries but '.' and '..'. */
  list(directory: N): readonly TreeEntry[] | Errno;
  mkdir(directory: N, name: string, permissions: number): N | Errno;
  symlink(directory: N, name: string, target: string): N | Errno;
  readlink(node: N): string | Errno;
  link(directory: N, name: string, node: N): 0 | Errno;
  /** Removes a name: of an empty directory if `directoryWanted`, else of anything else. */
  unlink(directory: N, name: string, directoryWanted: boolean): 0 | Errno;
  /** Replaces what has the new name, as rename(2) does. */
  rename(directory: N, name: string, newDirectory: N, newName: string): 0 | Errno;
  statfs(): TreeStat | Errno;
}
