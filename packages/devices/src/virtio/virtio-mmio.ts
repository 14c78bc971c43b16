/**
 * virtio over memory-mapped registers, version 2. Registers are words; the configuration space takes any size.
 *
 * A broken driver costs nobody but itself: the device asks for a reset (DEVICE_NEEDS_RESET, with `failure` for people)
 * and does no more DMA until it comes.
 * Source: VIRTIO 1.2, section 4.2 (virtio over MMIO), 2.1 (device status), 3.1 (initialisation).
 */
import type { Device, Line } from '../device.js';
import type { GuestMemory } from './guest-memory.js';
import { Feature, type VirtioDevice, type VirtioPort } from './virtio-device.js';
import { Virtqueue, type QueueOwner } from './virtqueue.js';

const MAGIC = 0x74726976; // "virt"
const VERSION = 2;
const VENDOR = 0x56494456; // "VDIV"
/** Bytes of registers in front of the configuration space. */
const CONFIG = 0x100;
const TWO_32 = 4294967296;
const NO_SHARED_MEMORY = 0xffffffff;

const Register = {
  Magic: 0x00,
  Version: 0x04,
  DeviceId: 0x08,
  VendorId: 0x0c,
  DeviceFeatures: 0x10,
  DeviceFeaturesSel: 0x14,
  DriverFeatures: 0x20,
  DriverFeaturesSel: 0x24,
  QueueSel: 0x30,
  QueueNumMax: 0x34,
  QueueNum: 0x38,
  QueueReady: 0x44,
  QueueNotify: 0x50,
  InterruptStatus: 0x60,
  InterruptAck: 0x64,
  Status: 0x70,
  QueueDescLow: 0x80,
  QueueDescHigh: 0x84,
  QueueDriverLow: 0x90,
  QueueDriverHigh: 0x94,
  QueueDeviceLow: 0xa0,
  QueueDeviceHigh: 0xa4,
  SharedMemoryLengthLow: 0xb0,
  SharedMemoryLengthHigh: 0xb4,
  SharedMemoryBaseLow: 0xb8,
  SharedMemoryBaseHigh: 0xbc,
  ConfigGeneration: 0xfc,
} as const;

const Status = { DriverOk: 4, FeaturesOk: 8, NeedsReset: 0x40 } as const;
const STATUS_OF_DRIVER = 0x8f;
const Interrupt = { UsedBuffer: 1, Configuration: 2 } as const;
const TRANSPORT_FEATURES = [Feature.IndirectDescriptors, Feature.EventIndex, Feature.Version1];

/** A queue as the driver describes it before it is ready. */
interface Setup {
  readonly queue: Virtqueue;
  readonly sizeMax: number;
  size: number;
  ready: boolean;
  /** The device has stopped at a bound with chains left. */
  unfinished: boolean;
  /** Low and high words of the descriptor table's, the available ring's and the used ring's address. */
  readonly words: Uint32Array;
}

export class VirtioMmio implements Device, VirtioPort, QueueOwner {
  readonly memory: GuestMemory;
  /** What the driver did wrong since its last reset, or ''. */
  failure = '';
  private readonly device: VirtioDevice;
  private readonly line: Line;
  private readonly queues: readonly Setup[];
  private readonly offered = new Uint32Array(2);
  private readonly accepted = new Uint32Array(2);
  private offeredSelect = 0;
  private acceptedSelect = 0;
  private queueSelect = 0;
  private status = 0;
  private interrupts = 0;
  private generation = 0;

  /**
   * @param memory what the device may reach by DMA
   * @param line its interrupt, level-triggered
   */
  constructor(device: VirtioDevice, memory: GuestMemory, line: Line) {
    this.device = device;
    this.memory = memory;
    this.line = line;
    for (const bit of [...device.features, ...TRANSPORT_FEATURES]) this.offered[bit >> 5] |= 1 << (bit & 31);
    this.queues = device.queueSizes.map((sizeMax) => {
      if (sizeMax < 1 || sizeMax > 1024 || (sizeMax & (sizeMax - 1)) !== 0) {
        throw new RangeError(`queueSizes: expected powers of two up to 1024, got ${sizeMax}`);
      }
      return {
        queue: new Virtqueue(this),
        sizeMax,
        size: 0,
        ready: false,
        unfinished: false,
        words: new Uint32Array(6),
      };
    });
    device.connect(this);
  }

  // The device's side.

  queue(index: number): Virtqueue {
    const setup = this.queues[index];
    if (setup === undefined) throw new RangeError(`index: expected 0 .. ${this.queues.length - 1}, got ${index}`);
    return setup.queue;
  }

  has(feature: number): boolean {
    const agreed = (this.status & Status.FeaturesOk) !== 0;
    return agreed && ((this.accepted[feature >> 5] >>> (feature & 31)) & 1) !== 0;
  }

  interrupt(): void {
    this.raise(Interrupt.UsedBuffer);
  }

  configChanged(): void {
    this.generation = (this.generation + 1) >>> 0;
    if (this.status & Status.DriverOk) this.raise(Interrupt.Configuration);
  }

  fail(reason: string): void {
    if (this.failure === '') this.failure = reason;
    this.status |= Status.NeedsReset;
    for (const { queue } of this.queues) queue.stop();
    if (this.status & Status.DriverOk) this.raise(Interrupt.Configuration);
  }

  private raise(reason: number): void {
    this.interrupts |= reason;
    this.line(true);
  }

  // The driver's side.

