import { describe, it } from '@jest/globals';
import { cacheKit } from '@veridian-os/slab/testing';
import { factory, type Variant } from './subject.js';

const VARIANTS: Record<string, Variant> = {
  'as it comes': {},
  'with small sheaves and one in the barn': { cache: { sheafCapacity: 2, minPartial: 0 }, barnSheaves: 1 },
  'without sheaves': { cache: { sheafCapacity: 0 } },
  'in debug mode': { debug: true },
  'with red zones only': { debug: { redZone: true } },
  'on two nodes': { twoNodes: true, cache: { sheafCapacity: 3 } },
};

for (const [name, variant] of Object.entries(VARIANTS)) {
  describe(`ObjectCache ${name}`, () => cacheKit({ describe, it }, factory(variant)));
}
