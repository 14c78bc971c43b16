/**
 * The kernel on the emulated machine, wherever this runs: boots it, runs machine code and a task in it, and `run`s programs
 * in kernels of their own. Prints nothing that depends on time or place; see tools/browser/run.mjs.
 */
import { createKernel, EmulatedMachine, KernelDriver, linux, run, type RunResult } from '../../src/index.js';
import { writeFile, type BootedKernel, type TaskMain } from '@veridian-os/kernel';
import { exits, forkExecLoop } from '../../src/testing.js';
import * as programs from '../../src/testing.js';

type Print = (line: string) => void;

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const limits = { memory: 16 << 20 };

/** Lines of a byte stream that arrives in pieces. */
function lines(print: Print, prefix: string): (bytes: Uint8Array) => void {
  let rest = '';
  return (bytes) => {
    const parts = (rest + decode(bytes)).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) print(prefix + line.replace('\r', ''));
  };
}

const shows: TaskMain = function* shows(sys) {
  const names = yield* sys.open('/', 0);
  const entries = yield* sys.readdir(names);
  const list = typeof entries === 'number' ? String(entries) : entries.map(({ name }) => name).join(' ');
  yield* sys.write(1, encode(`tree: ${list}\n`));
  const ends = yield* sys.pipe();
  if (typeof ends === 'number') return 1;
  const pid = yield* sys.spawn({ path: '/bin/writes', args: ['writes'], descriptors: [0, ends[1], 2] });
  yield* sys.close(ends[1]);
  const buffer = new Uint8Array(100);
  const count = yield* sys.read(ends[0], buffer);
  const result = yield* sys.wait({ pid });
  const status = typeof result === 'object' && result.kind === 'ended' ? result.end.value : -1;
  yield* sys.write(1, encode(`child: ${decode(buffer.subarray(0, count))}, status ${status}\n`));
  yield* sys.sleep(3_600e9);
  yield* sys.write(1, encode(`an hour later: ${Math.floor((yield* sys.now()) / 1e9)} s\n`));
  return 0;
};

function boot(print: Print): BootedKernel {
  const console_ = lines(print, 'console: ');
  const machine = EmulatedMachine.create({
    memoryBytes: 16 << 20,
    console: { output: (bytes) => console_(bytes.slice()) },
  });
  const kernel = createKernel({ machine, personalities: [linux()], programs: { shows } });
  writeFile(kernel, '/bin/writes', programs.writes('written by machine code', 1, 7), 0o755);
  writeFile(kernel, '/bin/zero', exits(0), 0o755);
  writeFile(kernel, '/bin/forks', forkExecLoop(20, '/bin/zero'), 0o755);
  writeFile(kernel, '/bin/illegal', programs.illegal(), 0o755);
  return kernel;
}

async function oneKernel(print: Print): Promise<void> {
  const kernel = boot(print);
  for (const path of ['/bin/shows', '/bin/forks', '/bin/illegal', '/bin/none']) {
    const process = kernel.launch({
      path,
      args: [path],
      files: [kernel.openInput().file, kernel.openOutput('stdout', lines(print, `${path}: `))],
    });
    if (typeof process === 'number') throw new Error(`launch: ${process}`);
    await new KernelDriver(kernel).run(() => process.end !== undefined);
    print(`${path} ends: ${process.end?.kind} ${process.end?.value}`);
  }
  const { instructions, systemCalls, faults, messages, virtualNs } = kernel.statistics();
  print(`${instructions} instructions, ${systemCalls} calls, ${faults} faults, ${messages} messages, ${virtualNs} ns`);
  print(`faults: ${kernel.faultLog.join('; ')}`);
}

function summary(result: RunResult): string {
  const { kind, status, stdout, statistics } = result;
  const detail = kind === 'limit' ? result.limit : kind === 'signal' ? result.signalName : '';
  return `${kind} ${status} ${detail} "${decode(stdout).slice(0, 40)}" ${statistics.instructions}`;
}

async function* pieces(): AsyncGenerator<Uint8Array> {
  for (const text of ['one ', 'two ', 'three']) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    yield encode(text);
  }
}

async function runs(print: Print): Promise<void> {
  print(summary(await run(programs.copies(), { limits, stdin: pieces() })));
  print(summary(await run(programs.showsArguments(), { limits, args: ['a', 'b'], env: { C: 'd' } })));
  print(summary(await run(programs.spins(), { limits: { ...limits, instructions: 3_000_000 } })));
  print(summary(await run(programs.eatsMemory(), { limits: { memory: 4 << 20 } })));
  print(summary(await run(programs.readsNull(), { limits })));
  print(summary(await run(programs.pauses(), { limits })));
  const random = await run(programs.showsRandom(), { limits, seed: 5 });
  print([...random.stdout].join(' '));
  const chunks: Uint8Array[] = [];
  const stdout = new WritableStream<Uint8Array>({ write: (bytes) => void chunks.push(bytes) });
  print(summary(await run(programs.copies(), { limits, stdin: 'x'.repeat(5000), stdout })));
  print(String(chunks.reduce((sum, chunk) => sum + chunk.length, 0)));
}

export default async function main(print: Print): Promise<void> {
  await oneKernel(print);
  await runs(print);
}
