/** The builtins of vsh, by name. */
import type { Step } from '../../internal/io.js';
import { runUtility } from '../../internal/tool.js';
import { SYNTAX_STATUS } from '../find-command.js';
import type { Shell } from '../shell.js';
import type { Builtin } from './builtin.js';
import { cd, pwd } from './directory.js';
import { colon, exit, falseBuiltin, source, trueBuiltin } from './control.js';
import { help, history, type } from './information.js';
import { bg, fg, jobs, kill, wait } from './jobs.js';
import { exportBuiltin, set, shift, unset } from './variables.js';

/** In the order in which `help` shows them. */
export const builtins: readonly Builtin[] = [
  cd,
  pwd,
  set,
  shift,
  unset,
  exportBuiltin,
  source,
  { ...source, name: '.' },
  exit,
  jobs,
  fg,
  bg,
  wait,
  kill,
  history,
  type,
  help,
  trueBuiltin,
  falseBuiltin,
  colon,
];

const BY_NAME: ReadonlyMap<string, Builtin> = new Map(builtins.map((builtin) => [builtin.name, builtin]));

export function findBuiltin(name: string): Builtin | undefined {
  return BY_NAME.get(name);
}

/** Runs the builtin that args[0] names with the given descriptors: its status. */
export function* runBuiltin(shell: Shell, args: readonly string[], fds: readonly number[]): Step<number> {
  const builtin = findBuiltin(args[0]);
  if (builtin === undefined) return 1;
  const [input = -1, output = -1, error = -1] = fds;
  const utility = {
    usageStatus: SYNTAX_STATUS,
    ...builtin,
    run: (tool: Parameters<Builtin['run']>[1]) => builtin.run(shell, tool),
  };
  return yield* runUtility(shell.sys, utility, args, { input, output, error });
}
