/** The shell at a terminal: prompt, line editing, news of jobs. */
import { EINTR } from '@veridian-os/abi';
import type { Sys } from '@veridian-os/kernel';
import { STDERR, STDIN, writeText, type Step } from '../internal/io.js';
import { completions } from './completion.js';
import { remember } from './editor/history.js';
import { LineEditor, type EditorEvent } from './editor/line-editor.js';
import { JobControl } from './job-control.js';
import { INTERRUPTED_STATUS, Shell } from './shell.js';
import type { ShellState } from './state.js';
import { ShellTerminal } from './terminal.js';

/** How the editing of a line ended. */
type LineRead = Exclude<EditorEvent, { readonly kind: 'complete' }>;

const BANNER = `
Welcome to Veridian, a capability microkernel in TypeScript. This is its shell;
processes, memory, files, pipes and this terminal are the kernel's work.

  ls /bin    the programs            ps      the processes
  caps       what you may do, as     mem     the machine's memory
             capabilities            help    all of it (exit: leave)

`;

/** Runs command lines from the terminal until `exit` or the end: the status; undefined when there is no terminal. */
export function* beginInteractive(sys: Sys, state: ShellState): Step<number | undefined> {
  const terminal = new ShellTerminal(sys, STDIN);
  if (!(yield* terminal.prepare())) return undefined;
  const control = new JobControl(sys, terminal);
  yield* control.begin();
  return yield* new InteractiveShell(new Shell(sys, state, control), terminal).run();
}

class InteractiveShell {
  private readonly shell: Shell;
  private readonly terminal: ShellTerminal;
  private readonly editor: LineEditor;
  private readonly byte = new Uint8Array(1);
  /** A command may have left the cursor anywhere. */
  private hasRun = false;

  constructor(shell: Shell, terminal: ShellTerminal) {
    this.shell = shell;
    this.terminal = terminal;
    this.editor = new LineEditor(shell.history);
  }

  *run(): Step<number> {
    const { shell } = this;
    yield* this.greet();
    while (shell.exitStatus === undefined) {
      yield* shell.waiter.notices();
      // Ctrl-D does what `exit` does, which may refuse once.
      const read = yield* this.commandLine();
      const command = read.kind === 'end' ? 'exit' : read.kind === 'line' ? read.text : '';
      if (command === '') continue;
      shell.warnedOfStoppedJobs = shell.warnedOfStoppedJobs && /^\s*exit\b/.test(command);
      yield* this.execute(command);
    }
    return shell.exitStatus;
  }

  /** The first shell of a terminal explains itself. */
  private *greet(): Step<void> {
    const { variables, exported } = this.shell.state;
    const level = Number(variables.get('SHLVL') ?? 0) + 1;
    variables.set('SHLVL', String(level));
    exported.add('SHLVL');
    if (level === 1) yield* writeText(this.shell.sys, STDERR, BANNER);
  }

  private *execute(text: string): Step<void> {
    const { shell } = this;
    const list = yield* shell.understand(text, true);
    if (typeof list === 'number') shell.state.status = list;
    else if (list !== undefined) yield* shell.runList(list);
    shell.interrupted = false;
    this.hasRun = true;
  }

  /** A command, over as many lines as it needs; its text is '' when there is none. */
  private *commandLine(): Step<LineRead> {
    const { shell } = this;
    let text = '';
    for (let prompt = yield* this.prompt(); ; prompt = '> ') {
      const read = yield* this.line(prompt);
      if (read.kind === 'interrupt') shell.state.status = INTERRUPTED_STATUS;
      if (read.kind === 'end' && text !== '') return { kind: 'interrupt' };
      if (read.kind !== 'line') return read;
      remember(shell.history, read.text);
      text += `${read.text}\n`;
      if (!shell.isIncomplete(text)) return { kind: 'line', text: text.trim() === '' ? '' : text };
    }
  }

  /** `veridian:/tmp$ ` */
  private *prompt(): Step<string> {
    const directory = yield* this.shell.sys.getcwd();
    return `veridian:${typeof directory === 'string' ? directory : '?'}$ `;
  }

  /** Edits one line. The terminal is raw only meanwhile. */
  private *line(prompt: string): Step<LineRead> {
    const { editor, terminal } = this;
    yield* terminal.enterRaw();
    const columns = yield* terminal.columns();
    if (this.hasRun) yield* writeText(this.shell.sys, STDERR, freshLine(columns));
    this.hasRun = false;
    editor.columns = columns;
    editor.begin(prompt);
    const line = yield* this.keys();
    yield* this.flush();
    yield* terminal.enterCooked();
    return line;
  }

  /** Byte by byte: what was typed ahead belongs to the command that the line starts. */
  private *keys(): Step<LineRead> {
    const { editor, terminal, byte } = this;
    const { sys } = this.shell;
    for (;;) {
      if (!(yield* terminal.hasInput())) yield* this.flush();
      const count = yield* sys.read(STDIN, byte);
      if (count === EINTR) continue;
      if (count <= 0) return { kind: 'end' }; // hung up
      editor.columns = yield* terminal.columns();
      const event = editor.push(byte[0]);
      if (event?.kind === 'complete') editor.complete(yield* completions(this.shell, event.text));
      else if (event !== undefined) return event;
    }
  }

  private *flush(): Step<void> {
    yield* writeText(this.shell.sys, STDERR, this.editor.takeOutput());
  }
}

/**
 * Moves to the start of a row without losing output that did not end in a newline: a mark and a row of blanks go to the
 * next row unless the cursor was in the first column, where the prompt then covers them (as in zsh).
 */
function freshLine(columns: number): string {
  return `\x1b[7m%\x1b[m${' '.repeat(columns - 1)}\r`;
}
