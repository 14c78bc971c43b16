/** Requests about open files and directories. */
import { EBADF, EINVAL, EISDIR, ENOTDIR, type Errno } from '@veridian-os/abi';
import type { OpenMode } from './file-tree.js';
import { QID_BYTES, isDirectory, type Reader, type Writer } from './messages.js';
import { isErrno, type Session } from './session.js';

/** Linux's numbers, which 9P2000.L has fixed for all. */
const ACCESS = 3;
const WRITE_ONLY = 1;
const READ_WRITE = 2;
const TRUNCATE = 0o1000;
const DIRECTORY = 0o200000;
/** Bytes of an Rread before its data. */
const READ_OVERHEAD = 11;
/** Bytes of a directory entry without its name: qid, offset, type. */
const ENTRY_BYTES = QID_BYTES + 9;

function openMode(flags: number): OpenMode {
  const access = flags & ACCESS;
  const write = access === WRITE_ONLY || access === READ_WRITE;
  return { read: access !== WRITE_ONLY, write, truncate: write && (flags & TRUNCATE) !== 0 };
}

export function lopen(session: Session, input: Reader, output: Writer): 0 | Errno {
  const fid = session.get(input.u32());
  const flags = input.u32();
  if (input.bad) return EINVAL;
  if (fid === undefined || fid.file !== undefined || fid.listing !== undefined) return EBADF;
  const attributes = session.tree.getattr(fid.node);
  if (isErrno(attributes)) return attributes;
  const mode = openMode(flags);
  if (isDirectory(attributes.mode)) {
    if (mode.write) return EISDIR;
    fid.listing = [];
  } else {
    if (flags & DIRECTORY) return ENOTDIR;
    const handle = session.tree.open(fid.node, mode);
    if (isErrno(handle)) return handle;
    fid.file = { handle, read: mode.read, write: mode.write };
  }
  const result = session.writeQid(fid.node, output);
  output.u32(0); // iounit: whatever fits a message
  return result;
}

export function lcreate(session: Session, input: Reader, output: Writer): 0 | Errno {
  const fid = session.get(input.u32());
  const name = input.string();
  const mode = openMode(input.u32());
  const permissions = input.u32() & 0o7777;
  input.u32(); // gid: the tree's owner owns what is made
  if (input.bad) return EINVAL;
  if (fid === undefined || fid.file !== undefined || fid.listing !== undefined) return EBADF;
  const checked = session.checkName(name);
  if (checked !== 0) return checked;
  const made = session.tree.create(fid.node, name, permissions, mode);
  if (isErrno(made)) return made;
  fid.above = [...fid.above, fid.node];
  fid.name = name;
  fid.node = made.node;
  fid.file = { handle: made.handle, read: mode.read, write: mode.write };
  const result = session.writeQid(fid.node, output);
  output.u32(0);
  return result;
}

export function read(session: Session, input: Reader, output: Writer): 0 | Errno {
  const fid = session.get(input.u32());
  const position = input.u64();
  const count = Math.min(input.u32(), session.messageMax - READ_OVERHEAD, output.room - 4);
  if (input.bad || position > Number.MAX_SAFE_INTEGER || count < 0) return EINVAL;
  if (fid?.listing !== undefined) return EISDIR;
  if (fid?.file === undefined || !fid.file.read) return EBADF;
  const at = output.length + 4;
  const got = session.tree.read(fid.file.handle, position, output.bytes.subarray(at, at + count));
  if (isErrno(got)) return got;
  output.u32(got);
  output.length += got;
  return 0;
}

export function write(session: Session, input: Reader, output: Writer): 0 | Errno {
  const fid = session.get(input.u32());
  const position = input.u64();
  const data = input.data(input.u32());
  if (input.bad || position > Number.MAX_SAFE_INTEGER - data.length) return EINVAL;
  if (fid?.file === undefined || !fid.file.write) return EBADF;
  const put = session.tree.write(fid.file.handle, position, data);
  if (isErrno(put)) return put;
  output.u32(put);
  return 0;
}

/** The offset of an entry is its number, from 1; '.' and '..' are not sent, Linux makes its own. */
export function readdir(session: Session, input: Reader, output: Writer): 0 | Errno {
  const fid = session.get(input.u32());
  const offset = input.u64();
  const count = Math.min(input.u32(), session.messageMax - READ_OVERHEAD, output.room - 4);
  if (input.bad || count < 0) return EINVAL;
  if (fid?.listing === undefined) return EBADF;
  if (offset === 0) {
    const listing = session.tree.list(fid.node);
    if (isErrno(listing)) return listing;
    fid.listing = listing;
  }
  const start = output.length;
  output.u32(0);
  for (let i = offset; i < fid.listing.length; i++) {
    const { name, ino, mode } = fid.listing[i];
    if (output.length - start - 4 + ENTRY_BYTES + output.stringBytes(name) > count) break;
    output.qid(mode, 0, ino);
    output.u64(i + 1);
    output.u8((mode >> 12) & 15);
    output.string(name);
  }
  const end = output.length;
  // Nothing at all where there is something would be the end of the directory.
  if (end === start + 4 && offset < fid.listing.length) return EINVAL;
  output.length = start;
  output.u32(end - start - 4);
  output.length = end;
  return 0;
}

export function fsync(session: Session, input: Reader): 0 | Errno {
  const fid = session.get(input.u32());
  if (input.bad) return EINVAL;
  if (fid?.listing !== undefined) return 0;
  return fid?.file === undefined ? EBADF : session.tree.sync(fid.file.handle);
}

export function clunk(session: Session, input: Reader): 0 | Errno {
  const number = input.u32();
  if (input.bad) return EINVAL;
  if (session.get(number) === undefined) return EBADF;
  session.remove(number);
  return 0;
}

const LOCK_SUCCESS = 0;
const UNLOCKED = 2;

/** One client holds all locks: its own kernel decides between its processes. */
export function lock(session: Session, input: Reader, output: Writer): 0 | Errno {
  const fid = session.get(input.u32());
  if (input.bad || fid === undefined) return EBADF;
  output.u8(LOCK_SUCCESS);
  return 0;
}

export function getlock(session: Session, input: Reader, output: Writer): 0 | Errno {
  const fid = session.get(input.u32());
  input.u8();
  const [start, length, process, client] = [input.u64(), input.u64(), input.u32(), input.string()];
  if (input.bad) return EINVAL;
  if (fid === undefined) return EBADF;
  if (output.room < 21 + output.stringBytes(client)) return EINVAL;
  output.u8(UNLOCKED);
  output.u64(start);
  output.u64(length);
  output.u32(process);
  output.string(client);
  return 0;
}