  read(offset: number, size: number): number {
    if (offset >= CONFIG) return this.readConfig(offset - CONFIG, size);
    return size === 4 ? this.readRegister(offset) >>> 0 : 0;
  }

  write(offset: number, size: number, value: number): void {
    if (offset >= CONFIG) {
      if (offset - CONFIG + size <= this.device.config.length) this.device.writeConfig(offset - CONFIG, size, value);
    } else if (size === 4) this.writeRegister(offset, value >>> 0);
  }

  private readConfig(offset: number, size: number): number {
    const { config } = this.device;
    let value = 0;
    for (let i = size - 1; i >= 0; i--) value = ((value << 8) | (config[offset + i] ?? 0)) >>> 0;
    return value;
  }

  private readRegister(offset: number): number {
    switch (offset) {
      case Register.Magic:
        return MAGIC;
      case Register.Version:
        return VERSION;
      case Register.DeviceId:
        return this.device.deviceId;
      case Register.VendorId:
        return VENDOR;
      case Register.DeviceFeatures:
        return this.offered[this.offeredSelect] ?? 0;
      case Register.QueueNumMax:
        return this.selected?.sizeMax ?? 0;
      case Register.QueueReady:
        return this.selected?.ready ? 1 : 0;
      case Register.InterruptStatus:
        return this.interrupts;
      case Register.Status:
        return this.status;
      case Register.SharedMemoryLengthLow:
      case Register.SharedMemoryLengthHigh:
      case Register.SharedMemoryBaseLow:
      case Register.SharedMemoryBaseHigh:
        return NO_SHARED_MEMORY;
      case Register.ConfigGeneration:
        return this.generation;
      default: // write-only and reserved registers
        return 0;
    }
  }

  private writeRegister(offset: number, value: number): void {
    switch (offset) {
      case Register.DeviceFeaturesSel:
        this.offeredSelect = value;
        break;
      case Register.DriverFeaturesSel:
        this.acceptedSelect = value;
        break;
      case Register.DriverFeatures:
        if (this.acceptedSelect < 2 && !(this.status & Status.FeaturesOk)) this.accepted[this.acceptedSelect] = value;
        break;
      case Register.QueueSel:
        this.queueSelect = value;
        break;
      case Register.QueueNotify:
        this.notify(value & 0xffff);
        break;
      case Register.InterruptAck:
        this.interrupts &= ~value;
        this.line(this.interrupts !== 0);
        this.resume();
        break;
      case Register.Status:
        this.writeStatus(value & 0xff);
        break;
      default:
        this.writeQueueRegister(offset, value);
    }
  }

  private get selected(): Setup | undefined {
    return this.queues[this.queueSelect];
  }

  private writeQueueRegister(offset: number, value: number): void {
    const setup = this.selected;
    if (setup === undefined) return;
    if (offset === Register.QueueReady) {
      this.setReady(setup, (value & 1) !== 0);
      return;
    }
    if (setup.ready) return; // section 4.2.2.2: the driver must not change a queue that is in use
    if (offset === Register.QueueNum) setup.size = value;
    else if (offset >= Register.QueueDescLow && offset <= Register.QueueDeviceHigh && (offset & 8) === 0) {
      setup.words[((offset - Register.QueueDescLow) >> 4) * 2 + ((offset >> 2) & 1)] = value;
    }
  }

  private setReady(setup: Setup, ready: boolean): void {
    if (ready === setup.ready) return;
    setup.ready = ready;
    if (!ready) {
      setup.queue.close();
      return;
    }
    const { size, sizeMax, words } = setup;
    if (size < 1 || size > sizeMax || (size & (size - 1)) !== 0) {
      this.fail(`a queue of ${size}, at most ${sizeMax}`);
      return;
    }
    const address = (part: number): number => words[part * 2 + 1] * TWO_32 + words[part * 2];
    setup.queue.open({ size, descriptors: address(0), driver: address(1), device: address(2) });
    if (this.status & Status.NeedsReset) setup.queue.stop();
  }

  private notify(index: number): void {
    if (!(this.status & Status.DriverOk) || this.status & Status.NeedsReset) return;
    const setup = this.queues[index];
    if (setup?.queue.ready) setup.unfinished = !this.device.notify(index);
  }

  /** The driver has heard of the used buffers: time for what one notification left over. */
  private resume(): void {
    for (let i = 0; i < this.queues.length; i++) if (this.queues[i].unfinished) this.notify(i);
  }

  private writeStatus(value: number): void {
    if (value === 0) {
      this.reset();
      return;
    }
    const before = this.status;
    // Bits are only ever added, and the device alone sets NEEDS_RESET.
    this.status |= value & STATUS_OF_DRIVER;
    if (~before & this.status & Status.FeaturesOk && !this.acceptable()) this.status &= ~Status.FeaturesOk;
    if (~before & this.status & Status.DriverOk && !(this.status & Status.NeedsReset)) this.device.start();
  }

  /** Section 3.1.1, step 5: a driver that takes what was not offered, or is of before version 1, is refused. */
  private acceptable(): boolean {
    const [low, high] = this.accepted;
    return !(low & ~this.offered[0]) && !(high & ~this.offered[1]) && (high & 1) !== 0;
  }

  private reset(): void {
    for (const setup of this.queues) {
      setup.queue.close();
      setup.ready = setup.unfinished = false;
      setup.size = 0;
      setup.words.fill(0);
    }
    this.accepted.fill(0);
    this.offeredSelect = this.acceptedSelect = this.queueSelect = 0;
    this.status = this.interrupts = 0;
    this.failure = '';
    this.device.reset();
    this.line(false);
  }
}
