/**
 * Host descriptors of files whose pages are read and written: bounded, least recently used closed first.
 *
 * Invariant  a node's descriptor is of the node's file: what a path leads to is compared with the node once it is open
 * Bound      MAX_OPEN, and one more for each unlinked file that the guest still uses
 */
import * as fs from 'node:fs';
import type { Errno } from '@veridian-os/abi';
import { EIO, ENOENT, ESTALE, isErrno, PAGE_SIZE } from '@veridian-os/abi';
import { isSame } from './attributes.js';
import { attempt, done } from './errors.js';
import type { HostNode } from './nodes.js';

const MAX_OPEN = 64;
const { O_RDONLY, O_RDWR, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
/** Never through a symbolic link, never waiting for a FIFO's other end. */
const SAFE = O_NOFOLLOW | O_NONBLOCK;

export class HostDescriptors {
  private readonly pathOf: (node: HostNode) => string | undefined;
  /** Nodes with a descriptor, least recently used first. */
  private readonly nodes = new Set<HostNode>();
  /** Nodes that were changed and whose descriptor was closed since. */
  private readonly unsynced = new Set<HostNode>();

  constructor(pathOf: (node: HostNode) => string | undefined) {
    this.pathOf = pathOf;
  }

  /** The descriptor of a regular file, opened if need be; ESTALE when its place holds another file. */
  get(node: HostNode, write: boolean): number | Errno {
    if (node.fd >= 0 && (node.fdWritable || !write)) {
      this.nodes.delete(node);
      this.nodes.add(node);
      return node.fd;
    }
    const fd = this.open(node, write);
    if (!isErrno(fd)) this.adopt(node, fd, write);
    return fd;
  }

  /** Takes over an open descriptor. */
  adopt(node: HostNode, fd: number, writable: boolean): void {
    this.close(node);
    node.fd = fd;
    node.fdWritable = writable;
    this.nodes.add(node);
    for (const oldest of this.nodes) {
      if (this.nodes.size <= MAX_OPEN) return;
      // The only way to an unlinked file must stay.
      if (!oldest.gone && oldest !== node) this.close(oldest);
    }
  }

  close(node: HostNode): void {
    if (node.fd < 0) return;
    const { fd } = node;
    node.fd = -1;
    node.fdWritable = false;
    this.nodes.delete(node);
    if (node.unsynced && !node.gone) this.unsynced.add(node);
    done(() => fs.closeSync(fd));
  }

  /** Makes what was written since the last call durable; the first failure, after trying all. */
  sync(): 0 | Errno {
    let outcome: 0 | Errno = 0;
    for (const node of this.nodes) {
      if (!node.unsynced) continue;
      const result = done(() => fs.fdatasyncSync(node.fd));
      if (result === 0) node.unsynced = false;
      else outcome = result;
    }
    for (const node of this.unsynced) {
      const result = node.unsynced ? this.syncClosed(node) : 0;
      if (result === 0) this.unsynced.delete(node);
      else outcome = result;
    }
    return outcome;
  }

  /** Opens whatever regular file or directory the node is; for the caller to close. */
  open(node: HostNode, write: boolean): number | Errno {
    const path = this.pathOf(node);
    if (path === undefined) return ESTALE;
    const fd = attempt(() => fs.openSync(path, (write ? O_RDWR : O_RDONLY) | SAFE));
    if (isErrno(fd)) return fd;
    const stat = attempt(() => fs.fstatSync(fd));
    if (typeof stat !== 'number' && isSame(node, stat)) return fd;
    done(() => fs.closeSync(fd));
    return ESTALE;
  }

  private syncClosed(node: HostNode): 0 | Errno {
    const fd = this.open(node, false);
    // Removed or replaced since: nothing is left that could be made durable.
    if (isErrno(fd)) return fd === ESTALE || fd === ENOENT ? 0 : fd;
    const result = done(() => fs.fdatasyncSync(fd));
    done(() => fs.closeSync(fd));
    if (result === 0) node.unsynced = false;
    return result;
  }
}

/** Fills `into` from `position` on, as far as the file goes. @returns bytes */
export function readSome(fd: number, into: Uint8Array, position: number): number | Errno {
  return attempt(() => {
    let at = 0;
    while (at < into.length) {
      const count = fs.readSync(fd, into, at, into.length - at, position + at);
      if (count === 0) break;
      at += count;
    }
    return at;
  });
}

/** Fills a page from `position` on, zeroes past the end of the file. */
export function readFully(fd: number, into: Uint8Array, position: number): 0 | Errno {
  const count = readSome(fd, into.subarray(0, PAGE_SIZE), position);
  if (isErrno(count)) return count;
  into.fill(0, count);
  return 0;
}

/** Writes the first `length` bytes of `from` at `position`. */
export function writeFully(fd: number, from: Uint8Array, length: number, position: number): 0 | Errno {
  return attempt(() => {
    for (let at = 0; at < length;) {
      const count = fs.writeSync(fd, from, at, length - at, position + at);
      if (count === 0) return EIO;
      at += count;
    }
    return 0;
  });
}
