/**
 * Real, unmodified programs through `run()` (programs/cases.json): exit status and standard output must be what
 * qemu-riscv64 gives, and what esbuild writes into a mounted folder of the host, what the host's own esbuild writes.
 */
import { describe, it } from '@jest/globals';
import { CASE_LIMIT_MS, checkFolderCase, checkTreeCase } from './run-cases.js';
import { fetchedPrograms, programCases } from './support.js';

const programs = fetchedPrograms();
const describePrograms = programs === undefined ? describe.skip : describe;
const cases = programCases();
const LIMIT_MS = CASE_LIMIT_MS + 10_000;

describePrograms('programs in a tree in memory', () => {
  const inTree = cases.filter(({ sameAs }) => sameAs === undefined);
  it.each(inTree)('$name', (entry) => checkTreeCase(programs ?? {}, entry), LIMIT_MS);
});

describePrograms('programs on a mounted folder of the host, as the host runs them', () => {
  const onFolder = cases.filter(({ sameAs }) => sameAs !== undefined);
  it.each(onFolder)('$name', (entry) => checkFolderCase(programs ?? {}, entry), LIMIT_MS);
});
