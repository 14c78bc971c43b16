/**
 * Conformance kit of capability tables: what every implementation must do, under any runner with `describe` and `it`.
 *
 * The kit draws random sequences of operations, on live, stale and forged tokens, and compares everything that can be seen
 * with a model made of plain objects. A failure prints the seed and the shortest sequence that shows it.
 */
import * as fc from 'fast-check';
import { Rights, type CapabilityTable } from './api.js';
import { CapabilityRun, capabilityCommands } from './testing/commands.js';

export { CapabilityRun, capabilityCommand, capabilityCommands, type CapabilityCommand } from './testing/commands.js';
export { CapabilityModel, type ModelCapability, type ModelToken } from './testing/model.js';

/** The part of jest, vitest and node:test that the kit uses. */
export interface Runner {
  describe(name: string, body: () => void): unknown;
  it(name: string, body: () => void): unknown;
}

/** Builds the table under test: exactly `capacity` capabilities, at least four spaces. */
export type MakeCapabilityTable = (capacity: number) => CapabilityTable;

/** Shape of a derivation tree: the parent of capability i is capability `shape(i)` < i; 0 is the root. */
const SHAPES: readonly (readonly [string, (i: number) => number])[] = [
  ['a chain', (i) => i - 1],
  ['a star', () => 0],
  ['a comb', (i) => (i % 2 === 0 ? i - 1 : Math.max(0, i - 2))],
  ['a binary tree', (i) => (i - 1) >> 1],
];

function check(holds: boolean, message: string): void {
  if (!holds) throw new Error(message);
}

type Token = readonly [space: number, lo: number, hi: number];

/** One object's capabilities, spread over three spaces: capability i is a copy of capability `shape(i)`. */
class Family {
  readonly table: CapabilityTable;
  readonly tokens: Token[] = [];
  private readonly spaces: readonly number[];

  constructor(make: MakeCapabilityTable, shape: (i: number) => number, size: number) {
    const table = (this.table = make(size * 3));
    this.spaces = [0, 1, 2].map(() => table.createSpace(size * 3));
    check(table.insert(this.spaces[0], 1, 1, Rights.All, 0) === 0, 'insert failed');
    this.tokens.push([this.spaces[0], table.tokenLo, table.tokenHi]);
    for (let i = 1; i < size; i++) this.derive(shape(i));
  }

  derive(from: number): void {
    const to = this.spaces[this.tokens.length % 3];
    check(this.table.copy(...this.tokens[from], to, Rights.All) === 0, `copy of ${from} failed`);
    this.tokens.push([to, this.table.tokenLo, this.table.tokenHi]);
  }

  /** Revokes the root in steps. @returns the number of calls */
  revoke(limit: number): number {
    for (let calls = 1; ; calls++) {
      check(calls <= this.tokens.length, 'revoke does not finish');
      if (this.table.revoke(...this.tokens[0], limit) === 0) return calls;
    }
  }

  checkOnlyRootLives(): void {
    const { table } = this;
    for (const token of this.tokens.slice(1)) check(table.lookup(...token, 1, 0) < 0, 'a descendant survived');
    check(table.lookup(...this.tokens[0], 1, Rights.All) === 1, 'the revoked capability itself must stay');
    check(table.liveCount === 1, `${table.liveCount} capabilities live, not one`);
    check(!table.takeDead(), 'the object still has a capability');
  }
}

function revokesIn(make: MakeCapabilityTable, shape: (i: number) => number, size: number, limit: number): void {
  const family = new Family(make, shape, size);
  const calls = family.revoke(limit);
  check(calls === Math.ceil((size - 1) / limit), `${calls} calls to revoke ${size - 1} by ${limit}`);
  family.checkOnlyRootLives();
}

/** Deletes one capability, lets every other one have a child more, and revokes the root. */
function survivesDelete(make: MakeCapabilityTable, shape: (i: number) => number, size: number, victim: number): void {
  const family = new Family(make, shape, size);
  check(family.table.delete(...family.tokens[victim]) === 0, 'delete failed');
  for (let i = 0; i < size; i++) if (i !== victim) family.derive(i);
  family.revoke(1);
  family.checkOnlyRootLives();
}

/** @param runs sequences per property */
export function capabilityKit({ describe, it }: Runner, make: MakeCapabilityTable, runs = 300): void {
  describe('capability table', () => {
    for (const capacity of [40, 9])
      it(`agrees with the model, ${capacity} capabilities`, () => {
        fc.assert(
          fc.property(capabilityCommands, (commands) => {
            const run = new CapabilityRun(make(capacity), capacity);
            for (const command of commands) run.step(command);
          }),
          { numRuns: runs },
        );
      });

    for (const [name, shape] of SHAPES) {
      it(`revokes ${name} across spaces completely, in steps of at most the limit`, () => {
        for (const limit of [1, 7, 1000]) for (const size of [2, 40]) revokesIn(make, shape, size, limit);
        revokesIn(make, shape, 3000, 64);
      });

      it(`revokes ${name} completely when any one of it was deleted before`, () => {
        for (let victim = 1; victim < 12; victim++) survivesDelete(make, shape, 12, victim);
      });
    }
  });
}
