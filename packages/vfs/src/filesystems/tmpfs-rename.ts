/** The checks of rename(2), before anything changes. Source: rename(2), POSIX.1-2017 rename(). */
import {
  EEXIST,
  EINVAL,
  EISDIR,
  ENOENT,
  ENOTDIR,
  ENOTEMPTY,
  RENAME_EXCHANGE,
  RENAME_NOREPLACE,
  panic,
  type Errno,
  type Ino,
} from '@veridian-os/abi';
import type { TmpfsNode, TmpfsTable } from './tmpfs-node.js';

export interface RenamePlan {
  readonly source: TmpfsNode;
  readonly target: TmpfsNode | undefined;
  readonly exchange: boolean;
}

/** What a rename would move and replace, or why it may not. */
export function planRename(
  table: TmpfsTable,
  from: TmpfsNode,
  name: string,
  to: TmpfsNode,
  newName: string,
  flags: number,
): RenamePlan | Errno {
  if (from.entries === null || to.entries === null) return ENOTDIR;
  const source = nodeOf(table, from, name);
  const target = nodeOf(table, to, newName);
  const exchange = (flags & RENAME_EXCHANGE) !== 0;
  if (source === undefined || to.nlink === 0) return ENOENT;
  if ((flags & RENAME_NOREPLACE) !== 0 && target !== undefined) return EEXIST;
  if (exchange && target === undefined) return ENOENT;
  if (source !== target) {
    if (isAbove(table, source, to)) return EINVAL;
    if (target !== undefined && isAbove(table, target, from)) return exchange ? EINVAL : ENOTEMPTY;
    const refused = exchange || target === undefined ? 0 : refuseReplace(source, target);
    if (refused !== 0) return refused;
  }
  return { source, target, exchange };
}

function refuseReplace(source: TmpfsNode, target: TmpfsNode): 0 | Errno {
  if (source.entries !== null && target.entries === null) return ENOTDIR;
  if (source.entries === null && target.entries !== null) return EISDIR;
  return target.entries !== null && target.entries.size > 0 ? ENOTEMPTY : 0;
}

function nodeOf(table: TmpfsTable, directory: TmpfsNode, name: string): TmpfsNode | undefined {
  const entry = directory.entries?.find(name);
  return entry === undefined ? undefined : table.get(entry.ino as Ino);
}

/** True when `node` is the directory `below` or contains it, at any depth. */
function isAbove(table: TmpfsTable, node: TmpfsNode, below: TmpfsNode): boolean {
  if (node.entries === null) return false;
  for (let at = below; ;) {
    if (at === node) return true;
    const parent = at.entries?.parent ?? panic('tmpfs/parent', `inode ${at.ino}`);
    if (parent === at.ino) return false;
    at = table.get(parent) ?? panic('tmpfs/parent', `inode ${at.ino}`);
  }
}
