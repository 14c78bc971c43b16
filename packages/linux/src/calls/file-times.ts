/** utime, utimes, futimesat: what utimensat does, with the times in older structures. */
import type { AttributeChange } from '@veridian-os/abi';
import { EINVAL } from '@veridian-os/abi';
import type { MaybeBlocking } from '@veridian-os/kernel';
import type { Call } from '../call.js';
import { getSignedWide } from '../layout/words.js';
import { AT_FDCWD } from '../uapi/fcntl.js';
import { timesNow } from './attributes.js';

/** struct utimbuf: 0 actime  8 modtime */
const UTIMBUF_BYTES = 16;
/** Two timevals. */
const TIMEVALS_BYTES = 32;

/** utime(path, utimbuf) */
export function utime(call: Call): MaybeBlocking {
  const times = call.address(1);
  if (times === 0) return setTimes(call, AT_FDCWD, 0, timesNow(call));
  const fetched = call.fetch(times, UTIMBUF_BYTES);
  if (fetched < 0) return fetched;
  return setTimes(call, AT_FDCWD, 0, {
    atimeSec: getSignedWide(call.view, 0),
    atimeNsec: 0,
    mtimeSec: getSignedWide(call.view, 8),
    mtimeNsec: 0,
  });
}

/** utimes(path, timeval[2]) */
export function utimes(call: Call): MaybeBlocking {
  const change = timevals(call, call.address(1));
  return typeof change === 'number' ? change : setTimes(call, AT_FDCWD, 0, change);
}

/** futimesat(dirfd, path, timeval[2]); a null path means the descriptor itself */
export function futimesat(call: Call): MaybeBlocking {
  const change = timevals(call, call.address(2));
  if (typeof change === 'number') return change;
  if (call.address(1) !== 0) return setTimes(call, call.int(0), 1, change);
  const file = call.file(0);
  return typeof file === 'number' ? file : call.notedFile(file, file.setattr(change));
}

function timevals(call: Call, address: number): AttributeChange | number {
  if (address === 0) return timesNow(call);
  const fetched = call.fetch(address, TIMEVALS_BYTES);
  if (fetched < 0) return fetched;
  const [access, modification] = [getSignedWide(call.view, 8), getSignedWide(call.view, 24)];
  if (Math.min(access, modification) < 0 || Math.max(access, modification) > 999_999) return EINVAL;
  return {
    atimeSec: getSignedWide(call.view, 0),
    atimeNsec: access * 1000,
    mtimeSec: getSignedWide(call.view, 16),
    mtimeNsec: modification * 1000,
  };
}

/** `path`: index of the path argument. */
function setTimes(call: Call, directory: number, path: number, change: AttributeChange): MaybeBlocking {
  const name = call.path(path);
  return typeof name === 'number' ? name : call.kernel.paths.setattr(call.thread, directory, name, true, change);
}
