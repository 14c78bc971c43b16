/** Requests about names: walking, making, removing, renaming. */
import { EBADF, EBUSY, EINVAL, ENOENT, ENOTDIR, EOPNOTSUPP, EPERM, type Errno } from '@veridian-os/abi';
import { QID_BYTES, isDirectory, type Reader, type Writer } from './messages.js';
import { isErrno, qidVersion, type Fid, type Session } from './session.js';

const MAX_WALK = 16;
const REMOVE_DIRECTORY = 0x200;

/** One step; the fid is changed in place. */
function step(session: Session, fid: Fid, name: string): 0 | Errno {
  if (name === '..') {
    if (fid.above.length === 0) return 0;
    fid.node = fid.above.at(-1);
    fid.above = fid.above.slice(0, -1);
    fid.name = '';
    return 0;
  }
  if (session.checkName(name) !== 0) return ENOENT;
  const node = session.tree.lookup(fid.node, name);
  if (isErrno(node)) return node;
  fid.above = [...fid.above, fid.node];
  fid.node = node;
  fid.name = name;
  return 0;
}

/** As far as it goes: an error only if the first step fails; the new fid exists only if all succeed. */
export function walk(session: Session, input: Reader, output: Writer): 0 | Errno {
  const number = input.u32();
  const newNumber = input.u32();
  const count = input.u16();
  if (count > MAX_WALK) return EINVAL;
  const names = Array.from({ length: count }, () => input.string());
  if (input.bad || output.room < 2 + count * QID_BYTES) return EINVAL;
  const from = session.get(number);
  if (from === undefined) return EBADF;
  // Linux clones open fids, whatever Plan 9's manual says; only an open fid cannot become another.
  if (newNumber === number && (from.file !== undefined || from.listing !== undefined)) return EBADF;
  if (newNumber !== number && session.get(newNumber) !== undefined) return EBADF;
  const fid: Fid = { node: from.node, above: from.above, name: from.name };
  output.u16(0);
  let walked = 0;
  for (const name of names) {
    const attributes = session.tree.getattr(fid.node);
    let error: 0 | Errno = isErrno(attributes) ? attributes : isDirectory(attributes.mode) ? 0 : ENOTDIR;
    if (error === 0) error = step(session, fid, name);
    if (error === 0) error = session.writeQid(fid.node, output);
    if (error !== 0 && walked === 0) return error;
    if (error !== 0) break;
    walked++;
  }
  const end = output.length;
  output.length = end - walked * QID_BYTES - 2;
  output.u16(walked);
  output.length = end;
  if (walked < count) return 0;
  if (newNumber === number) session.remove(number);
  return session.add(newNumber, fid);
}

/** The fid of a directory and a new name in it. */
function place(session: Session, input: Reader): { readonly fid: Fid | undefined; readonly name: string } {
  return { fid: session.get(input.u32()), name: input.string() };
}

function check(session: Session, input: Reader, fid: Fid | undefined, name: string): 0 | Errno {
  if (input.bad) return EINVAL;
  return fid === undefined ? EBADF : session.checkName(name);
}

export function mkdir(session: Session, input: Reader, output: Writer): 0 | Errno {
  const { fid, name } = place(session, input);
  const permissions = input.u32() & 0o7777;
  input.u32(); // gid
  const checked = check(session, input, fid, name);
  if (checked !== 0) return checked;
  const node = session.tree.mkdir(fid!.node, name, permissions);
  return isErrno(node) ? node : session.writeQid(node, output);
}

export function symlink(session: Session, input: Reader, output: Writer): 0 | Errno {
  const { fid, name } = place(session, input);
  const target = input.string();
  input.u32(); // gid
  const checked = check(session, input, fid, name);
  if (checked !== 0) return checked;
  if (target === '' || target.includes('\0')) return EINVAL;
  const node = session.tree.symlink(fid!.node, name, target);
  return isErrno(node) ? node : session.writeQid(node, output);
}

/** Devices, pipes and sockets belong to the guest: they are no business of the tree's. */
export function mknod(): Errno {
  return EPERM;
}

export function notSupported(): Errno {
  return EOPNOTSUPP;
}

export function readlink(session: Session, input: Reader, output: Writer): 0 | Errno {
  const fid = session.get(input.u32());
  if (input.bad) return EINVAL;
  if (fid === undefined) return EBADF;
  const target = session.tree.readlink(fid.node);
  if (isErrno(target)) return target;
  if (output.stringBytes(target) > output.room) return EINVAL;
  output.string(target);
  return 0;
}

export function link(session: Session, input: Reader): 0 | Errno {
  const directory = session.get(input.u32());
  const fid = session.get(input.u32());
  const name = input.string();
  const checked = check(session, input, directory, name);
  if (checked !== 0) return checked;
  return fid === undefined ? EBADF : session.tree.link(directory!.node, name, fid.node);
}

export function unlinkat(session: Session, input: Reader): 0 | Errno {
  const { fid, name } = place(session, input);
  const flags = input.u32();
  const checked = check(session, input, fid, name);
  if (checked !== 0) return checked;
  return session.tree.unlink(fid!.node, name, (flags & REMOVE_DIRECTORY) !== 0);
}

export function renameat(session: Session, input: Reader): 0 | Errno {
  const from = place(session, input);
  const to = place(session, input);
  const checked = check(session, input, from.fid, from.name) || check(session, input, to.fid, to.name);
  if (checked !== 0) return checked;
  return session.tree.rename(from.fid!.node, from.name, to.fid!.node, to.name);
}

/** The older request: the fid moves, and knows where it is. */
export function rename(session: Session, input: Reader): 0 | Errno {
  const fid = session.get(input.u32());
  const { fid: directory, name } = place(session, input);
  const checked = check(session, input, directory, name);
  if (checked !== 0) return checked;
  if (fid === undefined) return EBADF;
  if (fid.name === '') return EBUSY;
  const result = session.tree.rename(fid.above.at(-1), fid.name, directory!.node, name);
  if (result !== 0) return result;
  fid.above = [...directory!.above, directory!.node];
  fid.name = name;
  return 0;
}

/** Removes what the fid names; the fid goes either way. */
export function remove(session: Session, input: Reader): 0 | Errno {
  const number = input.u32();
  const fid = session.get(number);
  if (input.bad) return EINVAL;
  if (fid === undefined) return EBADF;
  const attributes = session.tree.getattr(fid.node);
  session.remove(number);
  if (isErrno(attributes)) return attributes;
  if (fid.name === '') return EBUSY;
  return session.tree.unlink(fid.above.at(-1), fid.name, isDirectory(attributes.mode));
}

/** Which attributes are valid: all that stat(2) has. */
const BASIC = 0x7ff;

export function getattr(session: Session, input: Reader, output: Writer): 0 | Errno {
  const fid = session.get(input.u32());
  input.u64(); // what is asked for
  if (input.bad) return EINVAL;
  if (fid === undefined) return EBADF;
  const a = session.tree.getattr(fid.node, fid.file?.handle);
  if (isErrno(a)) return a;
  output.u64(BASIC);
  output.qid(a.mode, qidVersion(a), a.ino);
  for (const word of [a.mode, a.uid, a.gid]) output.u32(word);
  for (const wide of [a.nlink, a.rdev, a.size, a.blockSize, a.blocks]) output.u64(wide);
  for (const time of [a.atimeSec, a.atimeNsec, a.mtimeSec, a.mtimeNsec, a.ctimeSec, a.ctimeNsec]) output.u64(time);
  for (let i = 0; i < 4; i++) output.u64(0); // time of birth, generation, data version
  return 0;
}
