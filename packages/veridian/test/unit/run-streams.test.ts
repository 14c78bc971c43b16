/** What goes in and what comes out: every kind of source and sink, fast, slow, endless and broken. */
import { describe, expect, it } from '@jest/globals';
import { run, type ByteSource, type RunOptions } from '../../src/index.js';
import { copies, exits, spins, writes, writesForEver } from '../../src/testing.js';

const limits = { memory: 16 << 20 };
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const pause = (ms = 1): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function* pieces(texts: readonly string[], ms?: number): AsyncGenerator<Uint8Array> {
  for (const text of texts) {
    if (ms !== undefined) await pause(ms);
    yield encode(text);
  }
}

async function echo(stdin: ByteSource | undefined, options: RunOptions = {}): Promise<string> {
  const result = await run(copies(), { limits, ...options, ...(stdin === undefined ? {} : { stdin }) });
  expect([result.kind, result.status]).toEqual(['exit', 0]);
  return decode(result.stdout);
}

describe('standard input', () => {
  it('is empty by default', async () => {
    expect(await echo(undefined)).toBe('');
  });

  it.each<[string, () => ByteSource]>([
    ['text', () => 'one two three'],
    ['bytes', () => encode('one two three')],
    ['a view of more', () => encode('-one two three-').subarray(1, 14)],
    ['an async iterable', () => pieces(['one ', '', 'two ', 'three'])],
    ['a slow async iterable', () => pieces(['one ', 'two ', 'three'], 3)],
    ['a stream', () => ReadableStream.from(pieces(['one ', 'two ', 'three']))],
    ['a slow stream', () => ReadableStream.from(pieces(['one ', 'two ', 'three'], 3))],
  ])('comes from %s', async (_what, source) => {
    expect(await echo(source())).toBe('one two three');
  });

  it('may be larger than any buffer', async () => {
    const text = 'abcdefghijklmnopqrstuvwxyz'.repeat(20_000);
    expect(await echo(text)).toBe(text);
    expect(await echo(pieces(text.match(/.{1,10000}/g) ?? []))).toBe(text);
  });

  it('ends where its source fails', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield encode('before');
      await pause();
      throw new Error('the source is gone');
    }
    expect(await echo(broken())).toBe('before');
  });

  it('is the caller’s to change once the run has started', async () => {
    const bytes = encode('unchanged');
    const running = echo(bytes);
    bytes.fill(0);
    expect(await running).toBe('unchanged');
  });

  it('of an endless source is read only as fast as the program takes it', async () => {
    let given = 0;
    let returned = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        // An end after all, so that a pump that never waits fails instead of starving the event loop.
        while (given < 20e6) {
          given += 1000;
          yield new Uint8Array(1000);
        }
      } finally {
        returned = true;
      }
    }
    const result = await run(spins(), { limits: { ...limits, instructions: 5e6 }, stdin: endless() });
    expect(result.kind).toBe('limit');
    await pause();
    expect(returned).toBe(true);
    expect(given).toBeLessThan(200_000);
  });

  it('lets go of a stream that has not ended', async () => {
    let cancelled = false;
    const stdin = new ReadableStream<Uint8Array>({
      cancel: () => {
        cancelled = true;
      },
    });
    expect((await run(exits(0), { limits, stdin })).kind).toBe('exit');
    await pause();
    expect(cancelled).toBe(true);
    expect(stdin.locked).toBe(false);
  });
});

