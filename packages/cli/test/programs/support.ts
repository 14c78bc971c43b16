/**
 * What the tests of programs share: where programs, guests and their recorded expectations are.
 *
 * The cases, the guests and their expectations are data under programs/; see programs/README.md.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Isa } from '@veridian-os/hal';
import type { RunResult } from '@veridian-os/veridian';
import { needsFile } from '../../../../tools/require-tool.js';

export const REPOSITORY = resolve(__dirname, '../../../..');
const PROGRAMS = join(REPOSITORY, 'programs');
const PROGRAMS_CACHE = resolve(process.env.VERIDIAN_PROGRAMS ?? join(REPOSITORY, '.cache/programs'));
const GUESTS_CACHE = resolve(process.env.VERIDIAN_GUESTS ?? join(REPOSITORY, '.cache/guests'));

export const FIXTURES = join(PROGRAMS, 'fixtures');

/** What a program must give: `exit N` or `signal NAME`, and standard output as Latin-1. */
export interface Expectation {
  readonly outcome: string;
  readonly stdout: string;
}

/** One run of a guest; programs/guests/guests.json. */
export interface GuestRun {
  readonly name: string;
  readonly guest: string;
  readonly args: readonly string[];
  /** What Veridian has not got yet: the run must fail until it has. */
  readonly missing: string | undefined;
  /** Machines that cannot do it, and why. */
  readonly except?: Readonly<Record<string, string>>;
}

/** One thing a fetched program is asked to do; programs/cases.json. */
export interface ProgramCase {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly fixture?: string;
  readonly prepare?: string;
  readonly stdin?: string;
  readonly sameAs?: string;
  readonly dynamic?: boolean;
  /** Further programs in PATH. */
  readonly tools?: readonly string[];
}

/** A fetched program; `sysroot` holds the libraries of a dynamic one. */
export interface FetchedProgram {
  readonly path: string;
  readonly sysroot?: string;
  readonly version: string;
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

function readExpectation(file: string): Expectation {
  const text = readFileSync(file, 'latin1');
  const end = text.indexOf('\n');
  return { outcome: text.slice(0, end), stdout: text.slice(end + 1) };
}

export const guestExpectation = (name: string): Expectation =>
  readExpectation(join(PROGRAMS, 'guests/expected', `${name}.txt`));
export const caseExpectation = (name: string): Expectation =>
  readExpectation(join(PROGRAMS, 'expected', `${name}.txt`));

/** A result the way expectations are written, so that one comparison shows everything that differs. */
export function observed(result: RunResult): Expectation & { readonly notes: string } {
  const how = { exit: '', signal: '', limit: '', refused: '', aborted: '', deadlock: '' };
  if (result.kind === 'signal') how.signal = result.signalName;
  if (result.kind === 'limit') how.limit = result.limit;
  if (result.kind === 'refused') how.refused = result.reason;
  const outcome = result.kind === 'exit' ? `exit ${result.status}` : `${result.kind} ${how[result.kind]}`;
  const notes = [...result.faults, latin1(result.stderr)].join('\n').trim();
  return { outcome, stdout: latin1(result.stdout), notes };
}

/** @returns every run of every guest that is there for an ISA */
export function guestRuns(isa: Isa = 'riscv64'): GuestRun[] {
  const text = readFileSync(join(PROGRAMS, 'guests/guests.json'), 'utf8');
  const guests = JSON.parse(text) as (Pick<GuestRun, 'missing' | 'except'> & {
    name: string;
    runs?: string[][];
    isas?: Isa[];
  })[];
  const suitable = guests.filter(({ isas }) => isas?.includes(isa) ?? true);
  return suitable.flatMap(({ name, runs = [[]], missing, except = {} }) =>
    runs.map((args) => ({ name: [name, ...args.slice(0, 1)].join('-'), guest: name, args, missing, except })),
  );
}

export const programCases = (): ProgramCase[] =>
  JSON.parse(readFileSync(join(PROGRAMS, 'cases.json'), 'utf8')) as ProgramCase[];

/** Where an ISA's guests are: riscv64's in the root of them all. */
const guestsFolder = (isa: Isa): string => (isa === 'riscv64' ? GUESTS_CACHE : join(GUESTS_CACHE, isa));

/** @returns whether the guests are built; @throws Error in CI when they are not */
export const guestsBuilt = (isa: Isa = 'riscv64'): boolean =>
  needsFile(join(guestsFolder(isa), 'hello'), `node tools/build-guests.mjs --isa ${isa}`);

export const guestPath = (guest: string, isa: Isa = 'riscv64'): string => join(guestsFolder(isa), guest);
export const guestBytes = (guest: string, isa: Isa = 'riscv64'): Uint8Array => readFileSync(guestPath(guest, isa));

/** A program's name for an ISA: riscv64's have no suffix. */
export const programFor = (name: string, isa: Isa): string => (isa === 'riscv64' ? name : `${name}-${isa}`);

/**
 * @returns the fetched programs by name, or undefined when there are none
 * @throws Error in CI when there are none, and anywhere when they are not those of the manifest
 */
export function fetchedPrograms(): Readonly<Record<string, FetchedProgram>> | undefined {
  const remedy = 'node tools/fetch-programs.mjs --dynamic';
  const index = join(PROGRAMS_CACHE, 'index.json');
  if (!needsFile(index, remedy)) return undefined;
  const found = JSON.parse(readFileSync(index, 'utf8')) as {
    manifest: string;
    programs: Record<string, FetchedProgram>;
  };
  const manifest = createHash('sha256')
    .update(readFileSync(join(PROGRAMS, 'manifest.json')))
    .digest('hex');
  if (found.manifest !== manifest) throw new Error(`${index} is of another programs/manifest.json: run ${remedy}`);
  return Object.fromEntries(Object.entries(found.programs).filter(([, program]) => existsSync(program.path)));
}
