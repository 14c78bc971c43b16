/**
 * Reverse mapping: from a frame to the page-table entries that hold it.
 *
 * Units      page = virtual address / 4096
 * Shape      the first entry of a frame lies in arrays indexed by frame, each further one (copy-on-write after fork, shared
 *            pages) in a node of a pool that doubles when it is full; 20 bytes a frame, 20 more for each further entry
 * Invariant  `count(frame)` entries hold one reference each; a frame with no other reference is *movable*: every way to it
 *            is known, so it can be evicted or migrated
 * Cost       `add` O(1); `remove` O(1) for a frame's only or latest entry, else O(entries of the frame)
 */
import { PAGE_SHIFT, PAGE_SIZE, panic } from '@veridian-os/abi';
import type { Asid, Frame, MemoryRegion } from '@veridian-os/abi';

const FIRST_NODES = 256;

class Nodes {
  asid = new Uint32Array(FIRST_NODES);
  page = new Float64Array(FIRST_NODES);
  next = new Int32Array(FIRST_NODES);
  /** First of the free nodes; node 0 is never used. */
  private free = 0;
  private used = 1;

  alloc(): number {
    const node = this.free;
    if (node !== 0) {
      this.free = this.next[node];
      return node;
    }
    if (this.used === this.next.length) this.grow();
    return this.used++;
  }

  release(node: number): void {
    this.next[node] = this.free;
    this.free = node;
  }

  private grow(): void {
    const length = 2 * this.next.length;
    const { asid, page, next } = this;
    (this.asid = new Uint32Array(length)).set(asid);
    (this.page = new Float64Array(length)).set(page);
    (this.next = new Int32Array(length)).set(next);
  }
}

/** Frames of one region. */
class Zone {
  readonly first: number;
  readonly end: number;
  readonly asid: Uint32Array;
  readonly page: Float64Array;
  /** Node of the latest further entry, 0 = none. */
  readonly more: Int32Array;
  readonly entries: Uint32Array;

  constructor({ base, length }: MemoryRegion) {
    this.first = base / PAGE_SIZE;
    const count = length >>> PAGE_SHIFT;
    this.end = this.first + count;
    this.asid = new Uint32Array(count);
    this.page = new Float64Array(count);
    this.more = new Int32Array(count);
    this.entries = new Uint32Array(count);
  }
}

export class ReverseMap {
  private readonly zones: readonly Zone[];
  private readonly nodes = new Nodes();
  /** Of the last frame. */
  private last: Zone;

  constructor(regions: readonly MemoryRegion[]) {
    this.zones = regions.map((region) => new Zone(region));
    this.last = this.zones[0];
  }

  /** An entry of address space `asid` for `page` holds `frame` from now on. */
  add(frame: Frame, asid: Asid, page: number): void {
    const zone = this.zoneOf(frame);
    const at = frame - zone.first;
    if (zone.entries[at]++ === 0) {
      zone.asid[at] = asid;
      zone.page[at] = page;
      return;
    }
    const { nodes } = this;
    const node = nodes.alloc();
    nodes.asid[node] = asid;
    nodes.page[node] = page;
    nodes.next[node] = zone.more[at];
    zone.more[at] = node;
  }

  /** @throws KernelPanic `memory/reverse-map` unless that entry was added */
  remove(frame: Frame, asid: Asid, page: number): void {
    const zone = this.zoneOf(frame);
    const at = frame - zone.first;
    if (zone.entries[at] === 0) panic('memory/reverse-map', `frame ${frame} has no entry for page ${page}`);
    const only = zone.asid[at] === asid && zone.page[at] === page;
    zone.entries[at]--;
    if (!only) this.removeFurther(zone, at, asid, page);
    else if (zone.more[at] !== 0) this.pullUp(zone, at);
  }

  /** Entries that hold the frame. */
  count(frame: Frame): number {
    const zone = this.zoneOf(frame);
    return zone.entries[frame - zone.first];
  }

  /** Calls `visit` for each entry; it must not change the map. */
  forEach(frame: Frame, visit: (asid: Asid, page: number) => void): void {
    const zone = this.zoneOf(frame);
    const { nodes } = this;
    const at = frame - zone.first;
    if (zone.entries[at] === 0) return;
    visit(zone.asid[at] as Asid, zone.page[at]);
    for (let node = zone.more[at]; node !== 0; node = nodes.next[node])
      visit(nodes.asid[node] as Asid, nodes.page[node]);
  }

  /** The latest further entry takes the place of the first. */
  private pullUp(zone: Zone, at: number): void {
    const { nodes } = this;
    const node = zone.more[at];
    zone.asid[at] = nodes.asid[node];
    zone.page[at] = nodes.page[node];
    zone.more[at] = nodes.next[node];
    nodes.release(node);
  }

  private removeFurther(zone: Zone, at: number, asid: Asid, page: number): void {
    const { nodes } = this;
    let before = 0;
    let node = zone.more[at];
    while (node !== 0 && (nodes.asid[node] !== asid || nodes.page[node] !== page)) {
      before = node;
      node = nodes.next[node];
    }
    if (node === 0) panic('memory/reverse-map', `frame ${zone.first + at} has no entry for page ${page}`);
    if (before === 0) zone.more[at] = nodes.next[node];
    else nodes.next[before] = nodes.next[node];
    nodes.release(node);
  }

  private zoneOf(frame: Frame): Zone {
    const { last } = this;
    return frame >= last.first && frame < last.end ? last : this.search(frame);
  }

  private search(frame: Frame): Zone {
    for (const zone of this.zones) {
      if (frame >= zone.first && frame < zone.end) return (this.last = zone);
    }
    return panic('memory/no-such-frame', `frame ${frame}`);
  }
}
