/** Changing attributes, and the file system's own. */
import { EBADF, EINVAL, type Errno } from '@veridian-os/abi';
import type { NodeChange, NodeTime } from './file-tree.js';
import type { Reader, Writer } from './messages.js';
import { isErrno, type Session } from './session.js';

/** Bits of Tsetattr's `valid`. */
const Valid = {
  Mode: 1,
  Uid: 2,
  Gid: 4,
  Size: 8,
  Atime: 0x10,
  Mtime: 0x20,
  AtimeSet: 0x80,
  MtimeSet: 0x100,
} as const;
const BILLION = 1_000_000_000;
const NAME_MAX = 255;

export function setattr(session: Session, input: Reader): 0 | Errno {
  const fid = session.get(input.u32());
  const valid = input.u32();
  const [mode, uid, gid, size] = [input.u32(), input.u32(), input.u32(), input.u64()];
  const atime = { seconds: input.u64(), nanoseconds: input.u64() };
  const mtime = { seconds: input.u64(), nanoseconds: input.u64() };
  if (input.bad) return EINVAL;
  if (fid === undefined) return EBADF;
  const change: NodeChange = {};
  if (valid & Valid.Mode) change.mode = mode & 0o7777;
  if (valid & Valid.Uid) change.uid = uid;
  if (valid & Valid.Gid) change.gid = gid;
  if (valid & Valid.Size) change.size = size;
  if (valid & Valid.Atime) change.atime = valid & Valid.AtimeSet ? atime : 'now';
  if (valid & Valid.Mtime) change.mtime = valid & Valid.MtimeSet ? mtime : 'now';
  if (!plausible(change.atime) || !plausible(change.mtime)) return EINVAL;
  if (change.size !== undefined && change.size > Number.MAX_SAFE_INTEGER) return EINVAL;
  return session.tree.setattr(fid.node, change, fid.file?.handle);
}

function plausible(time: NodeTime | undefined): boolean {
  if (time === undefined || time === 'now') return true;
  return time.seconds <= Number.MAX_SAFE_INTEGER && time.nanoseconds < BILLION;
}

export function statfs(session: Session, input: Reader, output: Writer): 0 | Errno {
  const fid = session.get(input.u32());
  if (input.bad) return EINVAL;
  if (fid === undefined) return EBADF;
  const stat = session.tree.statfs();
  if (isErrno(stat)) return stat;
  output.u32(stat.type);
  output.u32(stat.blockSize);
  for (const wide of [stat.blocks, stat.blocksFree, stat.blocksFree, stat.files, stat.filesFree, 0]) output.u64(wide);
  output.u32(NAME_MAX);
  return 0;
}
