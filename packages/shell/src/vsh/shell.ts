/**
 * The interpreter: runs parsed commands with system calls only.
 *
 * A shell is one task. A builtin alone in the foreground runs in it; in a pipeline, in the background or in `( )` it runs
 * in a task of its own, on a copy of the state. Everything else is a program and a process.
 */
import { EINTR, errnoMessage } from '@veridian-os/abi';
import { O_CLOEXEC, O_RDONLY } from '@veridian-os/vfs';
import type { Sys } from '@veridian-os/kernel';
import { decode, LineReader, readAll, writeText, type Step } from '../internal/io.js';
import { findBuiltin, runBuiltin } from './builtins/index.js';
import { expandText, expandWords, type Environment } from './expand.js';
import { NOT_FOUND, SYNTAX_STATUS } from './find-command.js';
import type { JobControl } from './job-control.js';
import { JobTable } from './jobs.js';
import { SyntaxProblem } from './lexer.js';
import { parse, type AndOr, type Pipeline, type SimpleCommand } from './parser.js';
import { quote } from './quote.js';
import { CommandFiles } from './redirect.js';
import { Starter } from './start.js';
import type { ShellState } from './state.js';
import { Waiter } from './waiter.js';

/** Status of what Ctrl-C ended. */
export const INTERRUPTED_STATUS = 130;
/** Files that include files: at most this many deep. */
const MAX_SOURCE_DEPTH = 100;
const NULL_DEVICE = '/dev/null';

/** Where command lines come from: the next one with its newline, undefined at the end, or an Errno. */
export type LineSource = () => Step<string | undefined | number>;

/** A simple command after expansion. */
export interface Expanded {
  readonly assignments: readonly (readonly [string, string])[];
  readonly args: readonly string[];
}

export class Shell implements Environment {
  readonly sys: Sys;
  readonly state: ShellState;
  readonly jobs: JobTable;
  readonly control: JobControl | undefined;
  readonly starter: Starter;
  readonly waiter: Waiter;
  /** Command lines that were typed, oldest first. */
  readonly history: string[];
  /** Descriptors that commands inherit: index = theirs, value = the shell's. */
  fds: readonly number[] = [0, 1, 2];
  /** Set by `exit`: the shell ends. */
  exitStatus: number | undefined;
  /** Ctrl-C ended a command: the rest of the line is dropped. */
  interrupted = false;
  /** `exit` has said that there are stopped jobs. */
  warnedOfStoppedJobs = false;
  private captureStatus: number | undefined;
  private sourceDepth = 0;

  constructor(sys: Sys, state: ShellState, control?: JobControl, jobs = new JobTable(), history: string[] = []) {
    this.sys = sys;
    this.state = state;
    this.control = control;
    this.jobs = jobs;
    this.history = history;
    this.starter = new Starter(this);
    this.waiter = new Waiter(this);
  }

  /** A copy for a task of its own: no job control, and no children yet. */
  copyFor(sys: Sys): Shell {
    return new Shell(sys, this.state.copy(), undefined, this.jobs.snapshot(), this.history);
  }

  /** A new shell for a script in a task of its own. */
  freshFor(sys: Sys, state: ShellState): Shell {
    return new Shell(sys, state);
  }

  get positional(): readonly string[] {
    return this.state.positional;
  }

  /** True when the rest of the present commands is not to be run. */
  get isStopping(): boolean {
    return this.exitStatus !== undefined || this.interrupted;
  }

  lookup(name: string): string | undefined {
    return this.state.lookup(name);
  }

  /** Ctrl-C: nothing of the present line goes on. */
  interrupt(): void {
    this.interrupted = true;
    this.state.status = INTERRUPTED_STATUS;
  }

  /** `vsh: WHAT` on standard error; answers with the status. */
  *complain(what: string, status: number, fd = this.fds[2]): Step<number> {
    yield* writeText(this.sys, fd, `vsh: ${what}\n`);
    return status;
  }

