/** What every personality must get right, whatever its system calls are. */
import type { KernelLimits } from '../api.js';
import type { BootedKernel } from '../create-kernel.js';
import { writeFile } from '../services/programs.js';
import { SIGILL, SIGKILL, SIGSEGV, SI_USER } from '../signals/numbers.js';
import { signalInfo } from '../signals/signal-state.js';
import { resourceCounts } from './resource-counts.js';
import { runProgram, type ProgramRequest } from './run-program.js';

/** jest, vitest, node:test and most others. */
export interface Runner {
  describe(name: string, body: () => void): void;
  it(name: string, body: () => void | Promise<void>): void;
}

/** Executables of the personality, each with one thing it does. */
export interface PersonalityPrograms {
  /** Exits with `status`. */
  exits(status: number): Uint8Array;
  /** Never ends and makes no system call. */
  spins(): Uint8Array;
  /** Touches memory it does not have. */
  faults(): Uint8Array;
  /** Runs into an illegal instruction. */
  illegal(): Uint8Array;
  /** Copies standard input to standard output and exits with 0. */
  copies(): Uint8Array;
  /** Copies the file `path` to standard output and exits with 0, or with something else when it cannot be opened. */
  shows(path: string): Uint8Array;
}

export interface PersonalityFixture {
  readonly programs: PersonalityPrograms;
  /** A new kernel on a new machine with the personality; the kit disposes of the machine. */
  boot(limits?: KernelLimits): BootedKernel;
}

/** @param make everything for one case, anew each time */
export function personalityKit(runner: Runner, make: () => PersonalityFixture): void {
  const { describe, it } = runner;
  const on = async (
    fixture: PersonalityFixture,
    body: (fixture: PersonalityFixture) => Promise<void>,
  ): Promise<void> => {
    const booted: BootedKernel[] = [];
    const boot = (limits?: KernelLimits): BootedKernel => {
      const kernel = fixture.boot(limits);
      booted.push(kernel);
      return kernel;
    };
    try {
      await body({ ...fixture, boot });
    } finally {
      for (const kernel of booted) kernel.machine.dispose();
    }
  };
  describe('a personality', () => {
    it('hands over exit statuses', () => on(make(), exitStatuses));
    it('connects standard streams', () => on(make(), standardStreams));
    it('turns faults into signals and reports them', () => on(make(), faults));
    it('lets a loop be preempted and killed', () => on(make(), preemption));
    it('reaches files with the capability for them, and only then', () => on(make(), authority));
    it('stops at a limit of instructions, exactly', () => on(make(), instructionLimit));
    it('leaves nothing behind', () => on(make(), nothingLeft));
    it('repeats itself', () => on(make(), determinism));
  });
}

const PATH = '/bin/kit';

function same(what: string, got: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(got), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what}: expected ${b}, got ${a}`);
}

async function execute(kernel: BootedKernel, bytes: Uint8Array, request: Partial<ProgramRequest> = {}) {
  writeFile(kernel, PATH, bytes, 0o755);
  return runProgram(kernel, { program: PATH, ...request });
}

async function exitStatuses({ boot, programs }: PersonalityFixture): Promise<void> {
  const kernel = boot();
  for (const status of [0, 1, 77, 255]) {
    const result = await execute(kernel, programs.exits(status));
    same('status', [result.status, result.refusal, result.faults], [status, undefined, []]);
  }
}

async function standardStreams({ boot, programs }: PersonalityFixture): Promise<void> {
  const kernel = boot();
  const stdin = 'The quick brown fox jumps over the lazy dog.\n'.repeat(2500);
  const { status, stdout, stderr } = await execute(kernel, programs.copies(), { stdin });
  same('status and stderr', [status, stderr], [0, '']);
  if (stdout !== stdin) throw new Error(`expected ${stdin.length} characters back, got ${stdout.length} or others`);
}

async function faults({ boot, programs }: PersonalityFixture): Promise<void> {
  const kernel = boot();
  for (const [program, signal] of [
    [programs.faults(), SIGSEGV],
    [programs.illegal(), SIGILL],
  ] as const) {
    const result = await execute(kernel, program);
    same('status', result.status, 128 + signal);
    same('reports', result.faults.length, 1);
    if (!/ at pc 0x[0-9a-f]+: /.test(result.faults[0])) throw new Error(`no pc and cause in '${result.faults[0]}'`);
  }
}

async function preemption({ boot, programs }: PersonalityFixture): Promise<void> {
  const kernel = boot();
  writeFile(kernel, '/bin/loop', programs.spins(), 0o755);
  const loop = kernel.launch({ path: '/bin/loop', args: ['loop'], files: [] });
  if (typeof loop === 'number') throw new Error(`launch: ${loop}`);
  same('status of another', (await execute(kernel, programs.exits(5))).status, 5);
  same('the loop', loop.end, undefined);
  kernel.signals.sendProcess(loop, signalInfo(SIGKILL, SI_USER));
  same('the killed loop', loop.end, { kind: 'signal', value: SIGKILL, core: false });
}

async function authority({ boot, programs }: PersonalityFixture): Promise<void> {
  const kernel = boot();
  writeFile(kernel, '/tmp/secret', new TextEncoder().encode('secret\n'), 0o644);
  const program = programs.shows('/tmp/secret');
  const given = await execute(kernel, program);
  same('with files', [given.status, given.stdout], [0, 'secret\n']);
  const denied = await execute(kernel, program, { endowment: { files: false } });
  same('output without files', denied.stdout, '');
  if (denied.status === 0) throw new Error('a file was opened without a capability for files');
}

async function instructionLimit({ boot, programs }: PersonalityFixture): Promise<void> {
  const instructions = 10_007;
  const kernel = boot({ instructions });
  await execute(kernel, programs.spins()).catch(() => undefined); // it does not end
  same('limit', [kernel.limitHit, kernel.haltReason], ['instructions', 'limit: instructions']);
  if (kernel.machine.features.exactBudget) same('instructions', kernel.statistics().instructions, instructions);
}

async function nothingLeft({ boot, programs }: PersonalityFixture): Promise<void> {
  const kernel = boot();
  const everything = [
    programs.exits(0),
    programs.faults(),
    programs.illegal(),
    programs.copies(),
    programs.shows('/tmp/none'),
  ];
  const round = async (): Promise<void> => {
    for (const bytes of everything) await execute(kernel, bytes);
  };
  await round();
  const before = resourceCounts(kernel);
  for (let count = 0; count < 5; count++) await round();
  same('resources', resourceCounts(kernel), before);
}

async function determinism({ boot, programs }: PersonalityFixture): Promise<void> {
  const observe = async (): Promise<unknown> => {
    const kernel = boot();
    const result = await execute(kernel, programs.copies(), { stdin: 'again\n'.repeat(100) });
    if (!kernel.machine.features.deterministic) return result;
    const { instructions, virtualNs, messages, contextSwitches } = kernel.statistics();
    return [result, instructions, virtualNs, messages, contextSwitches];
  };
  same('the second run', await observe(), await observe());
}
