/** Sockets: only pairs of connected local ones; there is no network to reach. */
import {
  EAFNOSUPPORT,
  EBADF,
  EINTR,
  EINVAL,
  ENOTSOCK,
  EOPNOTSUPP,
  EPROTONOSUPPORT,
  EAGAIN,
  POLLIN,
  POLLOUT,
  RESTART,
  WOULD_BLOCK,
  type Errno,
} from '@veridian-os/abi';
import { Rights } from '@veridian-os/capabilities';
import { Wake, type Blocking, type MaybeBlocking } from '@veridian-os/kernel';
import { AccessKind } from '@veridian-os/memory';
import { O_CLOEXEC, O_NONBLOCK, type OpenFile } from '@veridian-os/vfs';
import { faultOf, type Call } from '../call.js';
import { SocketEnd } from '../files/socket-pair.js';
import { installSpecial } from '../files/special.js';
import { readFile, writeFile } from '../files/transfer.js';
import { singleBuffer, type UserBuffer } from '../files/user-buffer.js';
import { setWide } from '../layout/words.js';
import { handOver } from './descriptors.js';

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_SEQPACKET = 5;
const SOCK_FLAGS = O_NONBLOCK | O_CLOEXEC;
/** Bytes of a stream per attempt. */
const PIECE = 65_536;
export const MSG_PEEK = 0x2;
export const MSG_DONTWAIT = 0x40;
export const MSG_NOSIGNAL = 0x4000;
export const MSG_CMSG_CLOEXEC = 0x40000000;

/** socket(domain, type, protocol): no address family is reachable. */
export const socket = (): number => EAFNOSUPPORT;

/** socketpair(domain, type, protocol, fds) */
export function socketpair(call: Call): MaybeBlocking {
  const type = call.int(1) & ~SOCK_FLAGS;
  if (call.int(0) !== AF_UNIX) return EAFNOSUPPORT;
  if (type !== SOCK_STREAM && type !== SOCK_DGRAM && type !== SOCK_SEQPACKET) return EINVAL;
  if (call.int(2) !== 0 && call.int(2) !== AF_UNIX) return EPROTONOSUPPORT;
  const [first, second] = SocketEnd.pair(call.kernel, type);
  const a = installSpecial(call, first, call.int(1) & SOCK_FLAGS, 'socket:[unix]');
  if (a < 0) {
    second.close();
    return a;
  }
  const b = installSpecial(call, second, call.int(1) & SOCK_FLAGS, 'socket:[unix]');
  if (b >= 0) return handOver(call, call.address(3), [a, b]);
  call.kernel.descriptors.close(call.process, a);
  return b;
}

export interface Socket {
  readonly file: OpenFile;
  readonly end: SocketEnd;
}

/** The socket behind a descriptor argument: EBADF, ENOTSOCK. */
export function socketOf(call: Call, rights: number): Socket | Errno {
  const file = call.file(0, rights);
  if (typeof file === 'number') return EBADF;
  const end = call.linux.specials.find(file, SocketEnd);
  return end === undefined ? ENOTSOCK : { file, end };
}

/** sendto(fd, buffer, length, flags, address, addressLength): the peer is fixed. */
export function sendto(call: Call): MaybeBlocking {
  const buffer = singleBuffer(call, AccessKind.Read, call.address(1), call.address(2));
  return send(call, buffer, call.int(3));
}

/** recvfrom(fd, buffer, length, flags, address, addressLength): peers of a pair have no address. */
export function recvfrom(call: Call): MaybeBlocking {
  const buffer = singleBuffer(call, AccessKind.Write, call.address(1), call.address(2));
  return receive(call, buffer, call.int(3), call.address(5));
}

function send(call: Call, buffer: UserBuffer, flags: number): MaybeBlocking {
  const found = socketOf(call, Rights.Write);
  if (typeof found === 'number') return found;
  if ((flags & ~(MSG_DONTWAIT | MSG_NOSIGNAL)) !== 0) return EOPNOTSUPP;
  if (flags === 0) return writeFile(call, found.file, buffer);
  return sendQuietly(call, found, buffer, (flags & MSG_DONTWAIT) !== 0);
}

