/**
 * A cache of equal objects in the manner of SLUB: slabs of frames, free lists in the free objects, sheaves per CPU in front.
 *
 * Units      addresses and sizes in bytes; a granule is 8 bytes
 * Invariant  an object is live (its bit in the frame table), or in one sheaf, or on the free list of its slab
 * Cost       alloc and free O(1); every `sheafCapacity` operations at worst they move a sheaf to or from slabs, and a new slab
 *            is prepared in time linear in its objects. Nothing is allocated on the host's heap but when tables double.
 * Source     Bonwick, "The slab allocator", USENIX 1994; SLUB and its sheaves, Linux 6.18
 */
import { EBUSY, ENOMEM, panic } from '@veridian-os/abi';
import type { Errno } from '@veridian-os/abi';
import type { CacheStatistics, Leak, ObjectAddress, ObjectAllocator } from './api.js';
import { auditCache } from './internal/audit.js';
import { popLive, retire } from './internal/bulk.js';
import {
  AT_LIVE,
  AT_OWNER,
  BOTTOM,
  CPU_SHIFT,
  FIRST_FRAME,
  FRAME_GRANULES_SHIFT,
  GRANULE_SHIFT,
  KEY,
  LIMIT,
  NIL,
  NODE,
  TOP,
} from './internal/constants.js';
import type { FrameTable } from './internal/frame-table.js';
import { objectsIn, type Geometry } from './internal/geometry.js';
import type { Guard } from './internal/guard.js';
import { checked } from './internal/options.js';
import { reportLeaks } from './internal/leaks.js';
import type { Sheaves } from './internal/sheaves.js';
import type { SlabStore } from './internal/slab-store.js';

const MAX_SITE = 2 ** 31 - 1;

/** What a cache is made of; see `SlabAllocator.createCache`. */
export interface CacheParts {
  /** Number of the cache in its allocator. */
  readonly id: number;
  readonly name: string;
  readonly geometry: Geometry;
  readonly frames: FrameTable;
  /** Of the memory. */
  readonly byteLength: number;
  readonly nodeCount: number;
  readonly cpuCount: number;
  readonly store: SlabStore;
  readonly sheaves: Sheaves;
  /** In debug mode. */
  readonly guard: Guard | undefined;
  /** Returns what all caches can spare. @returns frames */
  readonly reclaim: () => number;
  /** What lies at an address, for messages. */
  readonly describe: (address: number) => string;
  /** Strikes the cache off its allocator's list. */
  readonly forget: (cache: ObjectCache) => void;
}

export class ObjectCache implements ObjectAllocator {
  readonly name: string;
  /** @internal */
  readonly id: number;
  readonly size: number;
  readonly align: number;
  /** Names of the caches that were merged into this one; {@link destroy} takes the last. */
  readonly aliases: string[] = [];
  private readonly parts: CacheParts;
  private readonly store: SlabStore;
  private readonly guard: Guard | undefined;
  private readonly frames: FrameTable;
  private readonly byteLength: number;
  private readonly cpuCount: number;
  private readonly sheaves: Sheaves;
  /** Words of the sheaves. */
  private readonly words: Int32Array;
  /** Where an object goes that is taken past the sheaves. */
  private readonly scratch = new Int32Array(1);
  private refills = 0;
  private flushes = 0;
  private failed = 0;
  private destroyed = false;

  /** @internal */
  constructor(parts: CacheParts) {
    this.name = parts.name;
    this.id = parts.id;
    this.size = parts.geometry.size;
    this.align = parts.geometry.align;
    this.parts = parts;
    this.store = parts.store;
    this.guard = parts.guard;
    this.frames = parts.frames;
    this.byteLength = parts.byteLength;
    this.cpuCount = parts.cpuCount;
    this.sheaves = parts.sheaves;
    this.words = parts.sheaves.words;
  }

  get liveObjects(): number {
    return this.store.inUse - this.sheaves.count;
  }

  alloc(cpu = 0, site = 0): ObjectAddress | Errno {
    const { words } = this;
    const line = cpu << CPU_SHIFT;
    if (cpu >>> 0 === cpu && cpu < this.cpuCount) {
      const top = words[line + TOP] - 1;
      if (top >= words[line + BOTTOM]) {
        words[line + TOP] = top;
        const granule = words[top];
        const { table } = this.frames;
        const record = table[FIRST_FRAME + (granule >>> FRAME_GRANULES_SHIFT)];
        table[record + AT_LIVE + ((granule >>> 5) & 15)] |= 1 << granule;
        return ((granule << GRANULE_SHIFT) >>> 0) as ObjectAddress;
      }
    }
    return this.allocSlowly(cpu, site);
  }

