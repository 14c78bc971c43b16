/** tee, yes, clear: output. */
import { errnoMessage } from '@veridian-os/abi';
import { O_APPEND, O_CREAT, O_TRUNC, O_WRONLY } from '@veridian-os/vfs';
import { CHUNK, encode, writeBytes } from '../internal/io.js';
import type { Utility } from '../internal/tool.js';

/** Bytes that `yes` writes at once. */
const YES_BYTES = 4096;

export const tee: Utility = {
  name: 'tee',
  summary: 'copy the input to the output and to files',
  usage: '[-a] [FILE]...',
  options: 'a',
  help: '-a  append to the files',
  *run(tool) {
    const { sys, streams } = tool;
    const flags = O_WRONLY | O_CREAT | (tool.has('a') ? O_APPEND : O_TRUNC);
    const files: { name: string; fd: number }[] = [];
    let status = 0;
    for (const name of tool.operands) {
      const fd = yield* sys.open(name, flags);
      if (fd < 0) status = yield* tool.complainOf(name, fd);
      else files.push({ name, fd });
    }
    const buffer = new Uint8Array(CHUNK);
    for (;;) {
      const count = yield* sys.read(streams.input, buffer);
      if (count < 0) status = yield* tool.complainOf('standard input', count);
      if (count <= 0) break;
      const bytes = buffer.subarray(0, count);
      yield* tool.printBytes(bytes);
      yield* tool.flush();
      for (const file of [...files]) {
        const result = yield* writeBytes(sys, file.fd, bytes);
        if (result >= 0) continue;
        status = yield* tool.complain(`${file.name}: ${errnoMessage(result)}`);
        files.splice(files.indexOf(file), 1);
      }
    }
    return status;
  },
};

export const yes: Utility = {
  name: 'yes',
  summary: 'print a line for ever',
  usage: '[TEXT]...',
  options: undefined,
  *run(tool) {
    const words = tool.args.slice(1);
    const line = `${words.length === 0 ? 'y' : words.join(' ')}\n`;
    const block = encode(line.repeat(Math.max(1, Math.floor(YES_BYTES / line.length))));
    while ((yield* tool.printBytes(block)) >= 0);
    return 1;
  },
};

export const clear: Utility = {
  name: 'clear',
  summary: 'empty the screen',
  usage: '',
  options: '',
  *run(tool) {
    yield* tool.print('\x1b[H\x1b[2J\x1b[3J');
    return 0;
  },
};
