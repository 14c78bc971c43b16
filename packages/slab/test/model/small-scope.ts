/** Every short sequence of commands on a cache of six objects in three frames, two CPUs, sheaves of two. */
import { runExhaustively } from '@veridian-os/slab/testing';
import { factory, type Variant } from './subject.js';

const plain = { size: 2048, align: 2048, frameCount: 3, cpuCount: 2 };
const cache = { maxOrder: 0, sheafCapacity: 2, minPartial: 0 };

export const VARIANTS = {
  plain: [{}, plain],
  // Two guarded objects in a slab.
  debug: [{ debug: true }, { ...plain, size: 1900, align: 8 }],
  twoNodes: [{ twoNodes: true }, plain],
} satisfies Record<string, [Variant, typeof plain]>;

/** @param all bulk operations and mistakes too @returns the states met */
export function searchSmallScope(name: keyof typeof VARIANTS, depth: number, all: boolean): number {
  const [variant, request] = VARIANTS[name];
  return runExhaustively({ create: factory({ cache, barnSheaves: 1, ...variant }), request, depth, all }).states;
}
