/** sendmsg and recvmsg: vectors of bytes, and descriptors that travel with them. */
import { EAGAIN, EFAULT, EINVAL, EOPNOTSUPP, EPIPE, POLLIN, POLLOUT, RESTART } from '@veridian-os/abi';
import { Rights } from '@veridian-os/capabilities';
import {
  SIGPIPE,
  SI_KERNEL,
  Wake,
  signalInfo,
  type Blocking,
  type MaybeBlocking,
  type Token,
} from '@veridian-os/kernel';
import { AccessKind } from '@veridian-os/memory';
import { O_NONBLOCK } from '@veridian-os/vfs';
import { faultOf, type Call } from '../call.js';
import { CMSG_ALIGN, decodeControl, encodeRights } from '../layout/control-message.js';
import { MAX_PASSED } from '../files/passed-descriptors.js';
import { vectorBuffer, type UserBuffer } from '../files/user-buffer.js';
import { getWide, setWide } from '../layout/words.js';
import { MSG_CMSG_CLOEXEC, MSG_DONTWAIT, MSG_NOSIGNAL, MSG_PEEK, resolved, socketOf, type Socket } from './sockets.js';

/** struct msghdr: 0 name  8 namelen:4  16 iov  24 iovlen  32 control  40 controllen  48 flags:4 */
const MSGHDR_BYTES = 56;
const MSG_CTRUNC = 0x8;
/** Ancillary data per message. */
const MAX_CONTROL = 4096;

interface Message {
  readonly buffer: UserBuffer;
  readonly control: number;
  readonly controlBytes: number;
}

function fetchMessage(call: Call, access: AccessKind): Message | number {
  const fetched = call.fetch(call.address(1), MSGHDR_BYTES);
  if (fetched < 0) return fetched;
  const [vector, count] = [getWide(call.view, 16), getWide(call.view, 24)];
  const [control, controlBytes] = [getWide(call.view, 32), getWide(call.view, 40)];
  const buffer = vectorBuffer(call, access, vector, count);
  return typeof buffer === 'number' ? buffer : { buffer, control, controlBytes: control === 0 ? 0 : controlBytes };
}

/** sendmsg(fd, message, flags) */
export function sendmsg(call: Call): MaybeBlocking {
  const found = socketOf(call, Rights.Write);
  if (typeof found === 'number') return found;
  if ((call.int(2) & ~(MSG_DONTWAIT | MSG_NOSIGNAL)) !== 0) return EOPNOTSUPP;
  const message = fetchMessage(call, AccessKind.Read);
  if (typeof message === 'number') return message;
  const fds = fetchRights(call, message);
  return typeof fds === 'number' ? fds : send(call, found, message.buffer, fds);
}

/** Descriptors that a message passes; credentials are checked by nobody and need no checking: everybody is root. */
function fetchRights(call: Call, { control, controlBytes }: Message): number[] | number {
  if (controlBytes === 0) return [];
  if (controlBytes > MAX_CONTROL) return EINVAL;
  const bytes = new Uint8Array(controlBytes);
  const fetched = call.fetchInto(control, bytes);
  if (fetched < 0) return fetched;
  const fds = decodeControl(new DataView(bytes.buffer));
  return fds === undefined || fds.length > MAX_PASSED ? EINVAL : fds;
}

function* send(call: Call, { file, end }: Socket, buffer: UserBuffer, fds: readonly number[]): Blocking {
  const flags = call.int(2);
  const waits = (flags & MSG_DONTWAIT) === 0 && (file.flags & O_NONBLOCK) === 0;
  const passed = end.passToPeer(call.process, fds);
  if (typeof passed === 'number') return passed === EPIPE ? broken(call, flags) : passed;
  for (;;) {
    const covered = yield* resolved(call, buffer, 0, buffer.total);
    const count = covered < 0 ? covered : end.send(buffer.views, passed.tokens);
    if (count >= 0) return count;
    const wake =
      count === EAGAIN && waits ? yield* call.kernel.waiting.on(call.thread, end.waitQueue, POLLOUT) : undefined;
    if (wake !== undefined && wake !== Wake.Signal) continue;
    passed.at.drop(passed.tokens);
    if (wake === Wake.Signal) return RESTART;
    return count === EPIPE ? broken(call, flags) : count;
  }
}

function broken(call: Call, flags: number): number {
  if ((flags & MSG_NOSIGNAL) === 0) call.kernel.signals.sendThread(call.thread, signalInfo(SIGPIPE, SI_KERNEL));
  return EPIPE;
}

/** recvmsg(fd, message, flags) */
export function recvmsg(call: Call): MaybeBlocking {
  const found = socketOf(call, Rights.Read);
  if (typeof found === 'number') return found;
  if ((call.int(2) & ~(MSG_PEEK | MSG_DONTWAIT | MSG_CMSG_CLOEXEC)) !== 0) return EOPNOTSUPP;
  const message = fetchMessage(call, AccessKind.Write);
  return typeof message === 'number' ? message : receive(call, found, message);
}

function* receive(call: Call, { file, end }: Socket, message: Message): Blocking {
  const flags = call.int(2);
  const waits = (flags & MSG_DONTWAIT) === 0 && (file.flags & O_NONBLOCK) === 0;
  const { buffer } = message;
  for (;;) {
    const covered = yield* resolved(call, buffer, 0, buffer.total);
    if (covered < 0) return covered;
    const count = end.receive(buffer.views, (flags & MSG_PEEK) !== 0);
    if (count >= 0) return yield* finish(call, end.takePassed(), { found: { file, end }, message, count });
    if (count !== EAGAIN || !waits) return count;
    if ((yield* call.kernel.waiting.on(call.thread, end.waitQueue, POLLIN)) === Wake.Signal) return RESTART;
  }
}

interface Received {
  readonly found: Socket;
  readonly message: Message;
  readonly count: number;
}

/** Opens what was passed as far as the caller has room for it, and fills in the header. */
function* finish(call: Call, tokens: readonly Token[], { found, message, count }: Received): Blocking {
  const room = Math.max(Math.floor((message.controlBytes - CMSG_ALIGN * 2) / 4), 0);
  const wanted = tokens.slice(0, room);
  const { passed } = found.end;
  passed.drop(tokens.slice(room));
  const fds = wanted.map((token) => passed.take(call.process, token, (call.int(2) & MSG_CMSG_CLOEXEC) !== 0));
  const opened = fds.filter((fd) => fd >= 0);
  const control = encodeRights(opened).subarray(0, message.controlBytes);
  const stored = control.length === 0 ? 0 : yield* call.putBytes(message.control, control);
  if (stored < 0) return faultOf(stored);
  const header = call.address(1);
  setWide(call.view, 0, control.length);
  if ((yield* call.put(header + 40, 8)) < 0) return EFAULT;
  call.view.setUint32(0, opened.length < tokens.length ? MSG_CTRUNC : 0, true);
  if ((yield* call.put(header + 48, 4)) < 0) return EFAULT;
  call.view.setUint32(0, 0, true);
  return (yield* call.put(header + 8, 4)) < 0 ? EFAULT : count;
}
