/** Frames on the heap: the simplest honest `FrameSource` and `FrameBytes`. Freed frames are filled with junk. */
import { PAGE_SIZE, type Frame, type PhysAddr } from '../brands.js';
import { ENOMEM, isErrno } from '../errno.js';
import type { FrameBytes, FrameSource } from '../memory.js';
import { panic } from '../panic.js';

const JUNK = 0xa5;

export interface FramePool extends FrameSource, FrameBytes {}

/**
 * A pool of frames `first` .. `first + totalFrames - 1`.
 * @throws RangeError unless `totalFrames` is a positive integer
 */
export function createFramePool(totalFrames: number, first = 1): FramePool {
  if (!Number.isInteger(totalFrames) || totalFrames < 1) {
    throw new RangeError(`totalFrames: expected a positive integer, got ${totalFrames}`);
  }
  const bytes = new Uint8Array(totalFrames * PAGE_SIZE).fill(JUNK);
  const view = new DataView(bytes.buffer);
  const counts = new Uint32Array(totalFrames);
  const free = Array.from({ length: totalFrames }, (_, index) => totalFrames - 1 - index);

  const live = (frame: Frame, what: string): number => {
    const index = frame - first;
    return counts[index] ? index : panic('abi/frame-not-live', `${what} of frame ${frame}`);
  };
  const offset = (address: number): number => {
    const at = address - first * PAGE_SIZE;
    return at >= 0 && at < bytes.length ? at : panic('abi/no-such-frame', `address ${address}`);
  };
  const pool: FramePool = {
    totalFrames,
    get freeFrames() {
      return free.length;
    },
    alloc() {
      const index = free.pop();
      if (index === undefined) return ENOMEM;
      counts[index] = 1;
      return (first + index) as Frame;
    },
    allocZeroed() {
      const frame = pool.alloc();
      if (!isErrno(frame)) pool.fill(frame, 0);
      return frame;
    },
    retain: (frame) => void counts[live(frame, 'retain')]++,
    release(frame) {
      const index = live(frame, 'release');
      if (--counts[index] > 0) return;
      pool.fill(frame, JUNK);
      free.push(index);
    },
    references: (frame) => counts[frame - first] ?? 0,
    view(frame) {
      const at = offset(frame * PAGE_SIZE);
      return bytes.subarray(at, at + PAGE_SIZE);
    },
    fill: (frame, value) => void pool.view(frame).fill(value),
    copyFrame: (from, to) => pool.view(to).set(pool.view(from)),
    read32: (address: PhysAddr) => view.getUint32(offset(address), true),
    write32: (address, value) => view.setUint32(offset(address), value, true),
  };
  return pool;
}
