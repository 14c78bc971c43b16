/** What a host folder needs to become a file system. */
import type { Errno, FileSystem, FrameBytes, Ino, WaitPort } from '@veridian-os/abi';

export interface HostfsOptions {
  /** Existing folder of the host; a relative path starts at the process's working directory. */
  readonly folder: string;
  /** Refuse every change with EROFS; default false. */
  readonly readOnly?: boolean;
  /**
   * Only this file system changes the folder while it is mounted: the VFS remembers names and attributes, which makes
   * opening and stat about ten times cheaper, and changes by others may stay unseen. Default false.
   */
  readonly exclusive?: boolean;
  readonly bytes: FrameBytes;
  readonly wait: WaitPort;
}

/** Also reads and writes without pages: for servers that move bytes of any length. */
export interface HostFileSystem extends FileSystem {
  /** Bytes of a regular file from `position` on, as many as there are: fewer than asked for only at its end. */
  readBytes(ino: Ino, position: number, into: Uint8Array): number | Errno;
  /** All of `from`, or an error after as much as was possible. */
  writeBytes(ino: Ino, position: number, from: Uint8Array): 0 | Errno;
}

export interface HostFolderOptions {
  /** Refuse every change with EROFS; default false. */
  readonly readOnly?: boolean;
  /**
   * Only this file system changes the folder while it is mounted: the VFS remembers names and attributes, which makes
   * opening and stat about ten times cheaper, and changes by others may stay unseen. Default false.
   */
  readonly exclusive?: boolean;
}

/** The part of a kernel that a mounted folder needs. */
export interface HostFolderKernel {
  readonly memory: { readonly bytes: FrameBytes };
  readonly waits: WaitPort;
}
