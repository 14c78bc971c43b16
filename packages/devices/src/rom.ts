/** Read-only memory behind the bus. Writes are ignored. */
import type { Device } from './device.js';

export class Rom implements Device {
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  read(offset: number, size: number): number {
    let value = 0;
    for (let i = size - 1; i >= 0; i--) value = ((value << 8) | (this.bytes[offset + i] ?? 0)) >>> 0;
    return value;
  }

  write(): void {
    // read-only
  }
}
