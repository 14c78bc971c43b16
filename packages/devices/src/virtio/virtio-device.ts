/**
 * The two sides of a virtio device: the device itself and the transport that it hangs on.
 * Source: Virtual I/O Device (VIRTIO) Version 1.2, chapters 2 and 3.
 */
import type { Virtqueue } from './virtqueue.js';

/** What a transport offers to its device, from reset to reset. */
export interface VirtioPort {
  /** A queue by number; always the same object. Inert until the driver has set it up. */
  queue(index: number): Virtqueue;
  /** The driver accepted this feature (a bit number) and the negotiation is over. */
  has(feature: number): boolean;
  /** The configuration space has changed: generation and interrupt. */
  configChanged(): void;
  /** The driver broke the protocol: DEVICE_NEEDS_RESET; queues stop until it resets the device. */
  fail(reason: string): void;
}

/** A kind of device. All calls come from its transport. */
export interface VirtioDevice {
  /** Section 5's number: 1 network, 2 block, 3 console, 4 entropy, 9 9P. */
  readonly deviceId: number;
  /** Bit numbers of the features that the device itself offers; the transport adds its own. */
  readonly features: readonly number[];
  /** The largest size of each queue: powers of two, at most 1024. */
  readonly queueSizes: readonly number[];
  /** Called once, before anything else. */
  connect(port: VirtioPort): void;
  /** The driver is up (DRIVER_OK): queues may be used. */
  start(): void;
  /**
   * The driver has made buffers available in a queue.
   * @returns false if some are left for another call, so that one call takes a bounded time (`Virtqueue.drain`)
   */
  notify(queue: number): boolean;
  /** Back to the state of birth. Chains that the device still holds may be completed in vain. */
  reset(): void;
  /** The configuration space, little-endian. The transport reads from it; it may change between accesses. */
  readonly config: Uint8Array;
  /** The driver wrote `size` bytes (1, 2, 4) at an offset of the configuration space, which lies inside of it. */
  writeConfig(offset: number, size: number, value: number): void;
}

/** Features of every device. Section 6. */
export const Feature = {
  IndirectDescriptors: 28,
  EventIndex: 29,
  Version1: 32,
} as const;
