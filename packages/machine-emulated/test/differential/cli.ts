/**
 * `npm run difftest -w packages/machine-emulated -- --seed N --count N`: as many instructions as you like, against
 * qemu-riscv64, with --privileged against qemu-system-riscv64; with --translated, all code is translated at once. With
 * --coverage for docs/riscv-coverage.md.
 */
import { parseArgs } from 'node:util';
import { compare } from './compare.js';
import { writeCoverage } from './privileged/coverage-report.js';
import { comparePrivileged } from './privileged/many.js';
import { randomProgram } from './program.js';
import { findOracle } from './run-qemu.js';

const PER_PROGRAM = 50_000;
/** Code is translated as soon as it has run. */
const AT_ONCE = { threshold: 0, interval: 1 };

const { values } = parseArgs({
  options: {
    ...{ seed: { type: 'string' }, count: { type: 'string' }, slice: { type: 'string' } },
    ...{ privileged: { type: 'boolean' }, coverage: { type: 'boolean' }, translated: { type: 'boolean' } },
  },
});
const first = Number(values.seed ?? Date.now() & 0x7fffffff);
const count = Number(values.count ?? 1_000_000);
const slice = values.slice === undefined ? undefined : Number(values.slice);
const translated = values.translated === true ? { translation: AT_ONCE, rounds: 3 } : {};

function compareUser(): void {
  const oracle = findOracle();
  const without = oracle.lacks.size === 0 ? '' : `, which lacks ${[...oracle.lacks].join(', ')}`;
  process.stdout.write(`against ${oracle.path} ${oracle.cpu}${without}\n`);
  let done = 0;
  for (let seed = first; done < count; seed++) {
    const program = randomProgram(seed, Math.min(PER_PROGRAM, count - done), oracle.lacks);
    const { instructions, report } = compare(program, { oracle, slice, ...translated });
    if (report !== '') {
      process.stdout.write(`seed ${seed} count ${Math.min(PER_PROGRAM, count - done)}: ${report}\n`);
      process.exit(1);
    }
    done += instructions;
    process.stdout.write(`seed ${seed}: ${done} instructions agree\n`);
  }
}

if (values.coverage === true) writeCoverage();
else if (values.privileged === true) comparePrivileged({ first, count, slice, ...translated });
else compareUser();
