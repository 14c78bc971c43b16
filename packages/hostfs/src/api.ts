/** What a host folder needs to become a file system. */
import type { FrameBytes, WaitPort } from '@veridian-os/abi';

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
