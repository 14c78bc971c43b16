/** Every way a run can end, by name. */
import { describe, expect, it } from '@jest/globals';
import { run, type RunLimits, type RunResult } from '../../src/index.js';
import * as programs from '../../src/testing.js';

const { A0, A1, exits, Program, SYS } = programs;

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const MEMORY = 16 << 20;
/** Linux's numbers, as a guest exits with them. */
const EAGAIN = 11;
const EMFILE = 24;
const start = (program: Uint8Array, limits: RunLimits = {}): Promise<RunResult> =>
  run(program, { limits: { memory: MEMORY, ...limits } });

/** kind, status and what goes with the kind. */
function outcome(result: RunResult): readonly (string | number)[] {
  switch (result.kind) {
    case 'signal':
      return [result.kind, result.status, result.signalName, result.signal];
    case 'limit':
      return [result.kind, result.status, result.limit];
    case 'refused':
      return [result.kind, result.status, result.reason];
    default:
      return [result.kind, result.status];
  }
}

describe('a program that ends by itself', () => {
  it.each([0, 1, 42, 255])('exits with %i', async (status) => {
    expect(outcome(await start(exits(status)))).toEqual(['exit', status]);
  });

  it('keeps what it wrote, apart by stream', async () => {
    const [out, err] = [await start(programs.writes('out\n', 1)), await start(programs.writes('err\n', 2, 3))];
    expect([text(out.stdout), text(out.stderr), out.status]).toEqual(['out\n', '', 0]);
    expect([text(err.stdout), text(err.stderr), err.status]).toEqual(['', 'err\n', 3]);
  });

  it('is told that a call does not exist', async () => {
    expect(outcome(await start(programs.callsNothing()))).toEqual(['exit', 38]);
  });

  it('is counted', async () => {
    const { statistics } = await start(programs.writes('x'));
    const { instructions, systemCalls, faults, messages, usedFrames, totalFrames } = statistics;
    expect(instructions).toBeGreaterThan(8);
    expect(instructions).toBeLessThan(30);
    expect(systemCalls).toBe(2);
    expect(faults).toBeGreaterThan(0);
    expect(messages).toBeGreaterThan(0); // open of the program by way of the file server
    expect(usedFrames).toBeGreaterThan(0);
    expect(totalFrames).toBeLessThanOrEqual(MEMORY / 4096);
  });
});

describe('a program that dies', () => {
  it.each([
    ['reads null', programs.readsNull(), 139, 'SIGSEGV', 11, /SIGSEGV at pc 0x10000: invalid read of 0x0$/],
    ['has no instruction', programs.illegal(), 132, 'SIGILL', 4, /SIGILL at pc 0x10000: illegal instruction/],
    ['jumps away', programs.jumpsAway(), 139, 'SIGSEGV', 11, /SIGSEGV at pc 0x50000000: invalid jump to 0x50000000$/],
    ['outgrows its stack', programs.overflows(), 139, 'SIGSEGV', 11, /SIGSEGV at pc 0x10004: invalid write to 0x3f/],
  ])('because it %s', async (_what, program, status, name, signal, report) => {
    const result = await start(program);
    expect(outcome(result)).toEqual(['signal', status, name, signal]);
    expect(result.faults).toHaveLength(1);
    expect(result.faults[0]).toMatch(report);
  });

  it('is not reported as faulty when somebody killed it', async () => {
    const result = await start(programs.kills(0, 15));
    expect(outcome(result)).toEqual(['signal', 143, 'SIGTERM', 15]);
    expect(result.faults).toEqual([]);
  });
});

describe('a limit', () => {
  it('of instructions stops exactly there', async () => {
    const result = await start(programs.spins(), { instructions: 123_456 });
    expect(outcome(result)).toEqual(['limit', 137, 'instructions']);
    expect(result.statistics.instructions).toBe(123_456);
  });

  it('of instructions counts all processes', async () => {
    const result = await start(programs.forks(), { instructions: 5_000, processes: 1000 });
    expect(outcome(result)).toEqual(['limit', 137, 'instructions']);
    expect(result.statistics.instructions).toBe(5_000);
  });

  it('of memory ends the program that asks for more', async () => {
    const result = await start(programs.eatsMemory());
    expect(outcome(result)).toEqual(['limit', 137, 'memory']);
    expect(result.faults[0]).toMatch(/out of memory/);
  });

  it('of time stops a loop', async () => {
    expect(outcome(await start(programs.spins(), { timeMs: 30 }))).toEqual(['limit', 124, 'time']);
  });

  it('of time stops a program that waits', async () => {
    const never: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }),
    };
    const result = await run(programs.waitsForInput(), { stdin: never, limits: { memory: MEMORY, timeMs: 30 } });
    expect(outcome(result)).toEqual(['limit', 124, 'time']);
  });

  it('of output cuts at exactly so many bytes', async () => {
    const result = await start(programs.writesForEver('0123456789'), { outputBytes: 1234 });
    expect(outcome(result)).toEqual(['limit', 137, 'output']);
    expect(text(result.stdout)).toBe('0123456789'.repeat(124).slice(0, 1234));
  });

  it('of output that is just enough is no limit', async () => {
    expect(outcome(await start(programs.writes('12345'), { outputBytes: 5 }))).toEqual(['exit', 0]);
    expect(outcome(await start(programs.writes('12345'), { outputBytes: 4 }))).toEqual(['limit', 137, 'output']);
  });

  it('of processes lets fork fail', async () => {
    const result = await start(programs.forks(), { processes: 5 });
    expect(outcome(result)).toEqual(['limit', EAGAIN, 'processes']);
  });

  it('of one process lets the program run alone', async () => {
    expect(outcome(await start(exits(0), { processes: 1 }))).toEqual(['exit', 0]);
    expect(outcome(await start(programs.forks(), { processes: 1 }))).toEqual(['limit', EAGAIN, 'processes']);
  });

  it('of descriptors lets open fail', async () => {
    const result = await start(programs.opens('/dev/null'), { descriptors: 10 });
    expect(outcome(result)).toEqual(['limit', EMFILE, 'descriptors']);
  });
});

