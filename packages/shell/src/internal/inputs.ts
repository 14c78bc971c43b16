/** The inputs of a filter: its operands as files, or its standard input. */
import { O_RDONLY } from '@veridian-os/vfs';
import type { Step } from './io.js';
import type { Tool } from './tool.js';

/** Works on one open input: 0, or the Errno of a read that failed. */
export type InputStep = (fd: number, name: string) => Step<number>;

/**
 * Runs `body` for each operand (`-` or none: the standard input), complains about those that fail.
 * @returns 0, or `failure` when any failed
 */
export function* forEachInput(
  tool: Tool,
  body: InputStep,
  operands: readonly string[] = tool.operands,
  failure = 1,
): Step<number> {
  let status = 0;
  for (const name of operands.length === 0 ? ['-'] : operands) {
    const isInput = name === '-';
    const fd = isInput ? tool.streams.input : yield* tool.sys.open(name, O_RDONLY);
    const result = fd < 0 ? fd : yield* body(fd, name);
    if (!isInput && fd >= 0) yield* tool.sys.close(fd);
    if (result < 0) status = yield* tool.complainOf(isInput ? 'standard input' : name, result, failure);
    if (tool.writeError < 0) break;
  }
  return status;
}
