/** Opening an executable: what kind of program a path names, checked before the old image is given up. */
import type { Errno } from '@veridian-os/abi';
import { EACCES, EINTR, ELOOP, ENOEXEC, ENOENT, EIO, RESTART } from '@veridian-os/abi';
import { parseElfHeaders, parseShebang, type ElfImage, type ElfPiece } from '@veridian-os/elf';
import { O_RDONLY, type OpenFile } from '@veridian-os/vfs';
import { settle, type Blocking } from '../core/blocking.js';
import type { Thread } from '../core/thread.js';
import type { ExecImage, Personality } from '../api.js';
import { emptyStat } from '../files/protocol.js';
import { AT_FDCWD } from '../files/paths.js';
import type { Kernel } from '../kernel.js';
import type { TaskMain } from '../tasks/task.js';

/** Interpreter of the files in /bin that stand for TypeScript programs: `#!task NAME`. */
export const TASK_INTERPRETER = 'task';
/** Scripts that name scripts: at most this many, as Linux. */
const MAX_SCRIPTS = 4;
const HEADER_BYTES = 4096;
const S_IFMT = 0o170000;
const S_IFREG = 0o100000;

export type Program =
  | { readonly kind: 'elf'; readonly exec: ExecImage; readonly personality: Personality }
  | { readonly kind: 'task'; readonly name: string; readonly main: TaskMain; readonly args: readonly string[] };

export interface ProgramRequest {
  readonly directory: number;
  readonly path: string;
  readonly args: readonly string[];
  readonly env: readonly string[];
}

/** Opens and checks an executable; why it was refused is left in `kernel.execError` (one sentence). */
export function* openProgram(kernel: Kernel, thread: Thread, request: ProgramRequest): Blocking<Program | Errno> {
  let { path, args } = request;
  let directory = request.directory;
  kernel.execError = '';
  for (let scripts = 0; scripts <= MAX_SCRIPTS; scripts++) {
    const file = yield* openExecutable(kernel, thread, directory, path);
    if (typeof file === 'number') return refused(kernel, path, file);
    const start = yield* readAt(kernel, thread, file, 0, HEADER_BYTES);
    if (typeof start === 'number') return release(file, start);
    const script = parseShebang(start);
    if (script === undefined) return yield* openElf(kernel, thread, file, start, { ...request, path, args });
    file.release();
    if (typeof script === 'number') return refused(kernel, path, script);
    const extra = script.argument === undefined ? [] : [script.argument];
    if (script.interpreter === TASK_INTERPRETER) return taskProgram(kernel, script.argument ?? '', args);
    args = [script.interpreter, ...extra, path, ...args.slice(1)];
    path = script.interpreter;
    directory = AT_FDCWD;
  }
  kernel.execError = `${request.path}: more than ${MAX_SCRIPTS} #! scripts name each other`;
  return ELOOP;
}

/** Drops what `openProgram` holds, when it is not going to run. */
export function releaseProgram(program: Program): void {
  if (program.kind !== 'elf') return;
  program.exec.file.release();
  program.exec.interpreter?.file.release();
}

function taskProgram(kernel: Kernel, name: string, args: readonly string[]): Program | Errno {
  const main = kernel.programs[name];
  return main === undefined ? refused(kernel, name, ENOENT) : { kind: 'task', name, main, args };
}

function* openExecutable(kernel: Kernel, thread: Thread, directory: number, path: string): Blocking<OpenFile | Errno> {
  const file = yield* kernel.paths.openFile(thread, directory, path, O_RDONLY, 0);
  if (typeof file === 'number') return file;
  const stat = emptyStat();
  const result = yield* settle<number>(kernel.io.settled(thread, file, () => file.stat(stat)));
  if (result < 0) return release(file, result as Errno);
  if ((stat.mode & S_IFMT) !== S_IFREG || (stat.mode & 0o111) === 0) return release(file, EACCES);
  return file;
}

function* openElf(
  kernel: Kernel,
  thread: Thread,
  file: OpenFile,
  start: Uint8Array,
  request: ProgramRequest,
): Blocking<Program | Errno> {
  const image = yield* parseFile(kernel, thread, file, start, request.path);
  if (typeof image === 'number') return release(file, image);
  const personality = kernel.personalityFor(image);
  if (personality === undefined) {
    const { isa } = kernel.machine.info.layout;
    kernel.execError =
      image.machine === isa
        ? `${request.path}: no personality runs ${isa} programs here`
        : `${request.path}: e_machine: expected ${isa}, got ${image.machine}`;
    return release(file, ENOEXEC);
  }
  let interpreter: ExecImage['interpreter'] = undefined;
  if (image.interpreter !== undefined) {
    const opened = yield* openInterpreter(kernel, thread, image.interpreter, request.path);
    if (typeof opened === 'number') return release(file, opened);
    interpreter = opened;
  }
  const { path, args, env } = request;
  return { kind: 'elf', personality, exec: { image, file, interpreter, path, args, env } };
}

function* openInterpreter(
  kernel: Kernel,
  thread: Thread,
  path: string,
  program: string,
): Blocking<NonNullable<ExecImage['interpreter']> | Errno> {
  const file = yield* openExecutable(kernel, thread, AT_FDCWD, path);
  if (typeof file === 'number') {
    kernel.execError = `${program}: its interpreter (PT_INTERP) ${path} cannot be opened`;
    return file;
  }
  const start = yield* readAt(kernel, thread, file, 0, HEADER_BYTES);
  if (typeof start === 'number') return release(file, start);
  const image = yield* parseFile(kernel, thread, file, start, path);
  if (typeof image === 'number') return release(file, image);
  return { image, file };
}

function* parseFile(
  kernel: Kernel,
  thread: Thread,
  file: OpenFile,
  start: Uint8Array,
  path: string,
): Blocking<ElfImage | Errno> {
  const stat = emptyStat();
  const known = yield* settle<number>(kernel.io.settled(thread, file, () => file.stat(stat)));
  if (known < 0) return known as Errno;
  const pieces: ElfPiece[] = [{ offset: 0, bytes: start }];
  for (;;) {
    const result = parseElfHeaders(pieces, stat.size);
    if (result.ok === true) return result;
    if (result.ok === false) {
      kernel.execError = `${path}: ${result.message}`;
      return ENOEXEC;
    }
    const piece = yield* readAt(kernel, thread, file, result.offset, result.length);
    if (typeof piece === 'number') return piece;
    if (piece.length < result.length) return EIO;
    pieces.push({ offset: result.offset, bytes: piece });
  }
}

function* readAt(
  kernel: Kernel,
  thread: Thread,
  file: OpenFile,
  offset: number,
  length: number,
): Blocking<Uint8Array | Errno> {
  const bytes = new Uint8Array(length);
  const count = yield* settle(kernel.io.read(thread, file, [bytes], offset));
  if (count < 0) return (count === RESTART ? EINTR : count) as Errno;
  return bytes.subarray(0, count);
}

function refused(kernel: Kernel, path: string, error: Errno): Errno {
  if (error === ENOEXEC) kernel.execError = `${path}: neither an ELF executable nor a #! script`;
  return error;
}

function release(file: OpenFile, error: Errno): Errno {
  file.release();
  return error;
}
