#!/usr/bin/env node
/**
 * Builds programs/guests/*.c for one or more ISAs into .cache/guests (and for the host, whose Linux must agree), and
 * programs/guests/go/*.go, which are for Linux on any ISA.
 *
 *   node tools/build-guests.mjs             builds what is older than its source, for riscv64
 *   node tools/build-guests.mjs --isa LIST  for these: riscv64, x86_64, aarch64, separated by commas, or `all`
 *   node tools/build-guests.mjs --expect    also records programs/guests/expected/*.txt
 *   node tools/build-guests.mjs --check     also runs all and compares with what is recorded
 *
 * Oracles are qemu-ISA and the host's own Linux. Every ISA must give what is recorded; what only one ISA has is recorded
 * from that one, the rest from riscv64. An expectation's first line is `exit N` or `signal NAME`; standard output follows.
 * A further argument is a name: only guests whose names start with it are taken.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as locate from '../programs/locate.mjs';
import { findQemu, outcomeOf, runOracle, withBinfmt } from '../programs/oracle.mjs';
import { compileGo } from './lib/go.mjs';

const { ISAS, expectedOutputs, guestSources, guestsRoot, hostIsa } = locate;
/** The compiler of an ISA, by Debian's names. */
const cross = (isa) => `${isa}-linux-gnu-gcc`;
const HOST = 'cc';
// -ffp-contract=off: the host must not differ by a fused multiply-add. -frounding-math: modes are set at run time.
const COMMON = ['-std=gnu17', '-O2', '-Wall', '-Wextra', '-ffp-contract=off', '-frounding-math', '-fno-math-errno'];

const HOST_OPTIONS = { input: '', timeout: 60_000, killSignal: 'SIGKILL', maxBuffer: 1 << 26 };

// Without a C library a loop must not become a call of strlen or memset.
const RAW = [
  '-nostdlib',
  '-nostartfiles',
  '-static',
  '-fno-stack-protector',
  '-fno-tree-loop-distribute-patterns',
  '-Wl,--build-id=none',
];

/** Link flags by name: what `flags` of a guest chooses. */
const FLAGS = {
  static: ['-static', '-pthread'],
  raw: RAW,
  'raw-pie': [...RAW, '-fPIE', '-fvisibility=hidden', '-Wl,-pie,--no-dynamic-linker,-z,text'],
};

const guests = locate.readGuests();

class BuildError extends Error {}

const modified = (path) => (existsSync(path) ? statSync(path).mtimeMs : -1);

/** Compiles one guest unless the output is newer than everything it is made of. @returns whether it compiled */
function compile(compiler, guest, flags, output) {
  const source = join(guestSources, `${guest.name}.c`);
  const headers = ['check.h', 'fp.h', 'raw.h', 'vdso.h'].map((header) => join(guestSources, header));
  const inputs = [source, ...headers];
  if (inputs.every((input) => modified(input) < modified(output))) return false;
  const args = [...COMMON, source, ...flags, '-o', output, '-lm'];
  report(`${compiler} ${args.join(' ')}`, spawnSync(compiler, args, { encoding: 'utf8' }));
  return true;
}

/** The same for a program in Go. */
function compileGoGuest(guest, isa, output) {
  const source = join(guestSources, 'go', `${guest.name}.go`);
  if (modified(source) < modified(output)) return false;
  report(`go build of ${source} for ${isa}`, compileGo(source, output, isa, join(guestsRoot(), 'go-cache')));
  return true;
}

function report(command, result) {
  if (result.error) throw new BuildError(`${command}: ${result.error.message}`);
  if (result.status !== 0) throw new BuildError(`${command}\n${result.stderr}`);
  if (result.stderr !== '') console.warn(result.stderr);
}

function build(isas, selected) {
  let compiled = 0;
  mkdirSync(join(guestsRoot(), 'host'), { recursive: true });
  for (const isa of isas) mkdirSync(locate.guestsFolder(isa), { recursive: true });
  for (const guest of selected) {
    for (const isa of isas.filter((one) => isFor(guest, one))) {
      const output = join(locate.guestsFolder(isa), guest.name);
      compiled +=
        guest.language === 'go'
          ? compileGoGuest(guest, isa, output)
          : compile(cross(isa), guest, FLAGS[guest.flags ?? 'static'], output);
    }
    if (guest.host !== false) compiled += compile(HOST, guest, FLAGS.static, join(guestsRoot(), 'host', guest.name));
  }
  console.log(`build-guests: ${selected.length} guests, ${compiled} compilations, in ${guestsRoot()}`);
}

const isFor = ({ isas = ISAS }, isa) => isas.includes(isa);

/** @returns an expectation's text: outcome line, then standard output */
function expectationOf(result) {
  if (result.error) throw new BuildError(`${result.error.message}\n${result.stdout}`);
  return `${outcomeOf(result)}\n${result.stdout.toString('latin1')}`;
}

