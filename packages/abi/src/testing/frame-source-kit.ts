/** The conformance kit of `FrameSource` and `FrameBytes`. */
import { PAGE_SIZE, type Frame, type PhysAddr } from '../brands.js';
import { ENOMEM, isErrno } from '../errno.js';
import type { FrameBytes, FrameSource } from '../memory.js';
import { isKernelPanic } from '../panic.js';

/** The two functions of any test runner. */
export interface KitRunner {
  describe(name: string, body: () => void): void;
  it(name: string, body: () => void): void;
}

/** A fresh source, with nothing allocated, and the bytes of its frames. */
export interface FrameSourceUnderTest {
  readonly frames: FrameSource;
  readonly bytes: FrameBytes;
}

/**
 * Registers the suite.
 * @param create makes a source of 2 to 10,000 frames
 * @param seed of the random sequences; a failure names the one it came from
 */
export function frameSourceKit({ describe, it }: KitRunner, create: () => FrameSourceUnderTest, seed = 1): void {
  describe('frame source', () => {
    it('hands out every frame once, then ENOMEM', () => everyFrameOnce(create()));
    it('takes frames back and hands them out again', () => reuse(create()));
    it('zeroes what allocZeroed returns, whatever was there', () => zeroes(create()));
    it('frees a frame with its last reference', () => lastReference(create()));
    it('panics on frames that are not live', () => notLive(create()));
    it('shows bytes and words of the same memory, little-endian', () => sameMemory(create()));
    it('agrees with a table of reference counts', () => agreesWithModel(create, seed));
  });
}

function allocate(frames: FrameSource): Frame {
  const frame = frames.alloc();
  if (isErrno(frame)) throw new Error(`alloc: expected a frame, got ${frame}`);
  return frame;
}

function equal(actual: number, expected: number, what: string): void {
  if (actual !== expected) throw new Error(`${what}: expected ${expected}, got ${actual}`);
}

function everyFrameOnce({ frames }: FrameSourceUnderTest): void {
  equal(frames.freeFrames, frames.totalFrames, 'freeFrames at the start');
  const seen = new Set<number>();
  for (let left = frames.totalFrames; left > 0; left--) {
    equal(frames.freeFrames, left, 'freeFrames');
    const frame = allocate(frames);
    equal(frames.references(frame), 1, 'references of a new frame');
    seen.add(frame);
  }
  equal(seen.size, frames.totalFrames, 'different frames');
  equal(frames.alloc(), ENOMEM, 'alloc when all are taken');
  equal(frames.allocZeroed(), ENOMEM, 'allocZeroed when all are taken');
  equal(frames.freeFrames, 0, 'freeFrames at the end');
}

function reuse({ frames }: FrameSourceUnderTest): void {
  const taken = Array.from({ length: frames.totalFrames }, () => allocate(frames));
  frames.release(taken[0]);
  equal(frames.freeFrames, 1, 'freeFrames after a release');
  equal(allocate(frames), taken[0], 'the only free frame');
  for (const frame of taken) frames.release(frame);
  equal(frames.freeFrames, frames.totalFrames, 'freeFrames when all are back');
}

function zeroes({ frames, bytes }: FrameSourceUnderTest): void {
  const dirty = Array.from({ length: frames.totalFrames }, () => allocate(frames));
  for (const frame of dirty) {
    bytes.fill(frame, 0xff);
    frames.release(frame);
  }
  for (let i = 0; i < frames.totalFrames; i++) {
    const frame = frames.allocZeroed();
    const at = bytes.view(frame as Frame).findIndex((byte) => byte !== 0);
    equal(at, -1, `first byte of frame ${frame} that is not zero`);
  }
}

function lastReference({ frames }: FrameSourceUnderTest): void {
  const frame = allocate(frames);
  frames.retain(frame);
  frames.retain(frame);
  for (const left of [2, 1]) {
    frames.release(frame);
    equal(frames.references(frame), left, 'references');
    equal(frames.freeFrames, frames.totalFrames - 1, 'freeFrames while referenced');
  }
  frames.release(frame);
  equal(frames.references(frame), 0, 'references of a free frame');
  equal(frames.freeFrames, frames.totalFrames, 'freeFrames');
}

function notLive({ frames }: FrameSourceUnderTest): void {
  const frame = allocate(frames);
  frames.release(frame);
  for (const use of [frames.release, frames.retain]) {
    try {
      use.call(frames, frame);
    } catch (error) {
      if (isKernelPanic(error)) continue;
      throw error;
    }
    throw new Error('expected a KernelPanic for a frame that is not live');
  }
  equal(frames.freeFrames, frames.totalFrames, 'freeFrames afterwards');
}

function sameMemory({ frames, bytes }: FrameSourceUnderTest): void {
  const [a, b] = [allocate(frames), allocate(frames)];
  bytes.fill(a, 0);
  bytes.fill(b, 0);
  bytes.write32((a * PAGE_SIZE + 4092) as PhysAddr, 0x87654321);
  equal(bytes.read32((a * PAGE_SIZE + 4092) as PhysAddr), 0x87654321, 'word');
  equal([...bytes.view(a).slice(4092)].map((byte) => byte.toString(16)).join() === '21,43,65,87' ? 1 : 0, 1, 'bytes');
  bytes.copyFrame(a, b);
  bytes.view(a)[0] = 9;
  equal(bytes.read32((b * PAGE_SIZE + 4092) as PhysAddr), 0x87654321, 'word of the copy');
  equal(bytes.view(b)[0], 0, 'the copy is separate');
  equal(bytes.view(a).length, PAGE_SIZE, 'length of a view');
}

const SEQUENCES = 50;
const STEPS = 200;

function agreesWithModel(create: () => FrameSourceUnderTest, seed: number): void {
  for (let sequence = seed; sequence < seed + SEQUENCES; sequence++) {
    const { frames } = create();
    const counts = new Map<Frame, number>();
    const random = generator(sequence);
    try {
      for (let i = 0; i < STEPS; i++) {
        step(frames, counts, random);
        equal(frames.freeFrames, frames.totalFrames - counts.size, 'freeFrames');
        for (const [frame, count] of counts) equal(frames.references(frame), count, `references of ${frame}`);
      }
    } catch (error) {
      throw new Error(`seed ${sequence}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** Numbers from 0 to below `limit`; xorshift32 (Marsaglia, 2003), so that a seed means the same everywhere. */
function generator(seed: number): (limit: number) => number {
  let state = (seed * 2654435761) >>> 0 || 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

/** Does one random operation to the source and to the table of counts. */
function step(frames: FrameSource, counts: Map<Frame, number>, random: (limit: number) => number): void {
  const operation = (['alloc', 'allocZeroed', 'retain', 'release', 'release'] as const)[random(5)];
  if (operation === 'alloc' || operation === 'allocZeroed') {
    const frame = frames[operation]();
    if (counts.size === frames.totalFrames) return equal(frame, ENOMEM, `${operation} when full`);
    if (isErrno(frame) || counts.has(frame)) throw new Error(`${operation}: got ${frame}`);
    counts.set(frame, 1);
    return;
  }
  const frame = [...counts.keys()][random(Math.max(1, counts.size))];
  if (frame === undefined) return;
  frames[operation](frame);
  const count = counts.get(frame)! + (operation === 'retain' ? 1 : -1);
  if (count > 0) counts.set(frame, count);
  else {
    counts.delete(frame);
    equal(frames.references(frame), 0, 'references of a free frame');
  }
}
