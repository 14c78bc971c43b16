/**
 * memfd_create(2): a regular file without a name whose pages are anonymous memory, with seals.
 *
 * It is its own page source: mappings, reads and writes share the frames. Source: memfd_create(2), fcntl(2).
 */
import type { Errno, FileStat, Frame, SpecialFile, WaitQueueId } from '@veridian-os/abi';
import { EBUSY, EFBIG, EINVAL, ENXIO, EPERM, PAGE_SIZE, POLLIN, POLLOUT, S_IFREG, isErrno } from '@veridian-os/abi';
import type { Kernel } from '@veridian-os/kernel';
import type { PageSource, SourceMapper } from '@veridian-os/memory';

type Segments = readonly Uint8Array<ArrayBufferLike>[];

export const F_SEAL_SEAL = 1;
export const F_SEAL_SHRINK = 2;
export const F_SEAL_GROW = 4;
export const F_SEAL_WRITE = 8;
export const F_SEAL_FUTURE_WRITE = 16;
const SEALS_KNOWN = 31;
/** Largest file: sizes stay exact far beyond any machine's memory. */
const MAX_SIZE = 2 ** 40;

export class MemoryFile implements SpecialFile, PageSource {
  readonly waitQueue: WaitQueueId;
  readonly ioQueue: WaitQueueId;
  readonly seekable = true;
  readonly label: string;
  seals: number;
  size = 0;
  private mode = 0o777;
  private readonly kernel: Kernel;
  private readonly frames = new Map<number, Frame>();
  /** Descriptors (one) and mappings. */
  private users = 1;
  private readonly mappers = new Map<SourceMapper, number>();

  /** @param sealable else the file starts with F_SEAL_SEAL: nothing may be sealed */
  constructor(kernel: Kernel, name: string, sealable: boolean) {
    this.kernel = kernel;
    this.label = `/memfd:${name} (deleted)`;
    this.seals = sealable ? 0 : F_SEAL_SEAL;
    this.waitQueue = kernel.waits.create();
    this.ioQueue = this.waitQueue;
  }

  read(into: Segments, position: number): number | Errno {
    let at = position;
    for (const segment of into) {
      const end = Math.min(at + segment.length, this.size);
      for (let done = 0; at < end;) {
        const piece = Math.min(PAGE_SIZE - (at % PAGE_SIZE), end - at);
        const frame = this.frames.get(Math.floor(at / PAGE_SIZE));
        const target = segment.subarray(done, done + piece);
        if (frame === undefined) target.fill(0);
        else target.set(this.bytesOf(frame).subarray(at % PAGE_SIZE, (at % PAGE_SIZE) + piece));
        at += piece;
        done += piece;
      }
    }
    return Math.max(at - position, 0);
  }

  write(from: Segments, position: number): number | Errno {
    if ((this.seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) !== 0) return EPERM;
    const total = from.reduce((sum, segment) => sum + segment.length, 0);
    if (position + total > MAX_SIZE) return EFBIG;
    if (position + total > this.size && (this.seals & F_SEAL_GROW) !== 0) return EPERM;
    let at = position;
    for (const segment of from) {
      for (let done = 0; done < segment.length;) {
        const piece = Math.min(PAGE_SIZE - (at % PAGE_SIZE), segment.length - done);
        const frame = this.frame(Math.floor(at / PAGE_SIZE));
        if (isErrno(frame)) return at > position ? this.wrote(position, at) : frame;
        this.bytesOf(frame).set(segment.subarray(done, done + piece), at % PAGE_SIZE);
        at += piece;
        done += piece;
      }
    }
    return this.wrote(position, at);
  }

  poll(): number {
    return POLLIN | POLLOUT;
  }

  /** ftruncate and fallocate: 0, EPERM (sealed), EFBIG. */
  resize(size: number): 0 | Errno {
    if (size > MAX_SIZE) return EFBIG;
    if (size < this.size && (this.seals & F_SEAL_SHRINK) !== 0) return EPERM;
    if (size > this.size && (this.seals & F_SEAL_GROW) !== 0) return EPERM;
    if (size < this.size) this.cut(size);
    this.size = size;
    return 0;
  }

  /** F_ADD_SEALS: 0, EPERM (sealed against it), EBUSY (mapped for writing), EINVAL. */
  addSeals(seals: number): 0 | Errno {
    if ((seals & ~SEALS_KNOWN) !== 0) return EINVAL;
    if ((this.seals & F_SEAL_SEAL) !== 0) return EPERM;
    if ((seals & F_SEAL_WRITE) !== 0 && (this.seals & F_SEAL_WRITE) === 0 && this.mappers.size > 0) return EBUSY;
    this.seals |= seals;
    return 0;
  }

  /** fstat(2): a regular file. */
  describe(stat: FileStat): void {
    stat.mode = S_IFREG | this.mode;
    stat.nlink = 0;
    stat.size = this.size;
    stat.blocks = this.frames.size * (PAGE_SIZE / 512);
    stat.blockSize = PAGE_SIZE;
    stat.rdev = 0;
  }

  changeMode(mode: number): void {
    this.mode = mode & 0o7777;
  }

  close(): void {
    this.release();
  }

  retain(): void {
    this.users++;
  }

  release(): void {
    if (--this.users > 0) return;
    for (const frame of this.frames.values()) this.kernel.memory.frames.release(frame);
    this.frames.clear();
    this.kernel.waits.destroy(this.waitQueue);
  }

  page(index: number): Frame | Errno {
    return index * PAGE_SIZE < this.size ? this.frame(index) : ENXIO;
  }

  peek(index: number): Frame | Errno {
    return this.frames.get(index) ?? ENXIO;
  }

  watch(mapper: SourceMapper): void {
    this.mappers.set(mapper, (this.mappers.get(mapper) ?? 0) + 1);
  }

  unwatch(mapper: SourceMapper): void {
    const count = (this.mappers.get(mapper) ?? 0) - 1;
    if (count > 0) this.mappers.set(mapper, count);
    else this.mappers.delete(mapper);
  }

  private wrote(from: number, to: number): number {
    this.size = Math.max(this.size, to);
    return to - from;
  }

  /** Page `index`, made when it is a hole. */
  private frame(index: number): Frame | Errno {
    const present = this.frames.get(index);
    if (present !== undefined) return present;
    const frame = this.kernel.memory.frames.allocZeroed();
    if (!isErrno(frame)) this.frames.set(index, frame);
    return frame;
  }

  /** Gives back whole pages after `size`, zeroes the rest of the last one. */
  private cut(size: number): void {
    const first = Math.ceil(size / PAGE_SIZE);
    for (const mapper of this.mappers.keys()) mapper.sourceShrunk(this, first);
    for (const [index, frame] of this.frames) {
      if (index < first) continue;
      this.kernel.memory.frames.release(frame);
      this.frames.delete(index);
    }
    const last = size % PAGE_SIZE === 0 ? undefined : this.frames.get(first - 1);
    if (last !== undefined) this.bytesOf(last).fill(0, size % PAGE_SIZE);
  }

  private bytesOf(frame: Frame): Uint8Array<ArrayBufferLike> {
    return this.kernel.memory.bytes.view(frame);
  }
}
