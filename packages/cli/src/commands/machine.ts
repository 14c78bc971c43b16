/** `veridian machine`: a whole RISC-V computer, for a bare program or for firmware and a kernel. */
import type { Command } from 'commander';
import { parseChoice, parsePositive, parseSize, UsageError } from '../options.js';
import { runBare } from '../machine/bare.js';

export interface MachineFlags {
  readonly bare?: string;
  readonly signature?: string;
  readonly signatureGranularity: string;
  readonly memory: string;
  readonly maxInstructions?: string;
  readonly timeout?: string;
  readonly stats?: boolean;
}

/** What both ways to use the machine share. */
export interface MachineLimits {
  readonly memoryBytes: number;
  /** Infinity: none. */
  readonly instructions: number;
  readonly timeoutMs: number;
  readonly stats: boolean;
}

const HELP = `
With --bare, an ELF is loaded into RAM (from 0x80000000) and entered in machine mode. It ends by writing its symbol
\`tohost\`: 1 is a pass, another odd value v the exit status v >> 1; \`tohost\` and \`fromhost\` also serve console output,
input and the system calls write and exit. --signature writes the memory between the symbols begin_signature and
end_signature, one little-endian number in hexadecimal per line.

Exit status: the program's own (255 for what does not fit); 124 after --timeout; 126 when a file cannot be read or
loaded; 127 when it is not there; 137 after --max-instructions, or when the machine waits for what cannot come.

Examples:
  veridian machine --bare ./rv64ui-p-add
  veridian machine --bare ./add-01.elf --signature ./add-01.signature`;

export function addMachine(program: Command, done: (status: number) => void, signal: AbortSignal): void {
  program
    .command('machine')
    .description('run a whole RISC-V computer: bare programs')
    .option('--bare <elf>', 'run this program alone, from machine mode up')
    .option('--signature <file>', 'write what lies between begin_signature and end_signature')
    .option('--signature-granularity <bytes>', '1, 2, 4, 8 or 16 bytes in each line', '4')
    .option('--memory <size>', 'RAM', '256M')
    .option('--max-instructions <n>', 'stop after this many instructions')
    .option('--timeout <seconds>', 'stop after this many seconds of host time')
    .option('--stats', 'print instructions, times and rate at the end')
    .addHelpText('after', HELP)
    .allowExcessArguments(false)
    .action(async (flags: MachineFlags) => done(await runMachine(flags, signal)));
}

function limitsOf(flags: MachineFlags): MachineLimits {
  const { maxInstructions, timeout } = flags;
  return {
    memoryBytes: parseSize('--memory', flags.memory),
    instructions: maxInstructions === undefined ? Infinity : parsePositive('--max-instructions', maxInstructions),
    timeoutMs: timeout === undefined ? Infinity : parsePositive('--timeout', timeout) * 1000,
    stats: flags.stats === true,
  };
}

function runMachine(flags: MachineFlags, signal: AbortSignal): Promise<number> {
  const limits = limitsOf(flags);
  if (flags.bare === undefined) {
    throw new UsageError('machine: expected --bare ELF, got nothing to run');
  }
  const granularity = Number(
    parseChoice('--signature-granularity', flags.signatureGranularity, ['1', '2', '4', '8', '16']),
  );
  return runBare({ file: flags.bare, signature: flags.signature, granularity, limits, signal });
}
