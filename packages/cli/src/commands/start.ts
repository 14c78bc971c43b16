/** `veridian start`: boots the reference kernel and runs its shell. */
import type { Command } from 'commander';
import { KernelDriver, type BootedKernel, type Process } from '@veridian-os/kernel';
import type { Machine } from '@veridian-os/hal';
import { linux } from '@veridian-os/linux';
import { createKernel, createMachine, MACHINE_NAMES } from '@veridian-os/veridian';
import { isInteractive, Keyboard, pauseInput, standardError, standardInput, standardOutput } from '../host/stdio.js';
import { collect, hostMount, parseChoice, parseSize, parseWhole } from '../options.js';

interface StartFlags {
  readonly command?: string;
  readonly mount: string[];
  readonly memory: string;
  readonly machine: string;
  readonly cpus: string;
  readonly seed: string;
  readonly quiet?: boolean;
  readonly trace?: boolean;
}

const HELP = `
At a terminal the shell is interactive and \`exit\` or Ctrl-D ends it. Otherwise it reads commands from standard input,
and the boot messages go to standard error.

Examples:
  veridian start
  veridian start -c 'ls -l / | wc -l'
  echo 'cat /proc/meminfo' | veridian start --quiet
  veridian start --mount ./programs:/programs:ro -c '/programs/busybox uname -a'`;

export function addStart(program: Command, done: (status: number) => void, signal: AbortSignal): void {
  program
    .command('start', { isDefault: true })
    .description('boot the kernel and run its shell (the default command)')
    .option('-c, --command <text>', 'run these shell commands instead of reading them')
    .option('--mount <HOST:GUEST[:ro]>', 'a folder of the host in the tree (repeatable)', collect, [])
    .option('--memory <size>', 'guest memory', '256M')
    .option('--machine <name>', MACHINE_NAMES.join(', '), 'emulated')
    .option('--cpus <n>', 'CPUs that run user code at the same time', '1')
    .option('--seed <n>', 'seed of /dev/random', '1')
    .option('-q, --quiet', 'no boot messages')
    .option('--trace', 'print system calls of machine code to standard error')
    .addHelpText('after', HELP)
    .allowExcessArguments(false)
    .action(async (flags: StartFlags) => done(await start(flags, signal)));
}

async function start(flags: StartFlags, signal: AbortSignal): Promise<number> {
  const interactive = isInteractive() && flags.command === undefined;
  const screen = interactive ? standardOutput : standardError;
  const machine = createMachine(parseChoice('--machine', flags.machine, MACHINE_NAMES), {
    memoryBytes: parseSize('--memory', flags.memory),
    cpus: parseWhole('--cpus', flags.cpus, 1),
    console: { output: (bytes) => screen.write(bytes) },
  });
  const kernel = await boot(machine, flags);
  const driver = new KernelDriver(kernel, { time: 'paced' });
  signal.addEventListener('abort', () => driver.stop());
  const shell = launchShell(kernel, driver, flags, interactive);
  const keyboard = interactive ? connectKeyboard(kernel, driver) : undefined;
  let ended = false;
  kernel.processObservers.push((process) => void (ended ||= process === shell));
  try {
    await driver.run(() => ended && kernel.terminal?.hasOutput !== true);
  } finally {
    keyboard?.close();
    pauseInput();
    kernel.shutdown();
    machine.dispose();
  }
  for (const fault of interactive ? [] : kernel.faultLog) standardError.write(`${fault}\n`);
  if (kernel.launchError !== undefined) standardError.write(`veridian: ${kernel.launchError}\n`);
  return shell.end === undefined ? 1 : shell.end.value + (shell.end.kind === 'signal' ? 128 : 0);
}

/** The shell's programs are loaded here: `veridian run` starts without them. */
async function boot(machine: Machine, flags: StartFlags): Promise<BootedKernel> {
  const { programs } = await import('@veridian-os/shell');
  return createKernel({
    machine,
    personalities: [linux()],
    programs,
    mounts: flags.mount.map(hostMount),
    verbose: flags.quiet !== true,
    seed: parseWhole('--seed', flags.seed, 0),
    host: { epochMs: Date.now() - performance.now(), hostNow: () => performance.now() },
    ...(flags.trace === true ? { trace: (line: string) => standardError.write(`${line}\n`) } : {}),
  });
}

function launchShell(kernel: BootedKernel, driver: KernelDriver, flags: StartFlags, interactive: boolean): Process {
  const files = interactive ? terminalFiles(kernel) : streamFiles(kernel, driver, flags);
  const shell = kernel.launch({
    path: '/bin/vsh',
    args: flags.command === undefined ? ['vsh'] : ['vsh', '-c', flags.command],
    env: ['PATH=/bin', 'HOME=/', 'TERM=xterm', 'LANG=C.UTF-8'],
    files,
    terminal: interactive ? kernel.terminal : undefined,
    endowment: { files: true, entropy: true, clock: true, system: true },
  });
  if (typeof shell === 'number') throw new Error(`the shell cannot be started: ${shell}`);
  return shell;
}

function terminalFiles(kernel: BootedKernel) {
  return [0, 1, 2].map(() => {
    const file = kernel.openTerminal();
    if (typeof file === 'number') throw new Error(`no console device: ${file}`);
    return file;
  });
}

function streamFiles(kernel: BootedKernel, driver: KernelDriver, flags: StartFlags) {
  const input = kernel.openInput();
  if (flags.command !== undefined && process.stdin.isTTY === true) input.stream.end();
  else {
    const pump = async (): Promise<void> => {
      for await (const chunk of standardInput()) {
        input.stream.push(chunk);
        driver.kick();
      }
    };
    void pump()
      .catch(() => undefined) // a broken pipe ends the input
      .finally(() => {
        input.stream.end();
        driver.kick();
      });
  }
  return [
    input.file,
    kernel.openOutput('stdout', (bytes) => standardOutput.write(bytes)),
    kernel.openOutput('stderr', (bytes) => standardError.write(bytes)),
  ];
}

function connectKeyboard(kernel: BootedKernel, driver: KernelDriver): Keyboard {
  const receive = (bytes: Uint8Array): void => {
    kernel.type(bytes);
    driver.kick();
  };
  return new Keyboard(receive, (rows, columns) => {
    kernel.resize(rows, columns);
    driver.kick();
  });
}
