/** read, write and their vector and positioned forms; copies inside the kernel. */
import { EAGAIN, EBADF, EINVAL, ESPIPE, POLLERR, POLLHUP, POLLIN, POLLOUT, RESTART } from '@veridian-os/abi';
import { Rights } from '@veridian-os/capabilities';
import type { Blocking, MaybeBlocking } from '@veridian-os/kernel';
import { Wake, settle } from '@veridian-os/kernel';
import { AccessKind } from '@veridian-os/memory';
import { O_APPEND, O_NONBLOCK, type OpenFile, type PipeFile } from '@veridian-os/vfs';
import { faultOf, type Call } from '../call.js';
import { copyFile, readFile, writeFile } from '../files/transfer.js';
import { isPipe } from './fcntl.js';
import { singleBuffer, vectorBuffer, MAX_TRANSFER } from '../files/user-buffer.js';
import { getSignedWide, setWide } from '../layout/words.js';

export function read(call: Call): MaybeBlocking {
  const file = call.file(0, Rights.Read);
  if (typeof file === 'number') return file;
  return readFile(call, file, singleBuffer(call, AccessKind.Write, call.address(1), call.address(2)));
}

export function write(call: Call): MaybeBlocking {
  const file = call.file(0, Rights.Write);
  if (typeof file === 'number') return file;
  return writeFile(call, file, singleBuffer(call, AccessKind.Read, call.address(1), call.address(2)));
}

export function readv(call: Call): MaybeBlocking {
  return readVector(call, undefined);
}

export function writev(call: Call): MaybeBlocking {
  return writeVector(call, undefined);
}

export function pread64(call: Call): MaybeBlocking {
  const file = positioned(call, Rights.Read, call.offset(3));
  if (typeof file === 'number') return file;
  const buffer = singleBuffer(call, AccessKind.Write, call.address(1), call.address(2));
  return readFile(call, file, buffer, call.offset(3));
}

export function pwrite64(call: Call): MaybeBlocking {
  const file = positioned(call, Rights.Write, call.offset(3));
  if (typeof file === 'number') return file;
  const buffer = singleBuffer(call, AccessKind.Read, call.address(1), call.address(2));
  return writeFile(call, file, buffer, call.offset(3));
}

export function preadv(call: Call): MaybeBlocking {
  return readVector(call, call.offset(3));
}

export function pwritev(call: Call): MaybeBlocking {
  return writeVector(call, call.offset(3));
}

/** RWF_ flags that change nothing here: everything is as durable as fsync makes it. */
const RWF_HARMLESS = 0x1 | 0x2 | 0x4;

export function preadv2(call: Call): MaybeBlocking {
  if ((call.int(5) & ~RWF_HARMLESS) !== 0) return EINVAL;
  return readVector(call, call.offset(3) === -1 ? undefined : call.offset(3));
}

export function pwritev2(call: Call): MaybeBlocking {
  if ((call.int(5) & ~RWF_HARMLESS) !== 0) return EINVAL;
  return writeVector(call, call.offset(3) === -1 ? undefined : call.offset(3));
}

function readVector(call: Call, position: number | undefined): MaybeBlocking {
  const file = position === undefined ? call.file(0, Rights.Read) : positioned(call, Rights.Read, position);
  if (typeof file === 'number') return file;
  const buffer = vectorBuffer(call, AccessKind.Write, call.address(1), call.int(2));
  return typeof buffer === 'number' ? buffer : readFile(call, file, buffer, position);
}

function writeVector(call: Call, position: number | undefined): MaybeBlocking {
  const file = position === undefined ? call.file(0, Rights.Write) : positioned(call, Rights.Write, position);
  if (typeof file === 'number') return file;
  const buffer = vectorBuffer(call, AccessKind.Read, call.address(1), call.int(2));
  return typeof buffer === 'number' ? buffer : writeFile(call, file, buffer, position);
}

/** An open file that has positions, or EBADF, EINVAL (negative), ESPIPE. */
function positioned(call: Call, rights: number, position: number): OpenFile | number {
  const file = call.file(0, rights);
  if (typeof file === 'number') return file;
  if (position < 0) return EINVAL;
  return file.seekable ? file : ESPIPE;
}

/** sendfile(out, in, *offset, count) */
export function sendfile(call: Call): MaybeBlocking {
  const from = call.file(1, Rights.Read);
  const to = call.file(0, Rights.Write);
  if (typeof from === 'number' || typeof to === 'number') return EBADF;
  if ((to.flags & O_APPEND) !== 0) return EINVAL;
  const offset = optionalOffset(call, 2);
  if (typeof offset === 'number') return offset;
  return copy(call, { from, to, offsets: [offset, { address: 0, value: undefined }], bytes: call.address(3) });
}

/** copy_file_range(in, *in_offset, out, *out_offset, length, flags) */
export function copyFileRange(call: Call): MaybeBlocking {
  const from = call.file(0, Rights.Read);
  const to = call.file(2, Rights.Write);
  if (typeof from === 'number' || typeof to === 'number') return EBADF;
  if (call.int(5) !== 0 || from.kind !== 'regular' || to.kind !== 'regular') return EINVAL;
  if ((to.flags & O_APPEND) !== 0) return EBADF;
  return copyBetween(call, from, to);
}

