/** The `veridian` command: arguments in, exit status out. */
import { Command, CommanderError } from 'commander';
import { isMachineUnavailable } from '@veridian-os/veridian';
import { addMachine } from './commands/machine.js';
import { addMachines } from './commands/machines.js';
import { addRun } from './commands/run.js';
import { addStart } from './commands/start.js';
import { BROKEN_PIPE_STATUS, readerGone, standardError, standardOutput } from './host/stdio.js';
import { UsageError } from './options.js';

/** Wrong arguments, as most commands report them. */
const USAGE_STATUS = 2;

/** Runs one command line; resolves with the exit status and never throws for a user's mistake. */
export async function main(argv: readonly string[]): Promise<number> {
  const status = await runCommand(argv, readerGone);
  return readerGone.aborted ? BROKEN_PIPE_STATUS : status;
}

/** Wrong arguments and what commander knows of them need all commands; a command by itself needs only its own options. */
const COMMANDS = { start: addStart, run: addRun, machine: addMachine, machines: addMachines };

function addCommands(program: Command, first: string | undefined, done: (status: number) => void, signal: AbortSignal) {
  const names = Object.keys(COMMANDS) as (keyof typeof COMMANDS)[];
  const own = names.filter((name) => name === first);
  for (const name of own.length > 0 ? own : names) COMMANDS[name](program, done, signal);
}

/** `veridian ./program` means `veridian run ./program`, but might have meant a command: it is not guessed. */
function checkCommand(first: string | undefined): void {
  if (first === undefined || first.startsWith('-') || first === 'help') return;
  const names = Object.keys(COMMANDS);
  if (names.includes(first)) return;
  throw new UsageError(
    `expected ${names.join(', ')} or help, got '${first}' (a program is run by: veridian run ${first})`,
  );
}

async function runCommand(argv: readonly string[], signal: AbortSignal): Promise<number> {
  let status = 0;
  const done = (value: number): void => void (status = value);
  const program = new Command('veridian')
    .description('A capability-based microkernel that runs unmodified Linux programs in a sandbox.')
    .version('0.1.0')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => standardOutput.write(text),
      writeErr: (text) => standardError.write(text),
    })
    .enablePositionalOptions()
    .showHelpAfterError('(veridian --help lists the commands)');
  addCommands(program, argv[0], done, signal);
  try {
    checkCommand(argv[0]);
    await program.parseAsync([...argv], { from: 'user' });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE_STATUS;
    if (error instanceof UsageError || error instanceof RangeError) {
      standardError.write(`veridian: ${error.message}\n`);
      return USAGE_STATUS;
    }
    if (isMachineUnavailable(error)) {
      standardError.write(`veridian: ${error.message}\n`);
      return 69; // EX_UNAVAILABLE
    }
    standardError.write(
      `veridian: internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    return 70; // EX_SOFTWARE
  }
}
