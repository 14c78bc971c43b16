/** The allocator kit on the built package: run under vitest, node:test and in the browser. */
import { BuddyAllocator } from '@veridian-os/buddy-alloc';
import { allocatorKit } from '@veridian-os/buddy-alloc/testing';

export default function run(runner) {
  allocatorKit(runner, (options) => new BuddyAllocator(options), { addressOrdered: true });
}
