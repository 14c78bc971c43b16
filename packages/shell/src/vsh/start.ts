/** Starting commands: pipes, redirections, processes and their groups. */
import { ENOEXEC, errnoMessage } from '@veridian-os/abi';
import { O_CLOEXEC } from '@veridian-os/vfs';
import type { SpawnOptions, Sys, TaskGenerator, TaskMain } from '@veridian-os/kernel';
import type { Step } from '../internal/io.js';
import { findBuiltin } from './builtins/index.js';
import { explainRefusal, findProgram, isPlainScript, NOT_EXECUTABLE } from './find-command.js';
import type { Job } from './jobs.js';
import type { AndOr, Command } from './parser.js';
import { CommandFiles } from './redirect.js';
import type { Expanded, Shell } from './shell.js';
import { ShellState } from './state.js';

/** What a task of the shell does. */
export type ShellBody = (shell: Shell) => Step<number>;

export class Starter {
  private readonly shell: Shell;

  constructor(shell: Shell) {
    this.shell = shell;
  }

  /**
   * Starts the commands of a pipeline as a job.
   * @param input descriptor that the first one reads
   * @param expanded the only command, when it was expanded already
   */
  *pipeline(job: Job, commands: readonly Command[], input: number, expanded?: Expanded): Step<void> {
    const { sys, fds } = this.shell;
    let reader = -1;
    for (let index = 0; index < commands.length; index++) {
      const files = new CommandFiles([input, ...fds.slice(1)]);
      if (reader >= 0) files.own(0, reader);
      reader = -1;
      if (index < commands.length - 1) {
        const ends = yield* sys.pipe(O_CLOEXEC);
        if (typeof ends === 'number') {
          job.lastStatus = yield* this.shell.complain(`cannot make a pipe: ${errnoMessage(ends)}`, 1);
          yield* files.close(sys);
          return;
        }
        reader = ends[0];
        files.own(1, ends[1]);
      }
      yield* this.command(job, commands[index], files, expanded);
      yield* files.close(sys);
    }
  }

  /** Runs `a && b` in a task of its own. */
  *list(job: Job, item: AndOr, input: number): Step<void> {
    const files = new CommandFiles([input, ...this.shell.fds.slice(1)]);
    yield* this.note(job, yield* this.task(files, (shell) => shell.runAndOr(item), job), 'vsh');
  }

  /** Runs part of the shell in a process of its own: its pid or Errno. */
  *task(files: CommandFiles, body: ShellBody, job?: Job): Step<number> {
    const parent = this.shell;
    const task: TaskMain = function* main(sys): TaskGenerator {
      return yield* runToEnd(parent.copyFor(sys), body);
    };
    return yield* parent.sys.spawn({ path: 'vsh', args: ['vsh'], task, ...this.options(files, job) });
  }

  private *command(job: Job, command: Command, files: CommandFiles, known?: Expanded): Step<void> {
    const { shell } = this;
    const expanded = command.kind === 'subshell' ? undefined : (known ?? (yield* shell.expand(command)));
    if (shell.isStopping) {
      job.lastStatus = shell.state.status; // Ctrl-C came while the words were expanded
      return;
    }
    const problem = yield* files.apply(shell.sys, shell, command.redirections);
    if (problem !== undefined) job.lastStatus = yield* shell.complain(problem, 1);
    else if (command.kind === 'subshell') {
      yield* this.note(job, yield* this.task(files, (copy) => copy.runList(command.list), job), 'vsh');
    } else if (expanded === undefined || expanded.args.length === 0) job.lastStatus = 0;
    else if (findBuiltin(expanded.args[0]) === undefined) yield* this.program(job, expanded, files);
    else
      yield* this.note(
        job,
        yield* this.task(files, (copy) => copy.runBuiltinHere(expanded, copy.fds), job),
        expanded.args[0],
      );
  }

  private *program(job: Job, { args, assignments }: Expanded, files: CommandFiles): Step<void> {
    const { shell } = this;
    const { sys, state } = shell;
    const errors = files.fds[2];
    const path = yield* findProgram(sys, args[0], state.lookup('PATH'));
    if (typeof path !== 'string') {
      job.lastStatus = yield* shell.complain(path.message, path.status, errors);
      return;
    }
    const env = state.environment(assignments);
    const options = { path, args, env, ...this.options(files, job) };
    let pid = yield* sys.spawn(options);
    if (pid === ENOEXEC && (yield* isPlainScript(sys, path))) pid = yield* this.script(path, options);
    if (pid >= 0) yield* this.note(job, pid, args[0]);
    else {
      const { message, status } = yield* explainRefusal(sys, path, pid);
      job.lastStatus = yield* shell.complain(message, status, errors);
    }
  }

  /** A text file without `#!`: a new shell reads it. */
  private *script(path: string, options: SpawnOptions): Step<number> {
    const state = (sys: Sys): ShellState => new ShellState(sys.pid, path, options.args.slice(1), options.env ?? []);
    const { shell } = this;
    const task: TaskMain = function* main(sys): TaskGenerator {
      return yield* runToEnd(shell.freshFor(sys, state(sys)), (fresh) => fresh.runFile(path));
    };
    return yield* shell.sys.spawn({ ...options, task });
  }

  /** Descriptors, group and signals of a new process. */
  private options(files: CommandFiles, job: Job | undefined): Pick<SpawnOptions, 'descriptors' | 'resetSignals'> {
    const { control } = this.shell;
    const descriptors = files.fds;
    if (control === undefined) return { descriptors };
    if (job === undefined) return { descriptors, resetSignals: true };
    const placement = { group: job.group, foreground: !job.background };
    return { descriptors, resetSignals: true, ...placement };
  }

  /** Adds a started process to its job, or says why there is none. */
  private *note(job: Job, pid: number, name: string): Step<void> {
    if (pid < 0) {
      job.lastStatus = yield* this.shell.complain(`${name}: ${errnoMessage(pid)}`, NOT_EXECUTABLE);
      return;
    }
    job.add(pid);
    if (this.shell.control !== undefined && job.group === 0) job.group = pid;
  }
}

/** Runs a body in a shell's own task; `exit` ends it there. */
export function* runToEnd(shell: Shell, body: ShellBody): Step<number> {
  const status = yield* body(shell);
  return shell.exitStatus ?? status;
}
