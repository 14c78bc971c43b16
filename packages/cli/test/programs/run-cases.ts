/**
 * Runs guests and cases of fetched programs, on any machine, the way their expectations were recorded.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { createHostfs } from '@veridian-os/hostfs';
import type { Isa, Machine } from '@veridian-os/hal';
import { run, type RunLimits, type RunMount, type RunOptions, type RunResult } from '@veridian-os/veridian';
import { CallLog } from './call-log.js';
import {
  FIXTURES,
  caseExpectation,
  guestBytes,
  guestExpectation,
  observed,
  programFor,
  type FetchedProgram,
  type GuestRun,
  type ProgramCase,
} from './support.js';

export const GUEST_LIMIT_MS = 60_000;
export const CASE_LIMIT_MS = 120_000;
const A_DAY_IN_2026 = Date.UTC(2026, 0, 2);
const WORK = '/work';

/** Where something runs; `create` absent: on the emulated machine. */
export interface ProgramMachine {
  readonly isa: Isa;
  readonly create?: (memoryBytes: number, cpus?: number) => Machine;
  /** Default 1; more need `create`. */
  readonly cpus?: number;
}

const RISCV64: ProgramMachine = { isa: 'riscv64' };
const GUEST_MEMORY = 256 << 20;
const CASE_MEMORY = 512 << 20;

/** `run`, and what it did for the table of system calls. */
async function logged(bytes: Uint8Array, options: RunOptions, { isa }: ProgramMachine): Promise<RunResult> {
  const log = new CallLog();
  const { machine } = options;
  const name = typeof machine === 'object' ? machine.info.name : 'emulated';
  const result = await run(bytes, { ...options, ...log.options });
  log.write(name, isa);
  return result;
}

const on = ({ create, cpus = 1 }: ProgramMachine, memoryBytes: number): { machine?: Machine } =>
  create === undefined ? {} : { machine: create(memoryBytes, cpus) };

/** Runs a guest; exit status or signal and standard output must be what Linux gives. */
export async function checkGuest(
  { name, guest, args }: GuestRun,
  machine = RISCV64,
  limits: RunLimits = {},
): Promise<RunResult> {
  const options = {
    ...on(machine, GUEST_MEMORY),
    name: guest,
    args,
    cwd: '/tmp',
    env: { SELF: `/bin/${guest}`, TZ: 'UTC', LC_ALL: 'C' },
    limits: { timeMs: GUEST_LIMIT_MS, ...limits },
    epochMs: A_DAY_IN_2026,
  };
  const result = await logged(guestBytes(guest, machine.isa), options, machine);
  const { notes, ...got } = observed(result);
  const wanted = guestExpectation(name);
  expect({ ...got, ...(got.outcome === wanted.outcome ? {} : { notes }) }).toEqual(wanted);
  return result;
}

/** Puts every applet's name into /bin, runs the case's preparation, then becomes the program. */
const START = [
  'busybox --install -s /bin',
  `cd ${WORK}`,
  'eval "$PREPARE" >/dev/null 2>&1',
  'unset PREPARE',
  'test ! -e /opt || chmod 755 /opt/*', // `files` are not executable
  'exec "$@"',
].join('; ');

type Programs = Readonly<Record<string, FetchedProgram>>;

function fetched(programs: Programs, name: string): FetchedProgram {
  const found = programs[name];
  if (found === undefined) throw new Error(`${name} is not fetched: node tools/fetch-programs.mjs --dynamic`);
  return found;
}

const hostMount = (path: string, folder: string, readOnly = false): RunMount => ({
  path,
  readOnly,
  fs: (kernel) => createHostfs({ folder, readOnly, bytes: kernel.memory.bytes, wait: kernel.waits }),
});

/** Every file below a folder: relative path to bytes. */
function filesBelow(folder: string): Record<string, Uint8Array> {
  const names = readdirSync(folder, { recursive: true }) as string[];
  const files = names.filter((name) => statSync(join(folder, name)).isFile()).sort();
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(folder, name))]));
}

const limits = { timeMs: CASE_LIMIT_MS };

function startOptions(programs: Programs, entry: ProgramCase, isa: Isa): RunOptions {
  const { program, args, fixture, prepare = ':', stdin, tools = [] } = entry;
  const { path, sysroot } = fetched(programs, programFor(program, isa));
  const root = sysroot ?? tools.map((tool) => fetched(programs, tool).sysroot)[0];
  const files: Record<string, Uint8Array | string> = {
    '/etc/passwd': 'root:x:0:0:root:/:/bin/sh\n',
    '/etc/group': 'root:x:0:\n',
    [`${WORK}/bin/.keep`]: '',
  };
  const sources = fixture === undefined ? {} : filesBelow(join(FIXTURES, fixture));
  for (const [name, bytes] of Object.entries(sources)) files[`${WORK}/${name}`] = bytes;
  const guestPath = sysroot === undefined ? `/opt/${program}` : path.slice(sysroot.length);
  if (sysroot === undefined) files[guestPath] = readFileSync(path);
  return {
    name: 'busybox',
    args: ['sh', '-c', START, 'start', guestPath, ...args],
    env: { PATH: '/bin:/usr/bin', HOME: '/', TZ: 'UTC', LC_ALL: 'C', USER: 'root', PREPARE: prepare },
    files,
    mounts: root === undefined ? [] : ['/usr', '/lib'].map((at) => hostMount(at, join(root, at), true)),
    limits,
    ...(stdin === undefined ? {} : { stdin }),
  };
}

/** Runs a case in a tree in memory; status and output must be what qemu-riscv64 gave. */
export async function checkTreeCase(programs: Programs, entry: ProgramCase, machine = RISCV64): Promise<RunResult> {
  const busybox = readFileSync(fetched(programs, programFor('busybox', machine.isa)).path);
  const options = { ...startOptions(programs, entry, machine.isa), ...on(machine, CASE_MEMORY) };
  const result = await logged(busybox, options, machine);
  const { notes, ...got } = observed(result);
  const wanted = caseExpectation(entry.name);
  expect({ ...got, ...(got.outcome === wanted.outcome ? {} : { notes }) }).toEqual(wanted);
  return result;
}

/** Runs a case on a mounted folder of the host; it must print and write what the host's own program does. */
export async function checkFolderCase(programs: Programs, entry: ProgramCase, machine = RISCV64): Promise<RunResult> {
  const { name, program, sameAs = '', args, fixture = '', stdin = '' } = entry;
  const scratch = mkdtempSync(join(tmpdir(), 'veridian-programs-'));
  try {
    const [ours, theirs] = ['ours', 'theirs'].map((who) => join(scratch, `${name}-${who}`));
    for (const folder of [ours, theirs]) cpSync(join(FIXTURES, fixture), folder, { recursive: true });
    const host = spawnSync(fetched(programs, sameAs).path, args, { cwd: theirs, input: stdin });
    const options = {
      ...on(machine, CASE_MEMORY),
      name: program,
      args,
      stdin,
      cwd: WORK,
      env: {},
      mounts: [hostMount(WORK, ours)],
      limits: { ...limits, memory: CASE_MEMORY },
    };
    const bytes = readFileSync(fetched(programs, programFor(program, machine.isa)).path);
    const result = await logged(bytes, options, machine);
    const { notes, ...got } = observed(result);
    expect({ ...got, notes }).toEqual({
      outcome: `exit ${host.status}`,
      stdout: host.stdout.toString('latin1'),
      notes: host.stderr.toString('latin1').trim(),
    });
    expect(filesBelow(ours)).toEqual(filesBelow(theirs));
    return result;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
