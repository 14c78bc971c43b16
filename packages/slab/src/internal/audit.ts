/** Looks at everything that a cache keeps. Slow: for tests, and for whoever suspects his memory. */
import { panic } from '@veridian-os/abi';
import {
  FRAME_GRANULES_SHIFT,
  HEAD,
  LENGTH,
  LIST_SHIFT,
  NIL,
  OF_FIRST,
  OF_FRAME,
  OF_FREE,
  OF_IN_USE,
  OF_LISTED,
  OF_NEXT,
  OF_NODE,
  OF_OBJECTS,
  OF_ORDER,
  OF_PREVIOUS,
  SLAB_SHIFT,
  TAIL,
} from './constants.js';
import type { Guard } from './guard.js';
import type { Sheaves } from './sheaves.js';
import { hex, type SlabStore } from './slab-store.js';

interface Audit {
  readonly name: string;
  readonly store: SlabStore;
  readonly guard: Guard | undefined;
  /** Objects that are in a sheaf or on a free list: none is in two places. */
  readonly free: Set<number>;
}

/** @throws KernelPanic at the first contradiction */
export function auditCache(name: string, store: SlabStore, sheaves: Sheaves, guard: Guard | undefined): void {
  const audit: Audit = { name, store, guard, free: new Set() };
  sheaves.forEach((granule) => meetFree(audit, granule));
  const cached = audit.free.size;
  const sums = { slabs: 0, objects: 0, inUse: 0, frames: 0, live: 0 };
  store.forEachSlab((line) => {
    const { words } = store.arena.slabs;
    sums.slabs++;
    sums.objects += words[line + OF_OBJECTS];
    sums.inUse += words[line + OF_IN_USE];
    sums.frames += 2 ** words[line + OF_ORDER];
    auditFrames(audit, line);
    auditFreeList(audit, line);
    sums.live += auditObjects(audit, line);
  });
  expect(audit, 'slabs', store.slabCount, sums.slabs);
  expect(audit, 'objects', store.objectCount, sums.objects);
  expect(audit, 'objects in use', store.inUse, sums.inUse);
  expect(audit, 'frames', store.frameCount, sums.frames);
  expect(audit, 'live objects', sums.inUse - cached, sums.live);
  expect(audit, 'objects in sheaves', cached, sheaves.count);
  store.arena.nodes.forEach((_, node) => auditList(audit, node));
}

function expect({ name }: Audit, what: string, expected: number, got: number): void {
  if (expected !== got) panic('slab/corrupt', `cache '${name}': ${what}: expected ${expected}, got ${got}`);
}

function meetFree({ name, free, store }: Audit, granule: number): void {
  const where = `cache '${name}': the free object at ${hex(granule * 8)}`;
  if (free.has(granule)) panic('slab/corrupt', `${where} is in two places`);
  if (store.arena.frames.isLive(granule)) panic('slab/corrupt', `${where} is live`);
  free.add(granule);
}

/** Every frame of a slab knows it. */
function auditFrames(audit: Audit, line: number): void {
  const { arena } = audit.store;
  const { words } = arena.slabs;
  const frame = words[line + OF_FRAME];
  for (let at = frame; at < frame + 2 ** words[line + OF_ORDER]; at++) {
    expect(audit, `slab of frame ${at}`, line >> SLAB_SHIFT, arena.frames.slabAt(at));
    expect(audit, `owner of frame ${at}`, audit.store.ownerOf(words[line + OF_NODE]), arena.frames.ownerAt(at));
  }
}

/** The free list of a slab has as many objects as it counts, each in its place. */
function auditFreeList(audit: Audit, line: number): void {
  const { store, name } = audit;
  const { words } = store.arena.slabs;
  let left = words[line + OF_OBJECTS] - words[line + OF_IN_USE];
  expect(audit, `slab of frame ${words[line + OF_FRAME]} is listed`, left > 0 ? 1 : 0, words[line + OF_LISTED]);
  for (let granule = words[line + OF_FREE]; granule !== NIL; left--) {
    meetFree(audit, granule);
    const next = store.linkOf(granule);
    if (!store.mayFollow(line, next, left === 1)) {
      panic('slab/free-list', `cache '${name}': the link of the free object at ${hex(granule * 8)} was overwritten`);
    }
    granule = next;
  }
  expect(audit, `free objects missing in the slab of frame ${words[line + OF_FRAME]}`, 0, left);
}

/** @returns the live objects of a slab */
function auditObjects({ store, guard, free, name }: Audit, line: number): number {
  const { arena, geometry } = store;
  const { words } = arena.slabs;
  const starts = new Set<number>();
  let live = 0;
  for (let i = 0; i < words[line + OF_OBJECTS]; i++) {
    const granule = words[line + OF_FIRST] + (i * geometry.stride) / 8;
    const address = granule * 8;
    if (arena.frames.isLive(granule)) {
      starts.add(granule);
      live++;
      guard?.checkLive(address);
    } else {
      if (!free.has(granule)) panic('slab/corrupt', `cache '${name}': the object at ${hex(address)} is nowhere`);
      guard?.checkFree(address);
    }
  }
  const first = words[line + OF_FRAME] << FRAME_GRANULES_SHIFT;
  const end = first + 2 ** (words[line + OF_ORDER] + FRAME_GRANULES_SHIFT);
  for (let granule = first; granule < end; granule++) {
    if (arena.frames.isLive(granule) && !starts.has(granule)) {
      panic('slab/corrupt', `cache '${name}': ${hex(granule * 8)} is marked live, but starts no object`);
    }
  }
  return live;
}

/** A node's partial list is linked both ways. */
function auditList(audit: Audit, node: number): void {
  const { store } = audit;
  const { words } = store.arena.slabs;
  const list = node << LIST_SHIFT;
  let previous = 0;
  let length = 0;
  for (let slab = store.lists[list + HEAD]; slab !== 0; length++) {
    const line = slab << SLAB_SHIFT;
    expect(audit, `predecessor of slab ${slab}`, previous, words[line + OF_PREVIOUS]);
    expect(audit, `node of slab ${slab}`, node, words[line + OF_NODE]);
    expect(audit, `slab ${slab} is listed`, 1, words[line + OF_LISTED]);
    previous = slab;
    slab = words[line + OF_NEXT];
  }
  expect(audit, `tail of node ${node}`, previous, store.lists[list + TAIL]);
  expect(audit, `length of the list of node ${node}`, length, store.lists[list + LENGTH]);
}
