/** env, printenv, pwd, uname, true, false: what a program finds around it. */
import { errnoMessage } from '@veridian-os/abi';
import type { Step } from '../internal/io.js';
import type { Tool, Utility } from '../internal/tool.js';
import { explainRefusal, findProgram } from '../vsh/find-command.js';
import { endStatus } from '../vsh/jobs.js';
import { readFile } from './mount.js';

export const env: Utility = {
  name: 'env',
  summary: 'show the environment, or run a program in another one',
  usage: '[-i] [-u NAME] [NAME=VALUE]... [PROGRAM [ARGUMENT]...]',
  options: '+iu:',
  help: '-i  begin with nothing\n-u NAME  without this variable',
  *run(tool) {
    const variables = new Map<string, string>();
    for (const entry of tool.has('i') ? [] : tool.sys.env) assign(variables, entry);
    variables.delete(tool.value('u') ?? '');
    let index = 0;
    for (; index < tool.operands.length && tool.operands[index].includes('=', 1); index++) {
      assign(variables, tool.operands[index]);
    }
    const entries = [...variables].map(([name, value]) => `${name}=${value}`);
    const command = tool.operands.slice(index);
    if (command.length > 0) return yield* runIn(tool, command, entries, variables.get('PATH'));
    yield* tool.print(entries.map((entry) => `${entry}\n`).join(''));
    return 0;
  },
};

function assign(variables: Map<string, string>, entry: string): void {
  const at = entry.indexOf('=', 1);
  if (at > 0) variables.set(entry.slice(0, at), entry.slice(at + 1));
}

function* runIn(tool: Tool, args: readonly string[], entries: string[], path: string | undefined): Step<number> {
  const { sys, streams } = tool;
  const program = yield* findProgram(sys, args[0], path);
  if (typeof program !== 'string') return yield* tool.complain(program.message, program.status);
  const descriptors = [streams.input, streams.output, streams.error];
  const pid = yield* sys.spawn({ path: program, args, env: entries, descriptors });
  if (pid < 0) {
    const { message, status } = yield* explainRefusal(sys, program, pid);
    return yield* tool.complain(message, status);
  }
  const result = yield* sys.wait({ pid });
  if (typeof result === 'number') return yield* tool.complain(errnoMessage(result));
  return result.kind === 'ended' ? endStatus(result.end) : 1;
}

export const printenv: Utility = {
  name: 'printenv',
  summary: 'print variables of the environment',
  usage: '[NAME]...',
  options: '+',
  *run(tool) {
    const { env: entries } = tool.sys;
    if (tool.operands.length === 0) yield* tool.print(entries.map((entry) => `${entry}\n`).join(''));
    let status = 0;
    for (const name of tool.operands) {
      const entry = entries.find((candidate) => candidate.startsWith(`${name}=`));
      if (entry === undefined) status = 1;
      else yield* tool.print(`${entry.slice(name.length + 1)}\n`);
    }
    return status;
  },
};

export const pwd: Utility = {
  name: 'pwd',
  summary: 'print the working directory',
  usage: '',
  options: 'LP',
  *run(tool) {
    const directory = yield* tool.sys.getcwd();
    if (typeof directory === 'number') return yield* tool.complainOf('.', directory);
    yield* tool.print(`${directory}\n`);
    return 0;
  },
};

export const uname: Utility = {
  name: 'uname',
  summary: 'name the system',
  usage: '[-amnrsv]',
  options: 'amnrsv',
  help: '-s  system (default)    -n  host    -r  release    -v  version    -m  machine    -a  all',
  *run(tool) {
    const isa = /isa\s*:\s*(rv\d+)/.exec(yield* text(tool, '/proc/cpuinfo'))?.[1];
    const parts: Readonly<Record<string, string>> = {
      s: 'Veridian',
      n: yield* text(tool, '/proc/sys/kernel/hostname'),
      r: yield* text(tool, '/proc/sys/kernel/osrelease'),
      v: yield* text(tool, '/proc/version'),
      m: isa === undefined ? 'unknown' : isa.replace('rv', 'riscv'),
    };
    const wanted = [...'snrvm'].filter((letter) => tool.has(letter) || tool.has('a'));
    yield* tool.print(`${(wanted.length === 0 ? ['s'] : wanted).map((letter) => parts[letter]).join(' ')}\n`);
    return 0;
  },
};

/** A one-line file of /proc, `?` when it cannot be read. */
function* text(tool: Tool, path: string): Step<string> {
  const content = yield* readFile(tool, path);
  return typeof content === 'number' ? '?' : content.trimEnd();
}

function constant(name: string, summary: string, status: number): Utility {
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

export const trueUtility = constant('true', 'succeed', 0);
export const falseUtility = constant('false', 'fail', 1);