describe('standard output', () => {
  it('goes to a function, in order, and then not into the result', async () => {
    const chunks: Uint8Array[] = [];
    const { stdout } = await run(copies(), { limits, stdin: 'a'.repeat(2000), stdout: (bytes) => chunks.push(bytes) });
    expect(decode(Buffer.concat(chunks))).toBe('a'.repeat(2000));
    expect(chunks.length).toBeGreaterThan(1);
    expect(stdout).toHaveLength(0);
  });

  it('hands over arrays that nobody changes later', async () => {
    const chunks: Uint8Array[] = [];
    await run(copies(), {
      limits,
      stdin: `${'a'.repeat(512)}${'b'.repeat(512)}`,
      stdout: (bytes) => chunks.push(bytes),
    });
    expect(decode(chunks[0])).toBe('a'.repeat(512));
  });

  it('goes to a stream, which stays open', async () => {
    const chunks: Uint8Array[] = [];
    const stdout = new WritableStream<Uint8Array>({ write: (bytes) => void chunks.push(bytes) });
    for (const text of ['first ', 'second']) {
      expect((await run(writes(text), { limits, stdout })).kind).toBe('exit');
    }
    expect(decode(Buffer.concat(chunks))).toBe('first second');
    expect(stdout.locked).toBe(false);
  });

  it('waits for a slow stream and keeps everything', async () => {
    const chunks: Uint8Array[] = [];
    const stdout = new WritableStream<Uint8Array>({
      async write(bytes) {
        await pause();
        chunks.push(bytes);
      },
    });
    const text = 'abcdefghij'.repeat(2000);
    expect((await run(copies(), { limits, stdin: text, stdout })).kind).toBe('exit');
    expect(decode(Buffer.concat(chunks))).toBe(text);
  });

  it('of a program that never stops is held back by a stream that takes nothing', async () => {
    let offered = 0;
    const controller = new AbortController();
    const stdout = new WritableStream<Uint8Array>(
      {
        write(bytes) {
          offered += bytes.length;
          return new Promise(() => undefined);
        },
      },
      { highWaterMark: Infinity },
    );
    setTimeout(() => controller.abort(), 100);
    const result = await run(writesForEver(), { limits, stdout, signal: controller.signal });
    expect(result.kind).toBe('aborted');
    expect(offered).toBe(100); // the stream asks for one chunk at a time
    expect(result.statistics.systemCalls).toBeLessThan(700); // 64 KiB in writes of 100 bytes
  });

  it('counts both streams against one limit', async () => {
    const chunks: Uint8Array[] = [];
    const result = await run(copies(), {
      limits: { ...limits, outputBytes: 10 },
      stdin: '0123456789abc',
      stdout: (bytes) => chunks.push(bytes),
    });
    expect(result).toMatchObject({ kind: 'limit', limit: 'output' });
    expect(decode(Buffer.concat(chunks))).toBe('0123456789');
  });

  it('that a function refuses ends the run with its error', async () => {
    const stdout = (): never => {
      throw new Error('the disk is full');
    };
    await expect(run(writesForEver(), { limits, stdout })).rejects.toThrow('the disk is full');
  });

  it('that a stream refuses ends the run with its error', async () => {
    const stdout = new WritableStream<Uint8Array>({
      write() {
        throw new Error('the disk is full');
      },
    });
    await expect(run(writesForEver(), { limits, stdout })).rejects.toThrow('the disk is full');
    await expect(run(writes('last words'), { limits, stdout: brokenAtOnce() })).rejects.toThrow('broken');
  });
});

function brokenAtOnce(): WritableStream<Uint8Array> {
  return new WritableStream({ start: (controller) => controller.error(new Error('broken')) });
}

describe('a terminal', () => {
  it('shows what the program wrote, to its last byte, and hands over what is typed', async () => {
    const screen: Uint8Array[] = [];
    let disconnected = false;
    const result = await run(copies(), {
      limits,
      terminal: {
        output: (bytes) => void screen.push(bytes),
        connect(receive, resize) {
          resize(50, 100);
          receive(encode('typed\r'));
          setTimeout(() => receive(encode('\u0004')), 5); // end of file
          return () => {
            disconnected = true;
          };
        },
      },
    });
    expect(result.kind).toBe('exit');
    expect(decode(Buffer.concat(screen))).toBe('typed\r\ntyped\r\n');
    expect(disconnected).toBe(true);
    const last: Uint8Array[] = [];
    const terminal = { output: (bytes: Uint8Array) => void last.push(bytes), connect: () => () => undefined };
    await run(writes('last words'), { limits, terminal });
    expect(decode(Buffer.concat(last))).toBe('last words');
  });

  it('shows no more than the limit of output', async () => {
    const screen: Uint8Array[] = [];
    const terminal = { output: (bytes: Uint8Array) => void screen.push(bytes), connect: () => () => undefined };
    const result = await run(writesForEver('0123456789'), { limits: { ...limits, outputBytes: 25 }, terminal });
    expect(result).toMatchObject({ kind: 'limit', limit: 'output' });
    expect(decode(Buffer.concat(screen))).toBe('0123456789012345678901234');
  });

  it('interrupts the program', async () => {
    const result = await run(copies(), {
      limits,
      terminal: {
        output: () => undefined,
        connect(receive) {
          setTimeout(() => receive(Uint8Array.of(3)), 5);
          return () => undefined;
        },
      },
    });
    expect(result).toMatchObject({ kind: 'signal', signalName: 'SIGINT', status: 130 });
  });
});
