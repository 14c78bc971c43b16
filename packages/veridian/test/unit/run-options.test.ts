/** What a program is given: arguments, environment, files, directory, clock, randomness; and options that make no sense. */
import { describe, expect, it } from '@jest/globals';
import { createTmpfs } from '@veridian-os/vfs';
import { EmulatedMachine, run, type RunMount, type RunOptions } from '../../src/index.js';
import { exits } from '../../src/testing.js';
import * as programs from '../../src/testing.js';

const limits = { memory: 16 << 20 };
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

async function output(program: Uint8Array, options: RunOptions = {}): Promise<Uint8Array> {
  const result = await run(program, { limits, ...options });
  expect([result.kind, result.status]).toEqual(['exit', 0]);
  return result.stdout;
}
const textOf = async (program: Uint8Array, options?: RunOptions): Promise<string> =>
  decode(await output(program, options));

describe('arguments and environment', () => {
  it('are the name alone and a small default', async () => {
    expect(await textOf(programs.showsArguments())).toBe('program\n\nPATH=/bin\nHOME=/\nLANG=C.UTF-8\n');
  });

  it('arrive as they are, in order', async () => {
    const args = ['', 'two words', 'ünï', '*', '-x=1'];
    const text = await textOf(programs.showsArguments(), { name: 'tool', args, env: { A: '1', B: '', C: 'x=y' } });
    expect(text).toBe('tool\n\ntwo words\nünï\n*\n-x=1\n\nA=1\nB=\nC=x=y\n');
  });
});

describe('files', () => {
  it('are there, with their directories, as text or bytes', async () => {
    const files = { '/data/deep/a': 'text\n', '/b': Uint8Array.of(66, 10) };
    expect(await textOf(programs.shows('/data/deep/a'), { files })).toBe('text\n');
    expect(await textOf(programs.shows('/b'), { files })).toBe('B\n');
  });

  it('are found from the working directory', async () => {
    const files = { '/data/deep/a': 'text\n' };
    expect(await textOf(programs.shows('deep/a'), { files, cwd: '/data' })).toBe('text\n');
    const shown = await textOf(programs.showsDirectory(), { files, cwd: '/data/deep' });
    expect(shown.replaceAll('\0', '')).toBe('/data/deep');
  });

  it('are all there is', async () => {
    const result = await run(programs.shows('/etc/passwd'), { limits });
    expect(result).toMatchObject({ kind: 'exit', status: 2 });
  });

  it('that a program writes stay in its own tree', async () => {
    const files = { '/a': 'before' };
    expect(await output(programs.stores('/a', 'after'), { files })).toHaveLength(0);
    expect(files['/a']).toBe('before');
    expect(await textOf(programs.shows('/a'), { files })).toBe('before');
  });

  it('may be mounted, writable or not', async () => {
    const fresh = (readOnly: boolean): RunMount => ({
      path: '/mnt/disk',
      readOnly,
      fs: (kernel) => createTmpfs({ wait: kernel.waits, now: () => kernel.fileTime() }),
    });
    const program = programs.stores('/mnt/disk/file', 'x');
    expect(await run(program, { limits, mounts: [fresh(false)] })).toMatchObject({ kind: 'exit', status: 0 });
    expect(await run(program, { limits, mounts: [fresh(true)] })).toMatchObject({ kind: 'exit', status: 30 });
  });
});

/** Seconds and nanoseconds of a struct timespec. */
function time(bytes: Uint8Array): [number, number] {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return [Number(view.getBigInt64(0, true)), Number(view.getBigInt64(8, true))];
}

describe('time', () => {
  it('starts in 1970 for a program that is not told', async () => {
    const [sec, nsec] = time(await output(programs.showsClock(0)));
    expect(sec).toBe(0);
    expect(nsec).toBeGreaterThan(0);
  });

  it('is what the caller says, plus what has passed', async () => {
    const [sec, nsec] = time(await output(programs.showsClock(0), { epochMs: 1_700_000_000_999.9 }));
    expect(sec).toBe(1_700_000_000);
    expect(nsec).toBeGreaterThanOrEqual(999_000_000);
    expect(nsec).toBeLessThan(1_000_000_000);
  });

  it('is not known from the monotonic clock', async () => {
    expect(time(await output(programs.showsClock(1), { epochMs: 1_700_000_000_000 }))[0]).toBe(0);
  });

  it('may follow the host', async () => {
    const { kind, statistics } = await run(programs.sleeps(1), { limits, time: 'paced' });
    expect(kind).toBe('exit');
    expect(statistics.virtualMs).toBeGreaterThanOrEqual(1000);
    expect(statistics.hostMs).toBeGreaterThanOrEqual(999); // a timer may be a little early
  });
});

describe('randomness', () => {
  it('is a function of the seed', async () => {
    const hex = async (options: RunOptions): Promise<string> =>
      Buffer.from(await output(programs.showsRandom(), options)).toString('hex');
    const one = await hex({ seed: 1 });
    expect(await hex({})).toBe(one);
    expect(await hex({ seed: 2 })).not.toBe(one);
    expect(await hex({ seed: 2 ** 40 })).not.toBe(await hex({ seed: 2 ** 41 }));
  });
});

describe('a trace', () => {
  it("is one line per call in strace's format", async () => {
    const lines: string[] = [];
    await output(programs.writes('hi\n'), { trace: (line) => void lines.push(line) });
    const bare = lines.map((line) => line.replace(/^\[pid +\d+\] /, '').replace(/ +=/, ' ='));
    expect(bare.slice(-3)).toEqual(['write(1, "hi\\n", 3) = 3', 'exit_group(0) = ?', '+++ exited with 0 +++']);
  });
});

