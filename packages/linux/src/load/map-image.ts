/** Mapping the segments of one ELF file. Source: Linux fs/binfmt_elf.c (elf_map, padzero, set_brk). */
import type { Errno } from '@veridian-os/abi';
import { EACCES, ENOEXEC, PAGE_SIZE } from '@veridian-os/abi';
import type { ElfImage, Segment } from '@veridian-os/elf';
import type { Blocking } from '@veridian-os/kernel';
import { PROT_WRITE, type PageSource } from '@veridian-os/memory';
import type { OpenFile } from '@veridian-os/vfs';
import type { Call } from '../call.js';

const pageDown = (address: number): number => Math.floor(address / PAGE_SIZE) * PAGE_SIZE;
const pageUp = (address: number): number => Math.ceil(address / PAGE_SIZE) * PAGE_SIZE;

/** Maps every segment at `base`, private: file pages, a zeroed tail, anonymous pages for the rest. */
export function* mapImage(call: Call, image: ElfImage, file: OpenFile, base: number): Blocking<0 | Errno> {
  const pages = file.pages();
  if (pages === undefined) return EACCES;
  for (const segment of image.segments) {
    const result = yield* mapSegment(call, segment, pages, base);
    if (result < 0) return result;
  }
  return 0;
}

function* mapSegment(call: Call, segment: Segment, source: PageSource, base: number): Blocking<0 | Errno> {
  const start = base + segment.virtualAddress;
  const fileEnd = start + segment.fileBytes;
  const end = start + segment.memoryBytes;
  if (segment.fileBytes > 0) {
    const first = pageDown(start);
    const offset = segment.fileOffset - (start - first);
    if (offset % PAGE_SIZE !== 0) return ENOEXEC;
    const mapped = call.space.map({
      address: first,
      length: pageUp(fileEnd) - first,
      prot: segment.prot,
      shared: false,
      source,
      offset,
      placement: 'replace',
    });
    if (mapped < 0) return mapped as Errno;
  }
  if (end === fileEnd) return 0;
  const anonymous = segment.fileBytes > 0 ? pageUp(fileEnd) : pageDown(start);
  const result = mapZeroes(call, anonymous, pageUp(end), segment.prot);
  if (result < 0) return result;
  return segment.fileBytes > 0 ? yield* zeroTail(call, fileEnd, segment.prot) : 0;
}

function mapZeroes(call: Call, start: number, end: number, prot: number): 0 | Errno {
  if (end <= start) return 0;
  const mapped = call.space.map({ address: start, length: end - start, prot, shared: false, placement: 'replace' });
  return mapped < 0 ? (mapped as Errno) : 0;
}

/** The last file page holds bytes that follow the segment in the file; its memory is zero. A read-only page stays as it is, as in Linux. */
function* zeroTail(call: Call, from: number, prot: number): Blocking<0 | Errno> {
  const length = pageUp(from) - from;
  if (length === 0 || (prot & PROT_WRITE) === 0) return 0;
  return (yield* call.putBytes(from, new Uint8Array(length))) as 0 | Errno;
}
