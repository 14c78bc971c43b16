/** Compaction against an owner of frames that knows where each of its pages is, and a plain search for what can be done. */
import { describe, expect, it } from '@jest/globals';
import { EAGAIN, ENOMEM } from '@veridian-os/abi';
import type { Frame } from '@veridian-os/abi';
import { BuddyAllocator } from '@veridian-os/buddy-alloc';
import { Compactor } from '@veridian-os/memory';
import type { BlockSource, FrameAllocator } from '@veridian-os/memory';
import * as fc from 'fast-check';
import { createFrames } from '../create-frames.js';

const FRAMES = 64;
const BASE = 0x40000;
const RUNS = Number(process.env.MEMORY_RUNS ?? 300);

/** Page contents by frame; moves as an address space would. */
class Owner {
  readonly pages = new Map<Frame, number>();
  readonly stuck = new Set<Frame>();
  readonly refused = new Set<Frame>();
  private readonly frames: FrameAllocator;

  constructor(frames: FrameAllocator) {
    this.frames = frames;
  }

  move(from: Frame, to: Frame): boolean {
    expect(this.frames.references(to)).toBe(1);
    if (this.refused.has(from)) return false;
    this.pages.set(to, this.pages.get(from)!);
    this.pages.delete(from);
    this.frames.release(from);
    return true;
  }
}

type State = 'free' | 'live' | 'stuck' | 'refused' | 'reserved';

function build(states: readonly State[]) {
  const reserved = states.flatMap((state, i) =>
    state === 'reserved' ? [{ base: (BASE + i) * 4096, length: 4096 }] : [],
  );
  const frames = createFrames([FRAMES], { reserved });
  const owner = new Owner(frames);
  states.forEach((state, i) => {
    if (state === 'free' || state === 'reserved') return;
    const frame = (BASE + i) as Frame;
    expect(frames.allocAt(frame)).toBe(0);
    owner.pages.set(frame, i);
    if (state === 'stuck') owner.stuck.add(frame);
    if (state === 'refused') owner.refused.add(frame);
  });
  return { frames, owner };
}

/** First blocks that could be emptied if every move succeeded. */
function possible(states: readonly State[], size: number): number[] {
  const free = states.filter((state) => state === 'free').length;
  return Array.from({ length: FRAMES / size }, (_, i) => i * size).filter((first) => {
    const block = states.slice(first, first + size);
    if (block.some((state) => state === 'stuck' || state === 'reserved')) return false;
    return free >= size;
  });
}

const state = fc.oneof(
  { weight: 10, arbitrary: fc.constant<State>('free') },
  { weight: 20, arbitrary: fc.constant<State>('live') },
  { weight: 1, arbitrary: fc.constant<State>('stuck') },
  { weight: 1, arbitrary: fc.constant<State>('refused') },
  { weight: 1, arbitrary: fc.constant<State>('reserved') },
);

describe('Compactor', () => {
  it('makes a block wherever one can be made, and loses no page', () => {
    fc.assert(
      fc.property(
        fc.array(state, { minLength: FRAMES, maxLength: FRAMES }),
        fc.integer({ min: 1, max: 5 }),
        (states, order) => {
          const size = 2 ** order;
          const { frames, owner } = build(states);
          const before = frames.freeFrames;
          const compactor = new Compactor(frames);
          const block = compactor.makeBlock({
            node: 0,
            order,
            movable: (frame) => !owner.stuck.has(frame),
            move: (from, to) => owner.move(from, to),
          });
          const wanted = possible(states, size);
          const certain = wanted.filter((first) => !states.slice(first, first + size).includes('refused'));
          if (certain.length > 0) expect(block).toBeGreaterThanOrEqual(0);
          if (wanted.length === 0) expect(block).toBe(ENOMEM);
          if (block >= 0) {
            expect(wanted).toContain(block - BASE);
            for (let i = 0; i < size; i++) {
              expect(frames.references((block + i) as Frame)).toBe(1);
              expect(owner.pages.has((block + i) as Frame)).toBe(false);
            }
          } else expect([ENOMEM, EAGAIN]).toContain(block);
          expect(frames.freeFrames).toBe(before - (block >= 0 ? size : 0));
          const pages = states.flatMap((s, i) => (s === 'free' || s === 'reserved' ? [] : [i]));
          expect([...owner.pages.values()].sort((a, b) => a - b)).toEqual(pages);
          for (const frame of owner.pages.keys()) expect(frames.references(frame)).toBe(1);
        },
      ),
      { numRuns: RUNS, seed: Number(process.env.MEMORY_SEED ?? 1) },
    );
  });

  it('moves no more than its budget, and prefers blocks that are half empty', () => {
    const states = Array.from({ length: FRAMES }, (_, i): State => {
      if (i < 8) return i === 0 ? 'free' : 'live';
      return i < 16 && i % 4 !== 0 ? 'free' : i < 56 ? 'live' : 'free';
    });
    const { frames, owner } = build(states);
    for (let i = 56; i < 60; i++) expect(frames.allocAt((BASE + i) as Frame)).toBe(0);
    const moves: number[] = [];
    const compactor = new Compactor(frames);
    const request = {
      node: 0,
      order: 3,
      movable: (frame: Frame) => frame < BASE + 56,
      move: (from: Frame, to: Frame) => {
        moves.push(from - BASE, to - BASE);
        return owner.move(from, to);
      },
    };
    expect(compactor.makeBlock({ ...request, budget: 1 })).toBe(EAGAIN);
    expect(moves).toEqual([]);
    expect(compactor.makeBlock({ ...request, budget: 2 })).toBe(BASE + 8);
    expect(moves).toEqual([8, 63, 12, 62]);
    expect(compactor.statistics).toEqual({ made: 1, moved: 2, refused: 0, scanned: expect.any(Number) as unknown });
  });

  it('panics when the mover leaves a reference', () => {
    const { frames } = build(Array.from({ length: FRAMES }, (_, i): State => (i === 1 ? 'live' : 'free')));
    const compactor = new Compactor(frames);
    const request = { node: 0, order: 6, movable: () => true, move: () => true };
    expect(compactor.makeBlock(request)).toBe(ENOMEM);
    expect(() => compactor.makeBlock({ ...request, order: 2 })).toThrow('memory/bad-move');
  });

  it('makes nothing of a block source that takes no block at an address', () => {
    const blocks = (frameCount: number): BlockSource => {
      const buddy = new BuddyAllocator({ frameCount, maxOrder: 6 });
      return {
        freeFrames: frameCount,
        maxOrder: buddy.maxOrder,
        alloc: (order) => buddy.alloc(order),
        free: (frame, order) => buddy.free(frame, order),
        split: (frame, order) => buddy.split(frame, order),
        reserve: (first, count) => buddy.reserve(first, count),
      };
    };
    const frames = createFrames([FRAMES], { blocks });
    const request = { node: 0, order: 3, movable: () => true, move: () => true };
    expect(new Compactor(frames).makeBlock(request)).toBe(ENOMEM);
    expect(frames.freeFrames).toBe(FRAMES);
  });
});