const SPLICE_F_NONBLOCK = 2;

/** True when the pipe of the two has nothing to give or no room. */
function isWaiting(from: OpenFile, to: OpenFile): boolean {
  const isEmpty = from.kind === 'pipe' && (from.poll() & (POLLIN | POLLHUP)) === 0;
  return isEmpty || (to.kind === 'pipe' && (to.poll() & (POLLOUT | POLLERR)) === 0);
}

/** splice(in, *in_offset, out, *out_offset, length, flags): one end must be a pipe */
export function splice(call: Call): MaybeBlocking {
  const from = call.file(0, Rights.Read);
  const to = call.file(2, Rights.Write);
  if (typeof from === 'number' || typeof to === 'number') return EBADF;
  if (from.kind !== 'pipe' && to.kind !== 'pipe') return EINVAL;
  if ((call.uint(5) & SPLICE_F_NONBLOCK) !== 0 && isWaiting(from, to)) return EAGAIN;
  if ((from.kind === 'pipe' && call.address(1) !== 0) || (to.kind === 'pipe' && call.address(3) !== 0)) return ESPIPE;
  return copyBetween(call, from, to);
}

interface UserOffset {
  readonly address: number;
  readonly value: number | undefined;
}

interface Copy {
  readonly from: OpenFile;
  readonly to: OpenFile;
  readonly offsets: readonly [UserOffset, UserOffset];
  readonly bytes: number;
}

function copyBetween(call: Call, from: OpenFile, to: OpenFile): MaybeBlocking {
  const first = optionalOffset(call, 1);
  if (typeof first === 'number') return first;
  const second = optionalOffset(call, 3);
  if (typeof second === 'number') return second;
  return copy(call, { from, to, offsets: [first, second], bytes: call.address(4) });
}

function* copy(call: Call, { from, to, offsets, bytes }: Copy): Blocking {
  const count = yield* copyFile(call, {
    from,
    to,
    fromPosition: offsets[0].value,
    toPosition: offsets[1].value,
    bytes: Math.min(bytes, MAX_TRANSFER),
  });
  if (count <= 0) return count;
  for (const { address, value } of offsets) {
    if (value === undefined) continue;
    setWide(call.view, 0, value + count);
    const stored = yield* call.put(address, 8);
    if (stored < 0) return faultOf(stored);
  }
  return count;
}

/** A pointer to an offset: absent when null. */
function optionalOffset(call: Call, index: number): UserOffset | number {
  const address = call.address(index);
  if (address === 0) return { address, value: undefined };
  const fetched = call.fetch(address, 8);
  if (fetched < 0) return fetched;
  const value = getSignedWide(call.view, 0);
  return value < 0 ? EINVAL : { address, value };
}

const SPLICE_FLAGS = 0xf;

/** tee(in, out, length, flags): copies what is in one pipe into another; it stays in the first. */
export function tee(call: Call): MaybeBlocking {
  const flags = call.uint(3);
  if ((flags & ~SPLICE_FLAGS) !== 0) return EINVAL;
  const bytes = Math.min(call.address(2), MAX_TRANSFER);
  if (bytes === 0) return 0;
  const from = call.file(0, Rights.Read);
  const to = call.file(1, Rights.Write);
  if (typeof from === 'number' || typeof to === 'number') return EBADF;
  // Both ends of one pipe wait in one queue.
  if (!isPipe(from) || !isPipe(to) || from.waitQueue === to.waitQueue) return EINVAL;
  const isPatient = (flags & SPLICE_F_NONBLOCK) === 0 && ((from.flags | to.flags) & O_NONBLOCK) === 0;
  return teePipes(call, from, to, bytes, isPatient);
}

function* teePipes(call: Call, from: PipeFile, to: PipeFile, bytes: number, isPatient: boolean): Blocking {
  for (;;) {
    const room = to.capacity - to.buffered;
    const count = Math.min(bytes, from.buffered, room);
    const isBroken = (to.poll() & POLLERR) !== 0;
    if (count > 0 || (isBroken && from.buffered > 0)) {
      const piece = new Uint8Array(Math.max(count, 1));
      from.peek([piece]);
      return yield* settle<number>(call.kernel.io.write(call.thread, to, [piece])); // EPIPE with its signal
    }
    if (from.buffered === 0 && (from.poll() & POLLHUP) !== 0) return 0;
    if (!isPatient) return EAGAIN;
    const [file, events] = from.buffered === 0 ? [from, POLLIN | POLLHUP] : [to, POLLOUT | POLLERR];
    if ((yield* call.kernel.waiting.on(call.thread, file.waitQueue, events)) === Wake.Signal) return RESTART;
  }
}

/** vmsplice moves pages of the program, not bytes; programs fall back to read and write. */
export function refuseSplice(): number {
  return EINVAL;
}
