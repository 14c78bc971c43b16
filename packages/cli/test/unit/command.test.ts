/** The `veridian` command as a user types it, on programs assembled here: a process of its own for each line. */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { exits } from '@veridian-os/veridian/testing';
import * as programs from '@veridian-os/veridian/testing';

const REPOSITORY = resolve(__dirname, '../../../..');
const START = join(REPOSITORY, 'tools/start.mjs');
const TIME_LIMIT_MS = 50_000;
const scratch = mkdtempSync(join(tmpdir(), 'veridian-cli-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
// The first call bundles the command.
beforeAll(() => void veridian(['--version']), TIME_LIMIT_MS);

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function veridian(args: readonly string[], input = '', env: NodeJS.ProcessEnv = {}): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [START, ...args], {
    input,
    encoding: 'utf8',
    cwd: scratch,
    env: { ...process.env, ...env },
    timeout: TIME_LIMIT_MS,
  });
  return { status, stdout, stderr };
}

/** The executable in a file of that name. */
function file(name: string, bytes: Uint8Array): string {
  const path = join(scratch, name);
  writeFileSync(path, bytes);
  chmodSync(path, 0o755);
  return path;
}

describe('veridian', () => {
  it('helps', () => {
    const all = veridian(['--help']);
    expect([all.status, all.stderr]).toEqual([0, '']);
    for (const word of ['start', 'run', 'machines', '--version']) expect(all.stdout).toContain(word);
    const run = veridian(['run', '--help']);
    expect(run.status).toBe(0);
    const { stdout } = run;
    const options = ['mount', 'env', 'memory', 'max-instructions', 'max-processes', 'max-output', 'max-descriptors'];
    for (const option of [...options, 'timeout', 'machine', 'cpus', 'cwd', 'seed', 'clock', 'time', 'trace', 'stats']) {
      expect(stdout).toContain(`--${option}`);
    }
    expect(stdout).toContain('Exit status');
  });

  it('says in one sentence why a machine does not work here', () => {
    const program = file('exits', exits(0));
    for (const args of [
      ['run', '--machine', 'qemu-riscv64', program],
      ['start', '--machine', 'qemu-riscv64'],
    ]) {
      const { status, stdout, stderr } = veridian(args, '', { PATH: '/nowhere' });
      expect([status, stdout]).toEqual([69, '']);
      expect(stderr).toMatch(/^veridian: machine qemu-riscv64: [^\n]+\n$/);
    }
  });

  it('knows its version', () => {
    const { version } = JSON.parse(readFileSync(join(REPOSITORY, 'packages/cli/package.json'), 'utf8')) as {
      version: string;
    };
    expect(veridian(['--version'])).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' });
  });

  it.each([
    ['an unknown command', ['./program'], "expected start, run, machine, machines or help, got './program'"],
    ['an unknown option', ['run', '--files', 'x'], "unknown option '--files'"],
    ['no file', ['run'], "missing required argument 'file'"],
    ['an argument too many', ['start', 'x'], 'too many arguments'],
    ['no size', ['run', '--memory', 'much', 'x'], "--memory: expected a size such as 256M or 1G, got 'much'"],
    ['too small a size', ['run', '--memory', '4k', 'zero'], 'limits.memory: expected at least 1 MiB'],
    ['no number', ['run', '--max-instructions', '1e', 'x'], "--max-instructions: expected a positive number, got '1e'"],
    ['nothing', ['run', '--timeout', '0', 'x'], "--timeout: expected a positive number, got '0'"],
    ['no end', ['run', '--timeout', 'Infinity', 'x'], "--timeout: expected a positive number, got 'Infinity'"],
    ['no machine', ['run', '--machine', 'vax', 'x'], '--machine: expected emulated or kvm or qemu-riscv64'],
    ['no CPU', ['run', '--cpus', '0', 'x'], "--cpus: expected a whole number from 1, got '0'"],
    ['half a process', ['run', '--max-processes', '0.5', 'x'], '--max-processes: expected a whole number from 1'],
    [
      'too few descriptors',
      ['run', '--max-descriptors', '2', 'x'],
      '--max-descriptors: expected a whole number from 3',
    ],
    ['a negative seed', ['run', '--seed=-1', 'x'], "--seed: expected a whole number from 0, got '-1'"],
    ['another time', ['run', '--time', 'real', 'x'], "--time: expected virtual or paced, got 'real'"],
    ['half a mount', ['run', '--mount', '/tmp', 'x'], "--mount: expected HOST:/GUEST or HOST:/GUEST:ro, got '/tmp'"],
    ['a missing folder', ['run', '--mount', '/none:/x', 'x'], '--mount: expected an existing folder of the host'],
    ['a mount of a file', ['run', '--mount', 'zero:/x', 'x'], '--mount: expected an existing folder of the host'],
    ['half a variable', ['run', '--env', 'A', 'x'], "--env: expected NAME=VALUE, got 'A'"],
    ['a relative directory', ['run', '--cwd', 'x', 'zero'], 'cwd: expected an absolute path'],
    ['a missing folder, in start', ['start', '--mount', '/none:/x'], '--mount: expected an existing folder'],
  ])('refuses %s with status 2 and one plain line', (_what, args, message) => {
    file('zero', exits(0));
    const { status, stdout, stderr } = veridian(args);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/ {4}at /);
  });
});

