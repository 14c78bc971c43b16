/** The cache kit on the built package: run under vitest, node:test and in the browser. */
import { BufferSource, SlabAllocator } from '@veridian-os/slab';
import { cacheKit } from '@veridian-os/slab/testing';

function create({ size, align, frameCount, cpuCount, construct }, options) {
  const source = new BufferSource(frameCount);
  const memory = new Uint8Array(frameCount * 4096);
  const cpuNodes = Array.from({ length: cpuCount }, () => 0);
  const allocator = new SlabAllocator({ memory, source, cpuNodes, secret: 0x600dcafe, ...options });
  return {
    cache: allocator.createCache({ name: 'subject', size, align, construct }),
    memory,
    freeFrames: () => source.freeFrames,
  };
}

export default function run(runner) {
  cacheKit(runner, (request) => create(request, {}));
  cacheKit(runner, (request) => create(request, { debug: true }));
}
