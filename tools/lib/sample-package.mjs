/** Sources of a freshly generated package: a small real mechanism in the house's shape, meant to be replaced. */
import { SCOPE } from './package-template.mjs';

function readme(name, description) {
  return `# ${SCOPE}/${name}

${description}.

\`\`\`sh
npm install ${SCOPE}/${name}
\`\`\`

\`\`\`ts
import { Counter } from '${SCOPE}/${name}';

const counter = new Counter({ limit: 2 });
console.log(counter.next(), counter.next(), counter.next() < 0);
// prints: 0 1 true
\`\`\`

## Guarantees

- Pure: no clock, no randomness, no I/O; the same calls give the same results.
- An exhausted counter returns \`EAGAIN\` and changes nothing.

## Limits

- Values are int32.

How it fits into the house: [architecture](../../docs/architecture.md).
`;
}

const API = `/** What a counter is built from. */
export interface CounterConfig {
  /** Values 0 to limit - 1 are handed out; 1 to 2^31 - 1. */
  readonly limit: number;
}
`;

const COUNTER = `/**
 * Hands out the integers from 0 to limit - 1, once each.
 *
 * Invariant  0 <= given <= limit
 * Cost       next O(1), no allocation
 */
import { EAGAIN, type Errno } from '${SCOPE}/abi';
import type { CounterConfig } from './api.js';

export class Counter {
  readonly limit: number;
  private given = 0;

  /** @throws RangeError unless \`limit\` is an integer from 1 to 2^31 - 1 */
  constructor({ limit }: CounterConfig) {
    if ((limit | 0) !== limit || limit < 1) throw new RangeError(\`limit: expected 1 to 2^31 - 1, got \${limit}\`);
    this.limit = limit;
  }

  /** @returns the next value, or EAGAIN with state unchanged */
  next(): number | Errno {
    if (this.given === this.limit) return EAGAIN;
    return this.given++;
  }
}
`;

function index() {
  return `export type { CounterConfig } from './api.js';\nexport { Counter } from './counter.js';\n`;
}

function testing(name) {
  return `/** Conformance kit of counters: what every implementation must do, under any runner with describe and it. */
import * as fc from 'fast-check';
import type { CounterConfig } from './api.js';

/** The part of jest, vitest and node:test that the kit uses. */
export interface Runner {
  describe: (name: string, body: () => void) => unknown;
  it: (name: string, body: () => void) => unknown;
}

/** Limits small enough to exhaust. */
export const limits: fc.Arbitrary<number> = fc.integer({ min: 1, max: 64 });

/** @param make builds the counter under test */
export function counterKit({ describe, it }: Runner, make: (config: CounterConfig) => { next(): number }): void {
  describe('counter: ${name}', () => {
    it('hands out each value once, then an error', () => {
      fc.assert(
        fc.property(limits, (limit) => {
          const counter = make({ limit });
          for (let i = 0; i < limit; i++) if (counter.next() !== i) throw new Error(\`value \${i} of \${limit}\`);
          if (counter.next() >= 0 || counter.next() >= 0) throw new Error('exhausted counters must return an errno');
        }),
      );
    });
  });
}
`;
}

const UNIT_TEST = `import { describe, expect, it, test } from '@jest/globals';
import { Counter } from '../../src/counter.js';
import { counterKit } from '../../src/testing.js';

counterKit({ describe, it }, (config) => new Counter(config));

test.each([0, -1, 1.5, 2 ** 31, NaN])('a limit of %p is a RangeError', (limit) => {
  expect(() => new Counter({ limit })).toThrow(RangeError);
});
`;

function typeTest(name) {
  return `import { expectTypeOf } from 'expect-type';
import { Counter, type CounterConfig } from '${SCOPE}/${name}';

expectTypeOf(Counter).toBeConstructibleWith({ limit: 1 });
expectTypeOf<CounterConfig['limit']>().toEqualTypeOf<number>();

// @ts-expect-error a limit is required
new Counter({});
`;
}

function kit(name) {
  return `/** The package's kit on its built files: run under vitest and node:test by tools/test-kits.mjs. */
import { Counter } from '${SCOPE}/${name}';
import { counterKit } from '${SCOPE}/${name}/testing';

export default function run(runner) {
  counterKit(runner, (config) => new Counter(config));
}
`;
}

function bench(name) {
  return `import { Counter } from '${SCOPE}/${name}';
import { suite } from '../../../tools/bench.mjs';

const CALLS = 1000;

await suite(async ({ bench }) => {
  let counter = new Counter({ limit: 2 ** 31 - 1 });
  await bench({
    case: 'next',
    ours: () => {
      for (let i = 0; i < CALLS; i++) if (counter.next() < 0) counter = new Counter({ limit: 2 ** 31 - 1 });
    },
    opsPerCall: CALLS,
    noGc: true,
  });
});
`;
}

/** @returns the files of a sample package: path below the package to text */
export function sampleSources({ name, description }) {
  return {
    'README.md': readme(name, description),
    'src/index.ts': index(),
    'src/api.ts': API,
    'src/counter.ts': COUNTER,
    'src/testing.ts': testing(name),
    'test/unit/counter.test.ts': UNIT_TEST,
    'test/types/index.test-d.ts': typeTest(name),
    'test/kits/counter.kit.mjs': kit(name),
    'bench/counter.bench.mjs': bench(name),
  };
}
