/** rm and rmdir: names go, and files with their last name. */
import { EISDIR, ENOENT, errnoMessage } from '@veridian-os/abi';
import { baseName, isDirectory, joinPath, statOf } from '../internal/files.js';
import type { Step } from '../internal/io.js';
import type { Tool, Utility } from '../internal/tool.js';
import { directoryNames } from '../vsh/expand.js';

export const rm: Utility = {
  name: 'rm',
  summary: 'remove files',
  usage: '[-fr] FILE...',
  options: 'firR',
  help: '-r  directories with everything in them\n-f  say nothing about files that are not there',
  *run(tool) {
    if (tool.operands.length === 0 && !tool.has('f')) return yield* tool.usageError('a file is missing');
    const remover = new TreeRemover(tool, tool.has('r') || tool.has('R'), tool.has('f'));
    for (const path of tool.operands) {
      if (['.', '..', '/'].includes(baseName(path))) yield* remover.complain(`refusing to remove '${path}'`);
      else yield* remover.remove(path);
    }
    return remover.status;
  },
};

/** Removes files and trees, and complains about what stays. */
export class TreeRemover {
  status = 0;
  private readonly tool: Tool;
  private readonly recursive: boolean;
  private readonly force: boolean;

  constructor(tool: Tool, recursive: boolean, force: boolean) {
    this.tool = tool;
    this.recursive = recursive;
    this.force = force;
  }

  *remove(path: string): Step<void> {
    const stat = yield* statOf(this.tool.sys, path, false);
    if (typeof stat === 'number') return yield* this.result(path, stat);
    if (isDirectory(stat) && this.recursive) {
      for (const name of yield* directoryNames(this.tool.sys, path)) yield* this.remove(joinPath(path, name));
      return yield* this.result(path, yield* this.tool.sys.rmdir(path));
    }
    yield* this.result(path, isDirectory(stat) ? EISDIR : yield* this.tool.sys.unlink(path));
  }

  *complain(what: string): Step<void> {
    this.status = yield* this.tool.complain(what);
  }

  private *result(path: string, result: number): Step<void> {
    if (result >= 0 || (result === ENOENT && this.force)) return;
    yield* this.complain(`cannot remove '${path}': ${errnoMessage(result)}`);
  }
}

export const rmdir: Utility = {
  name: 'rmdir',
  summary: 'remove empty directories',
  usage: '[-p] DIRECTORY...',
  options: 'p',
  help: '-p  those above it too, as far as they are empty',
  *run(tool) {
    if (tool.operands.length === 0) return yield* tool.usageError('a directory is missing');
    let status = 0;
    for (const operand of tool.operands) {
      let path = operand.replace(/(?!^)\/+$/, '');
      for (;;) {
        const result = yield* tool.sys.rmdir(path);
        if (result < 0) status = yield* tool.complain(`failed to remove '${path}': ${errnoMessage(result)}`);
        const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')));
        if (result < 0 || !tool.has('p') || parent === '') break;
        path = parent;
      }
    }
    return status;
  },
};
