/** The pages of one open regular file as mappings use them; keeps the file's place in the tree alive while mapped. */
import type { Errno, Frame, WaitQueueId } from '@veridian-os/abi';
import type { FilePages, PagesMapper } from '../api.js';
import type { PathRef } from '../names/path.js';
import type { FileIo } from './file-io.js';
import type { PageCache } from './page-cache.js';

export class MappedFile implements FilePages {
  readonly ioQueue: WaitQueueId;
  private readonly at: PathRef;
  private readonly cache: PageCache;
  private readonly io: FileIo;
  private mappings = 0;
  /** Address spaces, with how many of their mappings show this file. */
  private readonly mappers = new Map<PagesMapper, number>();

  constructor(at: PathRef, cache: PageCache, io: FileIo) {
    this.at = at;
    this.cache = cache;
    this.io = io;
    this.ioQueue = at.vnode.sb.fs.ioQueue;
  }

  get label(): string {
    return this.at.name();
  }
  /** For /proc/PID/maps. */
  get ino(): number {
    return this.at.vnode.ino;
  }

  retain(): void {
    this.at.retain();
    this.mappings++;
  }

  /** The last mapping stores what was written through it, as far as that does not wait. */
  release(): void {
    if (--this.mappings === 0) this.cache.writeBack(this.at.vnode);
    this.at.release();
  }

  watch(mapper: PagesMapper): void {
    if (this.mappers.size === 0) this.at.vnode.addMapped(this);
    this.mappers.set(mapper, (this.mappers.get(mapper) ?? 0) + 1);
  }

  unwatch(mapper: PagesMapper): void {
    const count = (this.mappers.get(mapper) ?? 0) - 1;
    if (count > 0) this.mappers.set(mapper, count);
    else this.mappers.delete(mapper);
    if (this.mappers.size === 0) this.at.vnode.mapped.delete(this);
  }

  /** The file ends before `firstPage` now. */
  shrunk(firstPage: number): void {
    for (const mapper of this.mappers.keys()) mapper.sourceShrunk(this, firstPage);
  }

  page(index: number, forWrite: boolean): Frame | Errno {
    const frame = this.cache.frameFor(this.at.vnode, index, forWrite);
    if (frame >= 0 && forWrite) this.io.wrote(this.at.vnode, 0);
    return frame;
  }

  peek(index: number): Frame | Errno {
    return this.cache.peek(this.at.vnode, index);
  }
}
