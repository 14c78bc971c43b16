/** `npm run difftest -w packages/machine-emulated -- --seed N --count N [--slice N]`: as many instructions as you like. */
import { parseArgs } from 'node:util';
import { compare } from './compare.js';
import { randomProgram } from './program.js';

const PER_PROGRAM = 50_000;

const { values } = parseArgs({
  options: { seed: { type: 'string' }, count: { type: 'string' }, slice: { type: 'string' } },
});
const first = Number(values.seed ?? Date.now() & 0x7fffffff);
const count = Number(values.count ?? 1_000_000);
const slice = values.slice === undefined ? undefined : Number(values.slice);

let done = 0;
for (let seed = first; done < count; seed++) {
  const { instructions, report } = compare(randomProgram(seed, Math.min(PER_PROGRAM, count - done)), slice);
  if (report !== '') {
    process.stdout.write(`seed ${seed} count ${Math.min(PER_PROGRAM, count - done)}: ${report}\n`);
    process.exit(1);
  }
  done += instructions;
  process.stdout.write(`seed ${seed}: ${done} instructions agree\n`);
}