describe('veridian run', () => {
  it.each([0, 1, 42, 255])('passes exit status %i on', (status) => {
    expect(veridian(['run', file('exits', exits(status))])).toEqual({ status, stdout: '', stderr: '' });
  });

  it('connects standard streams', () => {
    const text = 'line\n'.repeat(5000);
    expect(veridian(['run', file('copies', programs.copies())], text)).toEqual({ status: 0, stdout: text, stderr: '' });
    const noise = veridian(['run', file('noise', programs.writes('to stderr\n', 2, 3))]);
    expect(noise).toEqual({ status: 3, stdout: '', stderr: 'to stderr\n' });
  });

  it('says why it cannot run a file: 127 for a missing one, 126 for what is none', () => {
    expect(veridian(['run', './none'])).toEqual({
      status: 127,
      stdout: '',
      stderr: 'veridian: ./none: no such file\n',
    });
    expect(veridian(['run', '.'])).toMatchObject({ status: 126, stderr: 'veridian: .: is a directory\n' });
    const text = veridian(['run', file('text', new TextEncoder().encode('#include <stdio.h>\n'.repeat(9)))]);
    expect([text.status, text.stderr]).toEqual([126, expect.stringMatching(/^veridian: \/bin\/text: e_ident/)]);
    const foreign = exits(0);
    foreign[18] = 62;
    const other = veridian(['run', '--machine', 'emulated', file('foreign', foreign)]);
    expect([other.status, other.stderr]).toEqual([126, expect.stringMatching(/e_machine.*x86/)]);
  });

  it('reports a death with signal, pc and cause, and 128 + n', () => {
    const got = veridian(['run', file('null', programs.readsNull())]);
    expect(got.status).toBe(139);
    expect(got.stderr).toMatch(/^veridian: null\[\d+\]: SIGSEGV at pc 0x10000: invalid read of 0x0$/m);
    expect(got.stderr).toMatch(/killed by SIGSEGV$/m);
  });

  it('stops at its limits: 124 for time, 137 for the others, by name', () => {
    const stops = (limit: string, args: string[], bytes: Uint8Array): Outcome => {
      const got = veridian(['run', ...args, file('limited', bytes)]);
      expect(got.stderr).toContain(`stopped by its limit of ${limit}`);
      return got;
    };
    expect(stops('time', ['--timeout', '0.3'], programs.spins()).status).toBe(124);
    expect(stops('instructions', ['--max-instructions', '1e6'], programs.spins()).status).toBe(137);
    expect(stops('memory', ['--memory', '4M'], programs.eatsMemory()).status).toBe(137);
    expect(stops('output', ['--max-output', '12'], programs.writesForEver('0123456789')).stdout).toBe('012345678901');
    expect(stops('processes', ['--max-processes', '3'], programs.forks()).status).toBe(11);
    expect(stops('descriptors', ['--max-descriptors', '9'], programs.opens('/dev/null')).status).toBe(24);
  });

  it('does not wait for what cannot come', () => {
    const got = veridian(['run', file('pauses', programs.pauses())]);
    expect([got.status, got.stderr]).toEqual([137, expect.stringContaining('waits for what cannot come')]);
  });

  it('hands arguments and environment over as they are', () => {
    const shows = file('shows', programs.showsArguments());
    const got = veridian(['run', '--env', 'A=1', '--env', 'B=x=y', shows, '--trace', '-x', 'two words']);
    expect(got.stdout).toBe('shows\n--trace\n-x\ntwo words\n\nA=1\nB=x=y\n');
  });

  it('mounts folders, writable or not', () => {
    const folder = join(scratch, 'folder');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'in'), 'from the host\n');
    const shows = file('shows-file', programs.shows('/mnt/in'));
    const stores = file('stores', programs.stores('/mnt/out', 'from the guest\n'));
    expect(veridian(['run', '--mount', `${folder}:/mnt:ro`, shows]).stdout).toBe('from the host\n');
    expect(veridian(['run', '--mount', `${folder}:/mnt:ro`, stores]).status).toBe(30);
    expect(veridian(['run', '--mount', 'folder:/mnt', stores]).status).toBe(0); // relative, and not read-only
    expect(readFileSync(join(folder, 'out'), 'utf8')).toBe('from the guest\n');
    expect(veridian(['run', shows]).status).toBe(2);
  });

  it('starts in the directory it was told, at the time it was told', () => {
    const where = veridian(['run', '--cwd', '/tmp', file('where', programs.showsDirectory())]);
    expect(where.stdout.replaceAll('\0', '')).toBe('/tmp');
    const clock = file('clock', programs.showsClock(0));
    const seconds = (args: string[]): number => Buffer.from(veridian(['run', ...args, clock]).stdout).readUInt8(3);
    expect([seconds([]), seconds(['--clock']) > 0]).toEqual([0, true]);
  });

  it('traces as strace does, and counts', () => {
    const got = veridian(['run', '--trace', '--stats', file('hello', programs.writes('hello\n'))]);
    expect(got.stdout).toBe('hello\n');
    expect(got.stderr).toMatch(/^\[pid +\d+\] write\(1, "hello\\n", 6\) += 6$/m);
    expect(got.stderr).toMatch(/^\[pid +\d+\] \+\+\+ exited with 0 \+\+\+$/m);
    for (const row of ['instructions', 'system calls', 'page faults', 'traps', 'context switches', 'IPC messages']) {
      expect(got.stderr).toMatch(new RegExp(`^${row} +[\\d,]+$`, 'm'));
    }
    expect(got.stderr).toMatch(/^frames used +\d+ of [\d,]+$/m);
    expect(got.stderr).toMatch(/^virtual time +[\d.]+ ms$/m);
    expect(got.stderr).toMatch(/^host time +[\d.]+ ms \(\d+ MIPS\)$/m);
  });

  it('names a call that does not exist in its trace', () => {
    const { status, stderr } = veridian(['run', '--trace', file('nothing', programs.callsNothing())]);
    expect([status, stderr]).toEqual([38, expect.stringMatching(/600.*ENOSYS/)]);
  });

  it('ends when nobody reads its output any more', async () => {
    const path = file('endless', programs.writesForEver(`${'x'.repeat(99)}\n`));
    const child = spawn(process.execPath, [START, 'run', path], { stdio: ['ignore', 'pipe', 'pipe'] });
    const errors: Buffer[] = [];
    child.stderr.on('data', (bytes: Buffer) => errors.push(bytes));
    child.stdout.once('data', () => child.stdout.destroy());
    const status = await new Promise((done) => child.on('close', done));
    expect([status, Buffer.concat(errors).toString()]).toEqual([141, '']);
  });
});

describe('veridian start', () => {
  it('runs commands and ends with the shell’s status', () => {
    const got = veridian(['start', '--quiet', '-c', 'echo hello | wc -c; exit 5']);
    expect([got.status, got.stdout.trim(), got.stderr]).toEqual([5, '6', '']);
  });

  it('reads commands from standard input, and shows its six stages apart from their output', () => {
    const got = veridian([], 'echo one\nls / | wc -l\n');
    expect([got.status, got.stdout.trim().split('\n').length]).toEqual([0, 2]);
    expect(got.stderr.match(/^\[\d\/6\] .*\d ms/gm)).toHaveLength(6);
    expect(got.stderr).toMatch(/^first user instruction after \d+ ms$/m);
  });

  it('starts machine code from a mounted folder', () => {
    const folder = join(scratch, 'programs');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'hello'), programs.writes('machine code\n', 1, 4));
    chmodSync(join(folder, 'hello'), 0o755);
    const got = veridian(['start', '-q', '--mount', `${folder}:/programs:ro`, '-c', '/programs/hello; echo $?']);
    expect([got.status, got.stdout, got.stderr]).toEqual([0, 'machine code\n4\n', '']);
  });
});
