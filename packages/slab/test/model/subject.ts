import { SlabAllocator, BufferSource, type CacheOptions, type SlabDebug } from '@veridian-os/slab';
import type { CacheFactory, CacheRequest, CacheUnderTest } from '@veridian-os/slab/testing';
import { stateOf } from './state.js';

export interface Variant {
  readonly debug?: boolean | SlabDebug;
  /** Frames on two nodes, CPUs on one of them each. */
  readonly twoNodes?: boolean;
  readonly cache?: Partial<CacheOptions>;
  readonly barnSheaves?: number;
}

/** A cache alone in its memory. */
export function createSubject(request: CacheRequest, { debug, twoNodes, cache, barnSheaves }: Variant): CacheUnderTest {
  const { frameCount, cpuCount, size, align, construct } = request;
  const near = new BufferSource(twoNodes ? frameCount >> 1 : frameCount);
  const far = new BufferSource(frameCount - (frameCount >> 1));
  const memory = new Uint8Array(new ArrayBuffer(frameCount * 4096));
  const nodes = twoNodes ? [{ source: near }, { source: far, firstFrame: frameCount >> 1 }] : [{ source: near }];
  const cpuNodes = Array.from({ length: cpuCount }, (_, cpu) => (twoNodes ? cpu % 2 : 0));
  const allocator = new SlabAllocator({ memory, nodes, cpuNodes, debug, barnSheaves, secret: 0x600dcafe });
  let checks = 0;
  const subject = allocator.createCache({ name: 'subject', size, align, construct, ...cache });
  return {
    cache: subject,
    memory,
    freeFrames: () => near.freeFrames + (twoNodes ? far.freeFrames : 0),
    // Looking at everything takes longer than a command: every fourth time.
    check: () => void (++checks % 4 === 0 && allocator.check()),
    state: () => stateOf(subject),
  };
}

export const factory =
  (variant: Variant = {}): CacheFactory =>
  (request) =>
    createSubject(request, variant);
