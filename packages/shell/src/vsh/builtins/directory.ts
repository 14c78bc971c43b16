/** Builtins about the working directory. */
import { SYNTAX_STATUS } from '../find-command.js';
import type { Builtin } from './builtin.js';

export const cd: Builtin = {
  name: 'cd',
  summary: 'change the working directory',
  usage: '[DIRECTORY | -]',
  options: '',
  help: "Without DIRECTORY goes to $HOME; '-' goes back to where the shell was before, and says where that is.",
  *run(shell, tool) {
    const { variables } = shell.state;
    const [operand, ...more] = tool.operands;
    if (more.length > 0) return yield* tool.complain('too many arguments', SYNTAX_STATUS);
    const target = operand === '-' ? variables.get('OLDPWD') : (operand ?? variables.get('HOME'));
    if (target === undefined) return yield* tool.complain(`${operand === '-' ? 'OLDPWD' : 'HOME'} is not set`);
    const before = yield* shell.sys.getcwd();
    const result = yield* shell.sys.chdir(target);
    if (result < 0) return yield* tool.complainOf(target, result);
    const now = yield* shell.sys.getcwd();
    if (typeof before === 'string') variables.set('OLDPWD', before);
    if (typeof now !== 'string') return 0;
    variables.set('PWD', now);
    if (operand === '-') yield* tool.print(`${now}\n`);
    return 0;
  },
};

export const pwd: Builtin = {
  name: 'pwd',
  summary: 'print the working directory',
  usage: '',
  options: 'LP',
  *run(shell, tool) {
    const directory = yield* shell.sys.getcwd();
    if (typeof directory === 'number') return yield* tool.complainOf('.', directory);
    yield* tool.print(`${directory}\n`);
    return 0;
  },
};
