/** Builtins that steer the shell. */
import { SYNTAX_STATUS } from '../find-command.js';
import type { Builtin } from './builtin.js';

export const exit: Builtin = {
  name: 'exit',
  summary: 'end the shell',
  usage: '[STATUS]',
  options: undefined,
  *run(shell, tool) {
    const [operand] = tool.operands;
    if (operand !== undefined && !/^\d+$/.test(operand)) {
      shell.exitStatus = yield* tool.complain(`${operand}: not a number`, SYNTAX_STATUS);
      return SYNTAX_STATUS;
    }
    const stopped = shell.control !== undefined && shell.jobs.all.some((job) => job.state === 'stopped');
    if (stopped && !shell.warnedOfStoppedJobs) {
      shell.warnedOfStoppedJobs = true;
      return yield* tool.complain('there are stopped jobs (exit again to leave them)');
    }
    shell.exitStatus = operand === undefined ? shell.state.status : Number(operand) & 0xff;
    return shell.exitStatus;
  },
};

export const source: Builtin = {
  name: 'source',
  summary: 'run a file of commands in this shell',
  usage: 'FILE [ARGUMENT]...',
  options: '+',
  *run(shell, tool) {
    const [file, ...args] = tool.operands;
    if (file === undefined) return yield* tool.usageError('a file name is missing');
    const { state } = shell;
    const outer = state.positional;
    if (args.length > 0) state.positional = args;
    const status = yield* shell.runFile(file);
    if (args.length > 0) state.positional = outer;
    return status;
  },
};

function constant(name: string, summary: string, status: number): Builtin {
  return {
    name,
    summary,
    usage: '',
    options: undefined,
    *run() {
      return status;
    },
  };
}

export const trueBuiltin = constant('true', 'succeed', 0);
export const falseBuiltin = constant('false', 'fail', 1);
export const colon = constant(':', 'do nothing', 0);
