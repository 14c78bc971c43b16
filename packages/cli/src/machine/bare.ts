/** `veridian machine --bare`: one program that owns the machine. */
import { writeFileSync } from 'node:fs';
import { BareProgram, EmulatedMachine, type BareResult } from '@veridian-os/machine-emulated';
import type { MachineLimits } from '../commands/machine.js';
import { openConsole, type ConsoleInput } from './console.js';
import { standardError, standardOutput } from '../host/stdio.js';
import { loading, MachineFileError, readMachineFile, STOPPED, TIMED_OUT } from './files.js';
import { Meter, turn } from './meter.js';

export interface BareOptions {
  readonly file: string;
  readonly signature: string | undefined;
  readonly granularity: number;
  readonly limits: MachineLimits;
  readonly signal: AbortSignal;
}

const MOST_STATUS = 255;

/** @returns the command's exit status */
export async function runBare(options: BareOptions): Promise<number> {
  const output = (bytes: Uint8Array): void => standardOutput.write(bytes);
  const { file, limits } = options;
  const machine = EmulatedMachine.create({ memoryBytes: limits.memoryBytes, console: { output } });
  try {
    const bytes = readMachineFile('--bare', file);
    const program = loading('--bare', file, () => new BareProgram(machine, bytes, output));
    const receive = (chunk: Uint8Array): void => {
      machine.receive(chunk);
      program.receive(chunk);
    };
    const input = openConsole({ receive, quit: () => undefined, raw: false });
    const meter = new Meter(limits);
    try {
      return finish(options, program, await drive(program, meter, input, options.signal));
    } finally {
      input.close();
      if (limits.stats) standardError.write(meter.report(machine.clock.now()));
    }
  } catch (error) {
    if (!(error instanceof MachineFileError)) throw error;
    standardError.write(`veridian: ${error.message}\n`);
    return error.status;
  } finally {
    machine.dispose();
  }
}

type Outcome = BareResult['kind'] | 'instructions' | 'time' | 'aborted';

async function drive(
  program: BareProgram,
  meter: Meter,
  input: ConsoleInput,
  signal: AbortSignal,
): Promise<{ outcome: Outcome; status: number }> {
  while (!signal.aborted) {
    const result = program.run(meter.step);
    meter.spend(result.consumed);
    if (result.kind === 'ended' || result.kind === 'reset') return { outcome: result.kind, status: result.status };
    if (meter.exceeded !== undefined) return { outcome: meter.exceeded, status: 0 };
    if (result.kind !== 'idle') await turn();
    else if (input.ended) return { outcome: 'idle', status: 0 };
    else await input.wait(meter.leftMs);
  }
  return { outcome: 'aborted', status: 0 };
}

const REASONS: Readonly<Partial<Record<Outcome, string>>> = {
  instructions: 'stopped after --max-instructions; the program did not write tohost',
  time: 'stopped after --timeout; the program did not write tohost',
  idle: 'the program waits for an interrupt that nothing will raise',
};

/** Writes the signature of a program that has ended, and says why when it did not end well. */
function finish(options: BareOptions, program: BareProgram, end: { outcome: Outcome; status: number }): number {
  const { file, signature, granularity } = options;
  const reason = REASONS[end.outcome];
  if (reason !== undefined) {
    standardError.write(`veridian: ${file}: ${reason}\n`);
    return end.outcome === 'time' ? TIMED_OUT : STOPPED;
  }
  if (signature !== undefined) {
    writeFileSync(
      signature,
      loading('--signature', signature, () => program.signature(granularity)),
    );
  }
  if (end.status === 0) return 0;
  standardError.write(`veridian: ${file}: failed with status ${end.status}\n`);
  return Math.min(end.status, MOST_STATUS);
}
