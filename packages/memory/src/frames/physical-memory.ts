/**
 * Guest memory by physical address, over a list of regions.
 *
 * Units      addresses in bytes, below 2^53; frame = address / 4096
 * Shape      regions are cut into windows of at most 1 GiB, so that every offset is a small integer; one window (the
 *            usual machine) needs no search
 * Errors     an address outside every region is a bug of the kernel: KernelPanic `memory/no-such-address`
 */
import { PAGE_SHIFT, PAGE_SIZE, panic } from '@veridian-os/abi';
import type { Frame, FrameBytes, MemoryRegion, PhysAddr } from '@veridian-os/abi';

const WINDOW_BYTES = 2 ** 30;
/** log2 of the 32-bit words in a frame. */
const WORDS_SHIFT = PAGE_SHIFT - 2;

class Window {
  readonly base: number;
  readonly end: number;
  readonly firstFrame: number;
  readonly endFrame: number;
  readonly u8: Uint8Array<ArrayBufferLike>;
  readonly u32: Uint32Array<ArrayBufferLike>;

  constructor(region: MemoryRegion, offset: number) {
    const length = Math.min(WINDOW_BYTES, region.length - offset);
    this.base = region.base + offset;
    this.end = this.base + length;
    this.firstFrame = this.base / PAGE_SIZE;
    this.endFrame = this.end / PAGE_SIZE;
    this.u8 = new Uint8Array(region.u8.buffer, region.u8.byteOffset + offset, length);
    this.u32 = new Uint32Array(region.u32.buffer, region.u32.byteOffset + offset, length / 4);
  }
}

function checkRegions(regions: readonly MemoryRegion[]): void {
  if (regions.length === 0) throw new RangeError('regions: expected at least one, got none');
  let end = 0;
  for (const { base, length, u8 } of regions) {
    const aligned = base % PAGE_SIZE === 0 && length % PAGE_SIZE === 0 && length > 0;
    if (!aligned || u8.byteLength !== length) {
      throw new RangeError(`regions: expected whole pages with a view of all bytes, got ${length} at ${base}`);
    }
    if (base < end) throw new RangeError(`regions: expected ascending addresses, got ${base} after ${end}`);
    end = base + length;
  }
}

export class PhysicalMemory implements FrameBytes {
  private readonly windows: readonly Window[];
  /** The window of the last access. */
  private last: Window;

  /** @throws RangeError unless the regions are page-aligned, disjoint and ascending */
  constructor(regions: readonly MemoryRegion[]) {
    checkRegions(regions);
    const windows: Window[] = [];
    for (const region of regions) {
      for (let offset = 0; offset < region.length; offset += WINDOW_BYTES) windows.push(new Window(region, offset));
    }
    this.windows = windows;
    this.last = windows[0];
  }

  view(frame: Frame): Uint8Array<ArrayBufferLike> {
    return this.bytes((frame * PAGE_SIZE) as PhysAddr, PAGE_SIZE);
  }

  /** True when one view can show `length` bytes from `address` on. */
  contiguous(address: PhysAddr, length: number): boolean {
    return address + length <= this.at(address).end;
  }

  /** A view of `length` bytes, which must lie in one frame or be {@link contiguous}. */
  bytes(address: PhysAddr, length: number): Uint8Array<ArrayBufferLike> {
    const { u8, base } = this.at(address);
    return new Uint8Array(u8.buffer, u8.byteOffset + (address - base), length);
  }

  fill(frame: Frame, value: number): void {
    const { u8, firstFrame } = this.of(frame);
    const offset = (frame - firstFrame) << PAGE_SHIFT;
    u8.fill(value, offset, offset + PAGE_SIZE);
  }

  copyFrame(from: Frame, to: Frame): void {
    const source = this.of(from);
    const target = this.of(to);
    const offset = (from - source.firstFrame) << PAGE_SHIFT;
    const into = (to - target.firstFrame) << PAGE_SHIFT;
    if (source === target) target.u8.copyWithin(into, offset, offset + PAGE_SIZE);
    else target.u8.set(source.u8.subarray(offset, offset + PAGE_SIZE), into);
  }

  /** 32-bit word of a frame, by its index 0 .. 1023. */
  readWord(frame: Frame, word: number): number {
    const { u32, firstFrame } = this.of(frame);
    return u32[((frame - firstFrame) << WORDS_SHIFT) + word];
  }

  writeWord(frame: Frame, word: number, value: number): void {
    const { u32, firstFrame } = this.of(frame);
    u32[((frame - firstFrame) << WORDS_SHIFT) + word] = value;
  }

  read32(address: PhysAddr): number {
    const { u32, base } = this.at(address);
    return u32[(address - base) >>> 2];
  }

  write32(address: PhysAddr, value: number): void {
    const { u32, base } = this.at(address);
    u32[(address - base) >>> 2] = value;
  }

  /** Copies bytes of one frame to `into[at ..]`. */
  copyOut(address: PhysAddr, into: Uint8Array, at: number, length: number): void {
    const { u8, base } = this.at(address);
    const offset = address - base;
    if (length > SHORT) into.set(new Uint8Array(u8.buffer, u8.byteOffset + offset, length), at);
    else for (let i = 0; i < length; i++) into[at + i] = u8[offset + i];
  }

  /** Copies `from[at ..]` to bytes of one frame. */
  copyIn(address: PhysAddr, from: Uint8Array, at: number, length: number): void {
    const { u8, base } = this.at(address);
    const offset = address - base;
    if (length > SHORT) u8.set(from.subarray(at, at + length), offset);
    else for (let i = 0; i < length; i++) u8[offset + i] = from[at + i];
  }

  /** Bytes before the first zero byte in `length` bytes of one frame; `length` when there is none. */
  zeroByte(address: PhysAddr, length: number): number {
    const { u8, base } = this.at(address);
    const offset = address - base;
    let i = 0;
    while (i < length && u8[offset + i] !== 0) i++;
    return i;
  }

  private at(address: number): Window {
    const { last } = this;
    return address >= last.base && address < last.end ? last : this.search(address);
  }

  private of(frame: Frame): Window {
    const { last } = this;
    return frame >= last.firstFrame && frame < last.endFrame ? last : this.search(frame * PAGE_SIZE);
  }

  /** Windows are few (one per region and GiB): a scan. */
  private search(address: number): Window {
    for (const window of this.windows) {
      if (address >= window.base && address < window.end) {
        this.last = window;
        return window;
      }
    }
    return panic('memory/no-such-address', `physical address 0x${address.toString(16)}`);
  }
}

/** Longest copy for which a loop beats a view (measured on Node 20). */
const SHORT = 32;

/** First frame and number of frames of a region. */
export function framesOf(region: MemoryRegion): { first: number; count: number } {
  return { first: region.base / PAGE_SIZE, count: region.length >>> PAGE_SHIFT };
}
