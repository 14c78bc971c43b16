/** Redirections: from the descriptors a command would inherit to those it gets. */
import { EBADF, errnoMessage } from '@veridian-os/abi';
import { O_APPEND, O_CLOEXEC, O_CREAT, O_RDONLY, O_TRUNC, O_WRONLY } from '@veridian-os/vfs';
import type { Sys } from '@veridian-os/kernel';
import type { Step } from '../internal/io.js';
import { expandText, type Environment } from './expand.js';
import type { Redirection } from './parser.js';

const FLAGS = { read: O_RDONLY, write: O_WRONLY | O_CREAT | O_TRUNC, append: O_WRONLY | O_CREAT | O_APPEND } as const;

/** Descriptors of one command: index = its descriptor, value = the shell's, -1 = closed. */
export class CommandFiles {
  readonly fds: number[];
  /** Descriptors that were opened for this command only. */
  private readonly owned: number[] = [];

  constructor(fds: readonly number[]) {
    this.fds = [...fds];
  }

  /** Takes over a descriptor of the shell (a pipe's end) as the command's `fd`. */
  own(fd: number, descriptor: number): void {
    this.owned.push(descriptor);
    this.fds[fd] = descriptor;
  }

  /** Opens what the redirections name, in order: a message about the first that fails, else undefined. */
  *apply(sys: Sys, environment: Environment, redirections: readonly Redirection[]): Step<string | undefined> {
    for (const redirection of redirections) {
      const target = yield* expandText(environment, redirection.target);
      const problem =
        redirection.kind === 'duplicate'
          ? this.duplicate(redirection.fds, target)
          : yield* this.open(sys, redirection.fds, redirection.kind, target);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }

  /** Closes what was opened for the command; it has its own copies by now. */
  *close(sys: Sys): Step<void> {
    for (const fd of this.owned.splice(0)) yield* sys.close(fd);
  }

  private duplicate(fds: readonly number[], target: string): string | undefined {
    if (target !== '-' && !/^\d$/.test(target)) return `${target}: not a descriptor`;
    const source = target === '-' ? -1 : (this.fds[Number(target)] ?? -1);
    if (target !== '-' && source < 0) return `${target}: ${errnoMessage(EBADF)}`;
    for (const fd of fds) this.set(fd, source);
    return undefined;
  }

  private *open(sys: Sys, fds: readonly number[], kind: keyof typeof FLAGS, target: string): Step<string | undefined> {
    const opened = yield* sys.open(target, FLAGS[kind] | O_CLOEXEC);
    if (opened < 0) return `${target}: ${errnoMessage(opened)}`;
    this.owned.push(opened);
    for (const fd of fds) this.set(fd, opened);
    return undefined;
  }

  private set(fd: number, descriptor: number): void {
    while (this.fds.length < fd) this.fds.push(-1);
    this.fds[fd] = descriptor;
  }
}
