/**
 * The file server: a task that owns the VFS and answers path requests through its endpoint.
 *
 * It never waits on behalf of one client. A request that the VFS answers WOULD_BLOCK is kept with its reply capability and
 * run again when the file system's queue signals the server's notification; meanwhile others are served.
 */
import type { AttributeChange, Errno, WaitQueueId } from '@veridian-os/abi';
import { EINVAL, ENOTDIR, EPERM, NONE, WAIT_IO, WOULD_BLOCK } from '@veridian-os/abi';
import type { OpenFile, PathContext, Vfs } from '@veridian-os/vfs';
import {
  CHANGE_BYTES,
  decodeChange,
  decodeNames,
  emptyFileSystemStat,
  emptyStat,
  encodeFileSystemStat,
  encodeNames,
  encodeStat,
  FsOperation,
} from '../files/protocol.js';
import type { Token } from '../files/fd-table.js';
import type { ServiceSys } from '../tasks/service-sys.js';
import type { TaskGenerator } from '../tasks/task.js';

/** A request taken from its message, so that it can be run again later. */
interface FileRequest {
  readonly reply: number;
  /** Which client asks. */
  readonly badge: number;
  readonly operation: number;
  readonly words: readonly number[];
  readonly names: readonly string[];
  readonly change: AttributeChange;
  readonly directories: readonly Token[];
}

/** What goes back: a number, text or attributes in the payload, an opened file. */
type Answer =
  number | { readonly payload: (into: Uint8Array<ArrayBufferLike>) => number } | { readonly file: OpenFile };

export interface FileServerOptions {
  readonly vfs: Vfs;
  /** Endpoint that clients call, and the notification that tells of finished block requests. */
  readonly endpoint: Token;
  readonly notification: Token;
}

/** Body of the file-server task. */
export function fileServer(options: FileServerOptions): (sys: ServiceSys) => TaskGenerator {
  return function* serve(sys: ServiceSys): TaskGenerator {
    const server = new FileServer(sys, options);
    for (;;) {
      yield* sys.receive(options.endpoint);
      if (sys.message.label === NONE) server.retryAll();
      else server.accept();
      server.watchQueues();
    }
  };
}

class FileServer {
  private readonly sys: ServiceSys;
  private readonly vfs: Vfs;
  private readonly notification: Token;
  private readonly stat = emptyStat();
  private readonly fileSystemStat = emptyFileSystemStat();
  private waiting: FileRequest[] = [];
  private readonly queues = new Map<WaitQueueId, () => void>();

  constructor(sys: ServiceSys, options: FileServerOptions) {
    this.sys = sys;
    this.vfs = options.vfs;
    this.notification = options.notification;
  }

  /** Serves the message that was just received. */
  accept(): void {
    const { message } = this.sys;
    const { payload } = message;
    const names = decodeNames(payload, message.payloadBytes);
    const at = message.word(3);
    const hasChange = message.label === FsOperation.SetAttributes && at >= 0 && at + CHANGE_BYTES <= payload.length;
    const directories: Token[] = [];
    for (let index = 0; index < message.capCount; index++) directories.push(message.cap(index));
    this.run({
      reply: message.reply,
      badge: message.badge,
      operation: message.label,
      words: [message.word(0), message.word(1), message.word(2)],
      names,
      change: hasChange ? decodeChange(payload, at) : {},
      directories,
    });
  }

  retryAll(): void {
    const requests = this.waiting;
    this.waiting = [];
    for (const request of requests) this.run(request);
  }

  /** Asks to be told when anything that a kept request waits for arrives. */
  watchQueues(): void {
    if (this.waiting.length > 0) return;
    for (const stop of this.queues.values()) stop();
    this.queues.clear();
  }

  private run(request: FileRequest): void {
    this.sys.serveNow(request.reply, request.badge);
    const answer = this.perform(request);
    if (answer === WOULD_BLOCK) {
      this.keep(request);
      return;
    }
    this.answer(request.reply, answer);
    for (const directory of request.directories) this.sys.dropNow(directory);
  }