  free(address: ObjectAddress, cpu = 0, site = 0): void {
    const { words } = this;
    const line = cpu << CPU_SHIFT;
    const granule = address >>> GRANULE_SHIFT;
    if (
      cpu >>> 0 === cpu &&
      cpu < this.cpuCount &&
      address < this.byteLength &&
      (granule << GRANULE_SHIFT) >>> 0 === address
    ) {
      const { table } = this.frames;
      const record = table[FIRST_FRAME + (granule >>> FRAME_GRANULES_SHIFT)];
      const at = record + AT_LIVE + ((granule >>> 5) & 15);
      const live = table[at];
      const top = words[line + TOP];
      if (
        table[record + AT_OWNER] === words[line + KEY] &&
        (live & (1 << granule)) !== 0 &&
        top !== words[line + LIMIT]
      ) {
        table[at] = live & ~(1 << granule);
        words[top] = granule;
        words[line + TOP] = top + 1;
        return;
      }
    }
    this.freeSlowly(address, cpu, site);
  }

  /**
   * An object of one node's memory, past the sheaves; ENOMEM when that node has none.
   * @throws RangeError unless there is such a node
   */
  allocOn(node: number, site = 0): ObjectAddress | Errno {
    checked('node', node, 0, this.parts.nodeCount - 1);
    checked('site', site, 0, MAX_SITE);
    return this.allocFrom(node, site) ?? this.fail();
  }

  allocBulk(out: Uint32Array, count: number, cpu = 0, site = 0): number | Errno {
    const { words } = this;
    this.checkCpu(cpu);
    checked('count', count, 0, out.length);
    checked('site', site, 0, MAX_SITE);
    let done = 0;
    try {
      for (;;) {
        done += popLive(words, cpu << CPU_SHIFT, this.frames.table, out, done, count);
        if (done === count) return count;
        const object = this.allocSlowly(cpu, site);
        if (object < 0) return object;
        out[done++] = object;
      }
    } finally {
      if (done < count) this.freeBulk(out, done, cpu, site);
    }
  }

  freeBulk(addresses: Uint32Array, count: number, cpu = 0, site = 0): void {
    const { words, guard, frames } = this;
    this.checkCpu(cpu);
    checked('site', site, 0, MAX_SITE);
    checked('count', count, 0, addresses.length);
    const firstOwner = this.store.ownerOf(0);
    const { byteLength, nodeCount } = this.parts;
    // A live bit that is cleared at once shows an address that is there twice.
    const good = retire(frames.table, byteLength, firstOwner, nodeCount, addresses, count);
    try {
      if (good < count) this.liveGranule(addresses[good]);
      if (guard) for (let i = 0; i < count; i++) guard.checkLive(addresses[i]);
    } catch (error) {
      for (let i = 0; i < good; i++) frames.setLive(addresses[i] >>> GRANULE_SHIFT);
      throw error;
    }
    const line = cpu << CPU_SHIFT;
    const simple = nodeCount === 1 && this.sheaves.capacity > 0;
    for (let i = 0; i < count; i++) {
      const granule = addresses[i] >>> GRANULE_SHIFT;
      const top = words[line + TOP];
      if (simple && top !== words[line + LIMIT]) {
        words[top] = granule;
        words[line + TOP] = top + 1;
      } else {
        this.release(granule, cpu, site);
      }
    }
  }

  shrink(): number {
    // Empty slabs may go back while the sheaves are emptied.
    const before = this.store.frameCount;
    this.sheaves.drain((granule) => this.store.put(granule));
    this.store.shrink();
    return before - this.store.frameCount;
  }

  /**
   * Gives up one name of the cache, with the last one its frames: 0, or EBUSY while objects are live (see {@link leaks}).
   * Whoever uses a destroyed cache gets a KernelPanic `slab/destroyed`.
   */
  destroy(): 0 | Errno {
    if (this.destroyed) return this.panicDestroyed();
    if (this.aliases.pop() !== undefined) return 0;
    if (this.liveObjects > 0) return EBUSY;
    this.shrink();
    this.destroyed = true;
    this.parts.forget(this);
    return 0;
  }

  /** Live objects by the site that allocated them, most bytes first; one line for all of them without `track`. */
  leaks(): Leak[] {
    return reportLeaks(this.name, this.store, this.guard);
  }

  /** Whether a live object of this cache starts at `address`. */
  isLive(address: ObjectAddress): boolean {
    return this.granuleOf(address) !== NIL;
  }

  statistics(): CacheStatistics {
    const { store, sheaves, aliases, name, size } = this;
    const { geometry, nodeCount } = this.parts;
    let partialSlabs = 0;
    for (let node = 0; node < nodeCount; node++) partialSlabs += store.partialSlabs(node);
    return {
      name,
      aliases: [...aliases],
      size,
      stride: geometry.stride,
      objectsPerSlab: objectsIn(geometry, geometry.order),
      order: geometry.order,
      slabs: store.slabCount,
      partialSlabs,
      frames: store.frameCount,
      objects: store.objectCount,
      live: this.liveObjects,
      cached: sheaves.count,
      refills: this.refills,
      flushes: this.flushes,
      created: store.created,
      discarded: store.discarded,
      failed: this.failed,
    };
  }

  /**
   * Looks at every slab, free list, sheaf, red zone and poisoned byte.
   * @throws KernelPanic `slab/corrupt`, `slab/free-list`, `slab/red-zone` or `slab/use-after-free`
   */
  check(): void {
    auditCache(this.name, this.store, this.sheaves, this.guard);
  }

