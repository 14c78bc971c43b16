/** Putting bytes into a machine's RAM. */
import type { MemoryRegion } from '@veridian-os/abi';
import type { LoadedPiece } from './elf-file.js';

/**
 * Copies a piece and clears what follows it up to its `memoryBytes`.
 * @param what names the piece in the error
 * @throws RangeError unless one RAM region holds all of it
 */
export function loadPiece(memory: readonly MemoryRegion[], what: string, piece: LoadedPiece): void {
  const { address, bytes, memoryBytes } = piece;
  const region = memory.find(({ base, length }) => address >= base && address + memoryBytes <= base + length);
  if (region === undefined) {
    const [first] = memory;
    throw new RangeError(
      `${what}: expected a place in RAM (${first.length} bytes from 0x${first.base.toString(16)}), got ` +
        `${memoryBytes} bytes at 0x${address.toString(16)}`,
    );
  }
  const at = address - region.base;
  region.u8.set(bytes, at);
  region.u8.fill(0, at + bytes.length, at + memoryBytes);
}

/** Bytes of RAM as they are now. @throws RangeError unless one region holds them */
export function readMemory(memory: readonly MemoryRegion[], address: number, length: number): Uint8Array {
  const region = memory.find(({ base, length: all }) => address >= base && address + length <= base + all);
  if (region !== undefined) return region.u8.slice(address - region.base, address - region.base + length);
  throw new RangeError(`address: expected ${length} bytes in RAM, got 0x${address.toString(16)}`);
}
