/** `veridian run` as a user types it: a process of its own, real streams, exit status, mounted folders. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FIXTURES, fetchedPrograms, guestBytes, guestPath, guestsBuilt, REPOSITORY } from './support.js';

const TIME_LIMIT_MS = 90_000;
let scratch: string;

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'veridian-command-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function veridianRun(args: readonly string[], input = ''): { status: number | null; stdout: string; stderr: string } {
  const command = [join(REPOSITORY, 'tools/start.mjs'), 'run', ...args];
  return spawnSync(process.execPath, command, { input, encoding: 'utf8', timeout: TIME_LIMIT_MS });
}

const programs = fetchedPrograms();
const describePrograms = programs === undefined ? describe.skip : describe;
const path = (name: string): string => programs?.[name]?.path ?? `${name} is not fetched`;

describePrograms('veridian run with fetched programs', () => {
  it('connects standard streams and returns the exit status', () => {
    const script = 'tr a-z A-Z; echo done >&2; exit 3';
    const got = veridianRun(['--env', 'LC_ALL=C', path('busybox'), 'sh', '-c', script], 'one\ntwo\n');
    expect(got).toMatchObject({ status: 3, stdout: 'ONE\nTWO\n', stderr: 'done\n' });
  });

  it('gives no file that was not mounted', () => {
    writeFileSync(join(scratch, 'secret'), 'secret\n');
    const got = veridianRun([path('busybox'), 'cat', join(scratch, 'secret')]);
    expect(got).toMatchObject({ status: 1, stdout: '' });
  });

  it('stops an endless loop after --timeout with 124', () => {
    const got = veridianRun(['--timeout', '1', path('busybox'), 'sh', '-c', 'echo started; while :; do :; done']);
    expect(got).toMatchObject({ status: 124, stdout: 'started\n' });
  });

  it('bundles from a read-only mount into another', () => {
    const [source, out, host] = ['source', 'out', 'host'].map((name) => join(scratch, name));
    cpSync(join(FIXTURES, 'project'), source, { recursive: true });
    mkdirSync(out);
    const bundle = ['--bundle', '--format=esm', '--minify', '--log-level=warning'];
    const got = veridianRun([
      ...['--mount', `${source}:/source:ro`, '--mount', `${out}:/out`, '--cwd', '/source'],
      ...[path('esbuild'), 'src/index.tsx', ...bundle, '--outfile=/out/bundle.js'],
    ]);
    expect(got).toMatchObject({ status: 0, stdout: '', stderr: '' });
    spawnSync(path('esbuild-host'), ['src/index.tsx', ...bundle, `--outfile=${host}/bundle.js`], { cwd: source });
    expect(readFileSync(join(out, 'bundle.js'), 'utf8')).toBe(readFileSync(join(host, 'bundle.js'), 'utf8'));
    const refused = veridianRun(['--mount', `${source}:/source:ro`, path('busybox'), 'touch', '/source/new']);
    expect(refused).toMatchObject({ status: 1 });
    expect(refused.stderr).toContain('Read-only file system');
  });
});

const describeGuests = guestsBuilt() ? describe : describe.skip;

describeGuests('veridian run with guests', () => {
  it('reports a death by signal with pc and cause, and 128 + n', () => {
    const got = veridianRun([guestPath('deaths'), 'null-write']);
    expect(got).toMatchObject({ status: 139, stdout: 'dying by null-write\n' });
    expect(got.stderr).toMatch(/SIGSEGV.*pc 0x[0-9a-f]+.*0x0/);
  });

  it('refuses what no machine runs with 126, naming the field, and an absent file with 127', () => {
    const file = join(scratch, 'file');
    const whole = guestBytes('hello');
    const foreign = Uint8Array.from(whole);
    foreign[18] = 8; // e_machine: MIPS
    for (const [bytes, field] of [
      [whole.subarray(0, 100), /e_phoff|truncated|header/i],
      [foreign, /e_machine/],
      [new TextEncoder().encode('plain text\n'), /e_ident|magic|ELF/],
    ] as const) {
      writeFileSync(file, bytes);
      const got = veridianRun([file]);
      expect(got).toMatchObject({ status: 126, stdout: '' });
      expect(got.stderr).toMatch(field);
    }
    expect(veridianRun([join(scratch, 'absent')])).toMatchObject({ status: 127 });
  });

  it('stops at a limit of instructions', () => {
    expect(veridianRun(['--max-instructions', '1e6', guestPath('sort')])).toMatchObject({ status: 137 });
  });

  it('traces system calls in the format of strace', () => {
    const { stderr } = veridianRun(['--trace', guestPath('bad-calls')]);
    expect(stderr).toMatch(/^.*write\(1, "600: -1 ENOSYS\\n", \d+\)\s+= \d+$/m);
    expect(stderr).toMatch(/600/);
  });
});
