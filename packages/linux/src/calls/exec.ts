/** execve and the ends of threads and processes. */
import { E2BIG, EINTR, EINVAL, ENAMETOOLONG, ENOENT, WOULD_BLOCK } from '@veridian-os/abi';
import { NO_RESULT, Wake, exec, type Blocking, type MaybeBlocking } from '@veridian-os/kernel';
import type { Call } from '../call.js';
import { getWide } from '../layout/words.js';
import { decodeText } from '../text.js';
import { AT_EMPTY_PATH, AT_FDCWD, AT_SYMLINK_NOFOLLOW } from '../uapi/fcntl.js';

/** Bytes of all arguments and variables together, as with an 8 MiB stack. */
const MAX_BYTES = 2 * 1024 * 1024;
/** MAX_ARG_STRLEN without its NUL. */
const MAX_STRING = 131_071;

export function execve(call: Call): MaybeBlocking {
  const path = call.path(0);
  return typeof path === 'number' ? path : replace(call, AT_FDCWD, path, 1);
}

/** execveat(dirfd, path, argv, envp, flags) */
export function execveat(call: Call): MaybeBlocking {
  const flags = call.int(4);
  if ((flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW)) !== 0) return EINVAL;
  const path = call.path(1);
  if (typeof path === 'number') return path;
  if (path !== '') return replace(call, call.int(0), path, 2);
  if ((flags & AT_EMPTY_PATH) === 0) return ENOENT;
  const file = call.file(0);
  return typeof file === 'number' ? file : replace(call, AT_FDCWD, file.name, 2);
}

function* replace(call: Call, directory: number, path: string, argument: number): Blocking {
  if (path === '') return ENOENT;
  const budget = { left: MAX_BYTES };
  const args = yield* stringArray(call, call.address(argument), budget);
  if (typeof args === 'number') return args;
  const env = yield* stringArray(call, call.address(argument + 1), budget);
  if (typeof env === 'number') return env;
  return yield* exec(call.kernel, call.thread, { directory, path, args, env });
}

/** A null-terminated array of strings; a null pointer is an empty one. */
function* stringArray(call: Call, address: number, budget: { left: number }): Blocking<string[] | number> {
  const strings: string[] = [];
  if (address === 0) return strings;
  for (let at = address; ; at += 8) {
    const fetched = yield* patiently(call, () => call.fetch(at, 8));
    if (fetched < 0) return fetched;
    const pointer = getWide(call.view, 0);
    if (pointer === 0) return strings;
    const bytes = yield* readString(call, pointer);
    if (typeof bytes === 'number') return bytes;
    budget.left -= bytes.length + 9;
    if (budget.left < 0) return E2BIG;
    strings.push(decodeText(bytes));
  }
}

function* readString(call: Call, pointer: number): Blocking<Uint8Array | number> {
  let bytes: Uint8Array | number = WOULD_BLOCK;
  const failed = yield* patiently(call, () => {
    bytes = call.space.readString(pointer, MAX_STRING);
    return typeof bytes === 'number' ? call.noted(bytes) : 0;
  });
  return failed < 0 ? stringError(failed) : bytes;
}

/** A string without an end is too long for the stack. */
function stringError(error: number): number {
  return error === ENAMETOOLONG ? E2BIG : error;
}

/** Repeats a user copy while its page is on its way. */
function* patiently(call: Call, copy: () => number): Blocking {
  for (;;) {
    const result = copy();
    if (result !== WOULD_BLOCK) return result;
    if ((yield* call.awaitPage()) === Wake.Signal) return EINTR;
  }
}

export function exit(call: Call): number {
  const { kernel, thread } = call;
  call.state.exitStatus = call.int(0) & 0xff;
  kernel.processes.exitThread(thread, { kind: 'exit', value: call.int(0) & 0xff, core: false });
  return NO_RESULT;
}

export function exitGroup(call: Call): number {
  call.kernel.processes.exitGroup(call.thread, call.int(0));
  return NO_RESULT;
}
