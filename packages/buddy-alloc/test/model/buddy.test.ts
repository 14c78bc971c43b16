import { describe, it } from '@jest/globals';
import { BuddyAllocator } from '@veridian-os/buddy-alloc';
import { allocatorKit } from '@veridian-os/buddy-alloc/testing';

allocatorKit({ describe, it }, (options) => new BuddyAllocator(options), { addressOrdered: true });
