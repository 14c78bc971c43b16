/** Every way a run can end, on any machine: what to run, and what must come of it. */
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Isa } from '@veridian-os/hal';
import { run, type MachineName, type RunOptions, type RunResult } from '@veridian-os/veridian';
import * as programs from '../../src/testing.js';
import { childrenOf } from './usage.js';

const MEBIBYTE = 1024 * 1024;
const MEMORY = 16 * MEBIBYTE;
/** More than any host maps. */
const IMPOSSIBLE = 2 ** 50;

export interface RunKind {
  readonly name: string;
  /** What `outcome` must say of it. */
  readonly ends: RegExp;
  readonly go: () => Promise<RunResult>;
}

export interface Place {
  readonly machine: MachineName;
  readonly isa: Isa;
}

/** `exit 7`, `limit memory`, `signal SIGSEGV`, `threw MESSAGE`. */
export async function outcome(going: Promise<RunResult>): Promise<{ readonly text: string; readonly frames: number }> {
  try {
    const result = await going;
    const frames = result.statistics.usedFrames;
    if (result.kind === 'limit') return { text: `limit ${result.limit}`, frames };
    if (result.kind === 'signal') return { text: `signal ${result.signalName}`, frames };
    return { text: `${result.kind} ${result.status}`, frames };
  } catch (error) {
    return { text: `threw ${(error as Error).message}`, frames: 0 };
  }
}

/** Aborts when the program has written something, so in its midst. */
function abortedWhileItRuns(program: Uint8Array, options: RunOptions): Promise<RunResult> {
  const controller = new AbortController();
  return run(program, { ...options, signal: controller.signal, stdout: () => controller.abort() });
}

/** Kills QEMU, the only child of this process, while the program runs. */
function killedWhileItRuns(program: Uint8Array, options: RunOptions): Promise<RunResult> {
  return run(program, {
    ...options,
    stdout: () => childrenOf(process.pid).forEach((pid) => process.kill(pid, 'SIGKILL')),
  });
}

/** With a PATH that leads to setpriv and nothing else; machines by name are made before `run` returns. */
function withoutQemu(start: () => Promise<RunResult>): Promise<RunResult> {
  const { PATH = '' } = process.env;
  const folder = mkdtempSync(join(tmpdir(), 'no-qemu-'));
  try {
    const setpriv = PATH.split(delimiter)
      .map((at) => join(at, 'setpriv'))
      .find((path) => existsSync(path));
    if (setpriv !== undefined) symlinkSync(setpriv, join(folder, 'setpriv'));
    process.env.PATH = folder;
    return start();
  } finally {
    process.env.PATH = PATH;
    rmSync(folder, { recursive: true });
  }
}

/** All kinds on one machine. */
export function runKinds({ machine, isa }: Place): RunKind[] {
  const options = (limits: RunOptions['limits'] = {}): RunOptions => ({
    machine,
    limits: { memory: MEMORY, ...limits },
  });
  const kind = (name: string, ends: RegExp, go: RunKind['go']): RunKind => ({ name, ends, go });
  const limited = (name: string, program: Uint8Array, limits: RunOptions['limits'], as = name): RunKind =>
    kind(`limit of ${name}`, RegExp(`^limit ${as}$`), () => run(program, options(limits)));
  const writer = programs.writesForEver(undefined, isa);
  const spinner = programs.spins(isa);
  const failing = (): void => {
    throw new Error('no more room');
  };
  return [
    kind('exit', /^exit 0$/, () => run(programs.exits(0, isa), options())),
    kind('copy', /^exit 0$/, () => run(programs.copies(isa), { ...options(), stdin: 'in and out\n' })),
    kind('failure', /^exit 3$/, () => run(programs.writes('no\n', 2, 3, isa), options())),
    kind('bad access', /^signal SIGSEGV$/, () => run(programs.readsNull(isa), options())),
    kind('bad instruction', /^signal SIGILL$/, () => run(programs.illegal(isa), options())),
    limited('instructions', spinner, { instructions: 50_000 }),
    limited('memory', programs.eatsMemory(isa), { memory: 4 * MEBIBYTE }),
    limited('time', spinner, { timeMs: 5 }),
    limited('outputBytes', writer, { outputBytes: 1000 }, 'output'),
    limited('processes', programs.forks(isa), { processes: 4 }),
    limited('descriptors', programs.opens('/bin/program', isa), { descriptors: 8 }),
    kind('broken executable', /^refused 126$/, () => run(programs.exits(0, isa).subarray(0, 100), options())),
    kind('aborted midway', /^aborted 137$/, () => abortedWhileItRuns(writer, options())),
    kind('aborted at the start', /^aborted 137$/, () => run(spinner, { ...options(), signal: AbortSignal.abort() })),
    kind('deadlock', /^deadlock 137$/, () => run(programs.pauses(isa), options())),
    kind('failing output', /^threw no more room$/, () => run(writer, { ...options(), stdout: failing })),
    kind('impossible memory', /^threw .*(memory|mmap|RAM)/, () => run(spinner, options({ memory: IMPOSSIBLE }))),
    kind('two CPUs', /^exit 5$/, () => run(programs.exits(5, isa), { ...options(), cpus: 2 })),
    ...(machine.startsWith('qemu') ? qemuKinds(writer, options()) : []),
  ];
}

function qemuKinds(program: Uint8Array, options: RunOptions): RunKind[] {
  return [
    { name: 'killed QEMU', ends: /^threw .*QEMU has ended/, go: () => killedWhileItRuns(program, options) },
    {
      name: 'missing QEMU',
      ends: /^threw .*qemu-system.*No such file/,
      go: () => withoutQemu(() => run(program, options)),
    },
  ];
}
