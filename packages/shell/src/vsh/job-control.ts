/** Job control: which process group has the terminal. Only an interactive shell has it. */
import { SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU, type Sys } from '@veridian-os/kernel';
import type { Step } from '../internal/io.js';
import type { Job } from './jobs.js';
import type { ShellTerminal } from './terminal.js';

export class JobControl {
  readonly terminal: ShellTerminal;
  private readonly sys: Sys;

  constructor(sys: Sys, terminal: ShellTerminal) {
    this.sys = sys;
    this.terminal = terminal;
  }

  /** Puts the shell into a group of its own, in the foreground, deaf to the signals of keys and to SIGTERM (POSIX.1-2017, sh). */
  *begin(): Step<void> {
    const { sys } = this;
    for (const signal of [SIGQUIT, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU]) yield* sys.ignoreSignal(signal, true);
    // Ctrl-C must end `wait`, so SIGINT is noticed, not ignored.
    yield* sys.interruptOnSignal(SIGINT);
    yield* sys.setGroup(0, 0); // a session leader leads a group already
    yield* this.terminal.setForeground(sys.pid);
  }

  /** The terminal to a job, with the modes that it had when it stopped. */
  *give(job: Job): Step<void> {
    if (job.modes !== undefined) yield* this.terminal.setModes(job.modes);
    yield* this.terminal.setForeground(job.group);
  }

  /** Back to the shell, whatever the job did to the modes; a stopped job gets its own again later. */
  *takeBack(job: Job): Step<void> {
    job.modes = job.state === 'stopped' ? yield* this.terminal.modes() : undefined;
    yield* this.terminal.setForeground(this.sys.pid);
    yield* this.terminal.enterCooked();
  }
}
