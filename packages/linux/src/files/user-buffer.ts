/**
 * Ranges of user memory that a read or write moves, resolved into views a piece at a time.
 *
 * Views are taken right before each attempt and never kept over a wait: another thread may unmap them meanwhile.
 */
import type { Errno } from '@veridian-os/abi';
import { EINVAL, RESTART, WOULD_BLOCK } from '@veridian-os/abi';
import type { AccessKind } from '@veridian-os/memory';
import type { Call } from '../call.js';
import { getWide } from '../layout/words.js';

/** One system call moves at most this much (Linux's MAX_RW_COUNT). */
export const MAX_TRANSFER = 0x7ffff000;
/** readv(2)'s limit of buffers. */
const IOV_MAX = 1024;
const IOVEC_BYTES = 16;

type Views = Uint8Array<ArrayBufferLike>[];

interface Range {
  readonly address: number;
  readonly length: number;
}

export class UserBuffer {
  /** Bytes in all ranges. */
  readonly total: number;
  /** Views of the last `resolve`. */
  readonly views: Views = [];
  private readonly call: Call;
  private readonly ranges: readonly Range[];
  private readonly access: AccessKind;

  constructor(call: Call, access: AccessKind, ranges: readonly Range[]) {
    this.call = call;
    this.access = access;
    this.ranges = ranges;
    this.total = ranges.reduce((sum, range) => sum + range.length, 0);
  }

  /**
   * Fills `views` with [skip, skip + bytes): the bytes covered, less when a bad page follows; EFAULT when the first byte
   * is bad, WOULD_BLOCK while its page is on its way.
   */
  resolve(skip: number, bytes: number): number | Errno {
    const { space } = this.call;
    if (this.ranges.length === 1) {
      return this.call.noted(space.segments(this.ranges[0].address + skip, bytes, this.access, this.views, true));
    }
    this.views.length = 0;
    return this.resolveMany(skip, bytes);
  }

  /** `resolve` after a wait inside a transfer: a page that is not there makes the call start again. */
  refresh(skip: number, bytes: number): number | Errno {
    const covered = this.resolve(skip, bytes);
    return covered === WOULD_BLOCK ? RESTART : covered;
  }

  private resolveMany(skip: number, bytes: number): number | Errno {
    const piece: Views = [];
    let before = 0;
    let covered = 0;
    for (const { address, length } of this.ranges) {
      const from = Math.max(skip - before, 0);
      before += length;
      if (from >= length || covered >= bytes) continue;
      const wanted = Math.min(length - from, bytes - covered);
      const got = this.call.noted(this.call.space.segments(address + from, wanted, this.access, piece, true));
      if (got < 0) return covered > 0 ? covered : got;
      this.views.push(...piece);
      covered += got;
      if (got < wanted) return covered;
    }
    return covered;
  }
}

/** The single buffer of read(2) and write(2). */
export function singleBuffer(call: Call, access: AccessKind, address: number, size: number): UserBuffer {
  return new UserBuffer(call, access, [{ address, length: Math.min(size, MAX_TRANSFER) }]);
}

/** The iovec array of readv(2): the buffer, or EINVAL, EFAULT, WOULD_BLOCK. */
export function vectorBuffer(call: Call, access: AccessKind, address: number, count: number): UserBuffer | Errno {
  if (count < 0 || count > IOV_MAX) return EINVAL;
  const bytes = new Uint8Array(count * IOVEC_BYTES);
  const fetched = count === 0 ? 0 : call.fetchInto(address, bytes);
  if (fetched < 0) return fetched as Errno;
  const view = new DataView(bytes.buffer);
  const ranges: Range[] = [];
  let total = 0;
  for (let offset = 0; offset < bytes.length; offset += IOVEC_BYTES) {
    if (view.getInt32(offset + 12, true) < 0) return EINVAL;
    const length = Math.min(getWide(view, offset + 8), MAX_TRANSFER - total);
    total += length;
    if (length > 0) ranges.push({ address: getWide(view, offset), length });
  }
  return new UserBuffer(call, access, ranges);
}
