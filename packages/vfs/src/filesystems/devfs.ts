/**
 * devfs: a tmpfs whose device nodes open what was registered under their number.
 *
 * Always there  null, zero, full, random, urandom (Linux's numbers 1:3, 1:5, 1:7, 1:8, 1:9) and the links fd, stdin,
 *               stdout, stderr into /proc/self
 * Registered    terminals and everything else by `register`; the opener decides what each open gets
 */
import {
  EEXIST,
  EINVAL,
  ENOSPC,
  ENOTDIR,
  ENXIO,
  POLLIN,
  POLLOUT,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFMT,
  isErrno,
  panic,
  type Errno,
  type FileSystem,
  type Ino,
  type SpecialFile,
  type WaitPort,
  type WaitQueueId,
} from '@veridian-os/abi';
import type { Timestamp } from '../api.js';
import { totalBytes, type Chunks } from '../internal/chunks.js';
import { Tmpfs } from './tmpfs.js';

/** What opening a device gives; called for each open with open(2)'s flags. */
export type DeviceOpener = (flags: number) => SpecialFile | Errno;

export interface DevfsConfig {
  readonly wait: WaitPort;
  readonly now: () => Timestamp;
  /** Fills an array with random bytes (/dev/random, /dev/urandom). */
  readonly entropy: (into: Uint8Array<ArrayBufferLike>) => void;
}

export interface Devfs extends FileSystem {
  /**
   * Adds a device node; directories on the way are made (`'pts/0'`).
   * @param mode type (S_IFCHR or S_IFBLK) and permission bits
   * @param rdev major << 8 | minor
   * @returns 0, EEXIST (name or number taken), EINVAL (name or type), ENOTDIR, ENOSPC
   */
  register(name: string, mode: number, rdev: number, open: DeviceOpener): 0 | Errno;
  /** Opens a device node of any file system by its number: give it to `createVfs` as `openDevice`. ENXIO. */
  openDevice(mode: number, rdev: number, flags: number): SpecialFile | Errno;
}

const LINKS: readonly (readonly [string, string])[] = [
  ['fd', '/proc/self/fd'],
  ['stdin', '/proc/self/fd/0'],
  ['stdout', '/proc/self/fd/1'],
  ['stderr', '/proc/self/fd/2'],
];

export function createDevfs(config: DevfsConfig): Devfs {
  const devices = new Map<string, DeviceOpener>();
  const openDevice = (mode: number, rdev: number, flags: number): SpecialFile | Errno =>
    devices.get(key(mode, rdev))?.(flags) ?? ENXIO;
  const tmpfs = new Tmpfs({ wait: config.wait, now: config.now, type: 'devtmpfs', openDevice });
  const register = (name: string, mode: number, rdev: number, open: DeviceOpener): 0 | Errno => {
    const type = mode & S_IFMT;
    if (type !== S_IFCHR && type !== S_IFBLK) return EINVAL;
    if (devices.has(key(mode, rdev))) return EEXIST;
    const made = makeNode(tmpfs, name, mode, rdev);
    if (made === 0) devices.set(key(mode, rdev), open);
    return made;
  };
  const devfs = Object.assign(tmpfs, { register, openDevice }) as Devfs;
  for (const [name, target] of LINKS) if (isErrno(tmpfs.symlink(tmpfs.root, name, target))) panic('devfs/link', name);
  addStandardDevices(devfs, config);
  return devfs;
}

function key(mode: number, rdev: number): string {
  return `${mode & S_IFMT}:${rdev}`;
}

/** Creates a node below the root, and the directories that its name asks for. */
function makeNode(fs: Tmpfs, name: string, mode: number, rdev: number): 0 | Errno {
  const parts = name.split('/');
  const last = parts.pop();
  if (last === undefined || last === '' || parts.includes('')) return EINVAL;
  let directory: Ino = fs.root;
  for (const part of parts) {
    const found = fs.lookup(directory, part);
    if (found === ENOTDIR) return ENOTDIR;
    const next = isErrno(found) ? fs.create(directory, part, S_IFDIR | 0o755, 0) : found;
    if (isErrno(next)) return next === ENOSPC ? ENOSPC : next;
    directory = next;
  }
  const made = fs.create(directory, last, mode, rdev);
  return isErrno(made) ? made : 0;
}

/** A device that is always ready and keeps no state. */
class MemoryDevice implements SpecialFile {
  readonly waitQueue: WaitQueueId;
  readonly seekable = true;
  private readonly fill: ((into: Uint8Array<ArrayBufferLike>) => void) | null;
  private readonly writeResult: Errno | 0;

  /** @param fill what reading gives; null: the end. `writeResult` 0: swallows everything */
  constructor(
    waitQueue: WaitQueueId,
    fill: ((into: Uint8Array<ArrayBufferLike>) => void) | null,
    writeResult: Errno | 0,
  ) {
    this.waitQueue = waitQueue;
    this.fill = fill;
    this.writeResult = writeResult;
  }

  read(into: Chunks): number {
    if (this.fill === null) return 0;
    for (const chunk of into) this.fill(chunk);
    return totalBytes(into);
  }
  write(from: Chunks): number | Errno {
    return this.writeResult !== 0 ? this.writeResult : totalBytes(from);
  }
  poll(): number {
    return POLLIN | POLLOUT;
  }
  close(): void {}
}

function addStandardDevices(devfs: Devfs, { entropy, wait }: DevfsConfig): void {
  const queue = wait.create();
  const zeroes = (into: Uint8Array<ArrayBufferLike>): void => {
    into.fill(0);
  };
  const add = (name: string, minor: number, device: SpecialFile): void => {
    if (devfs.register(name, S_IFCHR | 0o666, (1 << 8) | minor, () => device) !== 0) panic('devfs/standard', name);
  };
  add('null', 3, new MemoryDevice(queue, null, 0));
  add('zero', 5, new MemoryDevice(queue, zeroes, 0));
  add('full', 7, new MemoryDevice(queue, zeroes, ENOSPC));
  add('random', 8, new MemoryDevice(queue, entropy, 0));
  add('urandom', 9, new MemoryDevice(queue, entropy, 0));
}
