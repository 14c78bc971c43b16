/**
 * Readiness: pollfd, fd_set, epoll_event.
 *
 *   pollfd       0 fd:4  4 events:2  6 revents:2
 *   fd_set       bit n of little-endian 64-bit words = descriptor n
 *   epoll_event  0 events:4  8 data (asm-generic) or 4 data (x86_64, packed)
 */

export const POLLFD_BYTES = 8;

/** Bytes of an fd_set for `count` descriptors, as select(2) moves them: whole 64-bit words. */
export function fdSetBytes(count: number): number {
  return Math.ceil(count / 64) * 8;
}

export function fdSetHas(set: Uint8Array, fd: number): boolean {
  return ((set[fd >> 3] >> (fd & 7)) & 1) === 1;
}

export function fdSetAdd(set: Uint8Array, fd: number): void {
  set[fd >> 3] |= 1 << (fd & 7);
}

/** Where epoll_event's data is, and how long the whole is. */
export interface EpollEventLayout {
  readonly bytes: number;
  readonly data: number;
}

export const EPOLL_EVENT_GENERIC: EpollEventLayout = { bytes: 16, data: 8 };
export const EPOLL_EVENT_PACKED: EpollEventLayout = { bytes: 12, data: 4 };
