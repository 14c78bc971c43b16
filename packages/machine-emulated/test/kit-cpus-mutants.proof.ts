/** Proof that the kit watches machines with several CPUs; all other bugs are planted in kit-mutants.proof.ts. */
import { describe, expect, it } from '@jest/globals';
import { firstFailure, seededBugs } from '@veridian-os/hal/testing';
import type { Machine } from '@veridian-os/hal';
import { EmulatedMachine } from '@veridian-os/machine-emulated';

const create = (): Machine => EmulatedMachine.create({ cpus: 2, memoryBytes: 8 * 1024 * 1024, maxContexts: 1500 });

describe('the machine kit notices, with two CPUs', () => {
  const bugs = seededBugs().filter(({ group }) => group === 'cpus');
  it.each(bugs.map((bug) => [bug.name, bug] as const))(
    '%s',
    (_name, bug) => expect(firstFailure(bug, create)).toBeDefined(),
    120_000,
  );
});
