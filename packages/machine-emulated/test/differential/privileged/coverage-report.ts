/** Runs what the table needs and writes docs/riscv-coverage.md. */
import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { INSTRUCTIONS } from '../../../src/testing.js';
import { compareItems } from './compare.js';
import type { Way } from './coverage.js';
import { Coverage } from './coverage.js';
import { directedItems } from './directed.js';
import { EXPLANATIONS } from './explained.js';
import { randomItems } from './generate.js';
import type { PrivilegedOracle } from './run.js';
import { findPrivilegedOracle } from './run.js';

/** Items whose instructions are traced one by one. */
const TRACED = 900;
const WAYS: readonly Way[] = ['U -> M', 'S -> M', 'M -> M', 'U -> S', 'S -> S'];

/** Names of causes. Source: privileged specification, section "mcause". */
export const CAUSES: Readonly<Record<string, string>> = {
  'exception 1': 'instruction access fault',
  'exception 2': 'illegal instruction',
  'exception 3': 'breakpoint',
  'exception 4': 'load address misaligned (LR)',
  'exception 5': 'load access fault',
  'exception 6': 'store/AMO address misaligned (AMO, SC)',
  'exception 7': 'store/AMO access fault',
  'exception 8': 'environment call from U',
  'exception 9': 'environment call from S',
  'exception 11': 'environment call from M',
  'exception 12': 'instruction page fault',
  'exception 13': 'load page fault',
  'exception 15': 'store/AMO page fault',
  'interrupt 1': 'supervisor software interrupt',
  'interrupt 3': 'machine software interrupt',
  'interrupt 5': 'supervisor timer interrupt',
  'interrupt 7': 'machine timer interrupt',
  'interrupt 9': 'supervisor external interrupt',
  'interrupt 11': 'machine external interrupt',
};

/** Traps that cannot be: an interrupt that is never delegated, calls from one mode alone, and so on. */
export function isPossible(cause: string, way: Way): boolean {
  const [from, to] = way.split(' -> ');
  const number = Number(cause.split(' ')[1]);
  if (cause.startsWith('interrupt')) {
    return to === 'M' || number % 4 === 1;
  }
  if (number === 8) return from === 'U';
  if (number === 9) return from === 'S';
  if (number === 11) return way === 'M -> M';
  // Instructions of machine mode are never translated.
  return !(from === 'M' && number === 12);
}

/** Runs and compares directed and random items. @throws Error when they differ */
export function collectCoverage(oracle: PrivilegedOracle, seeds: readonly number[]): Coverage {
  const coverage = new Coverage();
  const directed = directedItems();
  for (const items of [directed, ...seeds.map((seed) => randomItems(seed, TRACED))]) {
    const { report, image, ours } = compareItems(items, oracle);
    if (report !== '') throw new Error(report);
    coverage.addRecords(ours.records);
    coverage.trace(image);
  }
  return coverage;
}

/** @returns what is missing, as `instruction NAME` and `CAUSE, WAY` */
export function holes(coverage: Coverage): string[] {
  const missing: string[] = [];
  for (const [name, counts] of coverage.instructions)
    if (counts.every((n) => n === 0)) missing.push(`instruction ${name}`);
  for (const cause of Object.keys(CAUSES)) {
    for (const way of WAYS) {
      if (isPossible(cause, way) && !coverage.traps.get(cause)?.has(way)) missing.push(`${cause}, ${way}`);
    }
  }
  return missing;
}

const row = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;

function instructionTable(coverage: Coverage): string[] {
  const lines = [row(['instruction', 'extension', 'M', 'S', 'U']), row(['---', '---', '--:', '--:', '--:'])];
  for (const [name, [user, supervisor, , machine]] of coverage.instructions) {
    lines.push(row([`\`${name}\``, INSTRUCTIONS.get(name)!.extension, machine, supervisor, user]));
  }
  return lines;
}

function trapTable(coverage: Coverage): string[] {
  const lines = [row(['cause', '', ...WAYS]), row(['---', '---', ...WAYS.map(() => '--:')])];
  for (const [cause, name] of Object.entries(CAUSES)) {
    const cell = (way: Way): string | number =>
      isPossible(cause, way) ? (coverage.traps.get(cause)?.get(way) ?? 0) : '';
    lines.push(row([cause, name, ...WAYS.map(cell)]));
  }
  return lines;
}

function repository(folder = process.cwd()): string {
  return existsSync(join(folder, 'programs/manifest.json')) ? folder : repository(dirname(folder));
}

/** Writes the document. @throws Error without an oracle, or when something differs */
export function writeCoverage(): void {
  const oracle = findPrivilegedOracle();
  if (oracle === undefined) throw new Error('needs qemu-system-riscv64 10: node tools/fetch-programs.mjs --dynamic');
  const coverage = collectCoverage(oracle, [1, 2, 3]);
  const compressed = [...coverage.compressed].sort(([a], [b]) => a.localeCompare(b));
  const text = [
    '# What the differential test of the emulated hart covers',
    '',
    '`npm run difftest -w packages/machine-emulated -- --coverage` writes this file: instructions that retired in the',
    "items' own code, by privilege, and traps, by cause and by the privileges they came from and went to, of a run of the",
    `directed and ${3 * TRACED} random items that agreed with qemu-system-riscv64 ${oracle.version} in all registers, CSRs and`,
    'watched memory. Empty cells cannot be. `coverage.long.ts` fails when anything is zero that should not be.',
    '',
    '## Traps',
    '',
    ...trapTable(coverage),
    '',
    '## Instructions',
    '',
    ...instructionTable(coverage),
    '',
    '## Compressed instructions',
    '',
    row(['quadrant.funct3', ...compressed.map(([form]) => form)]),
    row(['---', ...compressed.map(() => '--:')]),
    row(['retired', ...compressed.map(([, n]) => n)]),
    '',
    '## Differences from QEMU that the specification explains',
    '',
    'Sections are of the RISC-V manuals of 2026-01-20, volume I (unprivileged) and II (privileged).',
    '',
    ...EXPLANATIONS.flatMap(({ id, section, why }) => [`- **${id}** (${section}): ${why}`]),
    '',
  ];
  const path = join(repository(), 'docs/riscv-coverage.md');
  writeFileSync(path, text.join('\n'));
  const missing = holes(coverage);
  process.stdout.write(`${path}: ${missing.length === 0 ? 'no holes' : missing.join('\n')}\n`);
}
