/** Looking at and changing files, as several utilities do. */
import { EEXIST, S_IFDIR, S_IFMT, type FileStat } from '@veridian-os/abi';
import { emptyStat, type Sys } from '@veridian-os/kernel';
import type { Step } from './io.js';
import type { Tool } from './tool.js';

/** Attributes of a file, or an Errno. */
export function* statOf(sys: Sys, path: string, follow = true): Step<FileStat | number> {
  const stat = emptyStat();
  const result = yield* sys.stat(path, stat, follow);
  return result < 0 ? result : stat;
}

export function isDirectory(stat: FileStat | number): boolean {
  return typeof stat !== 'number' && (stat.mode & S_IFMT) === S_IFDIR;
}

/** The last component: where a copy of the file goes in a directory. */
export function baseName(path: string): string {
  const trimmed = path.replace(/\/+$/, '');
  return trimmed === '' ? (path === '' ? '' : '/') : trimmed.slice(trimmed.lastIndexOf('/') + 1);
}

export function joinPath(folder: string, name: string): string {
  return folder.endsWith('/') ? folder + name : `${folder}/${name}`;
}

/** A file to work on, and where its result goes. */
export interface Pair {
  readonly from: string;
  readonly to: string;
}

/** Operands of cp, mv and ln: `FROM TO`, or `FROM... DIRECTORY`. A status when they make no sense. */
export function* pairsOf(tool: Tool): Step<readonly Pair[] | number> {
  const { operands } = tool;
  if (operands.length === 0) return yield* tool.usageError('a file is missing');
  const target = operands[operands.length - 1];
  if (operands.length === 1) return yield* tool.usageError(`the destination after '${target}' is missing`);
  const sources = operands.slice(0, -1);
  if (isDirectory(yield* statOf(tool.sys, target))) {
    return sources.map((from) => ({ from, to: joinPath(target, baseName(from)) }));
  }
  if (sources.length > 1) return yield* tool.complain(`${target}: is not a directory`);
  return [{ from: sources[0], to: target }];
}

/** Makes a directory and those above it that are missing: 0 or an Errno. */
export function* makeParents(sys: Sys, path: string): Step<number> {
  let prefix = path.startsWith('/') ? '/' : '';
  let result = 0;
  for (const part of path.split('/').filter((name) => name !== '')) {
    prefix = prefix === '' ? part : joinPath(prefix, part);
    result = yield* sys.mkdir(prefix);
    if (result < 0 && result !== EEXIST) return result;
  }
  if (result === EEXIST && !isDirectory(yield* statOf(sys, path))) return EEXIST;
  return 0;
}
