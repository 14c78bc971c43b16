/**
 * The device's side of a split virtqueue.
 *
 * Shapes     n = size, a power of two: descriptor table 16 n bytes, available ring 6 + 2 n, used ring 6 + 8 n
 * Invariant  0 <= chains taken and not yet pushed <= n, or the driver is broken and the queue has stopped
 * Cost       O(descriptors) per chain; a chain is bounded by `MAX_INDIRECT` descriptors and `MAX_CHAIN_BYTES`
 * Trust      every index, address and length comes from the guest: what does not hold stops the queue through `fail`,
 *            and nothing here throws or loops for it
 * Source     VIRTIO 1.2, section 2.7 (split virtqueues), 2.7.7 (notification suppression)
 */
import { Chain } from './chain.js';
import type { GuestMemory } from './guest-memory.js';
import { Feature } from './virtio-device.js';

const TWO_32 = 4294967296;
const DESCRIPTOR_BYTES = 16;
const NEXT = 1;
const WRITE = 2;
const INDIRECT = 4;
const NO_INTERRUPT = 1;
/** Descriptors in an indirect table. Linux uses longer ones than the queue, so the queue's size is no bound. */
const MAX_INDIRECT = 1024;
/** Bytes on both sides of one chain: far above what drivers ask for, and little enough to copy. */
const MAX_CHAIN_BYTES = 64 * 1024 * 1024;
/** Chains served in a row. A driver that adds as fast as they are taken must not hold the host. */
const MAX_ROW = 4096;
/** What a server answers for a chain that it keeps, to `complete` it later. */
export const KEPT = -1;

/** What a queue needs of its transport. */
export interface QueueOwner {
  readonly memory: GuestMemory;
  has(feature: number): boolean;
  /** Sets the used-buffer interrupt. */
  interrupt(): void;
  fail(reason: string): void;
}

/** Where the driver put the three parts, in bytes of guest physical addresses. */
export interface QueueLayout {
  readonly size: number;
  readonly descriptors: number;
  readonly driver: number;
  readonly device: number;
}

interface Parts {
  readonly readable: Uint8Array[];
  readonly writable: Uint8Array[];
  bytes: number;
}

const NOWHERE: DataView = new DataView(new ArrayBuffer(0));

export class Virtqueue {
  private readonly owner: QueueOwner;
  private readonly fence = new Int32Array(1);
  private size = 0;
  private mask = 0;
  private table = NOWHERE;
  private available = NOWHERE;
  private used = NOWHERE;
  private eventIndex = false;
  private indirect = false;
  /** Free-running 16-bit indices. */
  private nextAvailable = 0;
  private nextUsed = 0;
  private signalled = 0;
  private epoch = 0;
  private stopped = true;

  constructor(owner: QueueOwner) {
    this.owner = owner;
  }

  /** The chain may still be written to: neither a reset nor a failure has come since it was taken. */
  owns(chain: Chain): boolean {
    return !this.stopped && chain.epoch === this.epoch;
  }

  /** The driver has set the queue up and nothing has gone wrong since. */
  get ready(): boolean {
    return !this.stopped;
  }

  /** Puts the queue to work. Rings outside RAM or misaligned are the driver's failure. */
  open(layout: QueueLayout): void {
    const { size, descriptors, driver, device } = layout;
    this.close();
    const table = this.map(descriptors, DESCRIPTOR_BYTES * size, 16);
    const available = this.map(driver, 6 + 2 * size, 2);
    const used = this.map(device, 6 + 8 * size, 4);
    if (table === null || available === null || used === null) {
      this.owner.fail(`queue at ${descriptors}, ${driver}, ${device} of size ${size}: misaligned or not in RAM`);
      return;
    }
    this.size = size;
    this.mask = size - 1;
    this.table = table;
    this.available = available;
    this.used = used;
    this.eventIndex = this.owner.has(Feature.EventIndex);
    this.indirect = this.owner.has(Feature.IndirectDescriptors);
    // A driver may set rings up that already hold something only after a reset of the queue, which starts at zero.
    this.nextAvailable = this.nextUsed = this.signalled = 0;
    this.stopped = false;
  }

  /** Forgets the rings. Chains taken before belong to nobody now. */
  close(): void {
    this.stopped = true;
    this.epoch++;
    this.table = this.available = this.used = NOWHERE;
    this.size = this.mask = 0;
  }

  /** No chain comes out any more, until the next `open`. */
  stop(): void {
    this.stopped = true;
  }

  private map(address: number, length: number, alignment: number): DataView | null {
    if (address % alignment !== 0) return null;
    const view = this.owner.memory.view(address, length);
    return view === null ? null : new DataView(view.buffer, view.byteOffset, view.byteLength);
  }

  /**
   * The next chain that the driver made available, or null. Before it says null it asks to be notified of the next one,
   * so that a device may sleep on it.
   */
  pop(): Chain | null {
    if (this.stopped) return null;
    let waiting = this.waiting();
    if (waiting === 0 && this.eventIndex) {
      this.used.setUint16(4 + 8 * this.size, this.nextAvailable, true); // avail_event
      Atomics.or(this.fence, 0, 0); // the driver's CPU may add just now: look after the store, not before
      waiting = this.waiting();
    }
    if (waiting === 0) return null;
    if (waiting > this.size) return this.broken(`${waiting} chains available in a queue of ${this.size}`);
    const head = this.available.getUint16(4 + 2 * (this.nextAvailable & this.mask), true);
    const chain = this.walk(head);
    if (chain !== null) this.nextAvailable = (this.nextAvailable + 1) & 0xffff;
    return chain;
  }

