/**
 * The caches over one memory: what they share (frame and slab tables, sources), merging, and giving memory back.
 *
 * Cost       4 bytes for each frame of the memory, 72 for each frame of a slab, 64 for each slab; per cache its sheaves
 */
import { PAGE_SIZE } from '@veridian-os/abi';
import type { CacheOptions, CacheStatistics, Leak, ObjectAddress, SlabDebug, SlabNode, SlabOptions } from './api.js';
import { BufferSource } from './buffer-source.js';
import { describe } from './internal/describe.js';
import { FrameTable } from './internal/frame-table.js';
import { geometryOf } from './internal/geometry.js';
import { Guard } from './internal/guard.js';
import { cacheShape, checked, type CacheShape } from './internal/options.js';
import { Sheaves } from './internal/sheaves.js';
import { SlabStore, type Arena } from './internal/slab-store.js';
import { SlabTable } from './internal/slab-table.js';
import { ObjectCache } from './object-cache.js';

const { floor, imul } = Math;

interface Entry {
  readonly cache: ObjectCache;
  readonly store: SlabStore;
  readonly guard: Guard | undefined;
  readonly name: string;
  /** What has to be equal in a cache that is merged into this one; undefined when none is. */
  readonly shape: string | undefined;
}

export class SlabAllocator {
  /** @internal */
  readonly arena: Arena;
  readonly cpuCount: number;
  /** Node of each CPU. */
  readonly cpuNodes: readonly number[];
  private readonly secret: number;
  private readonly debug: boolean | SlabDebug;
  private readonly barnSheaves: number;
  /** By the caches' numbers, which begin at 1. */
  private readonly entries: (Entry | undefined)[] = [undefined];

  /** @throws RangeError for a bad option */
  constructor(options: SlabOptions) {
    this.arena = arenaOf(options);
    const last = this.arena.nodes.length - 1;
    this.cpuNodes = (options.cpuNodes ?? [0]).map((node, cpu) => checked(`cpuNodes[${cpu}]`, node, 0, last));
    this.cpuCount = checked('cpuNodes.length', this.cpuNodes.length, 1, 4096);
    this.secret = checked('secret', options.secret ?? 0, -(2 ** 31), 2 ** 32 - 1);
    this.debug = options.debug ?? false;
    this.barnSheaves = checked('barnSheaves', options.barnSheaves ?? 8, 0, 1024);
  }

  /**
   * A cache of objects of one size: a new one, or one that is there and has the same shape; the new name is then one of its
   * `aliases`.
   * @throws RangeError for a bad option
   */
  createCache(options: CacheOptions): ObjectCache {
    const shape = cacheShape(options, this.debug);
    const key = shape.mergeable ? keyOf(shape) : undefined;
    const equal = key === undefined ? undefined : this.entries.find((entry) => entry?.shape === key);
    if (equal !== undefined) {
      equal.cache.aliases.push(shape.name);
      return equal.cache;
    }
    let id = this.entries.indexOf(undefined, 1);
    if (id < 0) id = this.entries.length;
    const entry = this.build(id, shape, key);
    this.entries[id] = entry;
    return entry.cache;
  }

  /** All caches, in the order of their numbers. */
  get caches(): readonly ObjectCache[] {
    return this.entries.flatMap((entry) => entry?.cache ?? []);
  }

  /** The cache whose live object starts at `address`, or undefined. */
  cacheOf(address: ObjectAddress): ObjectCache | undefined {
    return this.caches.find((cache) => cache.isLive(address));
  }

  /** Gives back what no cache needs. @returns frames */
  shrink(): number {
    let frames = 0;
    for (const entry of this.entries) if (entry !== undefined) frames += entry.cache.shrink();
    return frames;
  }

  statistics(): CacheStatistics[] {
    return this.caches.map((cache) => cache.statistics());
  }

  /** Live objects of all caches by call site, most bytes first. */
  leaks(): Leak[] {
    return this.caches.flatMap((cache) => cache.leaks()).sort((a, b) => b.bytes - a.bytes);
  }

  /** @throws KernelPanic when a cache contradicts itself, see `ObjectCache.check` */
  check(): void {
    for (const cache of this.caches) cache.check();
  }

  /** What lies at an address, in words. */
  describe(address: number): string {
    return describe(this.arena, (id) => this.entries[id], address);
  }

  private build(id: number, shape: CacheShape, key: string | undefined): Entry {
    const { arena, cpuNodes, cpuCount, barnSheaves } = this;
    const { name, debug, construct } = shape;
    const geometry = geometryOf(shape);
    const debugged = debug.redZone || debug.poison || debug.track;
    const guard = debugged ? new Guard({ arena, geometry, name, debug, construct }) : undefined;
    const store = new SlabStore({
      arena,
      geometry,
      id,
      name,
      secret: shape.secret ?? deriveSecret(this.secret, id),
      minPartial: shape.minPartial,
      prepare: guard ? (address) => guard.prepare(address) : construct,
    });
    const sheaves = new Sheaves({
      capacity: shape.sheafCapacity,
      cpuNodes,
      nodeCount: arena.nodes.length,
      barnSheaves: shape.sheafCapacity === 0 ? 0 : barnSheaves,
      ownerOf: (node) => store.ownerOf(node),
    });
    const cache = new ObjectCache({
      id,
      name,
      geometry,
      frames: arena.frames,
      byteLength: arena.frames.frameCount * PAGE_SIZE,
      nodeCount: arena.nodes.length,
      cpuCount,
      store,
      sheaves,
      guard,
      reclaim: () => this.shrink(),
      describe: (address) => this.describe(address),
      forget: () => void (this.entries[id] = undefined),
    });
    return { cache, store, guard, name, shape: key };
  }
}

function arenaOf({ memory, source, nodes }: SlabOptions): Arena {
  const view = ArrayBuffer.isView(memory) ? memory : new Uint8Array(memory);
  if (view.byteOffset % 8 !== 0)
    throw new RangeError(`memory: expected to start at a multiple of 8, got ${view.byteOffset}`);
  const frameCount = checked('memory.byteLength / 4096', floor(view.byteLength / PAGE_SIZE), 1, 2 ** 20);
  if (source !== undefined && nodes !== undefined) {
    throw new RangeError('nodes: expected either source or nodes, got both');
  }
  const all: readonly SlabNode[] = nodes ?? [{ source: source ?? new BufferSource(frameCount) }];
  checked('nodes.length', all.length, 1, 64);
  all.forEach(({ firstFrame = 0 }, node) => checked(`nodes[${node}].firstFrame`, firstFrame, 0, frameCount - 1));
  const bytes = frameCount * PAGE_SIZE;
  return {
    bytes: new Uint8Array(view.buffer, view.byteOffset, bytes),
    words: new Int32Array(view.buffer, view.byteOffset, bytes / 4),
    frames: new FrameTable(frameCount),
    slabs: new SlabTable(),
    nodes: all,
  };
}

/** Objects of caches with equal keys are laid out and kept alike. Sizes differ by less than a granule. */
function keyOf({ size, align, maxOrder, minPartial, sheafCapacity }: CacheShape): string {
  return [Math.ceil(size / 8) * 8, align, maxOrder, minPartial, sheafCapacity].join();
}

/** Another 32 bits for each cache: the finisher of MurmurHash3 (Appleby, 2011), a bijection; 0 stays 0. */
function deriveSecret(secret: number, id: number): number {
  if (secret === 0) return 0;
  let mixed = secret ^ imul(id, 0x9e3779b1);
  mixed = imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
