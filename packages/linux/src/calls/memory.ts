/** mmap and its family, brk. */
import type { Errno, Frame } from '@veridian-os/abi';
import {
  EACCES,
  EBADF,
  EFAULT,
  EINTR,
  EINVAL,
  ENODEV,
  ENOMEM,
  EOPNOTSUPP,
  EPERM,
  PAGE_SIZE,
  S_IFCHR,
  S_IFMT,
  WOULD_BLOCK,
} from '@veridian-os/abi';
import type { Blocking, MaybeBlocking } from '@veridian-os/kernel';
import { Limit, Wake } from '@veridian-os/kernel';
import { AccessKind, PROT_EXEC, PROT_READ, PROT_WRITE, type MapRequest, type PageSource } from '@veridian-os/memory';
import type { OpenFile } from '@veridian-os/vfs';
import type { Call } from '../call.js';
import { F_SEAL_FUTURE_WRITE, F_SEAL_WRITE } from '../files/memory-file.js';
import * as m from '../uapi/mman.js';
import { memoryFile } from './memory-files.js';

const PROT_ALL = PROT_READ | PROT_WRITE | PROT_EXEC;
const pageUp = (bytes: number): number => Math.ceil(bytes / PAGE_SIZE) * PAGE_SIZE;

/** mmap(address, length, prot, flags, fd, offset) */
export function mmap(call: Call): number {
  const length = call.address(1);
  const flags = call.uint(3);
  const type = flags & m.MAP_TYPE;
  const offset = call.address(5);
  if (length === 0 || offset % PAGE_SIZE !== 0) return EINVAL;
  if (type !== m.MAP_PRIVATE && type !== m.MAP_SHARED && type !== m.MAP_SHARED_VALIDATE) return EINVAL;
  if (type === m.MAP_SHARED_VALIDATE && (flags & ~m.MAP_KNOWN) !== 0) return EOPNOTSUPP;
  if (length > Number.MAX_SAFE_INTEGER) return ENOMEM;
  const request = mapRequest(call, flags, length);
  if (request.address < 0) return request.address;
  if ((flags & m.MAP_ANONYMOUS) === 0) return mapFile(call, request, offset);
  return populated(call, mapAnonymous(call, request), length, flags);
}

function mapRequest(call: Call, flags: number, length: number): MapRequest {
  const placement =
    (flags & m.MAP_FIXED_NOREPLACE) !== 0 ? 'exact' : (flags & m.MAP_FIXED) !== 0 ? 'replace' : ('hint' as const);
  const isLow = placement === 'hint' && (flags & call.linux.isa.lowMappings) !== 0;
  return {
    address: isLow ? lowGap(call, pageUp(length)) : call.address(0),
    length: pageUp(length),
    prot: call.int(2) & PROT_ALL,
    shared: (flags & m.MAP_TYPE) !== m.MAP_PRIVATE,
    placement,
    ...((flags & m.MAP_GROWSDOWN) === 0 ? {} : { growLimit: call.linux.options.stackBytes }),
  };
}

/** Where MAP_32BIT looks: Linux's second GiB, from its beginning. */
const LOW_START = 0x40000000;
const LOW_END = 0x80000000;

/** First gap of the second GiB that takes `length` bytes, or ENOMEM. */
function lowGap(call: Call, length: number): number {
  let at = LOW_START;
  for (const { start, end } of call.space.mappings()) {
    if (end <= at) continue;
    if (start - at >= length) break;
    at = end;
  }
  return at + length <= LOW_END ? at : ENOMEM;
}

const ZERO_DEVICE = (1 << 8) | 5;

/** Mapping /dev/zero is asking for zeroes. */
function isZeroDevice(call: Call, file: OpenFile): boolean {
  const { stat } = call.linux;
  return file.stat(stat) === 0 && (stat.mode & S_IFMT) === S_IFCHR && stat.rdev === ZERO_DEVICE;
}

function mapAnonymous(call: Call, request: MapRequest): number {
  return request.shared ? mapShared(call, request) : call.space.map(request);
}

