/**
 * Where a position-independent image goes.
 *
 * Source: Linux `ELF_ET_DYN_BASE` (two thirds of the mapping window) for programs; the top of the mmap area for
 * dynamic interpreters. Randomness arrives as an argument.
 */
import { ENOMEM, PAGE_SIZE, type Errno } from '@veridian-os/abi';
import { USER_LIMIT, type ElfImage, type ElfMachine } from './api.js';

/** Base of position-independent programs before randomness, page aligned. aarch64's is for 47 bits, see USER_LIMIT. */
export const DYNAMIC_BASE: Readonly<Record<ElfMachine, number>> = {
  riscv64: 0x2aaaaaa000,
  x86_64: 0x555555554000,
  aarch64: 0x555555555000,
};

export interface BaseChoice {
  /** Pages to move away from the fixed place, 0 (default) .. 2^28: Linux's `mmap_rnd_bits` at most. */
  readonly randomPages?: number;
  /** Put the image as high as possible below this address (dynamic interpreters) instead of at {@link DYNAMIC_BASE}. */
  readonly below?: number;
  /** First address that user code may not use; default {@link USER_LIMIT}. */
  readonly addressLimit?: number;
}

/**
 * Base to add to every address of `image`: a multiple of its largest segment alignment; 0 for a fixed image.
 * @returns ENOMEM when the image does not fit there
 * @throws RangeError for a bad `randomPages` or `below`
 */
export function chooseBase(image: ElfImage, choice: BaseChoice = {}): number | Errno {
  const { randomPages = 0, below, addressLimit = USER_LIMIT[image.machine] } = choice;
  if (!Number.isInteger(randomPages) || randomPages < 0 || randomPages > 2 ** 28) {
    throw new RangeError(`randomPages: expected 0 to ${2 ** 28}, got ${randomPages}`);
  }
  if (below !== undefined && (!Number.isSafeInteger(below) || below < 0)) {
    throw new RangeError(`below: expected an address, got ${below}`);
  }
  if (!image.positionIndependent) return 0;
  const offset = randomPages * PAGE_SIZE;
  const align = image.segments.reduce((most, segment) => Math.max(most, segment.align), PAGE_SIZE);
  const lowest = image.segments[0].virtualAddress;
  const wanted = below === undefined ? DYNAMIC_BASE[image.machine] + offset - lowest : below - offset - image.end;
  const base = Math.floor(wanted / align) * align;
  return base < 0 || base + lowest < PAGE_SIZE || base + image.end > addressLimit ? ENOMEM : base;
}
