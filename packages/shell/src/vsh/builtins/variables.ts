/** Builtins about variables, parameters and options. */
import type { Step } from '../../internal/io.js';
import type { Tool } from '../../internal/tool.js';
import { quote } from '../quote.js';
import type { Shell } from '../shell.js';
import { isVariableName } from '../state.js';
import type { Builtin } from './builtin.js';

function sorted(variables: ReadonlyMap<string, string>): [string, string][] {
  return [...variables].sort(([a], [b]) => (a < b ? -1 : 1));
}

export const exportBuiltin: Builtin = {
  name: 'export',
  summary: 'let programs see variables',
  usage: '[NAME[=VALUE]]...',
  options: 'p',
  *run(shell, tool) {
    const { variables, exported } = shell.state;
    if (tool.operands.length === 0) {
      for (const [name, value] of sorted(variables)) {
        if (exported.has(name)) yield* tool.print(`export ${name}=${quote(value)}\n`);
      }
    }
    let status = 0;
    for (const operand of tool.operands) {
      const at = operand.indexOf('=');
      const name = at < 0 ? operand : operand.slice(0, at);
      if (isVariableName(name)) {
        if (at >= 0) variables.set(name, operand.slice(at + 1));
        exported.add(name);
      } else status = yield* tool.complain(`${operand}: not a variable name`);
    }
    return status;
  },
};

export const unset: Builtin = {
  name: 'unset',
  summary: 'forget variables',
  usage: 'NAME...',
  options: 'v',
  *run(shell, tool) {
    let status = 0;
    for (const name of tool.operands) {
      if (!isVariableName(name)) status = yield* tool.complain(`${name}: not a variable name`);
      shell.state.variables.delete(name);
      shell.state.exported.delete(name);
    }
    return status;
  },
};

export const set: Builtin = {
  name: 'set',
  summary: 'show variables, or set options and parameters',
  usage: '[-ex] [+ex] [--] [PARAMETER]...',
  options: undefined,
  help: [
    '-e  end the shell when a command fails',
    '-x  show commands before they run',
    '+e, +x  switch these off',
  ].join('\n'),
  *run(shell, tool) {
    const words = tool.args.slice(1);
    if (words.length === 0) {
      for (const [name, value] of sorted(shell.state.variables)) yield* tool.print(`${name}=${quote(value)}\n`);
      return 0;
    }
    let index = 0;
    for (; index < words.length && /^[-+]./.test(words[index]) && words[index] !== '--'; index++) {
      const status = yield* setOptions(shell, tool, words[index]);
      if (status !== 0) return status;
    }
    const ended = words[index] === '--';
    if (ended || index < words.length) shell.state.positional = words.slice(ended ? index + 1 : index);
    return 0;
  },
};

function* setOptions(shell: Shell, tool: Tool, word: string): Step<number> {
  const on = word.startsWith('-');
  for (const letter of word.slice(1)) {
    if (letter === 'e') shell.state.options.errexit = on;
    else if (letter === 'x') shell.state.options.xtrace = on;
    else return yield* tool.usageError(`unknown option '${word.charAt(0)}${letter}'`);
  }
  return 0;
}

export const shift: Builtin = {
  name: 'shift',
  summary: 'drop the first parameters',
  usage: '[COUNT]',
  options: undefined,
  *run(shell, tool) {
    const [operand = '1'] = tool.operands;
    const count = /^\d+$/.test(operand) ? Number(operand) : -1;
    const { positional } = shell.state;
    if (count < 0 || count > positional.length) return yield* tool.complain(`${operand}: cannot shift that far`);
    shell.state.positional = positional.slice(count);
    return 0;
  },
};
