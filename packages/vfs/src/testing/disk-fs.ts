/**
 * A file system with a store of its own: names and attributes like tmpfs, contents in pages on the heap, read and
 * written through the page cache. It never waits; put a {@link SlowFs} around it for that.
 */
import {
  ENOSPC,
  PAGE_SIZE,
  type AttributeChange,
  type Errno,
  type FileStat,
  type FileSystem,
  type Frame,
  type FrameBytes,
  type Ino,
} from '@veridian-os/abi';
import { Tmpfs, type TmpfsConfig } from '../filesystems/tmpfs.js';
import { createFileStat } from '../internal/stat.js';
import { ForwardingFs } from './forwarding-fs.js';

const { ceil, floor, max } = Math;

export interface DiskConfig extends TmpfsConfig {
  readonly bytes: FrameBytes;
  /** Pages it can store; ENOSPC at write-back beyond. Default unlimited. */
  readonly storePages?: number;
}

/** @throws RangeError as tmpfs */
export function createDiskFs(config: DiskConfig): DiskFs {
  return new DiskFs(config);
}

export class DiskFs extends ForwardingFs implements FileSystem {
  /** Pages stored, by inode and index. */
  readonly store = new Map<Ino, Map<number, Uint8Array>>();
  readonly calls = { readPage: 0, writePage: 0 };
  private readonly bytes: FrameBytes;
  private readonly storePages: number;
  private readonly scratch: FileStat = createFileStat();

  constructor(config: DiskConfig) {
    super(new Tmpfs({ ...config, type: config.type ?? 'disk' }), { resident: false });
    this.bytes = config.bytes;
    this.storePages = config.storePages ?? Infinity;
  }

  override create(directory: Ino, name: string, mode: number, rdev: number): Ino | Errno {
    const ino = super.create(directory, name, mode, rdev);
    if (ino > 0) this.store.delete(ino as Ino);
    return ino;
  }

  override getattr(ino: Ino, out: FileStat): 0 | Errno {
    const result = super.getattr(ino, out);
    out.blocks = (this.store.get(ino)?.size ?? 0) * (PAGE_SIZE / 512);
    return result;
  }

  override setattr(ino: Ino, change: AttributeChange): 0 | Errno {
    const result = super.setattr(ino, change);
    const { size } = change;
    const pages = this.store.get(ino);
    if (result !== 0 || size === undefined || pages === undefined) return result;
    for (const index of [...pages.keys()]) if (index >= ceil(size / PAGE_SIZE)) pages.delete(index);
    pages.get(floor(size / PAGE_SIZE))?.fill(0, size % PAGE_SIZE);
    return 0;
  }

  override release(ino: Ino): void {
    super.release(ino);
    if (super.getattr(ino, this.scratch) !== 0) this.store.delete(ino);
  }

  override readPage(ino: Ino, index: number, frame: Frame): 0 {
    this.calls.readPage++;
    const stored = this.store.get(ino)?.get(index);
    if (stored === undefined) this.bytes.fill(frame, 0);
    else this.bytes.view(frame).set(stored);
    return 0;
  }

  override writePage(ino: Ino, index: number, frame: Frame, length: number): 0 | Errno {
    this.calls.writePage++;
    let pages = this.store.get(ino);
    if (pages?.has(index) !== true && this.storedPages >= this.storePages) return ENOSPC;
    if (pages === undefined) {
      pages = new Map();
      this.store.set(ino, pages);
    }
    const copy = new Uint8Array(PAGE_SIZE);
    copy.set(this.bytes.view(frame).subarray(0, length));
    pages.set(index, copy);
    super.getattr(ino, this.scratch);
    return super.setattr(ino, { size: max(this.scratch.size, index * PAGE_SIZE + length) });
  }

  private get storedPages(): number {
    let count = 0;
    for (const pages of this.store.values()) count += pages.size;
    return count;
  }
}
