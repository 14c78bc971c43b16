/** A swap device in the host's memory. */
import { BlockOperation, EINVAL, PAGE_SIZE } from '@veridian-os/abi';
import type { BlockDevice, BlockRequest, Errno, FrameBytes } from '@veridian-os/abi';

/** Pages that the host allocates at a time. */
const CHUNK = 256;

class HostSwap implements BlockDevice {
  readonly sectorSize = PAGE_SIZE;
  readonly sectors: number;
  readonly readOnly = false;
  private readonly bytes: FrameBytes;
  private readonly chunks: Uint8Array[] = [];

  constructor(pages: number, bytes: FrameBytes) {
    this.sectors = pages;
    this.bytes = bytes;
  }

  /** Requests are done when it returns: where memory runs out is then a function of the run alone. */
  submit({ operation, sector, sectors, frame, done }: BlockRequest): 0 | Errno {
    if (operation !== BlockOperation.Flush) {
      if (!(sector >= 0 && sector < this.sectors && sectors === 1)) return EINVAL;
      const page = this.page(sector);
      if (operation === BlockOperation.Read) this.bytes.view(frame).set(page);
      else page.set(this.bytes.view(frame));
    }
    done(0);
    return 0;
  }

  private page(sector: number): Uint8Array {
    const index = Math.floor(sector / CHUNK);
    const chunk = (this.chunks[index] ??= new Uint8Array(CHUNK * PAGE_SIZE));
    const offset = (sector % CHUNK) * PAGE_SIZE;
    return chunk.subarray(offset, offset + PAGE_SIZE);
  }
}

/** @throws RangeError unless it is at least a page */
export function hostSwap(bytes: number): (frames: FrameBytes) => BlockDevice {
  const pages = Math.floor(bytes / PAGE_SIZE);
  if (!(pages >= 1 && Number.isSafeInteger(pages)))
    throw new RangeError(`swap: expected at least 4096 bytes, got ${bytes}`);
  return (frames) => new HostSwap(pages, frames);
}
