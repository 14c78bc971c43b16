/**
 * A console with one port: bytes in, bytes out, a size. Input waits in a queue of any length until the driver has
 * buffers, so no byte that the host gives is lost.
 * Source: VIRTIO 1.2, section 5.3.
 */
import type { Chain } from './chain.js';
import { put16, put32 } from './config-space.js';
import type { VirtioDevice, VirtioPort } from './virtio-device.js';

const RECEIVE = 0;
const TRANSMIT = 1;
const Feature = { Size: 0, EmergencyWrite: 2 } as const;
const EMERGENCY_WRITE = 8;

export class VirtioConsole implements VirtioDevice {
  readonly deviceId = 3;
  readonly features: readonly number[] = [Feature.Size, Feature.EmergencyWrite];
  readonly queueSizes = [128, 128];
  readonly config = new Uint8Array(12);
  private readonly output: (bytes: Uint8Array) => void;
  private port: VirtioPort | undefined;
  private input: Uint8Array[] = [];
  /** Bytes of `input[0]` already given. */
  private taken = 0;

  /** @param output gets what the guest writes, in bytes of its own */
  constructor(output: (bytes: Uint8Array) => void, columns = 80, rows = 24) {
    this.output = output;
    put16(this.config, 0, columns);
    put16(this.config, 2, rows);
    put32(this.config, 4, 1); // ports
  }

  connect(port: VirtioPort): void {
    this.port = port;
  }

  /** Bytes from the outside. */
  receive(bytes: Uint8Array): void {
    if (bytes.length > 0) this.input.push(bytes.slice());
    this.deliver();
  }

  /** Bytes that the guest has not taken yet. */
  get waiting(): number {
    return this.input.reduce((sum, bytes) => sum + bytes.length, 0) - this.taken;
  }

  /** The outside's window has changed. */
  resize(columns: number, rows: number): void {
    put16(this.config, 0, columns);
    put16(this.config, 2, rows);
    this.port?.configChanged();
  }

  start(): void {
    this.deliver();
  }

  notify(queue: number): boolean {
    if (queue === TRANSMIT) return this.port!.queue(TRANSMIT).drain(this.transmit);
    this.deliver();
    return true;
  }

  private readonly transmit = (chain: Chain): number => {
    const bytes = new Uint8Array(chain.readableLength);
    chain.read(0, bytes);
    if (bytes.length > 0) this.output(bytes);
    return 0;
  };

  /** At most one chain per byte of input. */
  private deliver(): void {
    const queue = this.port?.queue(RECEIVE);
    if (queue === undefined) return;
    while (this.input.length > 0) {
      const chain = queue.pop();
      if (chain === null) break;
      queue.push(chain, this.fill(chain));
    }
    queue.signal();
  }

  private fill(chain: Chain): number {
    let written = 0;
    while (this.input.length > 0 && written < chain.writableLength) {
      const bytes = this.input[0];
      const copied = chain.write(written, bytes.subarray(this.taken));
      written += copied;
      this.taken += copied;
      if (this.taken < bytes.length) continue;
      this.input.shift();
      this.taken = 0;
    }
    return written;
  }

  reset(): void {
    // Input stays: the next driver reads it, as from a UART.
  }

  writeConfig(offset: number, _size: number, value: number): void {
    if (offset === EMERGENCY_WRITE) this.output(Uint8Array.of(value));
  }
}
