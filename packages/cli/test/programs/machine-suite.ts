/**
 * The same guests and programs on the machines that are no emulated one, as far as they are available here, each in its ISA:
 * what they print is what Linux gives, byte for byte.
 */
import { describe, it } from '@jest/globals';
import { KvmMachine, probeKvmSync } from '@veridian-os/machine-kvm';
import { QemuMachine, probeQemu } from '@veridian-os/machine-qemu';
import type { Isa } from '@veridian-os/hal';
import { needs, required } from '../../../../tools/require-tool.js';
import {
  CASE_LIMIT_MS,
  GUEST_LIMIT_MS,
  checkFolderCase,
  checkGuest,
  checkTreeCase,
  type ProgramMachine,
} from './run-cases.js';
import { fetchedPrograms, guestRuns, guestsBuilt, programCases, programFor } from './support.js';

const programs = fetchedPrograms();

interface Candidate extends ProgramMachine {
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

/** Registers the tests of one machine. */
export function programsOn(machine: Candidate): void {
  const { name, isa } = machine;
  const problem = machine.problem();
  process.stderr.write(`${name}: ${problem ?? 'used'}\n`);
  const describeHere = problem === undefined ? describe : describe.skip;

  (guestsBuilt(isa) ? describeHere : describe.skip)(`guests on ${name}`, () => {
    const runs = guestRuns(isa).filter(({ missing }) => missing === undefined);
    const [able, unable] = [runs.filter(({ except }) => !except?.[name]), runs.filter(({ except }) => except?.[name])];
    for (const { name: guest, except } of unable) process.stderr.write(`${name}: not ${guest}: ${except?.[name]}\n`);
    it.each(able)('$name', (guest) => checkGuest(guest, machine), GUEST_LIMIT_MS + 10_000);
  });

  (programs === undefined ? describe.skip : describeHere)(`programs on ${name}`, () => {
    const cases = casesFor(isa).filter(({ program }) => ['busybox', 'esbuild'].includes(program));
    it.each(cases)(
      '$name',
      (entry) => (entry.sameAs === undefined ? checkTreeCase : checkFolderCase)(programs ?? {}, entry, machine),
      CASE_LIMIT_MS + 10_000,
    );
  });
}
