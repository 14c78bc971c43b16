/**
 * Path operations, client side: each one is a call through the process's file-server endpoint. A process without that
 * capability reaches no path at all (EACCES).
 */
import type { AttributeChange, Errno, FileStat, FileSystemStat } from '@veridian-os/abi';
import { EACCES, EBADF, ENAMETOOLONG, ENFILE, ENOENT, ENOTDIR, isErrno } from '@veridian-os/abi';
import { O_CLOEXEC, O_DIRECTORY, O_PATH, type OpenFile } from '@veridian-os/vfs';
import type { Blocking } from '../core/blocking.js';
import type { Thread } from '../core/thread.js';
import type { Kernel } from '../kernel.js';
import {
  CHANGE_BYTES,
  decodeFileSystemStat,
  decodeNames,
  decodeStat,
  encodeChange,
  encodeNames,
  FsOperation,
} from './protocol.js';
import type { Token } from './fd-table.js';

/** Relative names start from the working directory. */
export const AT_FDCWD = -100;

/** One request: names, the directories they start from, numbers. */
interface Request {
  readonly operation: FsOperation;
  readonly directory: number;
  readonly name: string;
  readonly words?: readonly number[];
  readonly second?: { readonly directory: number; readonly name: string };
  readonly change?: AttributeChange;
}

export class PathOperations {
  private readonly kernel: Kernel;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  /** open(2): a descriptor or Errno. */
  *open(thread: Thread, directory: number, name: string, flags: number, mode: number): Blocking {
    const token = yield* this.openToken(thread, directory, name, flags, mode);
    if (typeof token === 'number') return token;
    return this.kernel.descriptors.bind(thread.process, token, (flags & O_CLOEXEC) !== 0);
  }

  /** A file capability without a descriptor. */
  *openToken(thread: Thread, directory: number, name: string, flags: number, mode: number): Blocking<Token | Errno> {
    const words = [flags, mode, thread.process.umask];
    const result = yield* this.request(thread, { operation: FsOperation.Open, directory, name, words });
    if (result < 0) return result as Errno;
    // The server opened the file but this process has no slot left for the capability.
    if (this.kernel.ipc.records.capCount[thread.slot] === 0) return ENFILE;
    return this.kernel.messages.receivedCap(thread, 0);
  }

  /** The open file itself, with one reference for the caller (execve, mount points). */
  *openFile(thread: Thread, directory: number, name: string, flags: number, mode: number): Blocking<OpenFile | Errno> {
    const token = yield* this.openToken(thread, directory, name, flags, mode);
    if (typeof token === 'number') return token;
    const file = this.kernel.descriptors.fileOf(thread.process, token.lo, token.hi, 0);
    if (typeof file !== 'number') file.retain();
    this.kernel.descriptors.drop(thread.process, token);
    return file;
  }

  *stat(thread: Thread, directory: number, name: string, follow: boolean, out: FileStat): Blocking {
    const words = [follow ? 1 : 0];
    const result = yield* this.request(thread, { operation: FsOperation.Stat, directory, name, words });
    if (result >= 0) decodeStat(this.answer(thread), out);
    return result;
  }

  *setattr(thread: Thread, directory: number, name: string, follow: boolean, change: AttributeChange): Blocking {
    const words = [follow ? 1 : 0];
    return yield* this.request(thread, { operation: FsOperation.SetAttributes, directory, name, words, change });
  }

  *mkdir(thread: Thread, directory: number, name: string, mode: number): Blocking {
    const words = [mode, 0, thread.process.umask];
    return yield* this.request(thread, { operation: FsOperation.Mkdir, directory, name, words });
  }

  *mknod(thread: Thread, directory: number, name: string, mode: number, rdev: number): Blocking {
    const words = [mode, rdev, thread.process.umask];
    return yield* this.request(thread, { operation: FsOperation.Mknod, directory, name, words });
  }

  *unlink(thread: Thread, directory: number, name: string): Blocking {
    return yield* this.request(thread, { operation: FsOperation.Unlink, directory, name });
  }

  *rmdir(thread: Thread, directory: number, name: string): Blocking {
    return yield* this.request(thread, { operation: FsOperation.Rmdir, directory, name });
  }

  *rename(
    thread: Thread,
    directory: number,
    name: string,
    newDirectory: number,
    newName: string,
    flags: number,
  ): Blocking {
    const second = { directory: newDirectory, name: newName };
    return yield* this.request(thread, { operation: FsOperation.Rename, directory, name, second, words: [flags] });
  }

  *link(
    thread: Thread,
    directory: number,
    name: string,
    newDirectory: number,
    newName: string,
    follow: boolean,
  ): Blocking {
    const second = { directory: newDirectory, name: newName };
    const words = [follow ? 1 : 0];
    return yield* this.request(thread, { operation: FsOperation.Link, directory, name, second, words });
  }

  *symlink(thread: Thread, target: string, directory: number, name: string): Blocking {
    const second = { directory: AT_FDCWD, name: target };
    return yield* this.request(thread, { operation: FsOperation.Symlink, directory, name, second });
  }

