/** What a builtin is: a utility that works on the shell itself. */
import type { Step } from '../../internal/io.js';
import type { Tool, Utility } from '../../internal/tool.js';
import type { Shell } from '../shell.js';

export interface Builtin extends Omit<Utility, 'run'> {
  run(shell: Shell, tool: Tool): Step<number>;
}
