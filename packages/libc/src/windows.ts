/**
 * Memory of any size, seen through windows: one mapping, several ArrayBuffers of at most MAX_VIEW bytes.
 *
 * Buffers over foreign memory cannot be detached (Node.js marks them so), and a late access to an unmapped one would end
 * the process. So `release` frees the memory at once and leaves zero pages at its addresses; those go, window by window,
 * when the garbage collector finds that nobody can reach the window any more. That also unmaps what nobody released.
 *
 * Invariant  an address that a reachable window covers is mapped
 */
import type { Libc } from './api.js';
import {
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_NORESERVE,
  MAP_PRIVATE,
  MAP_SHARED,
  MAX_VIEW,
  PROT_READ,
  PROT_WRITE,
} from './api.js';

interface Window {
  readonly libc: Libc;
  readonly address: number;
  readonly length: number;
}

const ANONYMOUS = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;

// A registry that is collected forgets its work, so it belongs to no object.
const unreachable = new FinalizationRegistry<Window>(({ libc, address, length }) => libc.munmap(address, length));

export class MappedMemory {
  /** Address of the first byte in this process. */
  readonly address: number;
  readonly length: number;
  /** The bytes in order; all but the last are `windowBytes` long. */
  readonly windows: readonly ArrayBuffer[];
  private readonly libc: Libc;
  private released = false;

  private constructor(libc: Libc, address: number, length: number, windowBytes: number) {
    this.libc = libc;
    this.address = address;
    this.length = length;
    this.windows = Array.from({ length: Math.ceil(length / windowBytes) }, (_, i) => {
      const offset = i * windowBytes;
      return this.openWindow(address + offset, Math.min(windowBytes, length - offset));
    });
  }

  /** Zero-filled memory of this process; costs nothing until touched. @throws Error when the host has no room */
  static anonymous(libc: Libc, length: number, windowBytes: number = MAX_VIEW): MappedMemory {
    return MappedMemory.map(libc, length, ANONYMOUS, -1, windowBytes);
  }

  /** A file's first `length` bytes, shared with whoever else maps it. @throws Error when it cannot be mapped */
  static file(libc: Libc, fd: number, length: number, windowBytes: number = MAX_VIEW): MappedMemory {
    return MappedMemory.map(libc, length, MAP_SHARED, fd, windowBytes);
  }

  private static map(libc: Libc, length: number, flags: number, fd: number, windowBytes: number): MappedMemory {
    if (!(Number.isSafeInteger(length) && length >= 1)) {
      throw new RangeError(`length: expected a positive integer, got ${length}`);
    }
    const address = libc.mmap(length, PROT_READ | PROT_WRITE, flags, fd, 0);
    if (address < 0) throw new Error(`mmap of ${length} bytes: errno ${-address}`);
    return new MappedMemory(libc, address, length, windowBytes);
  }

  /** Gives the memory back to the host; the views read zero from now on. Idempotent. */
  release(): void {
    if (this.released) return;
    this.released = true;
    this.libc.mmap(this.length, PROT_READ | PROT_WRITE, ANONYMOUS | MAP_FIXED, -1, 0, this.address);
  }

  private openWindow(address: number, length: number): ArrayBuffer {
    const window = this.libc.view(address, length);
    unreachable.register(window, { libc: this.libc, address, length });
    return window;
  }
}
