/**
 * Copies between the kernel and user memory, with the checks of a user access and the faults it would take.
 *
 * The hot path (a page used a moment ago) is one look into a small cache of translations. Writing breaks copy-on-write
 * and tells the CPU when the page holds code.
 */
import { EFAULT, EINVAL, ENAMETOOLONG, ENOMEM, PAGE_SIZE, WOULD_BLOCK, panic } from '@veridian-os/abi';
import type { Errno, PhysAddr } from '@veridian-os/abi';
import { AccessKind, FaultResult } from '../api.js';
import { PageFlag } from '../page-table/format.js';
import { handleFault } from './fault.js';
import type { Space } from './space.js';

const { floor, min } = Math;

const NEEDED_FLAG = [PageFlag.Read, PageFlag.Write, PageFlag.Execute] as const;

/** Physical address of a user byte after whatever fault the access takes, or EFAULT, WOULD_BLOCK, ENOMEM. */
export function resolve(space: Space, address: number, access: AccessKind): number | Errno {
  const page = floor(address / PAGE_SIZE);
  if (space.cacheEpoch !== space.env.counters.codeEpoch) renewCache(space);
  const { cache } = space.table;
  let frame = -1;
  if (access === AccessKind.Read) frame = cache.readable(page);
  else if (access === AccessKind.Write) frame = cache.writeable(page);
  if (frame < 0) {
    frame = lookUp(space, page, access);
    if (frame < 0) return frame;
  }
  return frame * PAGE_SIZE + (address - page * PAGE_SIZE);
}

/** A page has become code since the cache was filled: a cached right to write might concern it. */
function renewCache(space: Space): void {
  space.table.cache.clear();
  space.cacheEpoch = space.env.counters.codeEpoch;
}

/** Frame of a user page that permits the access, through at most one fault; or an Errno. */
function lookUp(space: Space, page: number, access: AccessKind): number | Errno {
  const { table } = space;
  const virtual = page * PAGE_SIZE;
  if (!(virtual >= 0 && virtual < space.top)) return EFAULT;
  for (let attempt = 0; attempt < 2; attempt++) {
    if (table.query(virtual) && (table.flags & NEEDED_FLAG[access]) !== 0) return use(space, page, access);
    const result = handleFault(space, virtual, access);
    if (result !== FaultResult.Handled) return errnoOf(result);
  }
  return panic('memory/fault-without-effect', `address ${virtual}, access ${access}`);
}

/** The entry last loaded permits the access. */
function use(space: Space, page: number, access: AccessKind): number {
  const { table, env } = space;
  const { frame, flags } = table;
  const isCode = env.frames.isSynced(frame);
  if (access === AccessKind.Write && isCode) env.frames.changed(frame);
  if ((flags & PageFlag.Read) !== 0) table.cache.remember(page, frame, (flags & PageFlag.Write) !== 0 && !isCode);
  return frame;
}

function errnoOf(result: FaultResult): Errno {
  if (result === FaultResult.WouldBlock) return WOULD_BLOCK;
  return result === FaultResult.OutOfMemory ? ENOMEM : EFAULT;
}

function outside(space: Space, address: number, length: number): boolean {
  return !(address >= 0 && length >= 0 && address + length <= space.top);
}

/** See `UserSpace.read`. */
export function read(space: Space, address: number, into: Uint8Array): 0 | Errno {
  if (outside(space, address, into.length)) return EFAULT;
  for (let done = 0; done < into.length;) {
    const physical = resolve(space, address + done, AccessKind.Read);
    if (physical < 0) return physical as Errno;
    const count = min(into.length - done, PAGE_SIZE - ((address + done) % PAGE_SIZE));
    space.env.memory.copyOut(physical as PhysAddr, into, done, count);
    done += count;
  }
  return 0;
}

/** See `UserSpace.write`. Pages before the one that fails have been written. */
export function write(space: Space, address: number, from: Uint8Array): 0 | Errno {
  if (outside(space, address, from.length)) return EFAULT;
  for (let done = 0; done < from.length;) {
    const physical = resolve(space, address + done, AccessKind.Write);
    if (physical < 0) return physical as Errno;
    const count = min(from.length - done, PAGE_SIZE - ((address + done) % PAGE_SIZE));
    space.env.memory.copyIn(physical as PhysAddr, from, done, count);
    done += count;
  }
  return 0;
}

/** See `UserSpace.segments`. Pages that follow each other in guest memory share a view. */
export function segments(
  space: Space,
  address: number,
  length: number,
  access: AccessKind,
  out: Uint8Array<ArrayBufferLike>[],
  partial: boolean,
): number | Errno {
  out.length = 0;
  if (!(length >= 0)) return EINVAL;
  if (!partial && outside(space, address, length)) return EFAULT;
  const { memory } = space.env;
  let done = 0;
  let start = 0;
  let bytes = 0;
  let error: number = 0;
  while (done < length) {
    const physical = resolve(space, address + done, access);
    if (physical < 0) {
      error = physical;
      break;
    }
    const count = min(length - done, PAGE_SIZE - ((address + done) % PAGE_SIZE));
    if (bytes > 0 && (physical !== start + bytes || !memory.contiguous(start as PhysAddr, bytes + count))) {
      out.push(memory.bytes(start as PhysAddr, bytes));
      bytes = 0;
    }
    if (bytes === 0) start = physical;
    bytes += count;
    done += count;
  }
  if (error < 0 && (!partial || done === 0)) {
    out.length = 0;
    return error;
  }
  if (bytes > 0) out.push(memory.bytes(start as PhysAddr, bytes));
  return done;
}

/** See `UserSpace.physical`. */
export function physical(space: Space, address: number, access: AccessKind): number | Errno {
  if (address % 4 !== 0) return EINVAL;
  return outside(space, address, 4) ? EFAULT : resolve(space, address, access);
}

/** See `UserSpace.readString`. */
export function readString(space: Space, address: number, max: number): Uint8Array | Errno {
  const { memory } = space.env;
  let length = 0;
  for (let ended = false; !ended;) {
    if (outside(space, address + length, 1)) return EFAULT;
    const at = resolve(space, address + length, AccessKind.Read);
    if (at < 0) return at as Errno;
    const room = PAGE_SIZE - ((address + length) % PAGE_SIZE);
    const found = memory.zeroByte(at as PhysAddr, room);
    ended = found < room;
    length += found;
    if (length > max) return ENAMETOOLONG;
  }
  const text = new Uint8Array(length);
  const error = read(space, address, text);
  return error < 0 ? (error as Errno) : text;
}