describe('a machine', () => {
  it('may be the caller’s', async () => {
    const machine = EmulatedMachine.create({ memoryBytes: 8 << 20 });
    const result = await run(exits(3), { machine });
    expect(result).toMatchObject({ kind: 'exit', status: 3 });
    expect(result.statistics.totalFrames).toBeLessThanOrEqual(2048);
  });

  it('may be as small as one says', async () => {
    const result = await run(exits(0), { limits: { memory: 1 << 20 } });
    expect(result.kind).toBe('exit');
  });
});

describe('options that make no sense', () => {
  const elf = exits(0);
  const bad = (what: string, options: object, error: string, kind: typeof Error = RangeError): unknown[] => [
    what,
    options,
    error,
    kind,
  ];
  const locked = new WritableStream<Uint8Array>();
  locked.getWriter();
  it.each([
    bad('an unknown one', { timeout: 5 }, 'options: expected args, name,'),
    bad('an unknown limit', { limits: { time: 5 } }, 'limits: expected instructions,'),
    bad(
      'a limit of nothing',
      { limits: { instructions: 0 } },
      'limits.instructions: expected a positive number, got 0',
    ),
    bad('a limit that is none', { limits: { timeMs: NaN } }, 'limits.timeMs: expected a positive number, got NaN'),
    bad('no pages', { limits: { memory: 5000 } }, 'limits.memory: expected a multiple of 4096, got 5000'),
    bad('little memory', { limits: { memory: 4096 } }, 'limits.memory: expected at least 1 MiB, got 4096'),
    bad('too much memory', { limits: { memory: 2 ** 40 } }, 'memory'),
    bad('half a process', { limits: { processes: 1.5 } }, 'limits.processes: expected a whole number, got 1.5'),
    bad('too few descriptors', { limits: { descriptors: 2 } }, 'limits.descriptors: expected a whole number from 3'),
    bad('one argument', { args: 'x' }, 'args: expected an array of strings, got x', TypeError),
    bad('a number', { args: ['a', 1] }, 'args[1]: expected a string, got number', TypeError),
    bad('NUL', { args: ['a\0b'] }, 'args[0]: expected a string without NUL'),
    bad('no name', { name: '' }, 'name: expected a path whose parts are not empty'),
    bad('a name elsewhere', { name: '../x' }, 'name: expected a path whose parts'),
    bad('a variable with =', { env: { 'A=B': '1' } }, "env: expected names without '='"),
    bad('a variable that is a number', { env: { A: 1 } }, 'env.A: expected a string, got number', TypeError),
    bad('a relative file', { files: { a: '' } }, 'files: expected an absolute path, got "a"'),
    bad('a file outside', { files: { '/../a': '' } }, 'files: expected a path whose parts'),
    bad('the root as a file', { files: { '/': '' } }, 'files: expected a path whose parts'),
    bad('a file that is a directory', { files: { '/tmp': '' } }, 'EISDIR'),
    bad('a file below a file', { files: { '/a': '', '/a/b': '' } }, 'files["/a/b"]: expected a file that the tree'),
    bad('a file of nothing', { files: { '/a': null } }, 'files["/a"]: expected a Uint8Array or a string', TypeError),
    bad(
      'a file too large',
      { files: { '/a': new Uint8Array(20 << 20) } },
      'files["/a"]: expected a file that the tree',
    ),
    bad('a relative mount', { mounts: [{ path: 'x', fs: () => null }] }, 'mounts[0].path: expected an absolute path'),
    bad('a mount of nothing', { mounts: [{ path: '/x' }] }, 'mounts[0].fs: expected a function', TypeError),
    bad('a relative directory', { cwd: 'x' }, 'cwd: expected an absolute path, got "x"'),
    bad('a negative seed', { seed: -1 }, 'seed: expected a whole number'),
    bad('no time of day', { epochMs: NaN }, 'epochMs: expected milliseconds since 1970, got NaN'),
    bad('another time', { time: 'real' }, "time: expected 'virtual' or 'paced', got real"),
    bad('input of a kind', { stdin: 5 }, 'stdin: expected a Uint8Array, a string,', TypeError),
    bad('output of a kind', { stdout: 'file' }, 'stdout: expected a function or a WritableStream', TypeError),
    bad('a locked stream', { stderr: locked }, 'stderr: expected a stream that nobody writes to', TypeError),
    bad('a trace to nowhere', { trace: true }, 'trace: expected a function', TypeError),
    bad('no signal', { signal: {} }, 'signal: expected an AbortSignal', TypeError),
    bad(
      'a terminal and input',
      { terminal: { connect: () => null }, stdin: '' },
      'terminal: expected no stdin beside it',
    ),
  ])('are refused by name: %s', async (_what, options, message, kind) => {
    const refused = run(elf, { limits, ...(options as RunOptions) });
    await expect(refused).rejects.toThrow(kind);
    await expect(refused).rejects.toThrow(message);
  });

  it('include the program', async () => {
    await expect(run('/bin/true' as never)).rejects.toThrow(
      new TypeError('program: expected a Uint8Array, got /bin/true'),
    );
    await expect(run(new Uint16Array(4) as never)).rejects.toThrow(TypeError);
    await expect(run(new Uint8Array(20 << 20), { limits })).rejects.toThrow(/^program: expected a file that the tree/);
  });
});