/** Runs one guest in empty folders under its oracle and on the host; both must agree. @returns the expectation */
function observe(isa, { guest, args }, scratch) {
  const { host } = guests.find((entry) => entry.name === guest);
  const folder = () => mkdtempSync(join(scratch, `${guest}-`));
  const environment = (path) => ({ SELF: path, TZ: 'UTC', LC_ALL: 'C' });
  const guestPath = join(locate.guestsFolder(isa), guest);
  const hostPath = join(guestsRoot(), 'host', guest);
  const onGuest = () => runOracle(guestPath, { isa, args, cwd: folder(), env: environment(guestPath) });
  const onHost = () =>
    spawnSync(hostPath, args, { argv0: guest, cwd: folder(), env: environment(hostPath), ...HOST_OPTIONS });
  if (host === 'only' && isa !== hostIsa) return expectationOf(onHost());
  const text = expectationOf(onGuest());
  if (host === false || isa === hostIsa) return text;
  const expected = expectationOf(onHost());
  if (expected !== text) throw new BuildError(`the host and qemu-${isa} disagree\n${firstDifference(expected, text)}`);
  return text;
}

function firstDifference(expected, got) {
  const [left, right] = [expected.split('\n'), got.split('\n')];
  const at = left.findIndex((line, index) => line !== right[index]);
  return `  line ${at + 1}\n  expected  ${left[at]}\n  got       ${right[at]}`;
}

/** Runs one guest and records or compares. @returns a complaint, or `undefined` */
function expectOne(isa, run, scratch, record) {
  const path = join(expectedOutputs, `${run.name}.txt`);
  try {
    const text = observe(isa, run, scratch);
    if (record) writeFileSync(path, text, 'latin1');
    if (/^FAIL/m.test(text)) return `a check fails on Linux itself\n${text.match(/^FAIL.*$/gm).join('\n')}`;
    const recorded = existsSync(path) ? readFileSync(path, 'latin1') : '';
    return text === recorded ? undefined : `differs from what is recorded\n${firstDifference(recorded, text)}`;
  } catch (error) {
    if (!(error instanceof BuildError)) throw error;
    return error.message;
  }
}

/** Runs all of an ISA and records or compares. @returns the number of complaints, each printed */
function expectAll(isa, selected, record) {
  if (isa !== hostIsa && findQemu(isa) === undefined)
    throw new BuildError(`qemu-${isa} is not installed (Debian: qemu-user)`);
  const names = new Set(selected.map(({ name }) => name));
  const runs = locate.guestRuns(isa).filter(({ guest }) => names.has(guest));
  const scratch = mkdtempSync(join(tmpdir(), 'veridian-guests-'));
  let complaints = 0;
  try {
    for (const run of runs) {
      const complaint = expectOne(isa, run, scratch, record && recorderOf(run.guest) === isa);
      if (complaint === undefined) continue;
      complaints++;
      console.error(`${isa} ${run.name}: ${complaint}`);
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  console.log(`build-guests: ${runs.length} ${isa} runs ${record ? 'recorded' : 'compared'}, ${complaints} complaints`);
  return complaints;
}

/** @returns the ISA that a guest's expectation is recorded from */
const recorderOf = (guest) =>
  ISAS.find((isa) =>
    isFor(
      guests.find(({ name }) => name === guest),
      isa,
    ),
  );

/** @returns ISAs, options and name prefixes of a command line. @throws BuildError for what is unknown */
function parse(args) {
  const options = new Set();
  const prefixes = [];
  let isas = ['riscv64'];
  for (let at = 0; at < args.length; at++) {
    if (args[at] === '--isa') isas = args[++at] === 'all' ? ISAS : (args[at] ?? '').split(',');
    else if (args[at].startsWith('--')) options.add(args[at]);
    else prefixes.push(args[at]);
  }
  const unknown = [...options].find((option) => !['--expect', '--check'].includes(option));
  if (unknown !== undefined) throw new BuildError(`unknown option ${unknown}; known: --isa --expect --check`);
  const strange = isas.find((isa) => !ISAS.includes(isa));
  if (strange !== undefined) throw new BuildError(`unknown ISA '${strange}'; known: ${ISAS.join(' ')}`);
  return { isas, options, prefixes };
}

async function main(args) {
  const { isas, options, prefixes } = parse(args);
  const selected = guests.filter(
    (guest) =>
      isas.some((isa) => isFor(guest, isa)) &&
      (prefixes.length === 0 || prefixes.some((prefix) => guest.name.startsWith(prefix))),
  );
  build(isas, selected);
  if (options.size === 0) return;
  mkdirSync(expectedOutputs, { recursive: true });
  let complaints = 0;
  for (const isa of isas) complaints += await withBinfmt(() => expectAll(isa, selected, options.has('--expect')), isa);
  if (complaints > 0) process.exitCode = 1;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof BuildError)) throw error;
  console.error(`build-guests: ${error.message}`);
  process.exitCode = 1;
}
