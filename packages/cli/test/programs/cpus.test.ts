/**
 * C guests with threads and processes on a machine with two CPUs: what they print is what Linux gives, as with one CPU
 * (guests.test.ts); that both CPUs have worked is counted.
 */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { EmulatedMachine, run } from '@veridian-os/veridian';
import {
  FIXTURES,
  caseExpectation,
  fetchedPrograms,
  guestBytes,
  guestExpectation,
  guestRuns,
  guestsBuilt,
  observed,
  programCases,
  type GuestRun,
} from './support.js';

const TIME_LIMIT_MS = 60_000;
const A_DAY_IN_2026 = Date.UTC(2026, 0, 2);

const describeGuests = guestsBuilt() ? describe : describe.skip;

async function check({ name, guest, args }: GuestRun): Promise<void> {
  const result = await run(guestBytes(guest), {
    machine: EmulatedMachine.create({ cpus: 2, memoryBytes: 256 << 20 }),
    name: guest,
    args,
    cwd: '/tmp',
    env: { SELF: `/bin/${guest}`, TZ: 'UTC', LC_ALL: 'C' },
    limits: { timeMs: TIME_LIMIT_MS },
    epochMs: A_DAY_IN_2026,
  });
  const { notes, ...got } = observed(result);
  const wanted = guestExpectation(name);
  expect({ ...got, ...(got.outcome === wanted.outcome ? {} : { notes }) }).toEqual(wanted);
}

describeGuests('guests on two CPUs', () => {
  it.each(guestRuns().filter(({ missing }) => missing === undefined))('$name', check, TIME_LIMIT_MS + 10_000);
});

const programs = fetchedPrograms();
const describePrograms = programs === undefined ? describe.skip : describe;

/** Every file below a folder, by the path that it gets. */
function filesBelow(folder: string, to: string): Record<string, Uint8Array> {
  const names = readdirSync(folder, { recursive: true }) as string[];
  const files = names.filter((name) => statSync(join(folder, name)).isFile());
  return Object.fromEntries(files.map((name) => [`${to}/${name}`, readFileSync(join(folder, name))]));
}

/** Instructions that each CPU has retired; counted where they come back. */
function counting(machine: EmulatedMachine): number[] {
  const retired = machine.cpus.map(() => 0);
  const next = machine.next.bind(machine);
  machine.next = (deadline) => {
    const cpu = next(deadline);
    if (cpu >= 0) retired[cpu] += machine.cpus[cpu].trap.consumed;
    return cpu;
  };
  return retired;
}

describePrograms('a Go program on two CPUs', () => {
  const cases = programCases().filter(({ program }) => program === 'esbuild');
  it.each(cases)(
    '$name',
    async ({ name, args, stdin }) => {
      const machine = EmulatedMachine.create({ cpus: 2, memoryBytes: 512 << 20 });
      const retired = counting(machine);
      const result = await run(readFileSync(programs?.esbuild?.path ?? ''), {
        machine,
        name: 'esbuild',
        args,
        cwd: '/work',
        env: {},
        files: filesBelow(join(FIXTURES, 'project'), '/work'),
        limits: { timeMs: 4 * TIME_LIMIT_MS },
        ...(stdin === undefined ? {} : { stdin }),
      });
      const { notes: _, ...got } = observed(result);
      expect(got).toEqual(caseExpectation(name));
      expect(Math.min(...retired)).toBeGreaterThan(0);
    },
    5 * TIME_LIMIT_MS,
  );
});
