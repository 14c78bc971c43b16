/** A page source for tests: a file whose pages hold a pattern, with delays and errors on demand. */
import { ENXIO, PAGE_SIZE, WOULD_BLOCK } from '@veridian-os/abi';
import type { Errno, Frame, FrameBytes, FrameSource, WaitQueueId } from '@veridian-os/abi';
import type { PageSource, SourceMapper } from '../api.js';

export interface FakeFileOptions {
  readonly pages: number;
  readonly label?: string;
  /** Each page answers WOULD_BLOCK the first time it is asked for. */
  readonly slow?: boolean;
  /** Answers to `page` instead of a frame, by index. */
  readonly errors?: ReadonlyMap<number, Errno>;
  /** Offers `peek`. */
  readonly peeks?: boolean;
}

export class FakeFile implements PageSource {
  readonly label: string;
  readonly ioQueue = 77 as WaitQueueId;
  readonly ino = 42;
  readonly peek?: (index: number) => Frame | Errno;
  /** Mappings that hold the file, beside its creator. */
  references = 0;
  /** Pages that were asked for to be written. */
  readonly dirty = new Set<number>();
  private pages: number;
  private readonly mappers = new Map<SourceMapper, number>();
  private readonly present = new Map<number, Frame>();
  private readonly asked = new Set<number>();
  private readonly options: FakeFileOptions;
  private readonly frames: FrameSource;
  private readonly bytes: FrameBytes;

  constructor(frames: FrameSource, bytes: FrameBytes, options: FakeFileOptions) {
    this.frames = frames;
    this.bytes = bytes;
    this.options = options;
    this.pages = options.pages;
    this.label = options.label ?? '/file';
    if (options.peeks === true) this.peek = (index) => this.present.get(index) ?? ENXIO;
  }

  /** First byte of each page, as {@link page} fills it. */
  static pattern(index: number): number {
    return (index * 7 + 1) & 0xff;
  }

  retain(): void {
    this.references++;
  }

  release(): void {
    this.references--;
  }

  page(index: number, forWrite: boolean): Frame | Errno {
    const error = this.options.errors?.get(index);
    if (error !== undefined) return error;
    if (!(index >= 0 && index < this.pages)) return ENXIO;
    if (this.options.slow === true && !this.asked.has(index)) {
      this.asked.add(index);
      return WOULD_BLOCK;
    }
    let frame: number = this.present.get(index) ?? -1;
    if (frame < 0) {
      frame = this.frames.alloc();
      if (frame < 0) return frame as Errno;
      this.bytes.fill(frame as Frame, FakeFile.pattern(index));
      this.present.set(index, frame as Frame);
    }
    if (forWrite) this.dirty.add(index);
    return frame as Frame;
  }

  watch(mapper: SourceMapper): void {
    this.mappers.set(mapper, (this.mappers.get(mapper) ?? 0) + 1);
  }

  unwatch(mapper: SourceMapper): void {
    const left = (this.mappers.get(mapper) ?? 0) - 1;
    if (left > 0) this.mappers.set(mapper, left);
    else this.mappers.delete(mapper);
  }

  /** Mappings that watch the file. */
  get watchers(): number {
    return [...this.mappers.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Sets the number of pages; pages that appear hold their pattern. */
  truncate(pages: number): void {
    const shrinks = pages < this.pages;
    this.pages = pages;
    if (!shrinks) return;
    for (const mapper of this.mappers.keys()) mapper.sourceShrunk(this, pages);
    for (const [index, frame] of this.present) {
      if (index < pages) continue;
      this.present.delete(index);
      this.frames.release(frame);
    }
  }

  /** Byte of the file as a reader sees it. */
  byteAt(offset: number): number {
    const frame = this.present.get(Math.floor(offset / PAGE_SIZE));
    if (frame === undefined) return FakeFile.pattern(Math.floor(offset / PAGE_SIZE));
    return this.bytes.view(frame)[offset % PAGE_SIZE];
  }

  /** Gives the cached pages back; mappers keep theirs. */
  evict(): void {
    for (const frame of this.present.values()) this.frames.release(frame);
    this.present.clear();
  }
}
