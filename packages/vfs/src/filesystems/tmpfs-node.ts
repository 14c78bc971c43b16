/** Inodes of a tmpfs: records in a dense table, numbers reused after the last link and the last reference are gone. */
import { panic, type Ino } from '@veridian-os/abi';
import type { TmpfsDirectory } from './tmpfs-directory.js';

export interface TmpfsNode {
  readonly ino: Ino;
  mode: number;
  nlink: number;
  uid: number;
  gid: number;
  readonly rdev: number;
  /** Bytes. */
  size: number;
  /** Pages that the cache holds. */
  pages: number;
  /** References from outside: see FileSystem.retain. */
  users: number;
  readonly target: string;
  readonly entries: TmpfsDirectory | null;
  atimeSec: number;
  atimeNsec: number;
  mtimeSec: number;
  mtimeNsec: number;
  ctimeSec: number;
  ctimeNsec: number;
}

export class TmpfsTable {
  /** Live inodes. */
  count = 0;
  private readonly nodes: (TmpfsNode | undefined)[] = [undefined];
  private readonly free: Ino[] = [];

  /** The number that the next {@link add} will use. */
  get nextIno(): Ino {
    return this.free.at(-1) ?? (this.nodes.length as Ino);
  }

  add(node: TmpfsNode): void {
    if (node.ino !== this.nextIno) panic('tmpfs/ino', `${node.ino}`);
    if (this.free.length > 0) this.free.pop();
    this.nodes[node.ino] = node;
    this.count++;
  }

  get(ino: Ino): TmpfsNode | undefined {
    return this.nodes[ino];
  }

  remove(ino: Ino): void {
    this.nodes[ino] = undefined;
    this.free.push(ino);
    this.count--;
  }
}
