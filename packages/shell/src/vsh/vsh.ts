/** The program: what its arguments ask for, and where commands come from. */
import type { Sys, TaskMain } from '@veridian-os/kernel';
import { STDIN, STDERR, writeText, type Step } from '../internal/io.js';
import { SYNTAX_STATUS } from './find-command.js';
import { beginInteractive } from './interactive.js';
import { linesOf, Shell } from './shell.js';
import { runToEnd } from './start.js';
import { ShellState } from './state.js';
import { isTerminal } from './terminal.js';

const USAGE = `Usage: vsh [-ex] [-c TEXT [NAME [ARGUMENT]...] | FILE [ARGUMENT]...]
The shell of Veridian: runs the commands of TEXT, of FILE, or of its standard input.

-c TEXT  run these commands; NAME becomes $0
-e       end when a command fails
-x       show commands before they run
-i       interactive, as it is anyway at a terminal

Type 'help' at its prompt for more.
`;

interface Arguments {
  /** Letters of the options. */
  readonly flags: ReadonlySet<string>;
  /** `-c`: the commands. */
  readonly text: string | undefined;
  readonly operands: readonly string[];
}

export const vsh: TaskMain = function* vsh(sys, args) {
  const parsed = parseArguments(args.slice(1));
  if (typeof parsed === 'string') {
    const help = parsed === '';
    yield* writeText(sys, help ? 1 : STDERR, help ? USAGE : `vsh: ${parsed}\n${USAGE}`);
    return help ? 0 : SYNTAX_STATUS;
  }
  return yield* runShell(sys, args[0] ?? 'vsh', parsed);
};

function* runShell(sys: Sys, name: string, { flags, text, operands }: Arguments): Step<number> {
  const reads = text === undefined && operands.length === 0;
  const shellName = reads ? name : text === undefined ? operands[0] : (operands[0] ?? name);
  const state = new ShellState(sys.pid, shellName, operands.slice(1), sys.env);
  state.options.errexit = flags.has('e');
  state.options.xtrace = flags.has('x');
  if (reads && (flags.has('i') || (yield* isTerminal(sys, STDIN)))) {
    const status = yield* beginInteractive(sys, state);
    if (status !== undefined) return status;
  }
  return yield* runToEnd(new Shell(sys, state), (shell) => {
    if (text !== undefined) return shell.runLines(linesOf(text));
    // Byte by byte: what follows a line belongs to the commands that the line starts.
    return reads ? shell.runDescriptor(STDIN, 1) : shell.runFile(operands[0]);
  });
}

/** The arguments, what is wrong with them, or '' when help is wanted. */
function parseArguments(words: readonly string[]): Arguments | string {
  const flags = new Set<string>();
  let index = 0;
  for (; index < words.length && words[index].startsWith('-') && words[index] !== '-'; index++) {
    const word = words[index];
    if (word === '--help') return '';
    if (word === '--') {
      index++;
      break;
    }
    for (const letter of word.slice(1)) {
      if (!'ceixs'.includes(letter)) return `unknown option '-${letter}'`;
      flags.add(letter);
    }
  }
  if (!flags.has('c')) return { flags, text: undefined, operands: flags.has('s') ? [] : words.slice(index) };
  if (index >= words.length) return "option '-c' needs commands";
  return { flags, text: words[index], operands: words.slice(index + 1) };
}