  /** What `alloc` does when the main sheaf is empty. */
  private allocSlowly(cpu: number, site: number): ObjectAddress | Errno {
    this.checkCpu(cpu);
    if (this.sheaves.capacity > 0) return this.refill(cpu) ? this.alloc(cpu, site) : this.fail();
    checked('site', site, 0, MAX_SITE);
    const local = this.words[(cpu << CPU_SHIFT) + NODE];
    for (let attempt = 0; attempt < 2; attempt++) {
      for (let i = 0; i < this.parts.nodeCount; i++) {
        const object = this.allocFrom((local + i) % this.parts.nodeCount, site);
        if (object !== undefined) return object;
      }
      if (attempt === 0 && this.parts.reclaim() === 0) break;
    }
    return this.fail();
  }

  /** An object of a node's slabs, checked and painted in debug mode; undefined when the node has no memory for it. */
  private allocFrom(node: number, site: number): ObjectAddress | undefined {
    if (this.destroyed) this.panicDestroyed();
    const { store, guard } = this;
    if (store.peek(node) === NIL && !store.grow(node)) return undefined;
    const granule = store.peek(node);
    const address = ((granule << GRANULE_SHIFT) >>> 0) as ObjectAddress;
    guard?.checkFree(address);
    store.take(node, this.scratch, 0, 1);
    guard?.allocated(address, site);
    this.frames.setLive(granule);
    return address;
  }

  /** What `free` does with a full sheaf, an object of another node, a cache in debug mode, and whatever is wrong. */
  private freeSlowly(address: ObjectAddress, cpu: number, site: number): void {
    this.checkCpu(cpu);
    const granule = this.liveGranule(address);
    if (this.guard) checked('site', site, 0, MAX_SITE);
    this.frames.clearLive(granule);
    this.release(granule, cpu, site);
  }

  /** Takes back an object that was live and is no more. */
  private release(granule: number, cpu: number, site: number): void {
    const { words, guard, store, sheaves } = this;
    const line = cpu << CPU_SHIFT;
    const local = this.frames.ownerAt(granule >>> FRAME_GRANULES_SHIFT) === words[line + KEY];
    guard?.freed((granule << GRANULE_SHIFT) >>> 0, site);
    if (!local || sheaves.capacity === 0) return store.put(granule);
    if (words[line + TOP] === words[line + LIMIT] && !sheaves.replaceFull(cpu)) this.flush(line);
    words[words[line + TOP]++] = granule;
  }

  /** Objects into the empty main sheaf of a CPU: its spare one, the barn's, of its node's slabs, of other nodes', of others. */
  private refill(cpu: number): boolean {
    if (this.destroyed) this.panicDestroyed();
    if (this.sheaves.replaceEmpty(cpu)) return true;
    if (this.refillFromSlabs(cpu)) return true;
    // What other CPUs keep and what other caches can spare comes before an error.
    this.parts.reclaim();
    return this.refillFromSlabs(cpu);
  }

  private refillFromSlabs(cpu: number): boolean {
    const { words, store } = this;
    const { nodeCount } = this.parts;
    const line = cpu << CPU_SHIFT;
    const bottom = words[line + BOTTOM];
    for (let i = 0; i < nodeCount; i++) {
      const node = (words[line + NODE] + i) % nodeCount;
      if (store.peek(node) === NIL && !store.grow(node)) continue;
      words[line + TOP] = bottom + store.take(node, words, bottom, words[line + LIMIT] - bottom);
      this.refills++;
      return true;
    }
    return false;
  }

  /** Puts a full main sheaf back into slabs. */
  private flush(line: number): void {
    const { words, store } = this;
    const bottom = words[line + BOTTOM];
    for (let at = words[line + LIMIT] - 1; at >= bottom; at--) store.put(words[at]);
    words[line + TOP] = bottom;
    this.flushes++;
  }

  private granuleOf(address: number): number {
    const granule = address >>> GRANULE_SHIFT;
    if (!(address < this.byteLength) || (granule << GRANULE_SHIFT) >>> 0 !== address) return NIL;
    const owner = this.frames.ownerAt(granule >>> FRAME_GRANULES_SHIFT);
    const first = this.store.ownerOf(0);
    return owner >= first && owner < first + this.parts.nodeCount && this.frames.isLive(granule) ? granule : NIL;
  }

  /** @throws KernelPanic `slab/bad-free` unless a live object starts there, `slab/red-zone` when it was overrun */
  private liveGranule(address: number): number {
    if (this.destroyed) this.panicDestroyed();
    const granule = this.granuleOf(address);
    if (granule === NIL) panic('slab/bad-free', `cache '${this.name}': ${this.parts.describe(address)}`);
    this.guard?.checkLive(address);
    return granule;
  }

  private checkCpu(cpu: number): void {
    checked('cpu', cpu, 0, this.cpuCount - 1);
  }

  private fail(): Errno {
    this.failed++;
    return ENOMEM;
  }

  private panicDestroyed(): never {
    panic('slab/destroyed', `cache '${this.name}' was destroyed`);
  }
}
