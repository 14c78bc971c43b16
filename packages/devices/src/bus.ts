/**
 * Physical addresses to device registers. Accesses are naturally aligned; an 8-byte access is two words, low first.
 * Nothing answers outside the attached ranges: reads there give 0 and writes vanish, as `has` foretells.
 */
import type { Bus, DeviceRange } from '@veridian-os/hal';
import type { PhysAddr } from '@veridian-os/abi';
import type { Device } from './device.js';

interface Attached {
  readonly base: number;
  readonly length: number;
  readonly device: Device;
}

const TWO_32 = 4294967296;

export class DeviceBus implements Bus {
  private readonly attached: Attached[] = [];
  private high = 0;
  /** What `features.devices` lists. */
  readonly ranges: DeviceRange[] = [];

  /** @param compatible how firmware names the device; '' keeps it out of `ranges` */
  attach(base: number, length: number, device: Device, compatible = '', interrupt = 0): void {
    this.attached.push({ base, length, device });
    if (compatible !== '') this.ranges.push({ compatible, base: base as PhysAddr, length, interrupt });
  }

  private at(address: number, size: number): Attached | undefined {
    for (const entry of this.attached) {
      if (address >= entry.base && address + size <= entry.base + entry.length) return entry;
    }
    return undefined;
  }

  private readAt(address: number, size: number): number {
    const entry = this.at(address, size);
    return entry === undefined ? 0 : entry.device.read(address - entry.base, size) >>> 0;
  }

  private writeAt(address: number, size: number, value: number): void {
    const entry = this.at(address, size);
    if (entry !== undefined) entry.device.write(address - entry.base, size, value >>> 0);
  }

  read8(address: PhysAddr): number {
    return this.readAt(address, 1);
  }

  read16(address: PhysAddr): number {
    return this.readAt(address, 2);
  }

  read32(address: PhysAddr): number {
    return this.readAt(address, 4);
  }

  write8(address: PhysAddr, value: number): void {
    this.writeAt(address, 1, value & 0xff);
  }

  write16(address: PhysAddr, value: number): void {
    this.writeAt(address, 2, value & 0xffff);
  }

  write32(address: PhysAddr, value: number): void {
    this.writeAt(address, 4, value);
  }

  // The interpreter's side: addresses in unsigned halves.

  has(lo: number, hi: number, size: number): boolean {
    return this.at(hi * TWO_32 + lo, size) !== undefined;
  }

  load(lo: number, hi: number, size: number): number {
    const address = hi * TWO_32 + lo;
    if (size !== 8) return this.readAt(address, size);
    const low = this.readAt(address, 4);
    this.high = this.readAt(address + 4, 4);
    return low;
  }

  loadHigh(): number {
    return this.high;
  }

  store(lo: number, hi: number, size: number, valueLo: number, valueHi: number): void {
    const address = hi * TWO_32 + lo;
    this.writeAt(address, size === 8 ? 4 : size, valueLo);
    if (size === 8) this.writeAt(address + 4, 4, valueHi);
  }
}
