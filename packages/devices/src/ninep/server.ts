/**
 * A 9P2000.L server for one client over a `FileTree`. Requests are answered at once and in order, so that Tflush has
 * nothing to flush. Whatever a client sends gets an answer: an error if it makes no sense.
 *
 * All requests act as the tree's owner; who may do what is between the guest's kernel and its users.
 * Source: diod's description of 9P2000.L; Plan 9's manual, section 5, for walk, clunk and remove.
 */
import { EINVAL, EIO, EMSGSIZE, EOPNOTSUPP, EPROTO, type Errno } from '@veridian-os/abi';
import { setattr, statfs } from './attribute-handlers.js';
import * as files from './file-handlers.js';
import type { FileTree } from './file-tree.js';
import { HEADER_BYTES, Message, Reader, Writer } from './messages.js';
import * as names from './name-handlers.js';
import { Session } from './session.js';

const VERSION = '9P2000.L';
/** Messages of more than half a megabyte do not fit Linux's virtio transport. */
const MESSAGE_MAX = 512 * 1024;
const MESSAGE_MIN = 4096;
const NO_TAG = 0xffff;
/** Bytes that any answer without data of the client's choice of length fits in. */
const LARGEST_FIXED_REPLY = 4096;

type Handler = (session: Session, input: Reader, output: Writer) => 0 | Errno;

const HANDLERS: ReadonlyMap<number, Handler> = new Map<number, Handler>([
  [Message.Statfs, statfs],
  [Message.Lopen, files.lopen],
  [Message.Lcreate, files.lcreate],
  [Message.Symlink, names.symlink],
  [Message.Mknod, names.mknod],
  [Message.Rename, names.rename],
  [Message.Readlink, names.readlink],
  [Message.Getattr, names.getattr],
  [Message.Setattr, setattr],
  [Message.Xattrwalk, names.notSupported],
  [Message.Xattrcreate, names.notSupported],
  [Message.Readdir, files.readdir],
  [Message.Fsync, files.fsync],
  [Message.Lock, files.lock],
  [Message.Getlock, files.getlock],
  [Message.Link, names.link],
  [Message.Mkdir, names.mkdir],
  [Message.Renameat, names.renameat],
  [Message.Unlinkat, names.unlinkat],
  [Message.Version, version],
  [Message.Auth, names.notSupported],
  [Message.Attach, attach],
  [Message.Flush, () => 0],
  [Message.Walk, names.walk],
  [Message.Read, files.read],
  [Message.Write, files.write],
  [Message.Clunk, files.clunk],
  [Message.Remove, names.remove],
]);

/** Starts a session: what was open is closed. */
function version(session: Session, input: Reader, output: Writer): 0 | Errno {
  const wanted = input.u32();
  const name = input.string();
  if (input.bad) return EINVAL;
  if (wanted < MESSAGE_MIN) return EMSGSIZE;
  session.clear();
  session.messageMax = Math.min(wanted, MESSAGE_MAX);
  output.u32(session.messageMax);
  output.string(name === VERSION ? VERSION : 'unknown');
  return 0;
}

/** There is one tree, so its name does not matter; users are the guest's. */
function attach(session: Session, input: Reader, output: Writer): 0 | Errno {
  const number = input.u32();
  input.u32(); // authentication: none is needed
  input.string();
  input.string();
  if (input.bad) return EINVAL;
  const node = session.tree.root();
  const added = session.add(number, { node, above: [], name: '' });
  if (added !== 0) return added;
  const result = session.writeQid(node, output);
  if (result !== 0) session.remove(number);
  return result;
}

export class NinepServer {
  private readonly session: Session;

  constructor(tree: FileTree) {
    this.session = new Session(tree, MESSAGE_MAX);
  }

  /** Fids in use. */
  get fids(): number {
    return this.session.count;
  }

  /** The client has gone: closes what it left open. */
  reset(): void {
    this.session.clear();
    this.session.messageMax = MESSAGE_MAX;
  }

  /**
   * @param request one message
   * @param room bytes that the answer may have
   * @returns the answer, or undefined if `room` is too small for even an error
   */
  handle(request: Uint8Array, room: number): Uint8Array | undefined {
    if (room < HEADER_BYTES + 4) return undefined;
    const header = new Reader(request, 0);
    const [size, type, givenTag] = [header.u32(), header.u8(), header.u16()];
    const tag = header.bad ? NO_TAG : givenTag;
    const limit = Math.min(room, this.session.messageMax);
    const output = new Writer(Math.max(limit, LARGEST_FIXED_REPLY), limit);
    let result: 0 | Errno = EPROTO;
    if (!header.bad && size >= HEADER_BYTES && size <= request.length) {
      result = this.run(type, new Reader(request.subarray(0, size), HEADER_BYTES), output);
      if (result === 0 && output.room < 0) result = EMSGSIZE;
    }
    if (result === 0) return output.finish(type + 1, tag);
    output.clear();
    output.u32(0 - result);
    return output.finish(Message.Lerror + 1, tag);
  }

  private run(type: number, input: Reader, output: Writer): 0 | Errno {
    const handler = HANDLERS.get(type);
    if (handler === undefined) return EOPNOTSUPP;
    try {
      return handler(this.session, input, output);
    } catch {
      return EIO; // the tree broke, not the client; it must not take the machine along
    }
  }
}
