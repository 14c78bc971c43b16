/** Programs and the pages of the vDSO, on a machine with a counter; that its code runs is the guests' affair. */
import { describe, expect, it } from '@jest/globals';
import { EACCES, EFAULT } from '@veridian-os/abi';
import type { ClockLine, Counter, Machine } from '@veridian-os/hal';
import { DATA, runScript, TinyMachine, type Guest } from '../../src/testing.js';
import { LINUX_ISAS } from '../../src/isa/isas.js';
import { DATA as PAGE } from '../../src/vdso/data-page.js';

const PAGE_SIZE = 4096;
/** Of the scripts' kernels: 1,700,000,000 s and 123 ms. */
const EPOCH = [1_700_000_000, 123_000_000] as const;

/** A counter whose line a test bends. */
class HandCounter implements Counter {
  readonly originLo = 0xffffff00;
  readonly originHi = 7;
  readonly hertz = 1e9;
  line: ClockLine = { ticks: 1000, ns: 12_345_678_901, multiplier: 2 ** 20, shift: 20 };
  isBent = false;

  read(): number {
    return 2000;
  }

  steer(): boolean {
    const bent = this.isBent;
    this.isBent = false;
    return bent;
  }
}

const machines = (['x86_64', 'aarch64'] as const).map((isa) => ({ isa }));

function createMachine(isa: 'x86_64' | 'aarch64'): { machine: Machine; counter: HandCounter } {
  const counter = new HandCounter();
  return { machine: Object.assign(new TinyMachine(isa, 16 << 20), { counter }), counter };
}

/** A value of the auxiliary vector. */
function auxiliary(guest: Guest, type: number): number | undefined {
  const { spWord } = LINUX_ISAS.find(({ isa }) => isa === guest.isa)!;
  const { registers } = guest.thread;
  let at = registers[spWord + 1] * 2 ** 32 + registers[spWord];
  const next = (): number => Number(guest.peek((at += 8) - 8, 8).getBigUint64(0, true));
  for (let i = next(); i >= 0; i--) next(); // arguments and NULL
  while (next() !== 0); // environment
  for (let key = next(); key !== 0; key = next()) {
    const value = next();
    if (key === type) return value;
  }
  return undefined;
}

function times(page: DataView): { monotonic: number[]; real: number[] } {
  const at = (offset: number): number[] => [offset, offset + 8].map((word) => Number(page.getBigUint64(word, true)));
  return { monotonic: at(PAGE.MONOTONIC), real: at(PAGE.REAL) };
}

describe.each(machines)('the vDSO of $isa', ({ isa }) => {
  it.each([true, false])('is above its data, which shows the line; time of day: %s', async (clock) => {
    const { machine, counter } = createMachine(isa);
    await runScript(
      function* (guest) {
        const image = auxiliary(guest, 33)!;
        expect(image % PAGE_SIZE).toBe(0);
        expect(guest.text(image + 1, 3)).toBe('ELF');
        const page = guest.peek(image - PAGE_SIZE, PAGE.BYTES);
        expect(page.getBigUint64(PAGE.START, true)).toBe(0x7ffffff00n + 1000n);
        expect(page.getBigUint64(PAGE.MULTIPLIER, true)).toBe(2n ** 20n);
        expect([page.getUint32(PAGE.SHIFT, true), page.getUint32(PAGE.CPUS, true)]).toEqual([20, 1]);
        const [seconds, ns] = clock ? EPOCH : [0, 0];
        expect(times(page)).toEqual({ monotonic: [12, 345_678_901], real: [seconds + 12, ns + 345_678_901] });
        yield ['sched_yield'];
      },
      { machine, endowment: { clock } },
    );
    expect(counter.isBent).toBe(false);
  });

  it('follows the line when that is bent, between two steps', async () => {
    const { machine, counter } = createMachine(isa);
    await runScript(
      function* (guest) {
        const page = (): DataView => guest.peek(auxiliary(guest, 33)! - PAGE_SIZE, PAGE.BYTES);
        const generation = page().getUint32(PAGE.GENERATION, true);
        counter.line = { ...counter.line, ticks: 5000, ns: 13_000_000_001 };
        counter.isBent = true;
        const { steps } = guest.kernel;
        const span = guest.words(0, 1000);
        while (guest.kernel.steps < steps + 2) yield ['nanosleep', span, 0];
        expect(times(page()).monotonic).toEqual([13, 1]);
        expect(page().getBigUint64(PAGE.START, true)).toBe(0x7ffffff00n + 5000n);
        expect(page().getUint32(PAGE.GENERATION, true)).toBe(generation + 1);
      },
      { machine },
    );
  });

  it('cannot be written, may be unmapped, and belongs to each program alone', async () => {
    const { machine } = createMachine(isa);
    const results: number[] = [];
    await runScript(
      function* (guest) {
        const image = auxiliary(guest, 33)!;
        const data = image - PAGE_SIZE;
        results.push(yield ['mprotect', data, PAGE_SIZE, 3]);
        results.push(yield ['clock_gettime', 1, data]);
        // Its own copy of the code a program may change, as a debugger does.
        results.push(yield ['mprotect', image, PAGE_SIZE, 7]);
        guest.poke(image, Uint8Array.of(1, 2, 3, 4));
        results.push(yield ['munmap', data, 2 * PAGE_SIZE]);
        results.push(yield ['clock_gettime', 1, DATA]);
      },
      { machine },
    );
    expect(results).toEqual([EACCES, EFAULT, 0, 0, 0]);
  });
});

it('is absent without a counter, and the signal-return code is there all the same', async () => {
  await runScript(
    function* (guest) {
      expect(auxiliary(guest, 33)).toBeUndefined();
      expect(guest.thread.process.memory?.space.mappings().map(({ label }) => label)).toContain('[vdso]');
      yield ['sched_yield'];
    },
    { machine: new TinyMachine('x86_64', 16 << 20) },
  );
});
