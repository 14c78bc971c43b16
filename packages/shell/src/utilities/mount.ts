/** mount: which file systems are where. */
import { O_RDONLY } from '@veridian-os/vfs';
import { decode, readAll, type Step } from '../internal/io.js';
import type { Tool, Utility } from '../internal/tool.js';

const TABLE = '/proc/mounts';

export const mount: Utility = {
  name: 'mount',
  summary: 'list the mounted file systems',
  usage: '',
  options: '',
  help: 'File systems are mounted when the kernel is built; this only shows them.',
  *run(tool) {
    if (tool.operands.length > 0) return yield* tool.usageError('nothing can be mounted while the kernel runs');
    const text = yield* readFile(tool, TABLE);
    if (typeof text === 'number') return yield* tool.complainOf(TABLE, text);
    for (const line of text.split('\n').filter((entry) => entry !== '')) {
      const [source, path, type, options] = line.split(' ').map(unescapeOctal);
      yield* tool.print(`${source} on ${path} type ${type} (${options})\n`);
    }
    return 0;
  },
};

/** The text of a small file, or an Errno. */
export function* readFile(tool: Tool, path: string): Step<string | number> {
  const fd = yield* tool.sys.open(path, O_RDONLY);
  if (fd < 0) return fd;
  const bytes = yield* readAll(tool.sys, fd);
  yield* tool.sys.close(fd);
  return typeof bytes === 'number' ? bytes : decode(bytes);
}

/** Blanks in names are written `\040` there. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_match, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}
