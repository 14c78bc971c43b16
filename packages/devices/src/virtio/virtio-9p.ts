/** A 9P server behind a queue: one request and its answer per chain. Source: VIRTIO 1.2, section 5.12 (9P transport). */
import type { FileTree } from '../ninep/file-tree.js';
import { NinepServer } from '../ninep/server.js';
import type { Chain } from './chain.js';
import { put16 } from './config-space.js';
import type { VirtioDevice, VirtioPort } from './virtio-device.js';

const Feature = { MountTag: 0 } as const;
const MAX_TAG = 255;

export class Virtio9p implements VirtioDevice {
  readonly deviceId = 9;
  readonly features: readonly number[] = [Feature.MountTag];
  readonly queueSizes = [128];
  readonly config: Uint8Array;
  private readonly server: NinepServer;
  private port: VirtioPort | undefined;

  /** @param tag what the guest mounts: `mount -t 9p -o trans=virtio,version=9p2000.L TAG /mnt` */
  constructor(tree: FileTree, tag: string) {
    const bytes = new TextEncoder().encode(tag);
    if (bytes.length < 1 || bytes.length > MAX_TAG) {
      throw new RangeError(`tag: expected 1 .. ${MAX_TAG} bytes, got ${bytes.length}`);
    }
    this.config = new Uint8Array(2 + bytes.length);
    put16(this.config, 0, bytes.length);
    this.config.set(bytes, 2);
    this.server = new NinepServer(tree);
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
    const request = new Uint8Array(chain.readableLength);
    chain.read(0, request);
    const answer = this.server.handle(request, chain.writableLength);
    if (answer !== undefined) return chain.write(0, answer);
    this.port!.fail(`a 9P request with room for ${chain.writableLength} bytes`);
    return 0;
  };

  reset(): void {
    this.server.reset();
  }

  writeConfig(): void {
    // nothing is writable
  }
}