  private keep(request: FileRequest): void {
    const queue = this.vfs.blockedOn;
    if (!this.queues.has(queue)) this.queues.set(queue, this.sys.signalOn(queue, WAIT_IO, this.notification));
    this.waiting.push(request);
  }

  private answer(reply: number, answer: Answer): void {
    const { sys } = this;
    if (typeof answer === 'number') sys.replyNow(reply, answer, 0, undefined);
    else if ('file' in answer) {
      const token = sys.grantNow(answer.file);
      if (typeof token === 'number') sys.replyNow(reply, token, 0, undefined);
      else {
        sys.replyNow(reply, 0, 0, token);
        sys.dropNow(token);
      }
    } else sys.replyNow(reply, 0, answer.payload(sys.message.payload), undefined);
  }

  private perform(request: FileRequest): Answer {
    const [name = ''] = request.names;
    const start = this.context(request, 0);
    if (typeof start === 'number') return start;
    switch (request.operation) {
      case FsOperation.Open: {
        const file = this.vfs.open(start, name, request.words[0], request.words[1]);
        return typeof file === 'number' ? file : { file };
      }
      case FsOperation.Rename:
      case FsOperation.Link:
        return this.performPair(request, start);
      case FsOperation.Stat:
      case FsOperation.Readlink:
      case FsOperation.Statfs:
      case FsOperation.PathName:
        return this.query(request, start, name);
      default:
        return this.change(request, start, name);
    }
  }

  private query(request: FileRequest, start: PathContext, name: string): Answer {
    switch (request.operation) {
      case FsOperation.Stat: {
        const result = this.vfs.stat(start, name, request.words[0] !== 0, this.stat);
        return result < 0 ? result : { payload: (into) => encodeStat(into, this.stat) };
      }
      case FsOperation.Statfs: {
        const result = this.vfs.statfs(start, name, this.fileSystemStat);
        return result < 0 ? result : { payload: (into) => encodeFileSystemStat(into, this.fileSystemStat) };
      }
      case FsOperation.PathName:
        return text(this.vfs.pathName(start.start));
      default:
        return text(this.vfs.readlink(start, name));
    }
  }

  private change(request: FileRequest, start: PathContext, name: string): Answer {
    const { vfs } = this;
    const { words } = request;
    switch (request.operation) {
      case FsOperation.SetAttributes:
        return vfs.setattr(start, name, words[0] !== 0, request.change);
      case FsOperation.Mkdir:
        return vfs.mkdir(start, name, words[0]);
      case FsOperation.Mknod:
        return vfs.mknod(start, name, words[0], words[1]);
      case FsOperation.Unlink:
        return vfs.unlink(start, name);
      case FsOperation.Rmdir:
        return vfs.rmdir(start, name);
      case FsOperation.Symlink:
        return vfs.symlink(request.names[1] ?? '', start, name);
      case FsOperation.Sync:
        return vfs.sync();
      default:
        return EINVAL;
    }
  }

  private performPair(request: FileRequest, from: PathContext): Answer {
    const to = this.context(request, 1);
    if (typeof to === 'number') return to;
    const [name, newName = ''] = request.names;
    return request.operation === FsOperation.Rename
      ? this.vfs.rename(from, name, to, newName, request.words[0])
      : this.vfs.link(from, name, to, newName, request.words[0] !== 0);
  }

  /** Where name number `index` starts: the directory capability that came with the request. */
  private context(request: FileRequest, index: number): PathContext | Errno {
    const token = request.directories[index];
    if (token === undefined) return EPERM;
    const start = this.sys.fileNow(token)?.path;
    if (start === undefined) return ENOTDIR;
    const chroot = request.directories[2];
    const root = chroot === undefined ? this.vfs.root() : this.sys.fileNow(chroot)?.path;
    return { root: root ?? this.vfs.root(), start, umask: request.words[2] };
  }
}

function text(result: string | Errno): Answer {
  return typeof result === 'number' ? result : { payload: (into) => Math.max(encodeNames(into, result), 0) };
}
