/** A client's state: its fids. A fid names a node, and when it is open, an open file or a listing. */
import { EBADF, EINVAL, EILSEQ, ENAMETOOLONG, ENFILE, type Errno } from '@veridian-os/abi';
import type { FileTree, NodeAttributes, TreeEntry } from './file-tree.js';
import type { Writer } from './messages.js';

/** Fids of one client at a time: each costs the host memory. */
const MAX_FIDS = 65536;
const NAME_MAX = 255;

export interface Fid {
  node: unknown;
  /** The way from the root, for '..': the directories above. */
  above: readonly unknown[];
  /** Its name in the last of `above`, for Tremove and Trename; '' for the root. */
  name: string;
  /** Set while a regular file is open. */
  file?: { readonly handle: unknown; readonly read: boolean; readonly write: boolean };
  /** Set while a directory is open; read from the tree when the client reads from its start. */
  listing?: readonly TreeEntry[];
}

/** An answer of a tree that is an error. */
export function isErrno(value: unknown): value is Errno {
  return typeof value === 'number' && value < 0;
}

export class Session {
  readonly tree: FileTree;
  /** The largest message, in bytes, that the client and the server have agreed on. */
  messageMax: number;
  private readonly fids = new Map<number, Fid>();
  private readonly encoder = new TextEncoder();

  constructor(tree: FileTree, messageMax: number) {
    this.tree = tree;
    this.messageMax = messageMax;
  }

  /** Closes everything. */
  clear(): void {
    for (const number of [...this.fids.keys()]) this.remove(number);
  }

  get count(): number {
    return this.fids.size;
  }

  get(number: number): Fid | undefined {
    return this.fids.get(number);
  }

  /** EBADF if the number is in use, ENFILE if there are too many. */
  add(number: number, fid: Fid): 0 | Errno {
    if (this.fids.has(number)) return EBADF;
    if (this.fids.size >= MAX_FIDS) return ENFILE;
    this.fids.set(number, fid);
    return 0;
  }

  remove(number: number): void {
    const fid = this.fids.get(number);
    if (fid?.file !== undefined) this.tree.close(fid.file.handle);
    this.fids.delete(number);
  }

  /** A new name must be one: what a tree relies on. */
  checkName(name: string): 0 | Errno {
    if (name === '' || name === '.' || name === '..' || name.includes('/') || name.includes('\0')) return EINVAL;
    if (/[\ud800-\udfff]/u.test(name)) return EILSEQ;
    return this.encoder.encode(name).length > NAME_MAX ? ENAMETOOLONG : 0;
  }

  /** Writes a node's qid. */
  writeQid(node: unknown, output: Writer): 0 | Errno {
    const attributes = this.tree.getattr(node);
    if (isErrno(attributes)) return attributes;
    output.qid(attributes.mode, qidVersion(attributes), attributes.ino);
    return 0;
  }
}

/** Changes whenever content does: clients that cache look at it. */
export function qidVersion({ mtimeSec, mtimeNsec, size }: NodeAttributes): number {
  return (mtimeSec ^ mtimeNsec ^ (size << 8)) >>> 0;
}
