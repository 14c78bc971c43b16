/** Every short sequence of commands on 16 frames, and that the state is a function of what is free, live and reserved. */
import { BuddyAllocator } from '@veridian-os/buddy-alloc';
import { runExhaustively } from '@veridian-os/buddy-alloc/testing';
import { LINE_WORDS } from '../../src/internal/constants.js';

const FRAMES = 16;
const MAX_ORDER = 4;
const features = { addressOrdered: true };
const options = { frameCount: FRAMES, maxOrder: MAX_ORDER };

interface Held {
  readonly buffer: ArrayBuffer;
  readonly pool: BuddyAllocator;
}
const buffers = new WeakMap<BuddyAllocator, ArrayBuffer>();

function hold({ buffer, pool }: Held): BuddyAllocator {
  buffers.set(pool, buffer);
  return pool;
}

function create(): BuddyAllocator {
  const buffer = new ArrayBuffer(BuddyAllocator.byteLength(options));
  return hold({ buffer, pool: new BuddyAllocator({ ...options, buffer }) });
}

function copy(pool: BuddyAllocator): BuddyAllocator {
  const buffer = (buffers.get(pool) as ArrayBuffer).slice(0);
  return hold({ buffer, pool: BuddyAllocator.attach(buffer) });
}

/** The pool contradicts itself nowhere, and its nodes are those of the last pool in the same state. */
function verifier(): (pool: BuddyAllocator, state: string) => void {
  const nodesOf = new Map<string, Int32Array>();
  return (pool, state) => {
    pool.check();
    const words = new Int32Array(buffers.get(pool) as ArrayBuffer, 4 * LINE_WORDS * (MAX_ORDER + 2));
    const known = nodesOf.get(state);
    if (known === undefined) nodesOf.set(state, words);
    else if (!words.every((word, i) => word === known[i])) throw new Error(`${state}: the words depend on history`);
  };
}

/** @param all ranges, addresses and reservations too */
export function searchSmallScope(depth: number, all: boolean): { states: number; commands: number } {
  const verify = verifier();
  return runExhaustively({ frameCount: FRAMES, maxOrder: MAX_ORDER, create, features, copy, depth, all, verify });
}
