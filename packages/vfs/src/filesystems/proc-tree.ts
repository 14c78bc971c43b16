/**
 * The part of /proc that does not depend on processes: a fixed tree of text files, and the links self and thread-self.
 *
 * Shapes  nodes[i] has inode number i; 0 is unused, 1 the root
 */
import { S_IFDIR, S_IFLNK, S_IFREG } from '@veridian-os/abi';

export const ROOT_INDEX = 1;
export const SELF_INDEX = 2;
export const THREAD_SELF_INDEX = 3;

export interface ProcTreeNode {
  readonly name: string;
  readonly mode: number;
  readonly generate: (() => string) | null;
  /** Indices of a directory's entries, by name. */
  readonly children: Map<string, number>;
}

function node(name: string, mode: number, generate: (() => string) | null = null): ProcTreeNode {
  return { name, mode, generate, children: new Map<string, number>() };
}

/** @throws RangeError when a path is empty, has an empty component, or is both a file and a directory */
export function buildProcTree(files: Readonly<Record<string, () => string>>): readonly ProcTreeNode[] {
  const root = node('', S_IFDIR | 0o555);
  const nodes = [node('', 0), root, node('self', S_IFLNK | 0o777), node('thread-self', S_IFLNK | 0o777)];
  root.children.set('self', SELF_INDEX);
  root.children.set('thread-self', THREAD_SELF_INDEX);
  const add = (parent: ProcTreeNode, made: ProcTreeNode): ProcTreeNode => {
    parent.children.set(made.name, nodes.length);
    nodes.push(made);
    return made;
  };
  for (const [path, generate] of Object.entries(files)) {
    const parts = path.split('/');
    const last = parts.pop() ?? '';
    let at = root;
    for (const part of parts) {
      const known = at.children.get(part);
      at = known === undefined ? add(at, node(part, S_IFDIR | 0o555)) : nodes[known];
    }
    if (last === '' || parts.includes('') || at.generate !== null || at.children.has(last)) {
      throw new RangeError(`systemFiles: expected distinct relative paths, got '${path}'`);
    }
    add(at, node(last, S_IFREG | 0o444, generate));
  }
  return nodes;
}
