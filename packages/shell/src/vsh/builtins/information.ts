/** Builtins that explain. */
import { hang } from '../../internal/format.js';
import { helpText } from '../../internal/tool.js';
import { helpTable, helpWidth, utilities } from '../../utilities/index.js';
import type { Step } from '../../internal/io.js';
import { executability, findProgram } from '../find-command.js';
import type { Shell } from '../shell.js';
import type { Builtin } from './builtin.js';
import { builtins, findBuiltin } from './index.js';

const SYNTAX = `
Commands      name arguments...        programs are found along $PATH, or by their path
Pipelines     a | b | c                ! a (the opposite status)
Lists         a; b    a && b    a || b    a & (in the background)    ( a; b ) (in a copy of the shell)
Redirections  < file   > file   >> file   2> file   2>&1   &> file
Words         'as it is'   "with $variables"   \\x   *.txt  [a-z]?   ~   $(commands)
Variables     NAME=value   $NAME   \${NAME:-default}   $? status   $$ shell   $! last job   $1 $@ $# parameters
Keys          Tab completes, arrows and Ctrl-R recall, Ctrl-C ends, Ctrl-Z stops (then fg or bg), Ctrl-D leaves
`;

export const help: Builtin = {
  name: 'help',
  summary: 'explain the shell, or one of its commands',
  usage: '[NAME]...',
  options: '',
  *run(_shell, tool) {
    if (tool.operands.length === 0) {
      const names = builtins.map(({ name, usage }) => `${name}${usage === '' ? '' : ` ${usage}`}`).join('; ');
      const width = yield* helpWidth(tool);
      const syntax = hang(SYNTAX, width);
      yield* tool.print(`vsh, the shell of Veridian.\n${syntax}\nBuiltins\n${wrap(names, Math.min(width, 96))}\n`);
      yield* tool.print(`Programs (each answers --help)\n${helpTable(utilities, width)}`);
      return 0;
    }
    let status = 0;
    for (const name of tool.operands) {
      const found = findBuiltin(name) ?? utilities.find((utility) => utility.name === name);
      if (found === undefined) status = yield* tool.complain(`${name}: nothing is known about it`);
      else yield* tool.print(helpText(found));
    }
    return status;
  },
};

/** Breaks at blanks into lines of at most `width` characters, indented by two. */
function wrap(text: string, width: number): string {
  let result = '';
  let line = ' ';
  for (const item of text.split('; ')) {
    if (line.length + item.length + 2 > width) {
      result += `${line}\n`;
      line = ' ';
    }
    line += ` ${item};`;
  }
  return `${result}${line.replace(/;$/, '')}\n`;
}

export const history: Builtin = {
  name: 'history',
  summary: 'list the command lines typed so far',
  usage: '[COUNT]',
  options: undefined,
  *run(shell, tool) {
    const { history: lines } = shell;
    const count = Number(tool.operands[0] ?? lines.length);
    if (!Number.isInteger(count) || count < 0) return yield* tool.complain(`${tool.operands[0]}: not a number`);
    for (let index = Math.max(0, lines.length - count); index < lines.length; index++) {
      yield* tool.print(`${String(index + 1).padStart(5)}  ${lines[index]}\n`);
    }
    return 0;
  },
};

export const type: Builtin = {
  name: 'type',
  summary: 'say what a command name means',
  usage: 'NAME...',
  options: '',
  *run(shell, tool) {
    let status = 0;
    for (const name of tool.operands) {
      const path = yield* programNamed(shell, name);
      if (findBuiltin(name) !== undefined) yield* tool.print(`${name} is a shell builtin\n`);
      else if (path !== undefined) yield* tool.print(`${name} is ${path}\n`);
      else status = yield* tool.complain(`${name}: not found`);
    }
    return status;
  },
};

/** The executable file that a name leads to. */
function* programNamed(shell: Shell, name: string): Step<string | undefined> {
  const path = yield* findProgram(shell.sys, name, shell.lookup('PATH'));
  return typeof path === 'string' && (yield* executability(shell.sys, path)) === 0 ? path : undefined;
}
