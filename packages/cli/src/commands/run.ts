/** `veridian run FILE`: one program in a kernel of its own. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { MACHINE_NAMES, run, type RunLimits, type RunOptions, type RunResult } from '@veridian-os/veridian';
import { isInteractive, Keyboard, pauseInput, standardError, standardInput, standardOutput } from '../host/stdio.js';
import { collect, hostMount, parseChoice, parseEnv, parsePositive, parseSize, parseWhole } from '../options.js';
import { statisticsText } from '../statistics.js';

interface RunFlags {
  readonly mount: string[];
  readonly env: string[];
  readonly memory: string;
  readonly swap?: string;
  readonly machine?: string;
  readonly cpus: string;
  readonly maxInstructions?: string;
  readonly maxProcesses?: string;
  readonly maxOutput?: string;
  readonly maxDescriptors?: string;
  readonly timeout?: string;
  readonly cwd?: string;
  readonly seed?: string;
  readonly clock?: boolean;
  readonly time?: string;
  readonly trace?: boolean;
  readonly stats?: boolean;
}

const TIMES = ['virtual', 'paced'] as const;

const HELP = `
The program sees its standard streams, what --mount gives it, and a private tree in memory; no other file, no clock
but virtual time, no device. riscv64 programs run on the emulated machine; x86_64 ones under KVM or QEMU, aarch64 ones
under QEMU, where they work: \`veridian machines\` tells.

Exit status: the program's own; 128 + N when signal N killed it; 69 when the machine does not work here; 124 after
--timeout; 126 when FILE cannot be executed; 127 when it is not there; 137 when another limit stopped it or it waits
for what cannot come.

Examples:
  veridian run ./busybox sh -c 'echo hello | wc -c'
  veridian run --mount ./src:/src:ro --mount ./out:/out ./esbuild /src/main.ts --bundle --outfile=/out/main.js
  veridian run --max-instructions 1e9 --timeout 10 --stats ./untrusted`;

export function addRun(program: Command, done: (status: number) => void, signal: AbortSignal): void {
  program
    .command('run')
    .description('run a Linux program with standard streams connected')
    .argument('<file>', 'ELF executable, static or static-PIE (dynamic with its libraries mounted)')
    .argument('[args...]', 'its arguments')
    .option('--mount <HOST:GUEST[:ro]>', 'give the program a folder of the host (repeatable)', collect, [])
    .option('--env <NAME=VALUE>', 'set an environment variable (repeatable)', collect, [])
    .option('--memory <size>', 'guest memory', '256M')
    .option('--swap <size>', 'room on the host for pages that guest memory has none for (default: none)')
    .option('--machine <name>', `${MACHINE_NAMES.join(', ')} (default: by the program's ISA)`)
    .option('--cpus <n>', 'CPUs that run its threads at the same time', '1')
    .option('--max-instructions <n>', 'stop after this many instructions')
    .option('--max-processes <n>', 'processes alive at once')
    .option('--max-output <bytes>', 'stop after this much output')
    .option('--max-descriptors <n>', 'open descriptors per process')
    .option('--timeout <seconds>', 'stop after this many seconds of host time')
    .option('--cwd <path>', 'working directory in the guest')
    .option('--seed <n>', 'seed of the randomness that the program sees', '1')
    .option('--clock', 'tell the program the time of day')
    .option('--time <virtual|paced>', 'sleeping costs no host time, or it does (default at a terminal)')
    .option('--trace', "print system calls to standard error in strace's format")
    .option('--stats', 'print instructions, faults, calls, messages, frames and time at the end')
    .passThroughOptions()
    .addHelpText('after', HELP)
    .action(async (file: string, args: string[], flags: RunFlags) => done(await runFile(file, args, flags, signal)));
}

async function runFile(file: string, args: readonly string[], flags: RunFlags, signal: AbortSignal): Promise<number> {
  const interactive = isInteractive();
  const base = baseOptions(file, args, flags);
  const bytes = readProgram(file);
  if (typeof bytes === 'number') return bytes;
  const options: RunOptions = { ...base, ...streams(interactive), signal };
  try {
    const result = await run(bytes, options);
    report(file, result);
    if (flags.stats === true) standardError.write(statisticsText(result.statistics));
    return result.status;
  } finally {
    pauseInput();
  }
}

function baseOptions(file: string, args: readonly string[], flags: RunFlags): RunOptions {
  const env = parseEnv(flags.env);
  return {
    name: basename(file),
    args,
    mounts: flags.mount.map(hostMount),
    limits: limitsOf(flags),
    cpus: parseWhole('--cpus', flags.cpus, 1),
    seed: parseWhole('--seed', flags.seed ?? '1', 0),
    ...(flags.env.length === 0 ? {} : { env }),
    ...(flags.cwd === undefined ? {} : { cwd: flags.cwd }),
    ...(flags.clock === true ? { epochMs: Date.now() } : {}),
    ...(flags.machine === undefined ? {} : { machine: parseChoice('--machine', flags.machine, MACHINE_NAMES) }),
    ...(flags.time === undefined ? {} : { time: parseChoice('--time', flags.time, TIMES) }),
    ...(flags.trace === true ? { trace: (line: string) => standardError.write(`${line}\n`) } : {}),
  };
}

function limitsOf(flags: RunFlags): RunLimits {
  const given = <T>(text: string | undefined, parse: (text: string) => T): T | undefined =>
    text === undefined ? undefined : parse(text);
  const limits: Record<keyof RunLimits, number | undefined> = {
    memory: parseSize('--memory', flags.memory),
    swap: given(flags.swap, (text) => parseSize('--swap', text)),
    instructions: given(flags.maxInstructions, (text) => parsePositive('--max-instructions', text)),
    processes: given(flags.maxProcesses, (text) => parseWhole('--max-processes', text, 1)),
    outputBytes: given(flags.maxOutput, (text) => parsePositive('--max-output', text)),
    timeMs: given(flags.timeout, (text) => parsePositive('--timeout', text) * 1000),
    descriptors: given(flags.maxDescriptors, (text) => parseWhole('--max-descriptors', text, 3)),
  };
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
}

function streams(interactive: boolean): Partial<RunOptions> {
  if (!interactive) {
    return {
      stdin: standardInput(),
      stdout: (bytes) => standardOutput.write(bytes),
      stderr: (bytes) => standardError.write(bytes),
    };
  }
  return {
    time: 'paced',
    terminal: {
      output: (bytes) => standardOutput.write(bytes),
      connect(receive, resize) {
        const keyboard = new Keyboard(receive, resize);
        return () => keyboard.close();
      },
    },
  };
}

function readProgram(file: string): Uint8Array | number {
  try {
    return readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason =
      code === 'ENOENT' ? 'no such file' : code === 'EISDIR' ? 'is a directory' : `cannot be read (${code})`;
    standardError.write(`veridian: ${file}: ${reason}\n`);
    return code === 'ENOENT' ? 127 : 126;
  }
}

function report(file: string, result: RunResult): void {
  for (const fault of result.faults) standardError.write(`veridian: ${fault}\n`);
  if (result.kind === 'signal') standardError.write(`veridian: ${file}: killed by ${result.signalName}\n`);
  if (result.kind === 'limit') standardError.write(`veridian: ${file}: stopped by its limit of ${result.limit}\n`);
  if (result.kind === 'deadlock') standardError.write(`veridian: ${file}: waits for what cannot come\n`);
  if (result.kind === 'refused') standardError.write(`veridian: ${result.reason}\n`);
}
