/** Where a machine has a counter, looking at the clock makes no system call. */
import { describe, expect, it } from '@jest/globals';
import type { Isa, Machine } from '@veridian-os/hal';
import { run } from '@veridian-os/veridian';
import { kvm, qemu } from './machine-suite.js';
import { checkGuest } from './run-cases.js';
import { guestBytes, guestRuns, guestsBuilt } from './support.js';

const MEMORY = 64 << 20;
const LIMIT_MS = 120_000;
const LOOKS = 1_000_000;

/** Which of the calls a program makes when it looks at the clock so often. */
async function clockCalls(machine: ReturnType<typeof qemu>, looks: number): Promise<string[] | undefined> {
  const created = machine.create?.(MEMORY);
  const hasCounter = created?.counter !== undefined;
  if (!hasCounter) process.stderr.write(`skipped: ${machine.name} has no counter here\n`);
  const calls: string[] = [];
  const result = await run(guestBytes('clock-loop', machine.isa), {
    ...(created === undefined ? {} : { machine: created }),
    name: 'clock-loop',
    args: [String(hasCounter ? looks : 10)],
    limits: { timeMs: LIMIT_MS },
    trace: (line) => {
      if (/\b(clock_gettime|gettimeofday)\(/.test(line)) calls.push(line);
    },
  });
  expect([result.kind, result.status]).toEqual(['exit', 0]);
  return hasCounter ? calls : undefined;
}

const machines = [kvm, ...(['x86_64', 'aarch64'] as const satisfies readonly Isa[]).map(qemu)];

describe.each(machines)('a million looks at the clock on $name', (machine) => {
  const usable = guestsBuilt(machine.isa) && machine.problem() === undefined;
  (usable ? it : it.skip)(
    'make no call',
    async () => expect((await clockCalls(machine, LOOKS)) ?? []).toEqual([]),
    LIMIT_MS + 10_000,
  );
});

describe.each(machines)('threads on two CPUs of $name', (machine) => {
  const usable = guestsBuilt(machine.isa) && machine.problem() === undefined;
  const two = { ...machine, create: (bytes: number) => machine.create?.(bytes, 2) as Machine };
  const guests = guestRuns(machine.isa).filter(({ guest }) => ['clock-order', 'vdso', 'vdso-signals'].includes(guest));
  (usable ? it : it.skip).each(guests)('$name: time never goes back', (guest) => checkGuest(guest, two), LIMIT_MS);
});

describe('on machines whose traces must be equal', () => {
  const machine = qemu('riscv64');
  (machine.problem() === undefined ? it : it.skip)('each look is a call, as ever', () => {
    const created = machine.create?.(MEMORY);
    expect(created?.counter).toBeUndefined();
    created?.dispose();
  });
});
