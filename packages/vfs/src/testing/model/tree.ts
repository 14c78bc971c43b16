/**
 * What a file system is, written as plainly as possible: objects, maps and arrays, refusals thrown. Slow, and with
 * nothing in common with the implementation but the manual pages.
 */
import {
  EEXIST,
  EINVAL,
  EISDIR,
  ELOOP,
  ENOENT,
  ENOTDIR,
  ENOTEMPTY,
  EBUSY,
  EPERM,
  RENAME_EXCHANGE,
  RENAME_NOREPLACE,
  errnoName,
} from '@veridian-os/abi';

/** What the model throws where a system call fails. */
export class Refusal extends Error {
  readonly errno: number;
  constructor(errno: number) {
    super(errnoName(errno));
    this.errno = errno;
  }
}

/** @throws Refusal always */
export function refuse(errno: number): never {
  throw new Refusal(errno);
}

export interface ModelFile {
  readonly kind: 'file';
  bytes: Uint8Array;
}
export interface ModelLink {
  readonly kind: 'link';
  readonly target: string;
}
export interface ModelDirectory {
  readonly kind: 'directory';
  readonly entries: Map<string, ModelNode>;
  parent: ModelDirectory;
  removed: boolean;
}
export type ModelNode = ModelFile | ModelLink | ModelDirectory;

/** The directory of a path's last component, and that component. */
interface Place {
  readonly directory: ModelDirectory;
  readonly name: string;
  readonly slash: boolean;
}

export function newDirectory(parent?: ModelDirectory): ModelDirectory {
  const made = { kind: 'directory' as const, entries: new Map<string, ModelNode>(), removed: false };
  const directory = made as unknown as ModelDirectory;
  directory.parent = parent ?? directory;
  return directory;
}

export class ModelTree {
  readonly root = newDirectory();

  /** The node a path leads to. @throws Refusal */
  resolve(path: string, follow: boolean, start: ModelDirectory = this.root, budget = { links: 40 }): ModelNode {
    const { directory, name, slash } = this.place(path, start, budget);
    if (name === '.') return directory;
    if (name === '..') return directory.parent;
    const node = directory.entries.get(name);
    if (node === undefined) refuse(ENOENT);
    if (node.kind === 'link' && (follow || slash)) {
      if (budget.links-- === 0) refuse(ELOOP);
      return this.resolve(node.target + (slash ? '/' : ''), true, directory, budget);
    }
    if (slash && node.kind !== 'directory') refuse(ENOTDIR);
    return node;
  }

  /** Where a path's last component would be; the path's own root is '.' of itself. */
  place(path: string, start: ModelDirectory = this.root, budget = { links: 40 }): Place {
    if (path === '') refuse(ENOENT);
    let at: ModelNode = path.startsWith('/') ? this.root : start;
    const names = path.split('/').filter((name) => name !== '');
    const last = names.pop() ?? '.';
    for (const name of names) {
      if (at.kind !== 'directory') refuse(ENOTDIR);
      at = this.resolve(name, true, at, budget);
    }
    if (at.kind !== 'directory') refuse(ENOTDIR);
    return { directory: at, name: last, slash: path.endsWith('/') };
  }

  /** Links of a node, counted by looking at every directory there is. */
  links(node: ModelNode): number {
    if (node.kind === 'directory') {
      if (node.removed) return 0;
      return 2 + [...node.entries.values()].filter((child) => child.kind === 'directory').length;
    }
    let count = 0;
    const visit = (directory: ModelDirectory): void => {
      for (const child of directory.entries.values()) {
        if (child === node) count++;
        if (child.kind === 'directory') visit(child);
      }
    };
    visit(this.root);
    return count;
  }

  /** Adds a name. @param slashAllowed whether `path` may end in a slash */
  add(path: string, make: (parent: ModelDirectory) => ModelNode, slashAllowed = false): void {
    const { directory, name, slash } = this.place(path);
    if (name === '.' || name === '..' || directory.entries.has(name)) refuse(EEXIST);
    if (slash && !slashAllowed) refuse(ENOENT);
    if (directory.removed) refuse(ENOENT);
    directory.entries.set(name, make(directory));
  }

  link(path: string, to: string, follow: boolean): void {
    const node = this.resolve(path, follow);
    this.add(to, () => {
      if (node.kind === 'directory') refuse(EPERM);
      return node;
    });
  }

  unlink(path: string): void {
    const { directory, name, slash } = this.place(path);
    if (name === '.' || name === '..') refuse(EISDIR);
    const node = directory.entries.get(name);
    if (node === undefined) refuse(ENOENT);
    if (node.kind === 'directory') refuse(EISDIR);
    if (slash) refuse(ENOTDIR);
    directory.entries.delete(name);
  }

  rmdir(path: string): void {
    const { directory, name } = this.place(path);
    if (name === '.') refuse(/[^/]/.test(path) ? EINVAL : EBUSY);
    if (name === '..') refuse(ENOTEMPTY);
    const node = directory.entries.get(name);
    if (node === undefined) refuse(ENOENT);
    if (node.kind !== 'directory') refuse(ENOTDIR);
    if (node.entries.size > 0) refuse(ENOTEMPTY);
    directory.entries.delete(name);
    node.removed = true;
  }

  rename(path: string, to: string, flags: number): void {
    const from = this.place(path);
    const onto = this.place(to);
    if (from.name === '.' || from.name === '..') refuse(EBUSY);
    if (onto.name === '.' || onto.name === '..') refuse(flags === RENAME_NOREPLACE ? EEXIST : EBUSY);
    const source = from.directory.entries.get(from.name);
    const target = onto.directory.entries.get(onto.name);
    if (source === undefined) refuse(ENOENT);
    if (flags === RENAME_NOREPLACE && target !== undefined) refuse(EEXIST);
    if (flags === RENAME_EXCHANGE && target === undefined) refuse(ENOENT);
    const exchange = flags === RENAME_EXCHANGE;
    if (exchange && onto.slash && target?.kind !== 'directory') refuse(ENOTDIR);
    if (source.kind !== 'directory' && (from.slash || (!exchange && onto.slash))) refuse(ENOTDIR);
    if (inside(source, onto.directory)) refuse(EINVAL);
    if (target !== undefined && inside(target, from.directory)) refuse(exchange ? EINVAL : ENOTEMPTY);
    if (source === target) return;
    if (!exchange && target !== undefined) replaceable(source, target);
    put(onto, source);
    if (exchange && target !== undefined) {
      put(from, target);
    } else {
      from.directory.entries.delete(from.name);
      if (target?.kind === 'directory') target.removed = true;
    }
  }
}

function put({ directory, name }: Place, node: ModelNode): void {
  directory.entries.set(name, node);
  if (node.kind === 'directory') node.parent = directory;
}

function replaceable(source: ModelNode, target: ModelNode): void {
  if (source.kind === 'directory' && target.kind !== 'directory') refuse(ENOTDIR);
  if (source.kind !== 'directory' && target.kind === 'directory') refuse(EISDIR);
  if (target.kind === 'directory' && target.entries.size > 0) refuse(ENOTEMPTY);
}

/** True when `directory` is `node` or somewhere below it. */
function inside(node: ModelNode, directory: ModelDirectory): boolean {
  for (let at = directory; ; at = at.parent) {
    if (at === node) return true;
    if (at === at.parent) return false;
  }
}