/** MSG_NOSIGNAL, MSG_DONTWAIT: like a write, but without SIGPIPE. */
export function* sendQuietly(call: Call, { file, end }: Socket, buffer: UserBuffer, isImmediate: boolean): Blocking {
  const waits = !isImmediate && (file.flags & O_NONBLOCK) === 0;
  const piece = end.type === SOCK_STREAM ? PIECE : buffer.total;
  let done = 0;
  do {
    const covered = yield* resolved(call, buffer, done, Math.min(piece, buffer.total - done));
    if (covered < 0) return done > 0 ? done : covered;
    const count = end.write(buffer.views);
    if (count >= 0) {
      done += count;
      continue;
    }
    if (count !== EAGAIN || !waits) return done > 0 ? done : count;
    const wake = yield* call.kernel.waiting.on(call.thread, end.waitQueue, POLLOUT);
    if (wake === Wake.Signal) return done > 0 ? done : RESTART;
  } while (done < buffer.total);
  return done;
}

/** Resolves part of a buffer, waiting for its pages. */
export function* resolved(call: Call, buffer: UserBuffer, skip: number, bytes: number): Blocking {
  for (;;) {
    const covered = bytes === 0 ? 0 : buffer.resolve(skip, bytes);
    if (covered !== WOULD_BLOCK) return covered;
    if ((yield* call.awaitPage()) === Wake.Signal) return EINTR;
  }
}

function receive(call: Call, buffer: UserBuffer, flags: number, addressLength: number): MaybeBlocking {
  const found = socketOf(call, Rights.Read);
  if (typeof found === 'number') return found;
  if ((flags & ~(MSG_PEEK | MSG_DONTWAIT | MSG_CMSG_CLOEXEC)) !== 0) return EOPNOTSUPP;
  if (addressLength === 0 && (flags & (MSG_PEEK | MSG_DONTWAIT)) === 0) return readFile(call, found.file, buffer);
  return receiveLater(call, found, buffer, flags, addressLength);
}

function* receiveLater(
  call: Call,
  { file, end }: Socket,
  buffer: UserBuffer,
  flags: number,
  addressLength: number,
): Blocking {
  const waits = (flags & MSG_DONTWAIT) === 0 && (file.flags & O_NONBLOCK) === 0;
  for (;;) {
    const covered = yield* resolved(call, buffer, 0, buffer.total);
    if (covered < 0) return covered;
    const count = end.receive(buffer.views, (flags & MSG_PEEK) !== 0);
    if (count !== EAGAIN) {
      setWide(call.view, 0, 0);
      const stored = addressLength === 0 ? 0 : yield* call.put(addressLength, 4);
      return stored < 0 ? faultOf(stored) : count;
    }
    if (!waits) return EAGAIN;
    if ((yield* call.kernel.waiting.on(call.thread, end.waitQueue, POLLIN)) === Wake.Signal) return RESTART;
  }
}

export function shutdown(call: Call): number {
  const found = socketOf(call, 0);
  if (typeof found === 'number') return found;
  const how = call.int(1);
  if (how < 0 || how > 2) return EINVAL;
  found.end.shutdown(how);
  return 0;
}

/** getsockname and getpeername of a pair: the unnamed local address. */
export function getsockname(call: Call): number {
  const found = socketOf(call, 0);
  if (typeof found === 'number') return found;
  const fetched = call.fetch(call.address(2), 4);
  if (fetched < 0) return fetched;
  const room = Math.min(call.view.getUint32(0, true), 2);
  call.view.setUint32(0, 2, true);
  const stored = call.store(call.address(2), 4);
  if (stored < 0) return stored;
  call.view.setUint16(0, AF_UNIX, true);
  return room === 0 ? 0 : call.store(call.address(1), room);
}

const SOL_SOCKET = 1;
const SO_TYPE = 3;
const SO_ERROR = 4;
const SO_DOMAIN = 39;
const SO_PROTOCOL = 38;
const ENOPROTOOPT = -92;

/** getsockopt(fd, level, option, value, length) */
export function getsockopt(call: Call): number {
  const found = socketOf(call, 0);
  if (typeof found === 'number') return found;
  if (call.int(1) !== SOL_SOCKET) return EOPNOTSUPP;
  const values = new Map([
    [SO_TYPE, found.end.type],
    [SO_ERROR, 0],
    [SO_DOMAIN, AF_UNIX],
    [SO_PROTOCOL, 0],
  ]);
  const value = values.get(call.int(2));
  if (value === undefined) return ENOPROTOOPT;
  const fetched = call.fetch(call.address(4), 4);
  if (fetched < 0) return fetched;
  const room = Math.min(call.view.getUint32(0, true), 4);
  call.view.setInt32(0, value, true);
  const stored = call.store(call.address(3), room);
  if (stored < 0) return stored;
  call.view.setUint32(0, room, true);
  return call.store(call.address(4), 4);
}

/** Calls that need an address, on a socket that has none. */
export function refuseSocket(call: Call): number {
  const found = socketOf(call, 0);
  return typeof found === 'number' ? found : EOPNOTSUPP;
}
