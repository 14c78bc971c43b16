/**
 * Moving bytes between user memory and open files, a piece at a time: a large buffer is not faulted in for a small
 * file. Only the first piece may wait for data; later ones take what is there.
 */
import { EFBIG, EINTR, EISDIR, POLLIN, POLLOUT, WOULD_BLOCK, type Errno } from '@veridian-os/abi';
import type { Blocking, MaybeBlocking } from '@veridian-os/kernel';
import { Limit, SIGXFSZ, SI_KERNEL, Wake, isBlocking, settle, signalInfo } from '@veridian-os/kernel';
import { O_APPEND, type OpenFile } from '@veridian-os/vfs';
import type { Call } from '../call.js';
import type { UserBuffer } from './user-buffer.js';

/** Bytes per piece. */
const PIECE = 256 * 1024;

type Move = (
  call: Call,
  file: OpenFile,
  buffer: UserBuffer,
  skip: number,
  bytes: number,
  position?: number,
) => MaybeBlocking;

/** read(2) and friends: bytes read, 0 at the end. `position`: absolute, the file's offset stays. */
export function readFile(call: Call, file: OpenFile, buffer: UserBuffer, position?: number): MaybeBlocking {
  if (file.kind === 'directory') return EISDIR;
  if (buffer.total === 0) return 0;
  if (buffer.total <= PIECE) return readPiece(call, file, buffer, 0, buffer.total, position);
  return transfer(call, file, buffer, buffer.total, readPiece, position);
}

/** write(2) and friends. */
export function writeFile(call: Call, file: OpenFile, buffer: UserBuffer, position?: number): MaybeBlocking {
  if (buffer.total === 0) return 0;
  const total = withinSizeLimit(call, file, buffer.total, position);
  if (total < 0) return total;
  if (total <= PIECE) return writePiece(call, file, buffer, 0, total, position);
  return transfer(call, file, buffer, total, writePiece, position);
}

function readPiece(
  call: Call,
  file: OpenFile,
  buffer: UserBuffer,
  skip: number,
  bytes: number,
  position?: number,
): MaybeBlocking {
  const covered = buffer.resolve(skip, bytes);
  if (covered < 0) return covered;
  return call.kernel.io.read(call.thread, file, buffer.views, position, () => buffer.refresh(skip, bytes));
}

function writePiece(
  call: Call,
  file: OpenFile,
  buffer: UserBuffer,
  skip: number,
  bytes: number,
  position?: number,
): MaybeBlocking {
  const covered = buffer.resolve(skip, bytes);
  if (covered < 0) return covered;
  return call.kernel.io.write(call.thread, file, buffer.views, position, () => buffer.refresh(skip, bytes));
}

function* transfer(
  call: Call,
  file: OpenFile,
  buffer: UserBuffer,
  total: number,
  move: Move,
  position?: number,
): Blocking {
  let done = 0;
  while (done < total) {
    const bytes = Math.min(PIECE, total - done);
    if (done > 0 && file.kind !== 'regular' && !isReady(file, move)) return done;
    const at = position === undefined ? undefined : position + done;
    const count = yield* moveWithPages(call, () => move(call, file, buffer, done, bytes, at));
    if (count < 0) return done > 0 ? done : count;
    done += count;
    if (count < bytes) return done;
  }
  return done;
}

/** RLIMIT_FSIZE: the bytes that may still be written from here on, or EFBIG with SIGXFSZ when there are none. */
function withinSizeLimit(call: Call, file: OpenFile, bytes: number, position?: number): number {
  const limit = call.process.limits[Limit.FileSize * 2];
  if (limit === Infinity || file.kind !== 'regular') return bytes;
  const start = position ?? ((file.flags & O_APPEND) === 0 ? file.offset : sizeOf(call, file));
  return start < limit ? Math.min(bytes, limit - start) : fileTooLarge(call);
}

function sizeOf(call: Call, file: OpenFile): number {
  return file.stat(call.linux.stat) < 0 ? 0 : call.linux.stat.size;
}

/** What a file that would pass RLIMIT_FSIZE costs its writer. */
export function fileTooLarge(call: Call): Errno {
  call.kernel.signals.sendThread(call.thread, signalInfo(SIGXFSZ, SI_KERNEL));
  return EFBIG;
}

/** True when another piece moves at once. */
function isReady(file: OpenFile, move: Move): boolean {
  return (file.poll() & (move === readPiece ? POLLIN : POLLOUT)) !== 0;
}

/** Runs an attempt again after each wait for a page of the buffer. */
function* moveWithPages(call: Call, attempt: () => MaybeBlocking): Blocking {
  for (;;) {
    const result = attempt();
    const count = isBlocking(result) ? yield* result : result;
    if (count !== WOULD_BLOCK) return count;
    if ((yield* call.awaitPage()) === Wake.Signal) return EINTR;
  }
}

/** Kernel-side copy between two open files (sendfile, copy_file_range, splice). */
export interface CopyRequest {
  readonly from: OpenFile;
  readonly to: OpenFile;
  /** Absolute offsets; undefined = the file's own, which advances. */
  readonly fromPosition: number | undefined;
  readonly toPosition: number | undefined;
  readonly bytes: number;
}

const COPY_PIECE = 64 * 1024;

/** Copies until `bytes`, the end, or an error; the bytes copied. What the target refused is given back to the source. */
export function* copyFile(call: Call, request: CopyRequest): Blocking {
  const { from, to, fromPosition, toPosition, bytes } = request;
  const buffer = new Uint8Array(COPY_PIECE);
  let done = 0;
  while (done < bytes) {
    const wanted = Math.min(bytes - done, COPY_PIECE);
    if (done > 0 && from.kind !== 'regular' && (from.poll() & POLLIN) === 0) return done;
    const at = fromPosition === undefined ? undefined : fromPosition + done;
    const count = yield* settle<number>(call.kernel.io.read(call.thread, from, [buffer.subarray(0, wanted)], at));
    if (count <= 0) return done > 0 ? done : count;
    const target = toPosition === undefined ? undefined : toPosition + done;
    const written = yield* settle<number>(call.kernel.io.write(call.thread, to, [buffer.subarray(0, count)], target));
    const kept = Math.max(written, 0);
    if (kept < count && from.seekable && fromPosition === undefined) from.offset -= count - kept;
    done += kept;
    if (written < 0) return done > 0 ? done : written;
    if (kept < count) return done;
  }
  return done;
}
