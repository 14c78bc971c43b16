/**
 * Entries of a tmpfs directory: by name, and in order of creation for readdir.
 *
 * Cookies    1, 2, 3, ... per directory, never reused: a reader that has seen cookie c goes on with the first entry
 *            above c, whatever was created or removed meanwhile
 * Shapes     byName  Map name -> entry
 *            order   entries by ascending cookie; removed ones stay with ino 0 until they are half of it
 * Cost       find, add, remove O(1) amortised; seek O(log n)
 */
import type { Ino } from '@veridian-os/abi';

export interface DirectoryEntry {
  readonly name: string;
  readonly cookie: number;
  /** 0: removed. */
  ino: number;
}

const COMPACT_FROM = 32;

export class TmpfsDirectory {
  /** Inode of the parent directory (its own for the root). */
  parent: Ino;
  private readonly byName = new Map<string, DirectoryEntry>();
  private order: DirectoryEntry[] = [];
  private nextCookie = 1;

  constructor(parent: Ino) {
    this.parent = parent;
  }

  get size(): number {
    return this.byName.size;
  }

  find(name: string): DirectoryEntry | undefined {
    return this.byName.get(name);
  }

  add(name: string, ino: Ino): void {
    const entry = { name, cookie: this.nextCookie++, ino };
    this.byName.set(name, entry);
    this.order.push(entry);
  }

  remove(name: string): void {
    const entry = this.byName.get(name);
    if (entry === undefined) return;
    entry.ino = 0;
    this.byName.delete(name);
    const removed = this.order.length - this.byName.size;
    if (this.order.length >= COMPACT_FROM && removed * 2 > this.order.length) {
      this.order = this.order.filter((kept) => kept.ino !== 0);
    }
  }

  /** Index in {@link at} of the first entry above `cookie`. */
  seek(cookie: number): number {
    let low = 0;
    let high = this.order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.order[middle].cookie > cookie) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Entry by position, removed ones included; undefined past the end. */
  at(index: number): DirectoryEntry | undefined {
    return this.order[index];
  }
}
