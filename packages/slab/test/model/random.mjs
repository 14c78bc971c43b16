/**
 * Random commands on the built package and on the naive cache, for as long as you like:
 *
 *   npm run modeltest -w packages/slab -- --seed 1 --count 1000000
 *
 * A quarter of them each on caches as they come, with tiny sheaves, on two nodes, and in debug mode.
 */
import { parseArgs } from 'node:util';
import { BufferSource, SlabAllocator } from '@veridian-os/slab';
import { runRandomCommands } from '@veridian-os/slab/testing';

const { values } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, count: { type: 'string', default: '1000000' } },
});
const seed = Number(values.seed);
const count = Number(values.count);

const VARIANTS = {
  'as it comes': {},
  'tiny sheaves': { cache: { sheafCapacity: 2, minPartial: 0 }, slab: { barnSheaves: 1 } },
  'two nodes': { twoNodes: true, cache: { sheafCapacity: 5 } },
  'debug mode': { slab: { debug: true } },
};

let checks = 0;
const factory =
  ({ twoNodes, cache, slab }) =>
  ({ frameCount, cpuCount, size, align }) => {
    const half = twoNodes ? frameCount >> 1 : 0;
    const sources = [new BufferSource(frameCount - half), ...(twoNodes ? [new BufferSource(half)] : [])];
    const nodes = sources.map((source, node) => ({ source, firstFrame: node * (frameCount - half) }));
    const memory = new Uint8Array(frameCount * 4096);
    const cpuNodes = Array.from({ length: cpuCount }, (_, cpu) => cpu % nodes.length);
    const allocator = new SlabAllocator({ memory, nodes, cpuNodes, secret: seed, ...slab });
    return {
      cache: allocator.createCache({ name: 'subject', size, align, ...cache }),
      memory,
      freeFrames: () => sources.reduce((sum, { freeFrames }) => sum + freeFrames, 0),
      // All slabs are looked at now and then: it takes longer than the commands.
      check: () => void (checks++ % 64 === 0 && allocator.check()),
    };
  };

for (const [name, variant] of Object.entries(VARIANTS)) {
  const start = performance.now();
  runRandomCommands(factory(variant), { seed, count: count / 4 });
  console.log(`${name}, seed ${seed}: ${count / 4} commands, ${((performance.now() - start) / 1000).toFixed(0)} s`);
}
console.log(`seed ${seed}: ${count} commands agree with the naive cache`);
