#!/usr/bin/env node
/**
 * Records what each case of cases.json gives under qemu-riscv64 in expected/NAME.txt: `exit N` or `signal NAME`, then
 * standard output. With --check compares instead. Needs fetched programs, and root for binfmt_misc.
 *
 *   node programs/record-cases.mjs [--check] [PREFIX...]
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { caseExpectations, readCases } from './locate.mjs';
import { outcomeOf, runCase, withBinfmt } from './oracle.mjs';

function recordAll(cases, check, scratch) {
  let different = 0;
  for (const entry of cases) {
    const result = runCase(entry, join(scratch, entry.name));
    if (result.error) throw result.error;
    const text = `${outcomeOf(result)}\n${result.stdout.toString('latin1')}`;
    const path = join(caseExpectations, `${entry.name}.txt`);
    if (!check) writeFileSync(path, text, 'latin1');
    else if (!existsSync(path) || readFileSync(path, 'latin1') !== text) {
      different++;
      console.error(`${entry.name}: differs from what is recorded; now:\n${text}`);
    }
  }
  console.log(`record-cases: ${cases.length} cases, ${check ? `${different} differences` : 'recorded'}`);
  return different;
}

const check = process.argv.includes('--check');
const prefixes = process.argv.slice(2).filter((arg) => arg !== '--check');
const cases = readCases().filter(
  ({ name }) => prefixes.length === 0 || prefixes.some((prefix) => name.startsWith(prefix)),
);
const scratch = mkdtempSync(join(tmpdir(), 'veridian-cases-'));
mkdirSync(caseExpectations, { recursive: true });
try {
  const different = await withBinfmt(() => recordAll(cases, check, scratch));
  if (different > 0) process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