function mapShared(call: Call, request: MapRequest): number {
  const region = call.kernel.memory.createRegion(request.length);
  if (typeof region === 'number') return region;
  const mapped = call.space.map({ ...request, source: region });
  region.release();
  return mapped;
}

function mapFile(call: Call, request: MapRequest, offset: number): number {
  const file = call.file(4);
  if (typeof file === 'number') return file;
  if (file.kind === 'path') return EBADF;
  if (!file.readable || (request.shared && !file.writable && (request.prot & PROT_WRITE) !== 0)) return EACCES;
  const memory = memoryFile(call, file);
  const source: PageSource | undefined = memory ?? file.pages();
  if (source === undefined) return isZeroDevice(call, file) ? mapAnonymous(call, request) : ENODEV;
  const isSealed = memory !== undefined && (memory.seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) !== 0;
  if (request.shared && isSealed && (request.prot & PROT_WRITE) !== 0) return EPERM;
  const maxProt = request.shared && (!file.writable || isSealed) ? PROT_READ | PROT_EXEC : PROT_ALL;
  return call.space.map({ ...request, source, offset, maxProt });
}

/** MAP_POPULATE: brings the pages in now; what cannot come is left to faults. */
function populated(call: Call, mapped: number, length: number, flags: number): number {
  if (mapped >= 0 && (flags & m.MAP_POPULATE) !== 0) {
    call.space.segments(mapped, length, AccessKind.Write, [], true);
  }
  return mapped;
}

export function munmap(call: Call): number {
  const length = call.address(1);
  return length === 0 ? EINVAL : call.space.unmap(call.address(0), length);
}

export function mprotect(call: Call): number {
  const prot = call.int(2);
  if ((prot & ~(PROT_ALL | m.PROT_SEM | m.PROT_GROWSDOWN)) !== 0) return EINVAL;
  const address = call.address(0);
  const length = call.address(1);
  if ((prot & m.PROT_GROWSDOWN) === 0) return call.space.protect(address, length, prot & PROT_ALL);
  // The change reaches down to the start of the mapping (a stack that becomes executable).
  const mapping = call.space.mappings().find(({ start, end }) => start <= address && address < end);
  if (mapping === undefined) return ENOMEM;
  return call.space.protect(mapping.start, address - mapping.start + length, prot & PROT_ALL);
}

/** mremap(address, oldLength, newLength, flags, newAddress) */
export function mremap(call: Call): number {
  const flags = call.uint(3);
  const isFixed = (flags & m.MREMAP_FIXED) !== 0;
  const mayMove = (flags & m.MREMAP_MAYMOVE) !== 0;
  if ((flags & ~(m.MREMAP_FIXED | m.MREMAP_MAYMOVE)) !== 0 || (isFixed && !mayMove)) return EINVAL;
  const newAddress = isFixed ? call.address(4) : undefined;
  return call.space.remap(call.address(0), pageUp(call.address(1)), pageUp(call.address(2)), mayMove, newAddress);
}

export function madvise(call: Call): MaybeBlocking {
  const address = call.address(0);
  const length = call.address(1);
  if (address % PAGE_SIZE !== 0) return EINVAL;
  if (length === 0) return 0;
  switch (call.int(2)) {
    case m.MADV_DONTNEED:
    case m.MADV_FREE:
      return call.space.discard(address, pageUp(length));
    case m.MADV_POPULATE_READ:
      return populate(call, address, pageUp(length), AccessKind.Read);
    case m.MADV_POPULATE_WRITE:
      return populate(call, address, pageUp(length), AccessKind.Write);
    case m.MADV_MERGEABLE:
    case m.MADV_UNMERGEABLE:
      return call.space.setMergeable(address, pageUp(length), call.int(2) === m.MADV_MERGEABLE);
    case m.MADV_HUGEPAGE:
    case m.MADV_NOHUGEPAGE:
      return call.space.setHuge(address, pageUp(length), call.int(2) === m.MADV_HUGEPAGE);
    case m.MADV_COLLAPSE:
      return call.space.collapse(address, pageUp(length));
    case m.MADV_PAGEOUT:
      return pageOut(call, address, pageUp(length));
    default:
      if (!m.MADV_HINTS.has(call.int(2))) return EINVAL;
      return isMapped(call, address, length) ? 0 : ENOMEM;
  }
}

