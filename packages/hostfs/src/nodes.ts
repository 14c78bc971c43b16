/**
 * Inodes of a host folder: stable numbers for files that the host knows by path.
 *
 * Place      a node remembers where it was seen last (parent and name); renames through this file system move it
 * Identity   a node knows which host file it is; whoever uses the place checks that the same file is still there, so what
 *            somebody puts in its place later (a symbolic link, say) is never walked through or changed by mistake
 * Links      up to MAX_ELSEWHERE further places of a file with several names; each is dropped when its name goes
 * Gone       the place was removed through this file system; a file without names left loses its key as well, because
 *            the host gives its inode number to the next file
 */
import type * as fs from 'node:fs';
import type { Ino } from '@veridian-os/abi';
import { S_IFDIR, S_IFMT, S_IFREG } from '@veridian-os/abi';
import { keyOf, type Identity } from './attributes.js';

const MAX_ELSEWHERE = 16;

interface Place {
  readonly parent: HostNode;
  readonly name: string;
}

export interface HostNode extends Identity {
  readonly ino: Ino;
  readonly key: string;
  readonly isDirectory: boolean;
  readonly isFile: boolean;
  parent: HostNode | undefined;
  name: string;
  /** Places of other hard links, as far as they were seen. */
  elsewhere: Place[];
  references: number;
  gone: boolean;
  /** Attributes at the time it went, where no descriptor can be asked. */
  last: fs.Stats | undefined;
  /** Opened by the guest since it is known, and so to be readable or writable after its name goes. */
  opened: boolean;
  openedForWriting: boolean;
  /** Host descriptor while pages are read and written; -1 = none. */
  fd: number;
  fdWritable: boolean;
  /** Changed since the last sync. */
  unsynced: boolean;
}

export class HostNodes {
  readonly root: HostNode;
  private readonly rootPath: string;
  private readonly byIno = new Map<number, HostNode>();
  private readonly byKey = new Map<string, HostNode>();
  private nextIno = 1;

  constructor(rootPath: string, stat: fs.Stats) {
    this.rootPath = rootPath;
    this.root = this.add(undefined, '', stat);
    this.root.references = 1;
  }

  get(ino: Ino): HostNode | undefined {
    return this.byIno.get(ino);
  }

  /** The node of a host file, if it has one. */
  known(stat: fs.Stats): HostNode | undefined {
    return this.byKey.get(keyOf(stat));
  }

  /** The node of a host file that was seen at `parent`/`name`. */
  at(parent: HostNode, name: string, stat: fs.Stats): HostNode {
    const known = this.known(stat);
    if (known === undefined) return this.add(parent, name, stat);
    if (known === this.root || isAt(known, parent, name)) return known;
    if (stat.nlink > 1 && !known.gone) this.remember(known);
    this.place(known, parent, name);
    return known;
  }

  /** Host path, or undefined when the node or a directory above it is gone. */
  path(node: HostNode): string | undefined {
    let path = '';
    let at = node;
    while (at !== this.root) {
      if (at.gone || at.parent === undefined) return undefined;
      path = `/${at.name}${path}`;
      at = at.parent;
    }
    return this.rootPath + path;
  }

  /** A name was renamed. */
  moved(node: HostNode, from: HostNode, name: string, to: HostNode, newName: string): void {
    if (!isAt(node, from, name)) this.remember(node);
    this.place(node, to, newName);
    node.elsewhere = node.elsewhere.filter((at) => at.parent !== from || at.name !== name);
  }

  private place(node: HostNode, parent: HostNode, name: string): void {
    node.parent = parent;
    node.name = name;
    node.gone = false;
    node.last = undefined;
    if (node.elsewhere.length > 0) {
      node.elsewhere = node.elsewhere.filter((at) => at.parent !== parent || at.name !== name);
    }
  }

  private remember({ elsewhere, parent, name }: HostNode): void {
    if (parent !== undefined && elsewhere.length < MAX_ELSEWHERE) elsewhere.push({ parent, name });
  }

  /** The name was removed; `stat` is from just before. Other hard links are found again by lookup. */
  removed(node: HostNode, parent: HostNode, name: string, stat: fs.Stats): void {
    const isLast = node.isDirectory || stat.nlink <= 1;
    if (!isLast) {
      node.elsewhere = node.elsewhere.filter((at) => at.parent !== parent || at.name !== name);
      if (!isAt(node, parent, name)) return;
      const other = node.elsewhere.pop();
      if (other !== undefined) return this.place(node, other.parent, other.name);
    }
    stat.nlink = isLast ? 0 : stat.nlink - 1;
    node.gone = true;
    node.last = stat;
    if (isLast) this.dropKey(node);
  }

  /** Forgets a node that nobody refers to; its number is not used again. */
  forget(node: HostNode): void {
    this.byIno.delete(node.ino);
    this.dropKey(node);
  }

  private add(parent: HostNode | undefined, name: string, stat: fs.Stats): HostNode {
    const type = stat.mode & S_IFMT;
    const node: HostNode = {
      ino: this.nextIno++ as Ino,
      key: keyOf(stat),
      dev: stat.dev,
      hostIno: stat.ino,
      type,
      isDirectory: type === S_IFDIR,
      isFile: type === S_IFREG,
      parent,
      name,
      elsewhere: [],
      references: 0,
      gone: false,
      last: undefined,
      opened: false,
      openedForWriting: false,
      fd: -1,
      fdWritable: false,
      unsynced: false,
    };
    this.byIno.set(node.ino, node);
    this.byKey.set(node.key, node);
    return node;
  }

  private dropKey(node: HostNode): void {
    if (this.byKey.get(node.key) === node) this.byKey.delete(node.key);
  }
}

function isAt(node: HostNode, parent: HostNode, name: string): boolean {
  return !node.gone && node.parent === parent && node.name === name;
}
