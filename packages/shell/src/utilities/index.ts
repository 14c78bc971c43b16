/** The utilities, in alphabetical order. */
import { hang } from '../internal/format.js';
import type { Step } from '../internal/io.js';
import { helpText, type Tool, type Utility } from '../internal/tool.js';
import { windowSize } from '../vsh/terminal.js';
import { caps } from './capabilities.js';
import { cat } from './cat.js';
import { cp } from './copy.js';
import { echo } from './echo.js';
import { head, tail } from './ends.js';
import { env, falseUtility, printenv, pwd, trueUtility, uname } from './environment.js';
import { grep } from './grep.js';
import { hexdump } from './hexdump.js';
import { kill } from './kill.js';
import { ls } from './ls.js';
import { ln, mkdir, touch } from './make.js';
import { mem } from './memory.js';
import { mount } from './mount.js';
import { mv } from './move.js';
import { basename, dirname, readlink, seq } from './names.js';
import { printf } from './printf.js';
import { ps } from './processes.js';
import { rm, rmdir } from './remove.js';
import { sort } from './sort.js';
import { stat } from './stat.js';
import { clear, tee, yes } from './streams.js';
import { bracket, test } from './test.js';
import { date, sleep, uptime } from './time.js';
import { wc } from './wc.js';

/** `help`, for machine code and pipelines; the shell has its own. */
const help: Utility = {
  name: 'help',
  summary: 'list the programs, or explain one',
  usage: '[NAME]...',
  options: '',
  *run(tool) {
    if (tool.operands.length === 0) {
      const width = yield* helpWidth(tool);
      yield* tool.print(`Programs (each answers --help)\n${helpTable(utilities, width)}`);
      return 0;
    }
    let status = 0;
    for (const name of tool.operands) {
      const found = utilities.find((utility) => utility.name === name);
      if (found === undefined) status = yield* tool.complain(`${name}: nothing is known about it`);
      else yield* tool.print(helpText(found));
    }
    return status;
  },
};

export const utilities: readonly Utility[] = [
  basename,
  bracket,
  caps,
  cat,
  clear,
  cp,
  date,
  dirname,
  echo,
  env,
  falseUtility,
  grep,
  head,
  help,
  hexdump,
  kill,
  ln,
  ls,
  mem,
  mkdir,
  mount,
  mv,
  printenv,
  printf,
  ps,
  pwd,
  readlink,
  rm,
  rmdir,
  seq,
  sleep,
  sort,
  stat,
  tail,
  tee,
  test,
  touch,
  trueUtility,
  uname,
  uptime,
  wc,
  yes,
];

/** Width of help that no terminal shows. */
const PAGE_WIDTH = 120;

/** Cells of a line of help: the terminal's, if there is one. */
export function* helpWidth(tool: Tool): Step<number> {
  return (yield* windowSize(tool.sys, tool.streams.output))?.columns ?? PAGE_WIDTH;
}

/** Names and what they do, two to a line where that fits. */
export function helpTable(list: readonly Utility[], lineWidth: number): string {
  const cells = list.map(({ name, summary }) => `  ${name.padEnd(9)} ${summary}`);
  const half = Math.ceil(cells.length / 2);
  const width = Math.max(...cells.slice(0, half).map((cell) => cell.length)) + 2;
  if (width + Math.max(...cells.slice(half).map((cell) => cell.length)) > lineWidth) {
    return hang(`${cells.join('\n')}\n`, lineWidth);
  }
  let text = '';
  for (let row = 0; row < half; row++) text += `${cells[row].padEnd(width)}${cells[row + half] ?? ''}`.trimEnd() + '\n';
  return text;
}
