import { isErrno, isKernelPanic } from '@veridian-os/abi';
import { SlabAllocator, type CacheOptions, type ObjectAddress, type SlabOptions } from '@veridian-os/slab';

/** An allocator over `frames` frames, with what is given. */
export function allocatorOf(frames: number, options: Partial<SlabOptions> = {}): SlabAllocator {
  return new SlabAllocator({ memory: new ArrayBuffer(frames * 4096), ...options });
}

/** A cache of objects of 64 bytes alone in its memory, with what is given. */
export function cacheOf(frames: number, options: Partial<CacheOptions> = {}, slab: Partial<SlabOptions> = {}) {
  const memory = new Uint8Array(frames * 4096);
  const allocator = allocatorOf(frames, { memory, ...slab });
  return { allocator, cache: allocator.createCache({ name: 'c', size: 64, ...options }), memory };
}

/** The object, which there must be. */
export function some(result: number): ObjectAddress {
  if (isErrno(result)) throw new Error(`expected an object, got ${result}`);
  return result as ObjectAddress;
}

/** `code: detail` of the panic that `body` ends in. */
export function panicOf(body: () => void): string {
  try {
    body();
  } catch (error) {
    if (isKernelPanic(error)) return error.message;
    throw error;
  }
  throw new Error('expected a KernelPanic, got none');
}
