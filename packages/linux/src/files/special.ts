/** Objects that Linux shows as descriptors (epoll sets, counters, timers, sockets), and the open files that stand for them. */
import type { Errno, FileStat, SpecialFile } from '@veridian-os/abi';
import type { OpenFile } from '@veridian-os/vfs';
import { O_CLOEXEC, O_NONBLOCK, O_RDWR } from '@veridian-os/vfs';
import type { Call } from '../call.js';

/** An object that looks like something else than a nameless special file. */
interface Described {
  /** Puts what differs into what fstat(2) says. */
  describe(stat: FileStat): void;
}

export class SpecialObjects {
  private readonly objects = new WeakMap<OpenFile, SpecialFile>();

  bind(file: OpenFile, object: SpecialFile): void {
    this.objects.set(file, object);
  }

  /** Corrects the attributes of an open file by what it stands for. */
  describe(file: OpenFile, stat: FileStat): void {
    const object = this.objects.get(file);
    if (object !== undefined && 'describe' in object) (object as SpecialFile & Described).describe(stat);
  }

  /** The object behind an open file if it is of this class. */
  find<T extends SpecialFile>(file: OpenFile, kind: abstract new (...args: never[]) => T): T | undefined {
    const object = this.objects.get(file);
    return object instanceof kind ? object : undefined;
  }
}

/** Opens a descriptor for a new object; `flags`: O_CLOEXEC and O_NONBLOCK count. */
export function installSpecial(call: Call, object: SpecialFile, flags: number, name: string): number | Errno {
  const file = call.kernel.vfs.openSpecial(object, O_RDWR | (flags & O_NONBLOCK), name);
  call.linux.specials.bind(file, object);
  return call.kernel.descriptors.install(call.process, file, (flags & O_CLOEXEC) !== 0);
}

/** Bytes that reads and writes of these objects move in one go, whatever the segments. */
export function scatter(bytes: Uint8Array, into: readonly Uint8Array<ArrayBufferLike>[]): number {
  let done = 0;
  for (const segment of into) {
    const piece = bytes.subarray(done, done + segment.length);
    segment.set(piece);
    done += piece.length;
    if (done === bytes.length) break;
  }
  return done;
}

export function gather(from: readonly Uint8Array<ArrayBufferLike>[], into: Uint8Array): number {
  let done = 0;
  for (const segment of from) {
    const piece = segment.subarray(0, into.length - done);
    into.set(piece, done);
    done += piece.length;
    if (done === into.length) break;
  }
  return done;
}

export function roomIn(segments: readonly Uint8Array<ArrayBufferLike>[]): number {
  return segments.reduce((sum, segment) => sum + segment.length, 0);
}
