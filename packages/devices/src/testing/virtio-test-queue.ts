/** The driver's side of a split virtqueue, for tests. Source: VIRTIO 1.2, section 2.7. */
import type { TestDriver } from './virtio-driver.js';

export interface TestQueueOptions {
  readonly index: number;
  readonly size: number;
  readonly eventIndex: boolean;
  readonly indirect: boolean;
}

/** A request that the device has given back. */
export interface Completion {
  /** What `submit` returned. */
  readonly id: number;
  /** Bytes that the device says it has written. */
  readonly length: number;
  /** The writable buffers, one after the other, as a copy. */
  readonly data: Uint8Array;
}

interface Pending {
  readonly id: number;
  readonly descriptors: readonly number[];
  readonly writable: readonly (readonly [address: number, length: number])[];
}

const NEXT = 1;
const WRITE = 2;
const INDIRECT = 4;
const TWO_32 = 4294967296;

export class TestQueue {
  readonly size: number;
  /** Guest physical addresses of the three parts. */
  readonly descriptors: number;
  readonly available: number;
  readonly used: number;
  private readonly driver: TestDriver;
  private readonly options: TestQueueOptions;
  private readonly free: number[] = [];
  private readonly pending = new Map<number, Pending>();
  private readonly view: DataView;
  private nextId = 0;
  private added = 0;
  private kicked = 0;
  private seen = 0;

  constructor(driver: TestDriver, options: TestQueueOptions) {
    const { size } = options;
    this.driver = driver;
    this.options = options;
    this.size = size;
    this.descriptors = driver.allocate(16 * size, 16);
    this.available = driver.allocate(6 + 2 * size, 2);
    this.used = driver.allocate(6 + 8 * size, 4);
    for (const [at, length] of [
      [this.descriptors, 16 * size],
      [this.available, 6 + 2 * size],
      [this.used, 6 + 8 * size],
    ] as const)
      driver.at(at, length).fill(0);
    this.view = new DataView(driver.ram.buffer);
    for (let i = size - 1; i >= 0; i--) this.free.push(i);
  }

  /** Descriptors that no request uses. */
  get room(): number {
    return this.free.length;
  }

  get16(address: number): number {
    return this.view.getUint16(address - this.driver.base, true);
  }

  set16(address: number, value: number): void {
    this.view.setUint16(address - this.driver.base, value, true);
  }

  /** Writes a descriptor into a table, at any index. */
  describe(table: number, index: number, address: number, length: number, flags: number, next: number): void {
    const at = table - this.driver.base + 16 * index;
    this.view.setUint32(at, address % TWO_32, true);
    this.view.setUint32(at + 4, Math.floor(address / TWO_32), true);
    this.view.setUint32(at + 8, length, true);
    this.view.setUint16(at + 12, flags, true);
    this.view.setUint16(at + 14, next, true);
  }

  /**
   * Makes a request available, without telling the device.
   * @param readable contents for the device to read
   * @param writable lengths of buffers for it to write
   * @param indirect in a table of its own, as far as negotiated
   * @returns the request's id
   */
  submit(readable: readonly Uint8Array[], writable: readonly number[], indirect = false): number {
    const buffers: [number, number, number][] = [];
    for (const bytes of readable) {
      const address = this.driver.allocate(bytes.length, 1);
      this.driver.at(address, bytes.length).set(bytes);
      buffers.push([address, bytes.length, 0]);
    }
    for (const length of writable) buffers.push([this.driver.allocate(length, 1), length, WRITE]);
    const id = this.nextId++;
    const used = indirect && this.options.indirect ? this.chainIndirect(buffers) : this.chain(buffers);
    const places = buffers.filter(([, , flags]) => flags === WRITE).map(([at, length]) => [at, length] as const);
    this.pending.set(used[0], { id, descriptors: used, writable: places });
    this.offer(used[0]);
    return id;
  }

  private chain(buffers: readonly (readonly [number, number, number])[]): number[] {
    if (buffers.length === 0 || buffers.length > this.free.length) {
      throw new RangeError(`buffers: expected 1 .. ${this.free.length}, got ${buffers.length}`);
    }
    const used = buffers.map(() => this.free.pop()!);
    buffers.forEach(([address, length, flags], i) => {
      const next = used[i + 1];
      const more = next === undefined ? 0 : NEXT;
      this.describe(this.descriptors, used[i], address, length, flags | more, next ?? 0);
    });
    return used;
  }

  private chainIndirect(buffers: readonly (readonly [number, number, number])[]): number[] {
    const table = this.driver.allocate(16 * buffers.length);
    buffers.forEach(([address, length, flags], i) => {
      const more = i + 1 < buffers.length ? NEXT : 0;
      this.describe(table, i, address, length, flags | more, i + 1);
    });
    const index = this.free.pop();
    if (index === undefined) throw new RangeError('descriptors: expected a free one, got none');
    this.describe(this.descriptors, index, table, 16 * buffers.length, INDIRECT, 0);
    return [index];
  }

  /** Puts any number as a head into the available ring. */
  offer(head: number): void {
    this.set16(this.available + 4 + 2 * (this.added % this.size), head);
    this.added = (this.added + 1) & 0xffff;
    this.set16(this.available + 2, this.added);
  }

  /** Tells the device, if it wants to be told. @returns whether it did */
  kick(): boolean {
    const before = this.kicked;
    this.kicked = this.added;
    const wanted = this.options.eventIndex
      ? isBetween(this.get16(this.used + 4 + 8 * this.size), before, this.added)
      : (this.get16(this.used) & 1) === 0;
    if (wanted) this.driver.write(0x50, this.options.index);
    return wanted;
  }

  /** With the event index: interrupt when this many more than were collected have been used. Otherwise: 0 = never. */
  interruptAfter(count: number): void {
    if (this.options.eventIndex) this.set16(this.available + 4 + 2 * this.size, (this.seen + count - 1) & 0xffff);
    else this.set16(this.available, count === 0 ? 1 : 0);
  }

  /**
   * What has been used since the last call; asks for an interrupt for the next.
   * @throws Error for a used element that answers no request
   */
  collect(): Completion[] {
    const done: Completion[] = [];
    while (this.seen !== this.get16(this.used + 2)) {
      const at = this.used - this.driver.base + 4 + 8 * (this.seen % this.size);
      const head = this.view.getUint32(at, true);
      const pending = this.pending.get(head);
      if (pending === undefined) throw new Error(`used element for descriptor ${head}: no such request`);
      this.pending.delete(head);
      this.free.push(...pending.descriptors);
      const data = pending.writable.flatMap(([address, length]) => [...this.driver.at(address, length)]);
      done.push({ id: pending.id, length: this.view.getUint32(at + 4, true), data: Uint8Array.from(data) });
      this.seen = (this.seen + 1) & 0xffff;
    }
    this.interruptAfter(1);
    return done;
  }
}

/** `event` is one of the indices from `before` to just before `now`, modulo 2^16. */
function isBetween(event: number, before: number, now: number): boolean {
  for (let index = before; index !== now; index = (index + 1) & 0xffff) if (index === event) return true;
  return false;
}
