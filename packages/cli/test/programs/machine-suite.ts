/**
 * The same guests and programs on the machines that are no emulated one, as far as they are available here, each in its ISA,
 * and on two CPUs: what they print is what Linux gives, byte for byte.
 */
import { describe, expect, it } from '@jest/globals';
import { EmulatedMachine } from '@veridian-os/machine-emulated';
import { KvmMachine, probeKvmSync } from '@veridian-os/machine-kvm';
import { QemuMachine, probeQemu } from '@veridian-os/machine-qemu';
import type { Isa } from '@veridian-os/hal';
import type { RunResult } from '@veridian-os/veridian';
import { needs, required } from '../../../../tools/require-tool.js';
import {
  CASE_LIMIT_MS,
  GUEST_LIMIT_MS,
  checkFolderCase,
  checkGuest,
  checkTreeCase,
  type ProgramMachine,
} from './run-cases.js';
import { fetchedPrograms, guestRuns, guestsBuilt, programCases, programFor, type GuestRun } from './support.js';

const programs = fetchedPrograms();

export interface Candidate extends ProgramMachine {
  readonly name: string;
  /** Why it cannot be used here, or undefined. */
  problem(): string | undefined;
}

export const qemu = (isa: Isa): Candidate => ({
  name: `qemu-${isa}`,
  isa,
  problem() {
    if (!needs(`qemu-system-${isa}`)) return `no qemu-system-${isa}`;
    const found = probeQemu(isa);
    if (!found.ok && required) throw new Error(found.reason);
    return found.ok ? undefined : found.reason;
  },
  create: (memoryBytes, cpus = 1) => QemuMachine.create({ isa, memoryBytes, cpus }),
});

export const emulated: Candidate = {
  name: 'emulated',
  isa: 'riscv64',
  problem: () => undefined,
  create: (memoryBytes, cpus = 1) => EmulatedMachine.create({ memoryBytes, cpus }),
};

export const kvm: Candidate = {
  name: 'kvm',
  isa: 'x86_64',
  problem() {
    const found = probeKvmSync();
    return found.available ? undefined : found.problem;
  },
  create: (memoryBytes, cpus = 1) => KvmMachine.create({ memoryBytes, cpus }),
};

/** Cases whose programs are there for the ISA; the dynamic ones and further shells are riscv64's. */
const casesFor = (isa: Isa) =>
  programCases().filter(({ program, tools = [] }) => tools.length === 0 && programs?.[programFor(program, isa)]);

type Describe = typeof describe.skip;

/** `describe` for guests and for fetched programs: skips where there are none or the machine is not available. */
function describesOn({ name, isa, problem }: Candidate): { readonly guests: Describe; readonly programs: Describe } {
  const reason = problem();
  process.stderr.write(`${name}: ${reason ?? 'used'}\n`);
  const here = reason === undefined ? describe : describe.skip;
  return {
    guests: guestsBuilt(isa) ? here : describe.skip,
    programs: programs === undefined ? describe.skip : here,
  };
}

/** Registers the tests of one machine. */
export function programsOn(machine: Candidate): void {
  const { name, isa } = machine;
  const describes = describesOn(machine);

  describes.guests(`guests on ${name}`, () => {
    const runs = guestRuns(isa).filter(({ missing }) => missing === undefined);
    const [able, unable] = [runs.filter(({ except }) => !except?.[name]), runs.filter(({ except }) => except?.[name])];
    for (const { name: guest, except } of unable) process.stderr.write(`${name}: not ${guest}: ${except?.[name]}\n`);
    it.each(able)('$name', (guest) => checkGuest(guest, machine), GUEST_LIMIT_MS + 10_000);
  });

  describes.programs(`programs on ${name}`, () => {
    const cases = casesFor(isa).filter(({ program }) => ['busybox', 'esbuild'].includes(program));
    it.each(cases)(
      '$name',
      (entry) => (entry.sameAs === undefined ? checkTreeCase : checkFolderCase)(programs ?? {}, entry, machine),
      CASE_LIMIT_MS + 10_000,
    );
  });
}

const CPUS = 2;
/** Part of the work that each CPU has to do at least. Equal parts are what a host with idle cores gives. */
const SMALLEST_SHARE = 0.05;
/** Runs of the Go program: what goes wrong only now and then. */
const REPETITIONS = 3;

/** Both CPUs have run user code, in earnest. */
function checkShares({ statistics: { instructions, instructionsByCpu } }: RunResult): void {
  const shares = instructionsByCpu.map((each) => each / instructions);
  expect(shares).toHaveLength(CPUS);
  expect(Math.min(...shares)).toBeGreaterThan(SMALLEST_SHARE);
}

/**
 * Registers what runs on two CPUs of a machine: its threads run beside each other, which is counted, and it prints what it
 * prints with one.
 * @param takes which of the other guests
 */
export function onTwoCpus(machine: Candidate, takes: (guest: GuestRun) => boolean): void {
  const { name, isa } = machine;
  const pair = { ...machine, cpus: CPUS };
  const describes = describesOn(machine);
  const isGo = ({ guest }: GuestRun): boolean => guest === 'go-threads';

  describes.guests(`guests on two CPUs of ${name}`, () => {
    const runs = guestRuns(isa).filter(({ missing, except }) => missing === undefined && !except?.[name]);
    it.each(runs.filter((run) => takes(run) && !isGo(run)))(
      '$name',
      (run) => checkGuest(run, pair),
      GUEST_LIMIT_MS + 10_000,
    );
    const goRuns = runs
      .filter(isGo)
      .flatMap((run) => Array.from({ length: REPETITIONS }, (_, time) => ({ ...run, time })));
    it.each(goRuns)(
      '$name, run $time',
      async (run) => checkShares(await checkGuest(run, pair)),
      GUEST_LIMIT_MS + 10_000,
    );
  });

  describes.programs(`esbuild on two CPUs of ${name}`, () => {
    it.each(casesFor(isa).filter(({ program }) => program === 'esbuild'))(
      '$name',
      async (entry) => {
        const { statistics } = await checkFolderCase(programs ?? {}, entry, pair);
        expect(Math.min(...statistics.instructionsByCpu)).toBeGreaterThan(0);
      },
      CASE_LIMIT_MS + 10_000,
    );
  });
}