  /** Runs every line of a source; a line that is not complete is continued by the next. Returns the last status. */
  *runLines(next: LineSource): Step<number> {
    let pending = '';
    while (!this.isStopping) {
      const line = yield* next();
      if (typeof line === 'number') return yield* this.complain(`cannot read commands: ${errnoMessage(line)}`, 1);
      pending += line ?? '';
      const list = yield* this.understand(pending, line === undefined);
      if (list === undefined) continue;
      pending = '';
      if (typeof list === 'number') return (this.state.status = list);
      yield* this.runList(list);
      if (line === undefined) break;
    }
    return this.state.status;
  }

  /** Commands of a text, undefined when more must follow, or the status for what cannot be understood. */
  *understand(text: string, isLast: boolean): Step<readonly AndOr[] | number | undefined> {
    try {
      return parse(text);
    } catch (problem) {
      if (!(problem instanceof SyntaxProblem)) throw problem;
      if (problem.incomplete && !isLast) return undefined;
      return yield* this.complain(`syntax error: ${problem.message}`, SYNTAX_STATUS);
    }
  }

  /** True when the text is the beginning of a command. */
  isIncomplete(text: string): boolean {
    try {
      parse(text);
      return false;
    } catch (problem) {
      if (!(problem instanceof SyntaxProblem)) throw problem;
      return problem.incomplete;
    }
  }

  /** Runs the commands that a descriptor gives. @param chunk bytes per read; 1 leaves the rest to the commands */
  *runDescriptor(fd: number, chunk?: number): Step<number> {
    const lines = new LineReader(this.sys, fd, chunk);
    return yield* this.runLines(function* next() {
      const line = yield* lines.next();
      return typeof line === 'object' ? decode(line) : line;
    });
  }

  /** Runs a file of commands in this shell; 127 when it cannot be opened. */
  *runFile(path: string): Step<number> {
    if (this.sourceDepth >= MAX_SOURCE_DEPTH) return yield* this.complain(`${path}: nested too deeply`, 1);
    const fd = yield* this.sys.open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return yield* this.complain(`${path}: ${errnoMessage(fd)}`, NOT_FOUND);
    this.sourceDepth++;
    const status = yield* this.runDescriptor(fd);
    this.sourceDepth--;
    yield* this.sys.close(fd);
    return status;
  }

  *runList(list: readonly AndOr[]): Step<number> {
    for (const item of list) {
      if (this.isStopping) break;
      if (item.background) this.state.status = yield* this.runBackground(item);
      else yield* this.runAndOr(item);
    }
    return this.state.status;
  }

  /** Pipelines joined by `&&` and `||`. */
  *runAndOr(item: AndOr): Step<number> {
    let last = item.first;
    yield* this.runPipeline(last);
    for (const { operator, pipeline } of item.rest) {
      if (this.isStopping) return this.state.status;
      if ((operator === '&&') !== (this.state.status === 0)) continue;
      last = pipeline;
      yield* this.runPipeline(last);
    }
    const final = item.rest[item.rest.length - 1]?.pipeline ?? item.first;
    const { status, options } = this.state;
    if (options.errexit && status !== 0 && last === final && !last.negated) this.exitStatus ??= status;
    return status;
  }

  private *runPipeline(pipeline: Pipeline): Step<void> {
    const [first] = pipeline.commands;
    const alone = pipeline.commands.length === 1 && first.kind === 'simple';
    const status = alone ? yield* this.runSimple(first, pipeline) : yield* this.runForeground(pipeline);
    this.state.status = pipeline.negated ? (status === 0 ? 1 : 0) : status;
  }

  /** Several commands, a subshell, or a program: started, and waited for. */
  private *runForeground(pipeline: Pipeline, expanded?: Expanded): Step<number> {
    const job = this.jobs.create(pipeline.text);
    yield* this.starter.pipeline(job, pipeline.commands, this.fds[0], expanded);
    return yield* this.waiter.foreground(job);
  }

