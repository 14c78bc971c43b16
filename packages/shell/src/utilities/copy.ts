/** cp: copies of files and trees. */
import { EEXIST, EISDIR, errnoMessage, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, type FileStat } from '@veridian-os/abi';
import { O_CREAT, O_RDONLY, O_TRUNC, O_WRONLY } from '@veridian-os/vfs';
import { isDirectory, joinPath, pairsOf, statOf } from '../internal/files.js';
import { CHUNK, writeBytes, type Step } from '../internal/io.js';
import type { Tool, Utility } from '../internal/tool.js';
import { directoryNames } from '../vsh/expand.js';

export const cp: Utility = {
  name: 'cp',
  summary: 'copy files',
  usage: '[-fr] FROM TO | FROM... DIRECTORY',
  options: 'fprRa',
  help: '-r  directories with everything in them; links stay links',
  *run(tool) {
    const pairs = yield* pairsOf(tool);
    if (typeof pairs === 'number') return pairs;
    const copier = new TreeCopier(tool, tool.has('r') || tool.has('R') || tool.has('a'));
    for (const { from, to } of pairs) yield* copier.copy(from, to);
    return copier.status;
  },
};

/** Copies files and trees, and complains about what it cannot copy. */
export class TreeCopier {
  status = 0;
  private readonly tool: Tool;
  private readonly recursive: boolean;
  /** Directory that is being made: a copy into itself would never end. */
  private made: FileStat | number = 0;

  constructor(tool: Tool, recursive: boolean) {
    this.tool = tool;
    this.recursive = recursive;
  }

  *copy(from: string, to: string): Step<void> {
    const { sys } = this.tool;
    const source = yield* statOf(sys, from, !this.recursive);
    if (typeof source === 'number') return yield* this.fail(from, source);
    const target = yield* statOf(sys, to);
    if (isSame(source, target)) return yield* this.complain(`'${from}' and '${to}' are the same file`);
    if (!isDirectory(source)) return yield* this.copyOne(from, to, source);
    if (!this.recursive) return yield* this.complain(`${from}: is a directory (use -r)`);
    this.made = 0;
    yield* this.copyTree(from, to, source);
  }

  private *copyOne(from: string, to: string, source: FileStat): Step<void> {
    const type = source.mode & S_IFMT;
    if (type === S_IFLNK) yield* this.copyLink(from, to);
    else if (type === S_IFIFO && this.recursive) yield* this.complain(`${from}: a pipe is not copied`);
    else yield* this.copyBytes(from, to, source.mode & 0o777);
  }

  private *copyLink(from: string, to: string): Step<void> {
    const { sys } = this.tool;
    const target = yield* sys.readlink(from);
    if (typeof target === 'number') return yield* this.fail(from, target);
    let result = yield* sys.symlink(target, to);
    if (result === EEXIST && (yield* sys.unlink(to)) >= 0) result = yield* sys.symlink(target, to);
    if (result < 0) yield* this.fail(to, result);
  }

  private *copyBytes(from: string, to: string, mode: number): Step<void> {
    const { sys } = this.tool;
    const input = yield* sys.open(from, O_RDONLY);
    if (input < 0) return yield* this.fail(from, input);
    const output = yield* sys.open(to, O_WRONLY | O_CREAT | O_TRUNC, mode);
    if (output < 0) yield* this.fail(to, output);
    else {
      yield* this.pump(from, input, to, output);
      yield* sys.close(output);
    }
    yield* sys.close(input);
  }

  private *pump(from: string, input: number, to: string, output: number): Step<void> {
    const buffer = new Uint8Array(CHUNK);
    for (;;) {
      const count = yield* this.tool.sys.read(input, buffer);
      if (count < 0) yield* this.fail(from, count);
      if (count <= 0) return;
      const written = yield* writeBytes(this.tool.sys, output, buffer.subarray(0, count));
      if (written < 0) return yield* this.fail(to, written);
    }
  }

  private *copyTree(from: string, to: string, source: FileStat): Step<void> {
    const { sys } = this.tool;
    const made = yield* sys.mkdir(to, (source.mode & 0o777) | 0o700);
    const target = yield* statOf(sys, to);
    if (made < 0 && !(made === EEXIST && isDirectory(target))) return yield* this.fail(to, made);
    if (this.made === 0) this.made = target;
    for (const name of yield* directoryNames(sys, from)) {
      const inner = joinPath(from, name);
      const stat = yield* statOf(sys, inner, false);
      if (typeof stat === 'number') yield* this.fail(inner, stat);
      else if (isSame(stat, this.made)) yield* this.complain(`cannot copy '${from}' into itself`);
      else if ((stat.mode & S_IFMT) === S_IFDIR) yield* this.copyTree(inner, joinPath(to, name), stat);
      else yield* this.copyOne(inner, joinPath(to, name), stat);
    }
  }

  private *fail(path: string, errno: number): Step<void> {
    yield* this.complain(errno === EISDIR ? `${path}: is a directory` : `${path}: ${errnoMessage(errno)}`);
  }

  private *complain(what: string): Step<void> {
    this.status = yield* this.tool.complain(what);
  }
}

function isSame(a: FileStat | number, b: FileStat | number): boolean {
  return typeof a !== 'number' && typeof b !== 'number' && a.dev === b.dev && a.ino === b.ino;
}
