/**
 * Random commands on the built package and on the naive pool, for as long as you like:
 *
 *   npm run modeltest -w packages/buddy-alloc -- --seed 1 --count 1000000
 */
import { parseArgs } from 'node:util';
import { BuddyAllocator } from '@veridian-os/buddy-alloc';
import { runRandomCommands } from '@veridian-os/buddy-alloc/testing';

const { values } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, count: { type: 'string', default: '1000000' } },
});
const seed = Number(values.seed);
const count = Number(values.count);
let checks = 0;
runRandomCommands(
  (options) => new BuddyAllocator(options),
  { addressOrdered: true },
  { seed, count },
  // All words are looked at now and then: it takes longer than the commands.
  (pool) => void (checks++ % 16 === 0 && pool.check()),
);
console.log(`seed ${seed}: ${count} commands agree with the naive pool`);
