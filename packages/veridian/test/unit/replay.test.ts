import { describe, expect, it } from '@jest/globals';
import { EmulatedMachine } from '@veridian-os/machine-emulated';
import { createKernel, KernelDriver, writeFile, type InputLog } from '@veridian-os/kernel';
import { linux } from '@veridian-os/linux';
import { A0, A1, Program, S0, SYS } from '../../src/testing.js';

/** Reads standard input to its end, writes each piece followed by eight random bytes, counting a while in between. */
function mixer(): Uint8Array {
  return new Program()
    .label('again')
    .li(A0, 0)
    .la(A1, 'buffer')
    .li(12, 64)
    .call(SYS.read)
    .beqz(A0, 'end')
    .mv(12, A0)
    .li(A0, 1)
    .la(A1, 'buffer')
    .call(SYS.write)
    .la(A0, 'random')
    .li(A1, 8)
    .li(12, 0)
    .call(SYS.getrandom)
    .li(A0, 1)
    .la(A1, 'random')
    .li(12, 8)
    .call(SYS.write)
    .li(S0, 300_000)
    .label('count')
    .emit(0xfff40413) // addi s0, s0, -1
    .bnez(S0, 'count')
    .jump('again')
    .label('end')
    .li(A0, 0)
    .call(SYS.exitGroup)
    .space('buffer', 64)
    .space('random', 8)
    .elf();
}

interface Observation {
  readonly output: string;
  readonly trace: readonly string[];
  readonly instructions: number;
  readonly virtualNs: number;
  readonly log: InputLog;
}

/** @param feed pieces of standard input, each after a pause of the host; or the log of an earlier run */
async function observe(feed: readonly string[] | InputLog, pauseMs: number, seed: number): Promise<Observation> {
  const trace: string[] = [];
  const chunks: Uint8Array[] = [];
  const kernel = createKernel({
    machine: EmulatedMachine.create({ memoryBytes: 16 << 20 }),
    personalities: [linux()],
    verbose: false,
    record: true,
    seed,
    trace: (line) => void trace.push(line),
  });
  writeFile(kernel, '/bin/mixer', mixer(), 0o755);
  const input = kernel.openInput();
  const output = kernel.openOutput('stdout', (bytes) => void chunks.push(bytes));
  const process = kernel.launch({ path: '/bin/mixer', args: ['mixer'], files: [input.file, output] });
  if (typeof process === 'number') throw new Error(`launch: ${process}`);
  const driver = new KernelDriver(kernel);
  const feeding = isLog(feed) ? replay(feed) : type(feed);
  await driver.run(() => process.end !== undefined);
  await feeding;
  const { instructions, virtualNs } = kernel.statistics();
  return { output: Buffer.concat(chunks).toString('hex'), trace, instructions, virtualNs, log: kernel.inputs.log() };

  async function type(pieces: readonly string[]): Promise<void> {
    for (const piece of pieces) {
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      input.stream.push(new TextEncoder().encode(piece));
      driver.kick();
    }
    input.stream.end();
    driver.kick();
  }

  function replay(log: InputLog): Promise<void> {
    kernel.inputs.replay(log);
    return Promise.resolve();
  }
}

const PIECES = ['one', 'two\n', 'three', 'x'.repeat(100), 'last'];

describe('a run is a function of its seed and its inputs', () => {
  it('replays console bytes, system calls and instruction counts from a log', async () => {
    const first = await observe(PIECES, 7, 42);
    expect(first.instructions).toBeGreaterThan(300_000);
    expect(first.log.entries.length).toBe(PIECES.length + 1);
    for (let round = 0; round < 3; round++) {
      const { log: _log, ...again } = await observe(first.log, 0, 42);
      const { log: _first, ...expected } = first;
      expect(again).toEqual(expected);
    }
  });

  it('gives the same run for inputs that are there from the start, whatever the pace of the host', async () => {
    const all = ['x'.repeat(200)];
    const [a, b] = [await observe(all, 0, 7), await observe(all, 0, 7)];
    expect(a.output).toBe(b.output);
    expect(a.trace).toEqual(b.trace);
    expect(a.instructions).toBe(b.instructions);
  });

  it('depends on the seed', async () => {
    const [a, b] = [await observe(['x'], 0, 1), await observe(['x'], 0, 2)];
    expect(a.output).not.toBe(b.output);
  });

  it('refuses the log of another kind of kernel', () => {
    const kernel = createKernel({ machine: EmulatedMachine.create({ memoryBytes: 16 << 20 }), verbose: false });
    expect(() => kernel.inputs.replay({ version: 2, stepInstructions: 5, entries: [] })).toThrow(
      /stepInstructions|5 instructions/,
    );
  });
});

function isLog(feed: readonly string[] | InputLog): feed is InputLog {
  return !Array.isArray(feed);
}
