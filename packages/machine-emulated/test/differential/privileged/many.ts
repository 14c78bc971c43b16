/** As many privileged items as are wanted, against qemu-system-riscv64. */
import { compareItems } from './compare.js';
import { EXPLANATIONS } from './explained.js';
import { randomItems } from './generate.js';
import type { OurSystemSetting } from './run.js';
import { findPrivilegedOracle } from './run.js';

const PER_PROGRAM = 3000;
/** Translating each of them costs milliseconds. */
const PER_TRANSLATED = 100;

/** Prints progress; exits with 1 at the first difference that is not explained. */
export function comparePrivileged(wanted: { first: number; count: number } & OurSystemSetting): void {
  const oracle = findPrivilegedOracle();
  if (oracle === undefined)
    throw new Error('needs qemu-system-riscv64 10 or later: node tools/fetch-programs.mjs --dynamic');
  process.stdout.write(`against qemu-system-riscv64 ${oracle.version}\n`);
  const items = (wanted.rounds ?? 1) > 1 ? PER_TRANSLATED : PER_PROGRAM;
  const totals = new Map<string, number>();
  let done = 0;
  for (let seed = wanted.first; done < wanted.count; seed++) {
    const { instructions, report, explained } = compareItems(randomItems(seed, items), oracle, wanted);
    if (report !== '') {
      process.stdout.write(`seed ${seed}: ${report}\n`);
      process.exit(1);
    }
    for (const [id, count] of explained) totals.set(id, (totals.get(id) ?? 0) + count);
    done += instructions;
    process.stdout.write(`seed ${seed}: ${done} instructions agree\n`);
  }
  for (const { id, section, why } of EXPLANATIONS) {
    process.stdout.write(`${totals.get(id) ?? 0} items  ${id} (${section}): ${why}\n`);
  }
}