  private *runSimple(command: SimpleCommand, pipeline: Pipeline): Step<number> {
    const expanded = yield* this.expand(command);
    if (this.isStopping) return this.state.status;
    const [name] = expanded.args;
    if (name !== undefined && findBuiltin(name) === undefined) return yield* this.runForeground(pipeline, expanded);
    const files = new CommandFiles(this.fds);
    const problem = yield* files.apply(this.sys, this, command.redirections);
    let status = this.captureStatus ?? 0;
    if (problem !== undefined) status = yield* this.complain(problem, 1);
    else if (name === undefined) this.assign(expanded.assignments);
    else status = yield* this.runBuiltinHere(expanded, files.fds);
    yield* files.close(this.sys);
    return status;
  }

  /** A builtin in this task. Assignments before it hold while it runs. */
  *runBuiltinHere(expanded: Expanded, fds: readonly number[]): Step<number> {
    const { variables } = this.state;
    const before = expanded.assignments.map(([name]) => [name, variables.get(name)] as const);
    const outer = this.fds;
    this.assign(expanded.assignments);
    this.fds = fds;
    const status = yield* runBuiltin(this, expanded.args, fds);
    this.fds = outer;
    for (const [name, value] of before) {
      if (value === undefined) variables.delete(name);
      else variables.set(name, value);
    }
    return status;
  }

  private assign(assignments: Expanded['assignments']): void {
    for (const [name, value] of assignments) this.state.variables.set(name, value);
  }

  /** `a | b &` becomes a job; `a && b &` is run by a task, which is the job. */
  private *runBackground(item: AndOr): Step<number> {
    yield* this.waiter.poll();
    const job = this.jobs.create(item.text);
    job.background = true;
    // Without job control a background command must not take the shell's input.
    const input = this.control === undefined ? yield* this.sys.open(NULL_DEVICE, O_RDONLY | O_CLOEXEC) : this.fds[0];
    if (item.rest.length === 0 && !item.first.negated) {
      yield* this.starter.pipeline(job, item.first.commands, input);
    } else yield* this.starter.list(job, { ...item, background: false }, input);
    if (this.control === undefined && input >= 0) yield* this.sys.close(input);
    return yield* this.waiter.background(job);
  }

  *expand(command: SimpleCommand): Step<Expanded> {
    this.captureStatus = undefined;
    const args = yield* expandWords(this.sys, this, command.words);
    const assignments: [string, string][] = [];
    for (const { name, value } of command.assignments) assignments.push([name, yield* expandText(this, value)]);
    if (this.state.options.xtrace) {
      const words = [...assignments.map(([name, value]) => `${name}=${quote(value)}`), ...args.map(quote)];
      yield* writeText(this.sys, this.fds[2], `+ ${words.join(' ')}\n`);
    }
    return { args, assignments };
  }

  /** `$(...)`: what commands write, without the newlines at the end. */
  *capture(source: string): Step<string> {
    const { sys } = this;
    const ends = yield* sys.pipe(O_CLOEXEC);
    if (typeof ends === 'number') {
      this.captureStatus = yield* this.complain(`$(${source}): ${errnoMessage(ends)}`, 1);
      return '';
    }
    const [reader, writer] = ends;
    const files = new CommandFiles(this.fds);
    files.own(1, writer);
    const pid = yield* this.starter.task(files, (shell) => shell.runLines(linesOf(source)));
    yield* files.close(sys);
    const output = pid < 0 ? pid : yield* readAll(sys, reader);
    yield* sys.close(reader);
    if (pid >= 0) this.captureStatus = yield* this.waiter.child(pid);
    if (output === EINTR && this.control !== undefined) this.interrupt();
    else if (typeof output === 'number') {
      this.captureStatus = yield* this.complain(`$(${source}): ${errnoMessage(output)}`, 1);
    }
    return typeof output === 'number' ? '' : decode(output).replaceAll('\0', '').replace(/\n+$/, '');
  }
}

/** The lines of a text, with their newlines. */
export function linesOf(text: string): LineSource {
  let at = 0;
  return function* next(): Step<string | undefined> {
    if (at >= text.length) return undefined;
    const newline = text.indexOf('\n', at);
    const end = newline < 0 ? text.length : newline + 1;
    const line = text.slice(at, end);
    at = end;
    return line;
  };
}