  *readlink(thread: Thread, directory: number, name: string): Blocking<string | Errno> {
    const result = yield* this.request(thread, { operation: FsOperation.Readlink, directory, name });
    return result < 0 ? (result as Errno) : this.answerText(thread);
  }

  *statfs(thread: Thread, directory: number, name: string, out: FileSystemStat): Blocking {
    const result = yield* this.request(thread, { operation: FsOperation.Statfs, directory, name });
    if (result >= 0) decodeFileSystemStat(this.answer(thread), out);
    return result;
  }

  *sync(thread: Thread): Blocking {
    return yield* this.request(thread, { operation: FsOperation.Sync, directory: AT_FDCWD, name: '/' });
  }

  *chdir(thread: Thread, name: string): Blocking {
    const token = yield* this.openToken(thread, AT_FDCWD, name, O_PATH | O_DIRECTORY, 0);
    return typeof token === 'number' ? token : this.replaceCwd(thread, token);
  }

  fchdir(thread: Thread, fd: number): number {
    const { descriptors } = this.kernel;
    const file = descriptors.file(thread.process, fd);
    if (typeof file === 'number') return file;
    if (file.kind !== 'directory' && file.kind !== 'path') return ENOTDIR;
    const copy = descriptors.copy(thread.process, fd, thread.process);
    return typeof copy === 'number' ? copy : this.replaceCwd(thread, copy);
  }

  *chroot(thread: Thread, name: string): Blocking {
    const token = yield* this.openToken(thread, AT_FDCWD, name, O_PATH | O_DIRECTORY, 0);
    if (typeof token === 'number') return token;
    const old = thread.process.root;
    thread.process.root = token;
    if (old !== undefined) this.kernel.descriptors.drop(thread.process, old);
    return 0;
  }

  *getcwd(thread: Thread): Blocking<string | Errno> {
    const result = yield* this.request(thread, { operation: FsOperation.PathName, directory: AT_FDCWD, name: '.' });
    return result < 0 ? (result as Errno) : this.answerText(thread);
  }

  private replaceCwd(thread: Thread, token: Token): number {
    const old = thread.process.cwd;
    thread.process.cwd = token;
    if (old !== undefined) this.kernel.descriptors.drop(thread.process, old);
    return 0;
  }

  private *request(thread: Thread, request: Request): Blocking {
    const server = thread.process.endowment.fileServer;
    if (server === undefined) return EACCES;
    const prepared = this.prepare(thread, request);
    if (prepared < 0) return prepared;
    const status = yield* this.kernel.messages.call(thread, server);
    return status < 0 ? status : this.kernel.ipc.records.label[thread.slot];
  }

  private prepare(thread: Thread, request: Request): number {
    const { messages } = this.kernel;
    if (request.name === '') return ENOENT;
    const payload = messages.payload(thread);
    if (typeof payload === 'number') return payload;
    const { second } = request;
    const names = second === undefined ? [request.name] : [request.name, second.name];
    let bytes = encodeNames(payload, ...names);
    let words = request.words ?? [];
    if (bytes < 0 || (request.change !== undefined && bytes + CHANGE_BYTES > payload.length)) return ENAMETOOLONG;
    if (request.change !== undefined) {
      encodeChange(payload, bytes, request.change);
      words = [request.words?.[0] ?? 0, 0, 0, bytes];
      bytes += CHANGE_BYTES;
    }
    const caps = this.listDirectories(thread, request);
    if (isErrno(caps)) return caps;
    messages.prepare(thread, request.operation, words, bytes, caps);
    return 0;
  }

  /** Capabilities of the request: first directory, second directory, and the root when it is not the server's own. */
  private listDirectories(thread: Thread, request: Request): number | Errno {
    const { messages } = this.kernel;
    const first = this.directory(thread, request.directory, request.name);
    if (typeof first === 'number') return first;
    messages.setCap(thread, 0, first);
    const second =
      request.second === undefined ? first : this.directory(thread, request.second.directory, request.second.name);
    if (typeof second === 'number') return second;
    messages.setCap(thread, 1, second);
    const { root } = thread.process;
    if (root === undefined) return request.second === undefined ? 1 : 2;
    messages.setCap(thread, 2, root);
    return 3;
  }

  private directory(thread: Thread, fd: number, name: string): Token | Errno {
    const { process } = thread;
    if (fd === AT_FDCWD || name.startsWith('/')) return process.cwd ?? EACCES;
    return this.kernel.descriptors.token(process, fd) ?? EBADF;
  }

  private answer(thread: Thread): Uint8Array<ArrayBufferLike> {
    return this.kernel.messages.payload(thread) as Uint8Array<ArrayBufferLike>;
  }

  private answerText(thread: Thread): string {
    const length = this.kernel.ipc.records.payloadBytes[thread.slot];
    return decodeNames(this.answer(thread), length)[0] ?? '';
  }
}