/** As many pages leave as the range has: those that were used least, wherever they are. */
function pageOut(call: Call, address: number, length: number): number {
  if (!isMapped(call, address, length)) return ENOMEM;
  call.kernel.memory.reclaim(length / PAGE_SIZE);
  return 0;
}

/** Bytes that are brought in at a time. */
const PIECE = 64 * PAGE_SIZE;

/** Brings pages in: 0, EFAULT, ENOMEM, EINTR (the thread is being killed). They need not be there together. */
function* populate(call: Call, address: number, length: number, access: AccessKind): Blocking {
  for (let done = 0; done < length;) {
    const covered = call.noted(call.space.segments(address + done, Math.min(PIECE, length - done), access, [], true));
    if (covered >= 0) done += covered;
    else if (covered !== WOULD_BLOCK) return covered;
    else if ((yield* call.awaitPage()) === Wake.Signal) return EINTR;
  }
  return 0;
}

/** True when every page of the range belongs to some mapping. */
function isMapped(call: Call, address: number, length: number): boolean {
  let at = address;
  for (const { start, end } of call.space.mappings()) {
    if (end <= at) continue;
    if (start > at) return false;
    at = end;
    if (at >= address + length) return true;
  }
  return at >= address + length;
}

/** mincore(address, length, vector) */
export function mincore(call: Call): MaybeBlocking {
  const address = call.address(0);
  const pages = Math.ceil(call.address(1) / PAGE_SIZE);
  if (address % PAGE_SIZE !== 0) return EINVAL;
  if (pages > m.MAX_PAGES || !isMapped(call, address, pages * PAGE_SIZE)) return ENOMEM;
  const vector = new Uint8Array(pages);
  call.space.residency(address, vector);
  return call.putBytes(call.address(2), vector);
}

/** msync(address, length, flags): MS_SYNC makes everything durable, which is more than was asked for. */
export function msync(call: Call): MaybeBlocking {
  const flags = call.int(2);
  const address = call.address(0);
  const bothWays = (flags & m.MS_SYNC) !== 0 && (flags & m.MS_ASYNC) !== 0;
  if ((flags & ~(m.MS_SYNC | m.MS_ASYNC | m.MS_INVALIDATE)) !== 0 || bothWays || address % PAGE_SIZE !== 0)
    return EINVAL;
  if (!isMapped(call, address, call.address(1))) return ENOMEM;
  return (flags & m.MS_SYNC) === 0 ? 0 : call.kernel.paths.sync(call.thread);
}

/** mlock(address, length), mlock2(address, length, flags) */
export function mlock(call: Call, flags = 0): MaybeBlocking {
  const { start, bytes } = pagesOf(call);
  if ((flags & ~m.MLOCK_ONFAULT) !== 0) return EINVAL;
  if (call.space.lockedBytes + bytes > call.process.limits[2 * Limit.LockedMemory]) return ENOMEM;
  const error = call.space.lock(start, bytes, true);
  return error < 0 || flags !== 0 ? error : fillIn(call, start, bytes);
}

export const mlock2 = (call: Call): MaybeBlocking => mlock(call, call.uint(2));

export function munlock(call: Call): number {
  const { start, bytes } = pagesOf(call);
  return call.space.lock(start, bytes, false);
}

/** mlockall(flags) */
export function mlockall(call: Call): MaybeBlocking {
  const flags = call.uint(0);
  if (flags === 0 || flags === m.MCL_ONFAULT || (flags & ~(m.MCL_CURRENT | m.MCL_FUTURE | m.MCL_ONFAULT)) !== 0)
    return EINVAL;
  const isCurrent = (flags & m.MCL_CURRENT) !== 0;
  if (isCurrent && call.space.virtualBytes > call.process.limits[2 * Limit.LockedMemory]) return ENOMEM;
  call.space.lockAll(isCurrent ? true : undefined, (flags & m.MCL_FUTURE) !== 0);
  return isCurrent && (flags & m.MCL_ONFAULT) === 0 ? fillAll(call) : 0;
}

