/** cat: files one after the other. */
import { CHUNK, LineReader, NEWLINE } from '../internal/io.js';
import type { Step } from '../internal/io.js';
import { forEachInput } from '../internal/inputs.js';
import type { Tool, Utility } from '../internal/tool.js';

export const cat: Utility = {
  name: 'cat',
  summary: 'copy files to the output',
  usage: '[-n] [FILE]...',
  options: 'nu',
  help: "-n  number the lines\nWithout FILE, or where it is '-', copies the input.",
  *run(tool) {
    const counter = { lines: 0, inLine: false };
    return yield* forEachInput(tool, (fd) => (tool.has('n') ? numbered(tool, fd, counter) : copy(tool, fd)));
  },
};

function* copy(tool: Tool, fd: number): Step<number> {
  const buffer = new Uint8Array(CHUNK);
  for (;;) {
    const count = yield* tool.sys.read(fd, buffer);
    if (count <= 0) return count;
    yield* tool.printBytes(buffer.subarray(0, count));
    if ((yield* tool.flush()) < 0) return 0;
  }
}

function* numbered(tool: Tool, fd: number, counter: { lines: number; inLine: boolean }): Step<number> {
  const lines = new LineReader(tool.sys, fd);
  for (;;) {
    if (!lines.hasLine) yield* tool.flush();
    const line = yield* lines.next();
    if (typeof line === 'number') return line;
    if (line === undefined) return 0;
    // A file that does not end in a newline goes on in the next one.
    if (!counter.inLine) yield* tool.print(`${String(++counter.lines).padStart(6)}\t`);
    counter.inLine = line[line.length - 1] !== NEWLINE;
    if ((yield* tool.printBytes(line)) < 0) return 0;
  }
}
