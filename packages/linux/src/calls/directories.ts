/** getdents64 and getdents: directory entries as records. */
import { EBADF, EFAULT, EINVAL, ENOTDIR, WOULD_BLOCK } from '@veridian-os/abi';
import { Rights } from '@veridian-os/capabilities';
import type { Blocking, MaybeBlocking } from '@veridian-os/kernel';
import type { Call } from '../call.js';
import { DIRENT64, DIRENT_OLD, type DirentLayout } from '../layout/dirent.js';
import { encodeText } from '../text.js';

/** Bytes of records per call, whatever the buffer. */
const MOST = 64 * 1024;

/** getdents64(fd, buffer, size): bytes stored, 0 at the end, EINVAL when not even one record fits. */
export function getdents64(call: Call): MaybeBlocking {
  return listEntries(call, DIRENT64);
}

/** getdents(fd, buffer, size): the same with the records of before Linux 2.4. */
export function getdents(call: Call): MaybeBlocking {
  return listEntries(call, DIRENT_OLD);
}

function listEntries(call: Call, layout: DirentLayout): MaybeBlocking {
  const file = call.file(0, Rights.Read);
  if (typeof file === 'number') return EBADF;
  if (file.kind !== 'directory') return ENOTDIR;
  const buffer = new Uint8Array(Math.min(call.uint(2), MOST));
  const view = new DataView(buffer.buffer);
  const before = file.offset;
  let used = 0;
  let isFull = false;
  const result = file.readdir((name, ino, mode, nextOffset) => {
    const bytes = encodeText(name);
    isFull = used + layout.bytes(bytes.length) > buffer.length;
    if (isFull) return false;
    layout.encode(view, used, ino, nextOffset, mode, bytes);
    used += layout.bytes(bytes.length);
    return true;
  });
  if (result === WOULD_BLOCK && used === 0) return call.notedFile(file, result);
  if (result < 0 && result !== WOULD_BLOCK) return result;
  if (used === 0) return isFull ? EINVAL : 0;
  return storeRecords(call, buffer.subarray(0, used), () => {
    file.offset = before;
  });
}

/** A bad buffer must not lose entries. */
function* storeRecords(call: Call, records: Uint8Array, undo: () => void): Blocking {
  const stored = yield* call.putBytes(call.address(1), records);
  if (stored === 0) return records.length;
  undo();
  return EFAULT;
}
