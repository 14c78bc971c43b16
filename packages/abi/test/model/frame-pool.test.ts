import { describe, expect, it } from '@jest/globals';
import { isErrno, type Frame } from '@veridian-os/abi';
import { createFramePool, frameSourceKit, type FramePool } from '@veridian-os/abi/testing';

frameSourceKit({ describe, it }, () => {
  const pool = createFramePool(37, 1000);
  return { frames: pool, bytes: pool };
});

/** Pools with one bug each. */
const BUGS: Record<string, (pool: FramePool) => Partial<FramePool>> = {
  'hands a frame out twice': (pool) => {
    let last = 0 as Frame;
    return {
      alloc() {
        if (last > 0 && pool.references(last) === 1) return last;
        const frame = pool.alloc();
        if (!isErrno(frame)) last = frame;
        return frame;
      },
    };
  },
  'does not zero': (pool) => ({ allocZeroed: () => pool.alloc() }),
  'frees with the first release': (pool) => ({
    release(frame) {
      const count = pool.references(frame);
      pool.release(frame);
      for (let i = 1; i < count; i++) pool.release(frame);
    },
  }),
  'ignores a double release': (pool) => ({
    release: (frame) => void (pool.references(frame) > 0 && pool.release(frame)),
  }),
  'forgets retains': () => ({ retain: () => undefined }),
  'throws when full': (pool) => ({
    alloc() {
      const frame = pool.alloc();
      if (isErrno(frame)) throw new RangeError('full');
      return frame;
    },
  }),
  'is big-endian': (pool) => ({
    read32(address) {
      const view = pool.view(Math.floor(address / 4096) as Frame);
      return new DataView(view.buffer, view.byteOffset).getUint32(address % 4096);
    },
  }),
  'copies the wrong way': (pool) => ({ copyFrame: (from, to) => pool.copyFrame(to, from) }),
};

describe('the frame source kit notices a pool that', () => {
  it.each(Object.entries(BUGS))('%s', (_name, bug) => {
    const cases: (() => void)[] = [];
    const create = () => {
      const pool = createFramePool(20);
      const broken = Object.create(pool, Object.getOwnPropertyDescriptors(bug(pool))) as FramePool;
      return { frames: broken, bytes: broken };
    };
    frameSourceKit({ describe: (_title, body) => body(), it: (_title, body) => void cases.push(body) }, create);
    const failed = cases.filter((body) => {
      try {
        body();
        return false;
      } catch {
        return true;
      }
    });
    expect(failed.length).toBeGreaterThan(0);
  });

  it('refuses a bad size', () => {
    expect(() => createFramePool(0)).toThrow('totalFrames: expected a positive integer, got 0');
  });
});
