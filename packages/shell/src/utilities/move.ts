/** mv: other names for files. */
import { errnoMessage, EXDEV } from '@veridian-os/abi';
import { pairsOf } from '../internal/files.js';
import type { Step } from '../internal/io.js';
import type { Tool, Utility } from '../internal/tool.js';
import { TreeCopier } from './copy.js';
import { TreeRemover } from './remove.js';

export const mv: Utility = {
  name: 'mv',
  summary: 'move or rename files',
  usage: '[-f] FROM TO | FROM... DIRECTORY',
  options: 'f',
  help: 'Between file systems it copies, then removes.',
  *run(tool) {
    const pairs = yield* pairsOf(tool);
    if (typeof pairs === 'number') return pairs;
    let status = 0;
    for (const { from, to } of pairs) {
      const result = yield* tool.sys.rename(from, to);
      if (result === EXDEV) status = Math.max(status, yield* moveByCopy(tool, from, to));
      else if (result < 0) status = yield* tool.complain(`cannot move '${from}' to '${to}': ${errnoMessage(result)}`);
    }
    return status;
  },
};

function* moveByCopy(tool: Tool, from: string, to: string): Step<number> {
  const copier = new TreeCopier(tool, true);
  yield* copier.copy(from, to);
  if (copier.status !== 0) return copier.status;
  const remover = new TreeRemover(tool, true, false);
  yield* remover.remove(from);
  return remover.status;
}
