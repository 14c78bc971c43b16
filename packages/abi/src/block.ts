/** Block devices: what a file system sees of a disk. */
import type { Frame } from './brands.js';
import type { Errno } from './errno.js';

export const BlockOperation = { Read: 0, Write: 1, Flush: 2 } as const;
export type BlockOperation = (typeof BlockOperation)[keyof typeof BlockOperation];

/** One request; owned by the device from `submit` until it calls `done`. */
export interface BlockRequest {
  readonly operation: BlockOperation;
  /** First sector. */
  readonly sector: number;
  /** Sectors; at most 4096 / sectorSize. */
  readonly sectors: number;
  /** Data, from the frame's first byte. Ignored by Flush. */
  readonly frame: Frame;
  /** Called exactly once, between kernel steps, with 0 or EIO. */
  readonly done: (result: 0 | Errno) => void;
}

export interface BlockDevice {
  /** Bytes; a power of two from 512 to 4096. */
  readonly sectorSize: number;
  readonly sectors: number;
  readonly readOnly: boolean;
  /** Queues a request: 0, WOULD_BLOCK when the queue is full, EINVAL for a bad range, EROFS. */
  submit(request: BlockRequest): 0 | Errno;
}
