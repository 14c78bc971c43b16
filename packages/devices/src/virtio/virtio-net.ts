/**
 * A network card: ethernet frames in and out, without checksums. No offloads, one pair of queues; each frame fits one
 * chain, behind a header of 12 bytes.
 * Source: VIRTIO 1.2, section 5.1.
 */
import type { Chain } from './chain.js';
import { put16 } from './config-space.js';
import type { VirtioDevice, VirtioPort } from './virtio-device.js';

const RECEIVE = 0;
const TRANSMIT = 1;
const Feature = { Mac: 5, Status: 16 } as const;
const LINK_UP = 1;
const HEADER_BYTES = 12;
/** The longest frame that goes either way: 64 KiB less a bit, as jumbo frames come without offloads. */
const MAX_FRAME = 65535;
const MIN_FRAME = 14;
/** Frames that wait for buffers before new ones are dropped, as a card's own memory would. */
const BACKLOG = 256;

/** A header that asks for nothing; `num_buffers` is 1. */
const HEADER = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0);

export class VirtioNet implements VirtioDevice {
  readonly deviceId = 1;
  readonly features: readonly number[] = [Feature.Mac, Feature.Status];
  readonly queueSizes = [256, 256];
  readonly config = new Uint8Array(8);
  /** Frames from the outside that found neither a buffer nor room to wait. */
  dropped = 0;
  private readonly send: (frame: Uint8Array) => void;
  private port: VirtioPort | undefined;
  private running = false;
  private readonly backlog: Uint8Array[] = [];

  /**
   * @param mac six bytes
   * @param send gets the guest's frames, in bytes of its own; it may call `receive`
   */
  constructor(mac: Uint8Array, send: (frame: Uint8Array) => void) {
    if (mac.length !== 6 || mac[0] & 1) throw new RangeError(`mac: expected a unicast address, got ${mac.join(',')}`);
    this.config.set(mac);
    put16(this.config, 6, LINK_UP);
    this.send = send;
  }

  connect(port: VirtioPort): void {
    this.port = port;
  }

  start(): void {
    this.running = true;
  }

  /**
   * A frame from the outside, copied.
   * @returns false if it was dropped: no driver, no link, nowhere to put it, or no frame
   */
  receive(frame: Uint8Array): boolean {
    const frameLike = frame.length >= MIN_FRAME && frame.length <= MAX_FRAME;
    if (!frameLike || !this.running || !this.linkUp || this.backlog.length >= BACKLOG) {
      this.dropped++;
      return false;
    }
    this.backlog.push(frame.slice());
    this.deliver();
    return true;
  }

  get linkUp(): boolean {
    return (this.config[6] & LINK_UP) !== 0;
  }

  /** Plugs the cable in or out. */
  setLink(up: boolean): void {
    if (up === this.linkUp) return;
    put16(this.config, 6, up ? LINK_UP : 0);
    this.port?.configChanged();
  }

  notify(queue: number): boolean {
    if (queue === TRANSMIT) return this.port!.queue(TRANSMIT).drain(this.transmit);
    this.deliver();
    return true;
  }

  private readonly transmit = (chain: Chain): number => {
    const length = chain.readableLength - HEADER_BYTES;
    if (length < MIN_FRAME || length > MAX_FRAME || !this.linkUp) return 0;
    const frame = new Uint8Array(length);
    chain.read(HEADER_BYTES, frame);
    this.send(frame);
    return 0;
  };

  /** At most one chain per waiting frame. A frame that does not fit its chain is lost. */
  private deliver(): void {
    const queue = this.port!.queue(RECEIVE);
    while (this.backlog.length > 0) {
      const chain = queue.pop();
      if (chain === null) break;
      const frame = this.backlog.shift()!;
      queue.push(chain, this.place(chain, frame));
    }
    queue.signal();
  }

  private place(chain: Chain, frame: Uint8Array): number {
    if (chain.writableLength < HEADER_BYTES + frame.length) {
      this.dropped++;
      return 0;
    }
    return chain.write(0, HEADER) + chain.write(HEADER_BYTES, frame);
  }

  reset(): void {
    this.running = false;
    this.backlog.length = 0;
  }

  writeConfig(): void {
    // Nothing is writable from version 1 on.
  }
}
