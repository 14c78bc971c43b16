/** Conformance cases of any `MemoryManager` and its user spaces, and random histories against the naive model. */
import { Bench } from './user-space/bench.js';
import type { BenchFactory, TestFramework } from './user-space/bench.js';
import { changeCases } from './user-space/changes.js';
import { copyCases } from './user-space/copies.js';
import { faultCases } from './user-space/faults.js';
import { mappingCases } from './user-space/mapping.js';
import { movingCases } from './user-space/moving.js';
import { sharingCases } from './user-space/sharing.js';
import { checkHistories } from './user-space-model.js';
import type { ManagerFactory } from './user-space-model.js';

export type { TestFramework } from './user-space/bench.js';

/** Registers the cases for the managers that `create` makes. */
export function userSpaceKit(framework: TestFramework, create: ManagerFactory): void {
  const bench: BenchFactory = (options, policy) => new Bench(create, options, policy);
  mappingCases(framework, bench);
  faultCases(framework, bench);
  sharingCases(framework, bench);
  changeCases(framework, bench);
  copyCases(framework, bench);
  movingCases(framework, create);
  framework.describe('user space: model', () => {
    framework.it('agrees with a naive model after every command of any history', () => {
      checkHistories(create, { numRuns: 150 });
    });
  });
}
