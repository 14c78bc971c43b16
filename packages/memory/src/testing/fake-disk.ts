/** A block device for tests: bytes in an array, requests done at once or when the test says so. */
import { BlockOperation, EINVAL, EIO, PAGE_SIZE, WOULD_BLOCK } from '@veridian-os/abi';
import type { BlockDevice, BlockRequest, Errno } from '@veridian-os/abi';
import type { FakeMachine } from './fake-machine.js';

const SECTOR = 512;
/** Requests that a slow disk holds. */
const QUEUE = 5;

export interface FakeDiskOptions {
  readonly pages: number;
  /** Requests wait for {@link FakeDisk.complete}, which carries them out. Default false: `submit` does. */
  readonly slow?: boolean;
}

export class FakeDisk implements BlockDevice {
  readonly sectorSize = SECTOR;
  readonly sectors: number;
  readonly readOnly = false;
  /** Requests fail with EIO while it is set. */
  fails: 'read' | 'write' | undefined;
  private readonly machine: FakeMachine;
  private readonly bytes: Uint8Array;
  private readonly slow: boolean;
  private queue: BlockRequest[] = [];

  constructor(machine: FakeMachine, { pages, slow = false }: FakeDiskOptions) {
    this.machine = machine;
    this.slow = slow;
    this.sectors = (pages * PAGE_SIZE) / SECTOR;
    this.bytes = new Uint8Array(pages * PAGE_SIZE);
  }

  submit(request: BlockRequest): 0 | Errno {
    const { sector, sectors } = request;
    if (!(sector >= 0 && sectors > 0 && sectors * SECTOR <= PAGE_SIZE && sector + sectors <= this.sectors))
      return EINVAL;
    if (!this.slow) this.carryOut(request);
    else if (this.queue.length === QUEUE) return WOULD_BLOCK;
    else this.queue.push(request);
    return 0;
  }

  /** Carries out what waits. @returns requests done */
  complete(): number {
    const { queue } = this;
    this.queue = [];
    for (const request of queue) this.carryOut(request);
    return queue.length;
  }

  private carryOut({ operation, sector, sectors, frame, done }: BlockRequest): void {
    const failing = operation === BlockOperation.Read ? 'read' : 'write';
    if (this.fails === failing) return done(EIO);
    const on = this.bytes.subarray(sector * SECTOR, (sector + sectors) * SECTOR);
    const memory = this.machine.frame(frame).subarray(0, on.length);
    if (operation === BlockOperation.Read) memory.set(on);
    else on.set(memory);
    done(0);
  }
}
