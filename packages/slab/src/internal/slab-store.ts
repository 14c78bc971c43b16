/**
 * The slabs of one cache: free lists in the memory of the free objects, a list per node of the slabs that have one.
 *
 * Link       the word at `linkWord` of a free object holds the granule of the next one, NIL at the end, exclusive-or'ed with
 *            the cache's secret and with its own place, byte by byte reversed (as SLUB does with
 *            CONFIG_SLAB_FREELIST_HARDENED): whoever overwrites it does not know what would make it point somewhere.
 *            It is checked before it is followed: same slab, start of an object, not live, and NIL exactly at the last one.
 * Cost       a take or a put is O(1); a new slab costs its objects
 */
import { isErrno, PAGE_SHIFT, panic } from '@veridian-os/abi';
import type { Order } from '@veridian-os/abi';
import type { ObjectAddress, SlabNode } from '../api.js';
import {
  FRAME_GRANULES_SHIFT,
  GRANULE_SHIFT,
  HEAD,
  LENGTH,
  LIST_SHIFT,
  NIL,
  OF_CACHE,
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
import type { FrameTable } from './frame-table.js';
import { colourStep, coloursOf, objectsIn, type Geometry } from './geometry.js';
import type { SlabTable } from './slab-table.js';

/** What the caches of an allocator share. */
export interface Arena {
  readonly bytes: Uint8Array<ArrayBufferLike>;
  /** The same bytes. */
  readonly words: Int32Array<ArrayBufferLike>;
  readonly frames: FrameTable;
  readonly slabs: SlabTable;
  readonly nodes: readonly SlabNode[];
}

export interface StoreOptions {
  readonly arena: Arena;
  readonly geometry: Geometry;
  /** Number of the cache, for the tables, and its name, for panics. */
  readonly id: number;
  readonly name: string;
  readonly secret: number;
  readonly minPartial: number;
  /** Prepares an object of a new slab; may throw. */
  readonly prepare: ((address: ObjectAddress) => void) | undefined;
}

/** Reverses the bytes of a word. */
function swap(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}

/** Addresses in messages. */
export const hex = (address: number): string => `0x${address.toString(16)}`;

export class SlabStore {
  /** Slabs, objects, objects that are not on a free list, and frames, in all. */
  slabCount = 0;
  objectCount = 0;
  inUse = 0;
  frameCount = 0;
  created = 0;
  discarded = 0;
  readonly arena: Arena;
  readonly geometry: Geometry;
  private readonly memory: Int32Array<ArrayBufferLike>;
  private readonly id: number;
  private readonly name: string;
  private readonly secret: number;
  private readonly minPartial: number;
  private readonly prepare: StoreOptions['prepare'];
  /** Head, tail and length of each node's partial list. */
  readonly lists: Int32Array;
  private readonly linkWord: number;
  /** Of the next slab, in steps. */
  private colour = 0;

  constructor({ arena, geometry, id, name, secret, minPartial, prepare }: StoreOptions) {
    this.arena = arena;
    this.memory = arena.words;
    this.geometry = geometry;
    this.id = id;
    this.name = name;
    this.secret = secret | 0;
    this.minPartial = minPartial;
    this.prepare = prepare;
    this.linkWord = geometry.linkWord;
    this.lists = new Int32Array(arena.nodes.length << LIST_SHIFT);
  }

  /** What the frame table says of this cache's slabs on a node; never 0. */
  ownerOf(node: number): number {
    return this.id * this.arena.nodes.length + node + 1;
  }

  partialSlabs(node: number): number {
    return this.lists[(node << LIST_SHIFT) + LENGTH];
  }

  /** The object that {@link take} would give first, or NIL. */
  peek(node: number): number {
    const slab = this.lists[(node << LIST_SHIFT) + HEAD];
    return slab === 0 ? NIL : this.arena.slabs.words[(slab << SLAB_SHIFT) + OF_FREE];
  }

  /**
   * Moves up to `want` free objects of a node into `out`, from index `at` on.
   * @returns how many
   * @throws KernelPanic `slab/free-list` when the first link is damaged; a later one ends the taking
   */
  take(node: number, out: Int32Array, at: number, want: number): number {
    const { slabs } = this.arena;
    const list = node << LIST_SHIFT;
    let got = 0;
    while (got < want) {
      const slab = this.lists[list + HEAD];
      if (slab === 0) break;
      const line = slab << SLAB_SHIFT;
      const objects = slabs.words[line + OF_OBJECTS];
      let inUse = slabs.words[line + OF_IN_USE];
      let granule = slabs.words[line + OF_FREE];
      const before = got;
      while (got < want && granule !== NIL) {
        const next = this.linkOf(granule);
        if (next === granule || !this.mayFollow(line, next, inUse + 1 === objects)) {
          if (got === 0) this.damaged(granule, next);
          want = got;
          break;
        }
        out[at + got++] = granule;
        inUse++;
        granule = next;
      }
      slabs.words[line + OF_FREE] = granule;
      slabs.words[line + OF_IN_USE] = inUse;
      this.inUse += got - before;
      if (granule === NIL) this.unlist(slab);
    }
    return got;
  }

  /** Puts an object on the free list of its slab; an empty slab that is one too many goes back to its source. */
  put(granule: number): void {
    const { slabs, frames } = this.arena;
    const slab = frames.slabAt(granule >>> FRAME_GRANULES_SHIFT);
    const line = slab << SLAB_SHIFT;
    const { words } = slabs;
    this.link(granule, words[line + OF_FREE]);
    words[line + OF_FREE] = granule;
    const inUse = --words[line + OF_IN_USE];
    this.inUse--;
    if (words[line + OF_LISTED] === 0) this.list(slab, words[line + OF_NODE], false);
    if (inUse === 0 && this.partialSlabs(words[line + OF_NODE]) > this.minPartial) this.discard(slab);
  }

  /**
   * One more slab for a node, of the preferred order or else of the smallest.
   * @returns whether the source had the frames
   */
  grow(node: number): boolean {
    const { geometry } = this;
    return (
      this.growBy(node, geometry.order) || (geometry.minOrder < geometry.order && this.growBy(node, geometry.minOrder))
    );
  }

  /** Gives empty slabs back and puts the fullest ones first. @returns the frames */
  shrink(): number {
    const { words } = this.arena.slabs;
    const before = this.frameCount;
    this.arena.nodes.forEach((_, node) => {
      const slabs: number[] = [];
      for (let slab = this.lists[(node << LIST_SHIFT) + HEAD]; slab !== 0;) {
        slabs.push(slab);
        slab = words[(slab << SLAB_SHIFT) + OF_NEXT];
      }
      const freeOf = (slab: number) =>
        words[(slab << SLAB_SHIFT) + OF_OBJECTS] - words[(slab << SLAB_SHIFT) + OF_IN_USE];
      slabs.sort((a, b) => freeOf(a) - freeOf(b) || a - b);
      for (const slab of slabs) {
        this.unlist(slab);
        if (words[(slab << SLAB_SHIFT) + OF_IN_USE] > 0) this.list(slab, node, false);
        else this.discard(slab);
      }
    });
    return before - this.frameCount;
  }

  /** Calls `visit` with the line of each slab of this cache. */
  forEachSlab(visit: (line: number) => void): void {
    const { slabs } = this.arena;
    for (let id = 1; id < slabs.end; id++) {
      const line = id << SLAB_SHIFT;
      if (slabs.words[line + OF_CACHE] === this.id && slabs.words[line + OF_FRAME] >= 0) visit(line);
    }
  }

  /** The object of a slab whose bytes, red zones included, an address is among; NIL for what lies beside them. */
  objectAround(line: number, address: number): number {
    const { leftPad, stride } = this.geometry;
    const { words } = this.arena.slabs;
    const index = Math.floor((address + leftPad - words[line + OF_FIRST] * 8) / stride);
    return index >= 0 && index < words[line + OF_OBJECTS] ? words[line + OF_FIRST] + (index * stride) / 8 : NIL;
  }

  /** The next object on a free list, as the memory says. */
  linkOf(granule: number): number {
    const at = ((granule << 1) + this.linkWord) | 0;
    return this.memory[at] ^ this.secret ^ swap(at);
  }

  /** Whether a link of the slab may be what it is. @param last whether its object is the last free one */
  mayFollow(line: number, next: number, last: boolean): boolean {
    if (last || next === NIL) return last && next === NIL;
    const { words } = this.arena.slabs;
    const offset = next - words[line + OF_FIRST];
    const step = this.geometry.stride >>> GRANULE_SHIFT;
    return (
      offset >= 0 && offset < words[line + OF_OBJECTS] * step && offset % step === 0 && !this.arena.frames.isLive(next)
    );
  }

  private link(granule: number, next: number): void {
    const at = ((granule << 1) + this.linkWord) | 0;
    this.memory[at] = next ^ this.secret ^ swap(at);
  }

  private growBy(node: number, order: number): boolean {
    const { source, firstFrame = 0 } = this.arena.nodes[node];
    const got = source.alloc(order as Order);
    if (isErrno(got)) return false;
    const frame = firstFrame + got;
    this.arena.frames.checkFresh(frame, 2 ** order);
    const colour = this.colour % coloursOf(this.geometry, order);
    try {
      const { leftPad, stride } = this.geometry;
      const first = frame * 2 ** PAGE_SHIFT + colour * colourStep(this.geometry) + leftPad;
      const objects = objectsIn(this.geometry, order);
      if (this.prepare) for (let i = 0; i < objects; i++) this.prepare((first + i * stride) as ObjectAddress);
      this.adopt(node, frame, order, first / 8, objects);
    } catch (error) {
      source.free(got, order as Order);
      throw error;
    }
    this.colour = colour + 1;
    return true;
  }

  /** Enters a prepared slab into the tables, links its objects in the order of their addresses, and lists it. */
  private adopt(node: number, frame: number, order: number, first: number, objects: number): void {
    const { frames, slabs } = this.arena;
    const step = this.geometry.stride >>> GRANULE_SHIFT;
    for (let i = 0; i < objects; i++) this.link(first + i * step, i + 1 < objects ? first + (i + 1) * step : NIL);
    const slab = slabs.create();
    const line = slab << SLAB_SHIFT;
    const { words } = slabs;
    words[line + OF_FRAME] = frame;
    words[line + OF_ORDER] = order;
    words[line + OF_CACHE] = this.id;
    words[line + OF_NODE] = node;
    words[line + OF_FREE] = first;
    words[line + OF_FIRST] = first;
    words[line + OF_OBJECTS] = objects;
    frames.claim(frame, 2 ** order, this.ownerOf(node), slab);
    this.list(slab, node, true);
    this.slabCount++;
    this.created++;
    this.objectCount += objects;
    this.frameCount += 2 ** order;
  }

  private discard(slab: number): void {
    const { frames, slabs, nodes } = this.arena;
    const line = slab << SLAB_SHIFT;
    const frame = slabs.words[line + OF_FRAME];
    const order = slabs.words[line + OF_ORDER];
    const { source, firstFrame = 0 } = nodes[slabs.words[line + OF_NODE]];
    if (slabs.words[line + OF_LISTED] !== 0) this.unlist(slab);
    this.slabCount--;
    this.discarded++;
    this.objectCount -= slabs.words[line + OF_OBJECTS];
    this.frameCount -= 2 ** order;
    frames.release(frame, 2 ** order);
    slabs.release(slab);
    source.free((frame - firstFrame) as Parameters<typeof source.free>[0], order as Order);
  }

  /** Adds a slab to its node's partial list, in front or at the end. */
  private list(slab: number, node: number, front: boolean): void {
    const { words } = this.arena.slabs;
    const { lists } = this;
    const list = node << LIST_SHIFT;
    const line = slab << SLAB_SHIFT;
    const neighbour = lists[list + (front ? HEAD : TAIL)];
    words[line + OF_LISTED] = 1;
    words[line + OF_NEXT] = front ? neighbour : 0;
    words[line + OF_PREVIOUS] = front ? 0 : neighbour;
    if (neighbour === 0) lists[list + (front ? TAIL : HEAD)] = slab;
    else words[(neighbour << SLAB_SHIFT) + (front ? OF_PREVIOUS : OF_NEXT)] = slab;
    lists[list + (front ? HEAD : TAIL)] = slab;
    lists[list + LENGTH]++;
  }

  private unlist(slab: number): void {
    const { words } = this.arena.slabs;
    const { lists } = this;
    const line = slab << SLAB_SHIFT;
    const list = words[line + OF_NODE] << LIST_SHIFT;
    const next = words[line + OF_NEXT];
    const previous = words[line + OF_PREVIOUS];
    if (previous === 0) lists[list + HEAD] = next;
    else words[(previous << SLAB_SHIFT) + OF_NEXT] = next;
    if (next === 0) lists[list + TAIL] = previous;
    else words[(next << SLAB_SHIFT) + OF_PREVIOUS] = previous;
    words[line + OF_LISTED] = 0;
    lists[list + LENGTH]--;
  }

  private damaged(granule: number, next: number): never {
    const address = granule * 8;
    panic(
      'slab/free-list',
      `cache '${this.name}': the free object at ${hex(address)} links to ${hex((next >>> 0) * 8)}, which is no free ` +
        `object of its slab: the word at ${hex(address + this.linkWord * 4)} was overwritten after the object was freed`,
    );
  }
}