  private waiting(): number {
    return (this.available.getUint16(2, true) - this.nextAvailable) & 0xffff;
  }

  private broken(reason: string): null {
    this.stopped = true;
    this.owner.fail(reason);
    return null;
  }

  private walk(head: number): Chain | null {
    const parts: Parts = { readable: [], writable: [], bytes: 0 };
    const at = head * DESCRIPTOR_BYTES;
    const indirect = head < this.size && (this.table.getUint16(at + 12, true) & INDIRECT) !== 0;
    const reason = indirect ? this.gatherIndirect(at, parts) : this.gather(this.table, this.size, head, parts);
    if (reason !== '') return this.broken(reason);
    return new Chain(head, this.epoch, parts.readable, parts.writable);
  }

  private gatherIndirect(at: number, parts: Parts): string {
    const length = this.table.getUint32(at + 8, true);
    const flags = this.table.getUint16(at + 12, true);
    if (!this.indirect) return 'an indirect descriptor that was not negotiated';
    if (flags & NEXT) return 'an indirect descriptor with a next one';
    if (length === 0 || length % DESCRIPTOR_BYTES !== 0) return `an indirect table of ${length} bytes`;
    const count = length / DESCRIPTOR_BYTES;
    if (count > MAX_INDIRECT) return `an indirect table of ${count} descriptors`;
    const table = this.map(addressIn(this.table, at), length, 1);
    return table === null ? 'an indirect table outside RAM' : this.gather(table, count, 0, parts);
  }

  /** Follows `next` through a table of `count`, at most `count` times. @returns what is wrong, or '' */
  private gather(table: DataView, count: number, first: number, parts: Parts): string {
    let index = first;
    for (let walked = 0; walked < count; walked++) {
      if (index >= count) return `descriptor ${index} of ${count}`;
      const at = index * DESCRIPTOR_BYTES;
      const flags = table.getUint16(at + 12, true);
      if (flags & INDIRECT) return 'an indirect descriptor inside a chain';
      const reason = this.add(addressIn(table, at), table.getUint32(at + 8, true), (flags & WRITE) !== 0, parts);
      if (reason !== '') return reason;
      if (!(flags & NEXT)) return '';
      index = table.getUint16(at + 14, true);
    }
    return 'a loop of descriptors';
  }

  private add(address: number, length: number, write: boolean, parts: Parts): string {
    if (length === 0) return '';
    if (!write && parts.writable.length > 0) return 'a readable descriptor after a writable one';
    parts.bytes += length;
    if (parts.bytes > MAX_CHAIN_BYTES) return `a chain of ${parts.bytes} bytes or more`;
    const view = this.owner.memory.view(address, length);
    if (view === null) return `a buffer outside RAM: ${length} bytes at ${address}`;
    (write ? parts.writable : parts.readable).push(view);
    return '';
  }

  /**
   * Gives a chain back. @param written bytes written to its writable side, from its start
   * Without effect for a chain from before a reset, and after a failure.
   */
  push(chain: Chain, written: number): void {
    if (!this.owns(chain)) return;
    const at = 4 + 8 * (this.nextUsed & this.mask);
    this.used.setUint32(at, chain.head, true);
    this.used.setUint32(at + 4, written, true);
    this.nextUsed = (this.nextUsed + 1) & 0xffff;
    Atomics.or(this.fence, 0, 0); // the element before the index, for a driver on another CPU
    this.used.setUint16(2, this.nextUsed, true);
  }

  /** Interrupts for what was pushed since the last call, unless the driver does not want to be told. */
  signal(): void {
    if (this.stopped || this.nextUsed === this.signalled) return;
    Atomics.or(this.fence, 0, 0); // the used index before the driver's wish: it writes them the other way round
    const before = this.signalled;
    this.signalled = this.nextUsed;
    if (this.eventIndex) {
      const event = this.available.getUint16(4 + 2 * this.size, true);
      if (!passed(event, this.nextUsed, before)) return;
    } else if (this.available.getUint16(0, true) & NO_INTERRUPT) return;
    this.owner.interrupt();
  }

  /**
   * Serves what is available, then signals.
   * @param serve answers with the bytes written to the chain, or KEPT
   * @returns false if it stopped at its bound and must be called again
   */
  drain(serve: (chain: Chain) => number): boolean {
    let row = 0;
    for (; row < MAX_ROW; row++) {
      const chain = this.pop();
      if (chain === null) break;
      const written = serve(chain);
      if (written !== KEPT) this.push(chain, written);
    }
    this.signal();
    return row < MAX_ROW;
  }

  /** `push` and `signal`: for devices that complete one chain at a time. */
  complete(chain: Chain, written: number): void {
    this.push(chain, written);
    this.signal();
  }
}

/** The index `event` lies in what was done from `before` to `now`: section 2.7.7.1's formula. */
function passed(event: number, now: number, before: number): boolean {
  return ((now - event - 1) & 0xffff) < ((now - before) & 0xffff);
}

/** A 64-bit address; beyond 2^53 it is not exact, and no RAM is there. */
function addressIn(table: DataView, at: number): number {
  return table.getUint32(at + 4, true) * TWO_32 + table.getUint32(at, true);
}
