/** Entropy. Source: VIRTIO 1.2, section 5.4. */
import type { VirtioDevice, VirtioPort } from './virtio-device.js';
import type { Chain } from './chain.js';

/** Bytes given for one request at most: the driver asks again for more. */
const MAX_BYTES = 65536;

export class VirtioRng implements VirtioDevice {
  readonly deviceId = 4;
  readonly features: readonly number[] = [];
  readonly queueSizes = [8];
  readonly config = new Uint8Array(0);
  private readonly fill: (target: Uint8Array) => void;
  private port: VirtioPort | undefined;

  /** @param fill fills every byte of its argument; a seeded source makes runs repeatable */
  constructor(fill: (target: Uint8Array) => void) {
    this.fill = fill;
  }

  connect(port: VirtioPort): void {
    this.port = port;
  }

  start(): void {
    // nothing to prepare
  }

  notify(queue: number): boolean {
    return this.port!.queue(queue).drain(this.serve);
  }

  private readonly serve = (chain: Chain): number => {
    const bytes = new Uint8Array(Math.min(chain.writableLength, MAX_BYTES));
    this.fill(bytes);
    return chain.write(0, bytes);
  };

  reset(): void {
    // no state
  }

  writeConfig(): void {
    // no configuration space
  }
}
