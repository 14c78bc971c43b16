/** kill: signals to processes. */
import { errnoMessage } from '@veridian-os/abi';
import { signalName, signalNumber } from '@veridian-os/kernel';
import type { Step } from '../internal/io.js';
import type { Tool, Utility } from '../internal/tool.js';

const SIGTERM = 15;
const LISTED = 31;

export const kill: Utility = {
  name: 'kill',
  summary: 'send a signal to processes',
  usage: '[-SIGNAL | -s SIGNAL] PID... | -l [NUMBER]...',
  options: undefined,
  help: [
    'SIGNAL is a number or a name (INT, SIGKILL, 9); TERM by default. 0 only asks whether the process is there.',
    "A negative PID is a process group ('--' before it).",
    '-l  list the names',
  ].join('\n'),
  *run(tool) {
    const words = tool.args.slice(1);
    const [first, second] = words;
    if (first === '-l') return yield* list(tool, words.slice(1));
    if (first === '-s') return yield* send(tool, second, words.slice(2));
    if (first !== undefined && /^-[0-9A-Za-z]/.test(first)) return yield* send(tool, first.slice(1), words.slice(1));
    return yield* send(tool, String(SIGTERM), words);
  },
};

function* send(tool: Tool, name: string | undefined, words: readonly string[]): Step<number> {
  const signal = name === '0' ? 0 : signalNumber(name ?? '');
  if (signal === 0 && name !== '0') return yield* tool.usageError(`${name ?? "'-s'"}: not a signal`);
  const targets = words.filter((word) => word !== '--');
  if (targets.length === 0) return yield* tool.usageError('a process number is missing');
  let status = 0;
  for (const target of targets) {
    const result = /^-?\d+$/.test(target) ? yield* tool.sys.kill(Number(target), signal) : undefined;
    if (result === undefined) status = yield* tool.complain(`${target}: not a process number`);
    else if (result < 0) status = yield* tool.complain(`(${target}): ${errnoMessage(result)}`);
  }
  return status;
}

function* list(tool: Tool, words: readonly string[]): Step<number> {
  if (words.length === 0) {
    const names = Array.from({ length: LISTED }, (_, index) => signalName(index + 1).slice(3));
    yield* tool.print(`${names.join(' ')}\n`);
    return 0;
  }
  let status = 0;
  for (const word of words) {
    // A status above 128 tells of a signal, as $? has it.
    const number = /^\d+$/.test(word) ? Number(word) & 0x7f : signalNumber(word);
    if (number < 1 || number > LISTED) status = yield* tool.complain(`${word}: not a signal`);
    else yield* tool.print(`${/^\d+$/.test(word) ? signalName(number).slice(3) : number}\n`);
  }
  return status;
}
