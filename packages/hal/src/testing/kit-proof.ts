/**
 * Proof that the kit watches a machine: every planted bug that the machine can show makes a case of its group fail.
 *
 * Whoever runs `machineKit` on a machine of their own can run this beside it; it takes about as long per bug as the cases
 * of one group up to the first that fails.
 */
import fc from 'fast-check';
import type { Machine } from '../machine.js';
import { check } from './assert.js';
import { machineKit, type KitRunner, type MachineKitGroup, type MachineKitOptions } from './machine-kit.js';
import { seededBugs, type SeededBug } from './seeded-bugs.js';

export interface KitProofOptions {
  /** Heading of the suite; default the machine's name. */
  readonly name?: string;
  /**
   * Bugs that this machine's hardware hides, and why: a CPU that keeps code coherent by itself needs no `syncCode`. Each
   * must exist.
   */
  readonly hidden?: Readonly<Record<string, string>>;
  /** Only bugs of these groups; default all. */
  readonly groups?: readonly MachineKitGroup[];
  /** As for `machineKit`; without it bugs of the group that needs it are not planted. */
  readonly kickFromThread?: MachineKitOptions['kickFromThread'];
}

/** Bugs that every proof must plant at least. */
const AT_LEAST = 15;

/** The first case of the bug's group that fails, with its message; undefined when all pass. */
export function firstFailure(
  bug: SeededBug,
  createMachine: () => Machine,
  options: Pick<MachineKitOptions, 'kickFromThread'> = {},
): string | undefined {
  const cases: [name: string, body: () => void][] = [];
  const collector: KitRunner = {
    describe: (_name, body) => body(),
    it: (name, body) => void cases.push([name, body]),
  };
  machineKit(collector, () => bug.plant(createMachine()), { ...options, groups: [bug.group] });
  for (const [name, body] of cases) {
    try {
      withoutShrinking(body);
    } catch (error) {
      return `${name}: ${String(error)}`;
    }
  }
  return undefined;
}

/** That a property fails is enough: looking for its smallest counterexample takes longer than all cases together. */
function withoutShrinking(body: () => void): void {
  const before = fc.readConfigureGlobal();
  fc.configureGlobal({ ...before, endOnFailure: true });
  try {
    body();
  } finally {
    fc.configureGlobal(before);
  }
}

/** Registers one case per bug. @param createMachine as for `machineKit` */
export function machineKitProof(
  { describe, it }: KitRunner,
  createMachine: () => Machine,
  { name, hidden = {}, groups, kickFromThread }: KitProofOptions = {},
): void {
  const probe = createMachine();
  const all = seededBugs();
  const isAsked = ({ group }: SeededBug): boolean =>
    (groups?.includes(group) ?? true) && (group !== 'kicks from threads' || kickFromThread !== undefined);
  const planted = all.filter((bug) => isAsked(bug) && hidden[bug.name] === undefined && (bug.needs?.(probe) ?? true));
  const least = groups === undefined ? AT_LEAST : 1;
  const heading = name ?? probe.info.name;
  probe.dispose();

  describe(`the machine kit notices, on ${heading}`, () => {
    for (const bug of planted) {
      it(bug.name, () => {
        check(
          firstFailure(bug, createMachine, { kickFromThread }) !== undefined,
          `no case of group '${bug.group}' failed`,
        );
      });
    }

    it(`${planted.length} bugs, more than ${least - 1}; hidden ones exist`, () => {
      check(planted.length >= least, `expected at least ${least}, got ${planted.length}`);
      const unknown = Object.keys(hidden).filter((each) => !all.some((bug) => bug.name === each));
      check(unknown.length === 0, `no such bug: ${unknown.join(', ')}`);
    });
  });
}
