/**
 * A virtio driver for tests: it lives in a buffer of guest memory and knows a device only by its registers. It is polite
 * by default; tests of rudeness poke its memory.
 *
 *   const driver = new TestDriver((memory, line) => new VirtioMmio(new VirtioRng(fill), memory, line));
 *   driver.initialise();
 *   driver.queue(0).submit([], [16]);
 *   driver.queue(0).kick();
 *   const [{ data }] = driver.queue(0).collect();
 */
import type { Device, Line } from '../device.js';
import { RegionMemory, type GuestMemory } from '../virtio/guest-memory.js';
import { TestQueue, type TestQueueOptions } from './virtio-test-queue.js';

export interface TestDriverOptions {
  /** First guest physical address of RAM; 0x8000_0000 by default. */
  readonly base?: number;
  /** Bytes of RAM; 1 MiB by default. */
  readonly ramBytes?: number;
  /** Feature bits that the driver does not take though they are offered. */
  readonly without?: readonly number[];
  /** Size of the queues, at most what the device offers; its maximum by default, but not above 64. */
  readonly queueSize?: number;
}

const BASE = 0x8000_0000;
const TWO_32 = 4294967296;

export class TestDriver {
  /** All of RAM; address `base` is at index 0. */
  readonly ram: Uint8Array<ArrayBuffer>;
  readonly base: number;
  readonly memory: GuestMemory;
  readonly device: Device;
  /** The level of the device's interrupt line, and how often it has gone up. */
  level = false;
  edges = 0;
  /** What `initialise` agreed on, as bit numbers. */
  features: readonly number[] = [];
  private readonly options: TestDriverOptions;
  private readonly queues: TestQueue[] = [];
  private free: number;

  constructor(make: (memory: GuestMemory, line: Line) => Device, options: TestDriverOptions = {}) {
    this.options = options;
    this.base = options.base ?? BASE;
    this.ram = new Uint8Array(options.ramBytes ?? 1024 * 1024);
    this.memory = new RegionMemory([{ base: this.base, bytes: this.ram }]);
    this.free = this.base;
    this.device = make(this.memory, (high) => {
      if (high && !this.level) this.edges++;
      this.level = high;
    });
  }

  read(register: number): number {
    return this.device.read(register, 4);
  }

  write(register: number, value: number): void {
    this.device.write(register, 4, value >>> 0);
  }

  /** A field of the configuration space. */
  config(offset: number, size: 1 | 2 | 4 = 4): number {
    return this.device.read(0x100 + offset, size);
  }

  /** Section 3.1.1 from reset to DRIVER_OK, with all queues that the device has. */
  initialise(): void {
    this.write(0x70, 0);
    this.free = this.base;
    this.queues.length = 0;
    this.write(0x70, 1);
    this.write(0x70, 3);
    this.features = this.negotiate();
    this.write(0x70, 11);
    if ((this.read(0x70) & 8) === 0) throw new Error('the device refused the features');
    for (let index = 0; this.setUpQueue(index); index++);
    this.write(0x70, 15);
  }

  private negotiate(): number[] {
    const taken: number[] = [];
    for (const word of [0, 1]) {
      this.write(0x14, word);
      const offered = this.read(0x10);
      let accepted = 0;
      for (let bit = 0; bit < 32; bit++) {
        const feature = word * 32 + bit;
        if (!((offered >>> bit) & 1) || this.options.without?.includes(feature)) continue;
        accepted |= 1 << bit;
        taken.push(feature);
      }
      this.write(0x24, word);
      this.write(0x20, accepted);
    }
    return taken;
  }

  private setUpQueue(index: number): boolean {
    this.write(0x30, index);
    const most = this.read(0x34);
    if (most === 0) return false;
    const size = Math.min(this.options.queueSize ?? 64, most);
    const options: TestQueueOptions = {
      index,
      size,
      eventIndex: this.features.includes(29),
      indirect: this.features.includes(28),
    };
    const queue = new TestQueue(this, options);
    this.write(0x38, size);
    this.writeAddress(0x80, queue.descriptors);
    this.writeAddress(0x90, queue.available);
    this.writeAddress(0xa0, queue.used);
    this.write(0x44, 1);
    this.queues.push(queue);
    return true;
  }

  private writeAddress(register: number, address: number): void {
    this.write(register, address % TWO_32);
    this.write(register + 4, Math.floor(address / TWO_32));
  }

  get queueCount(): number {
    return this.queues.length;
  }

  queue(index: number): TestQueue {
    const queue = this.queues[index];
    if (queue === undefined) throw new RangeError(`index: expected 0 .. ${this.queues.length - 1}, got ${index}`);
    return queue;
  }

  /** Reads and acknowledges the interrupt. @returns its reasons: 1 used buffers, 2 configuration */
  acknowledge(): number {
    const reasons = this.read(0x60);
    this.write(0x64, reasons);
    return reasons;
  }

  /** The device has asked for a reset. */
  get needsReset(): boolean {
    return (this.read(0x70) & 0x40) !== 0;
  }

  /** Memory that nobody uses yet, until the next `initialise`. @returns its guest physical address */
  allocate(bytes: number, alignment = 16): number {
    const address = Math.ceil(this.free / alignment) * alignment;
    if (address + bytes > this.base + this.ram.length) throw new RangeError(`bytes: expected room for ${bytes}`);
    this.free = address + bytes;
    return address;
  }

  /** The bytes of RAM at an address. */
  at(address: number, length: number): Uint8Array {
    const view = this.memory.view(address, length);
    if (view === null) throw new RangeError(`address: expected RAM, got ${address}`);
    return view;
  }
}