describe('a limit that a program met and mastered', () => {
  it('is not how it ended', async () => {
    const program = new Program()
      .label('again')
      .li(A0, -100)
      .la(A1, 'path')
      .li(12, 0)
      .call(SYS.openat)
      .bltz(A0, 'enough')
      .jump('again')
      .label('enough')
      .li(A0, 0)
      .call(SYS.exitGroup)
      .bytes('path', '/dev/null\0');
    expect(outcome(await start(program.elf(), { descriptors: 10 }))).toEqual(['exit', 0]);
  });
});

describe('a run that nothing can wake', () => {
  it('ends as a deadlock', async () => {
    expect(outcome(await start(programs.pauses()))).toEqual(['deadlock', 137]);
    expect(outcome(await start(programs.pauses(), { timeMs: 60_000 }))).toEqual(['deadlock', 137]);
  });

  it('is not one while input may come', async () => {
    async function* late(): AsyncGenerator<Uint8Array> {
      await new Promise((resolve) => setTimeout(resolve, 20));
      yield Uint8Array.of(1);
    }
    const result = await run(programs.waitsForInput(), { stdin: late(), limits: { memory: MEMORY } });
    expect(outcome(result)).toEqual(['exit', 0]);
  });

  it('is not one while a timer is set: a week passes at once', async () => {
    const result = await start(programs.sleeps(7 * 86_400));
    expect(outcome(result)).toEqual(['exit', 0]);
    expect(result.statistics.virtualMs).toBeGreaterThanOrEqual(7 * 86_400_000);
  });
});

describe('an abort', () => {
  it('stops a loop', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 20);
    const result = await run(programs.spins(), { signal: controller.signal, limits: { memory: MEMORY } });
    expect(outcome(result)).toEqual(['aborted', 137]);
  });

  it('that came before starts nothing', async () => {
    const signal = AbortSignal.abort();
    const result = await run(programs.writes('x'), { signal, limits: { memory: MEMORY } });
    expect(outcome(result)).toEqual(['aborted', 137]);
    expect(result.stdout).toHaveLength(0);
    expect(result.statistics.instructions).toBe(0);
  });

  it('wakes a program that waits', async () => {
    const controller = new AbortController();
    const { stdin, cancelled } = openStream();
    setTimeout(() => controller.abort(), 20);
    const result = await run(programs.waitsForInput(), {
      stdin,
      signal: controller.signal,
      limits: { memory: MEMORY },
    });
    expect(outcome(result)).toEqual(['aborted', 137]);
    await cancelled;
  });
});

/** A stream without bytes, and what tells that it was cancelled. */
function openStream(): { stdin: ReadableStream<Uint8Array>; cancelled: Promise<void> } {
  let tell: () => void = () => undefined;
  const cancelled = new Promise<void>((resolve) => {
    tell = resolve;
  });
  return { stdin: new ReadableStream({ cancel: () => tell() }), cancelled };
}

describe('what cannot be executed', () => {
  const elf = exits(0);
  const patched = (at: number, ...bytes: number[]): Uint8Array => {
    const copy = elf.slice();
    copy.set(bytes, at);
    return copy;
  };
  it.each([
    ['text', new TextEncoder().encode('hello\n'.repeat(20)), /e_ident/],
    ['nothing', new Uint8Array(0), /file: expected at least 64 bytes, got 0/],
    ['half a header', elf.subarray(0, 40), /file: expected at least 64 bytes, got 40/],
    ['half a program', elf.subarray(0, 100), /e_phoff|program header|truncated/i],
    ['an ISA that no machine has', patched(18, 8), /e_machine/],
    ['another word size', patched(4, 1), /EI_CLASS/],
    ['another byte order', patched(5, 2), /EI_DATA/],
    ['an object file', patched(16, 1), /e_type/],
    ['headers far away', patched(32, 255, 255, 255, 255, 255, 255, 255, 127), /e_phoff/],
    ['no headers', patched(56, 0, 0), /e_phnum|PT_LOAD/],
    ['segments beyond the file', patched(64 + 32, 0, 0, 0, 0, 1), /p_filesz|p_offset/],
    ['segments in kernel memory', patched(64 + 16, 0, 0, 0, 0, 0, 0, 0, 255), /p_vaddr/],
    ['an entry outside', patched(24, 0, 0, 0, 0, 0, 0, 0, 255), /e_entry/],
  ])('is refused with 126 and its field: %s', async (_what, bytes, field) => {
    const result = await start(bytes);
    expect([result.kind, result.status]).toEqual(['refused', 126]);
    expect(result.kind === 'refused' && result.reason).toMatch(field);
  });

  it('is refused on a machine of another ISA that was asked for by name', async () => {
    const result = await run(patched(18, 62), { machine: 'emulated' });
    expect([result.kind, result.status]).toEqual(['refused', 126]);
    expect(result.kind === 'refused' && result.reason).toBe('/bin/program: e_machine: expected riscv64, got x86_64');
  });

  it('because of its working directory', async () => {
    const result = await run(elf, { cwd: '/missing', limits: { memory: MEMORY } });
    expect(outcome(result)).toEqual(['refused', 126, '/missing: cannot be the working directory']);
  });

  it('because of its interpreter', async () => {
    const script = new TextEncoder().encode('#!/bin/nothing\n');
    expect(outcome(await start(script))[0]).toBe('refused');
  });
});
