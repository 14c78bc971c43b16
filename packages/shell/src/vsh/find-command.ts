/** From a command's name to a program, and what to say when there is none. */
import { EACCES, EISDIR, ENOENT, ENOEXEC, errnoMessage, S_IFDIR, S_IFMT, S_IFREG } from '@veridian-os/abi';
import { O_RDONLY } from '@veridian-os/vfs';
import { emptyStat, type Sys } from '@veridian-os/kernel';
import type { Step } from '../internal/io.js';

/** Exit statuses of the shell itself. */
export const SYNTAX_STATUS = 2;
export const NOT_FOUND = 127;
export const NOT_EXECUTABLE = 126;
const DEFAULT_PATH = '/bin';
/** Bytes that decide whether a file without `#!` is text. */
const SNIFF_BYTES = 128;

/** Why a command does not run. */
export interface Refusal {
  readonly message: string;
  readonly status: number;
}

/** Path of the program that a command names, or why there is none. */
export function* findProgram(sys: Sys, name: string, searchPath = DEFAULT_PATH): Step<string | Refusal> {
  if (name.includes('/')) return name;
  let refusal: Refusal = { message: `${name}: command not found`, status: NOT_FOUND };
  if (name === '') return refusal;
  for (const folder of searchPath.split(':')) {
    const path = folder === '' ? name : `${folder}/${name}`;
    const found = yield* executability(sys, path);
    if (found === 0) return folder === '' ? `./${name}` : path;
    if (found === EACCES) refusal = { message: `${path}: ${errnoMessage(EACCES)}`, status: NOT_EXECUTABLE };
  }
  return refusal;
}

/** 0 for an executable file; EACCES for any other file; EISDIR; or why it cannot be looked at. */
export function* executability(sys: Sys, path: string): Step<number> {
  const stat = emptyStat();
  const result = yield* sys.stat(path, stat);
  if (result < 0) return result;
  if ((stat.mode & S_IFMT) === S_IFDIR) return EISDIR;
  return (stat.mode & S_IFMT) === S_IFREG && (stat.mode & 0o111) !== 0 ? 0 : EACCES;
}

/** What to say about a program that `spawn` refused with `errno`. */
export function* explainRefusal(sys: Sys, path: string, errno: number): Step<Refusal> {
  const why = yield* sys.inspect((kernel) => kernel.execError);
  // The kernel's sentence names the file that it is about.
  if ((errno === ENOEXEC || errno === ENOENT) && typeof why === 'string' && why.startsWith(`${path}: `)) {
    return { message: why, status: NOT_EXECUTABLE };
  }
  const found = yield* executability(sys, path);
  if (errno === ENOENT && found === 0)
    return { message: `${path}: its interpreter is missing`, status: NOT_EXECUTABLE };
  const reason = errno === EACCES && found === EISDIR ? EISDIR : errno;
  return { message: `${path}: ${errnoMessage(reason)}`, status: errno === ENOENT ? NOT_FOUND : NOT_EXECUTABLE };
}

/** True for a text file that says nothing about its interpreter: the shell runs it, as POSIX wants. */
export function* isPlainScript(sys: Sys, path: string): Step<boolean> {
  const fd = yield* sys.open(path, O_RDONLY);
  if (fd < 0) return false;
  const start = new Uint8Array(SNIFF_BYTES);
  const count = yield* sys.read(fd, start);
  yield* sys.close(fd);
  return count >= 0 && !start.subarray(0, count).includes(0) && start[0] !== 0x7f;
}