export function munlockall(call: Call): number {
  call.space.lockAll(false, false);
  return 0;
}

/** The whole pages of the range that a call names. */
function pagesOf(call: Call): { readonly start: number; readonly bytes: number } {
  const address = call.address(0);
  const start = address - (address % PAGE_SIZE);
  return { start, bytes: pageUp(call.address(1) + (address - start)) };
}

/** Every mapping that can be read; what cannot come is left to faults. */
function* fillAll(call: Call): Blocking {
  for (const { start, end, prot } of call.space.mappings()) {
    if ((prot & (PROT_READ | PROT_WRITE)) !== 0) yield* fillIn(call, start, end - start);
  }
  return 0;
}

/** Brings the pages of a range in, each as its mapping permits, a piece at a time: together they may not fit. */
function* fillIn(call: Call, start: number, bytes: number): Blocking {
  for (const { start: from, end, prot } of call.space.mappings()) {
    const first = Math.max(from, start);
    const last = Math.min(end, start + bytes);
    if (first >= last || (prot & (PROT_READ | PROT_WRITE)) === 0) continue;
    const result = yield* populate(
      call,
      first,
      last - first,
      (prot & PROT_WRITE) === 0 ? AccessKind.Read : AccessKind.Write,
    );
    if (result < 0) return result === EFAULT ? ENOMEM : result;
  }
  return 0;
}

/** brk(end): the new program break, or the present one when it cannot be what was asked for. */
export function brk(call: Call): number {
  const { image } = call.shared;
  const wanted = call.address(0);
  if (wanted < image.heapStart || !withinDataLimit(call, wanted - image.heapStart)) return image.heapEnd;
  const from = pageUp(image.heapEnd);
  const to = pageUp(wanted);
  if (to > from && growHeap(call, from, to) < 0) return image.heapEnd;
  if (to < from && call.space.unmap(to, from - to) < 0) return image.heapEnd;
  image.heapEnd = wanted;
  return wanted;
}

function growHeap(call: Call, from: number, to: number): number | Errno {
  return call.space.map({
    address: from,
    length: to - from,
    prot: PROT_READ | PROT_WRITE,
    shared: false,
    placement: 'exact',
    label: '[heap]',
  });
}

function withinDataLimit(call: Call, bytes: number): boolean {
  return Number.isSafeInteger(bytes) && bytes <= call.process.limits[Limit.Data * 2];
}

/** membarrier(command, flags): one processor and full exchanges between threads, so every barrier has happened already. */
export function membarrier(call: Call): number {
  const command = call.int(0);
  if (call.uint(1) !== 0) return EINVAL;
  if (command === 0) return m.MEMBARRIER_COMMANDS;
  return (command & (command - 1)) === 0 && (command & m.MEMBARRIER_COMMANDS) !== 0 ? 0 : EINVAL;
}

/** Pages that are worth looking up one by one. */
const FEW_PAGES = 256;

/** riscv_flush_icache(start, end, flags); an empty range means all of memory. */
export function riscvFlushIcache(call: Call): number {
  if ((call.uint(2) & ~1) !== 0) return EINVAL;
  const { kernel, space } = call;
  const start = call.address(0) - (call.address(0) % PAGE_SIZE);
  const end = call.address(1);
  if (!(end > start && end - start <= FEW_PAGES * PAGE_SIZE)) return flushEverything(call);
  for (let at = start; at < end; at += PAGE_SIZE) {
    const address = space.physical(at, AccessKind.Read);
    if (address >= 0) kernel.machine.mmu.syncCode(Math.floor(address / PAGE_SIZE) as Frame, 1);
  }
  return 0;
}

function flushEverything(call: Call): number {
  const { machine } = call.kernel;
  for (const { base, length } of machine.memory) machine.mmu.syncCode((base / PAGE_SIZE) as Frame, length / PAGE_SIZE);
  return 0;
}
