/** Bare programs: loaded from ELF files, ended and heard through HTIF, their signatures written. */
import { describe, expect, it } from '@jest/globals';
import { needs } from '../../../../tools/require-tool.js';
import type { EmulatedMachineOptions } from '../../src/index.js';
import { BareProgram, EmulatedMachine } from '../../src/index.js';
import { Assembler, elfImage, REG } from '../../src/testing.js';
import { readElfFile } from '../../src/boot/elf-file.js';
import { signatureText } from '../../src/boot/signature.js';
import { CSR } from '../helpers/board.js';
import { COMPILER, compileBare } from '../helpers/compile.js';

const RAM = 0x8000_0000;
const MEGABYTE = 1 << 20;

function start(file: Uint8Array, translation: EmulatedMachineOptions['translation'] = {}) {
  let text = '';
  const output = (bytes: Uint8Array): void => void (text += String.fromCharCode(...bytes));
  const console = { output };
  const options = { memoryBytes: 4 * MEGABYTE, codePages: 32, console, translation };
  const machine = EmulatedMachine.create(options);
  return { machine, program: new BareProgram(machine, file, output), text: () => text };
}

const describeCompiled = needs(COMPILER) ? describe : describe.skip;

describeCompiled('compiled bare programs', () => {
  it.each([0, 1, 7, 255, 1000])('end with status %i', (status) => {
    const { program } = start(compileBare('status', { STATUS: status }));
    expect(program.run(1_000_000)).toMatchObject({ kind: 'ended', status });
  });

  it('stop at exactly the budget, and go on', () => {
    const { program } = start(compileBare('status', { STATUS: 3 }));
    expect(program.run(5)).toMatchObject({ kind: 'budget', consumed: 5 });
    expect(program.run(1_000_000)).toMatchObject({ kind: 'ended', status: 3 });
  });

  it('print and read through HTIF', () => {
    const { program, text } = start(compileBare('console'));
    expect(program.run(1_000_000)).toMatchObject({ kind: 'budget' });
    expect(text()).toBe('one two \n');
    program.receive(Uint8Array.of(0x41));
    expect(program.run(1_000_000)).toMatchObject({ kind: 'ended', status: 11 });
    expect(text()).toBe('one two \nA');
  });

  it('leave a signature, a word in each line unless told otherwise', () => {
    const { program } = start(compileBare('signature'));
    expect(program.run(1_000_000)).toMatchObject({ kind: 'ended', status: 0 });
    expect(program.signature()).toBe('89abcdef\nffffffff\n00c0ffee\n89abcdef\n0000007b\n');
    expect(program.signature(8)).toBe('ffffffff89abcdef\n89abcdef00c0ffee\n000000000000007b\n');
    expect(() => program.signature(3)).toThrow(new RangeError('granularity: expected 1, 2, 4, 8 or 16, got 3'));
  });

  // The machine's numbers are exact, so these say that no request was late: each stops the run where it was stored.
  it.each([0, 1, 2])('may store requests in two words, without waiting (END_BY %i)', (END_BY) => {
    const { program, text } = start(compileBare('halves', { END_BY, BESIDE: 3 }));
    const { kind, status, consumed } = program.run(1_000_000);
    expect({ kind, status, text: text() }).toEqual({ kind: 'ended', status: 9, text: 'Said with words.\n' });
    expect(consumed).toBeLessThan(END_BY === 2 ? 1300 : 200);
  });

  it('are heard at the same instruction when their code is translated', () => {
    for (const END_BY of [0, 1, 2]) {
      const runs = ([false, { threshold: 0, interval: 1 }] as const).map((translation) => {
        const { machine, program, text } = start(compileBare('halves', { END_BY, BESIDE: 500 }), translation);
        return { result: program.run(1_000_000), text: text(), entered: machine.translation?.entered ?? 0 };
      });
      expect(runs[1]).toEqual({ ...runs[0], entered: expect.any(Number) });
      expect(runs[1].entered).toBeGreaterThan(400);
      expect(runs[1]).toMatchObject({ result: { kind: 'ended', status: 9 }, text: 'Said with words.\n' });
    }
  });

  it('may end a budget between the two words', () => {
    const { program, text } = start(compileBare('halves', { END_BY: 0, BESIDE: 0 }));
    let result = program.run(1);
    while (result.kind === 'budget') result = program.run(1);
    expect({ ...result, text: text() }).toEqual({ kind: 'ended', status: 9, consumed: 1, text: 'Said with words.\n' });
  });

  it.each([0, 1])('end although they store beside tohost all the time (END_BY %i)', (END_BY) => {
    const { program } = start(compileBare('halves', { END_BY, BESIDE: 150_000 }));
    expect(program.run(3_000_000)).toMatchObject({ kind: 'ended', status: 9 });
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8])('end by whatever instruction stores to tohost (ACCESS %i)', (ACCESS) => {
    for (const translation of [false, { threshold: 0, interval: 1 }] as const) {
      const { program } = start(compileBare('stores', { ACCESS }), translation);
      const { kind, status, consumed } = program.run(1_000_000);
      expect({ kind, status }).toEqual({ kind: 'ended', status: 5 });
      expect(consumed).toBeLessThan(1100);
    }
  });

  it('may be linked elsewhere than they are loaded', () => {
    const { program } = start(compileBare('signature', {}, 'high.ld'));
    expect(program.run(1_000_000)).toMatchObject({ kind: 'ended', status: 0 });
    expect(program.signature(8)).toBe('ffffffff89abcdef\n89abcdef00c0ffee\n000000000000007b\n');
  });

  it('wait for the timer without instructions', () => {
    const { program } = start(compileBare('timer'));
    const result = program.run(1_000_000);
    expect(result).toMatchObject({ kind: 'ended', status: 0 });
    expect(result.consumed).toBeLessThan(20_000);
  });

  it('find PMP open and Svade, as on Spike', () => {
    expect(start(compileBare('reset')).program.run(1_000_000)).toMatchObject({ kind: 'ended', status: 0 });
  });

  it.each([3, 4, 5])('have virtual memory of %i levels', (LEVELS) => {
    expect(start(compileBare('paging', { LEVELS })).program.run(1_000_000)).toMatchObject({ kind: 'ended', status: 0 });
  });
});

describe('a bare program', () => {
  const idle = new Assembler(RAM).label('again').op('wfi').to('jal', 'again', { rd: 0 }).finish();

  it('that nothing will wake is idle', () => {
    expect(start(elfImage(idle, RAM, RAM)).program.run(100_000)).toMatchObject({ kind: 'idle' });
  });

  it('goes on behind a WFI that nothing will end, unless input might', () => {
    const end = (enabled: number): Uint8Array => {
      const a = new Assembler(RAM).li(REG.t0, enabled);
      a.op('csrrw', { rd: 0, rs1: REG.t0, csr: CSR.mie }).op('wfi');
      a.li(REG.t0, 0x10_0000).li(REG.t1, 0x5555).s('sw', REG.t1, REG.t0, 0);
      return elfImage(a.finish(), RAM, RAM);
    };
    expect(start(end(0x0aa)).program.run(1000)).toMatchObject({ kind: 'ended', status: 0 });
    expect(start(end(0x2aa)).program.run(1000)).toMatchObject({ kind: 'idle' });
    expect(start(end(0x800)).program.run(1000)).toMatchObject({ kind: 'idle' });
  });

  it('may end by the test finisher', () => {
    const a = new Assembler(RAM).li(REG.t0, 0x10_0000).li(REG.t1, 0x5_3333).s('sw', REG.t1, REG.t0, 0);
    const { program } = start(elfImage(a.finish(), RAM, RAM));
    expect(program.run(100_000)).toMatchObject({ kind: 'ended', status: 5 });
    expect(() => program.signature()).toThrow(RangeError);
  });

  it('is entered in machine mode with the rest of its segment cleared', () => {
    const file = elfImage(idle, RAM + MEGABYTE, RAM + MEGABYTE + 4, 64);
    const { machine } = start(file);
    machine.memory[0].u8.fill(0xff);
    new BareProgram(machine, file, () => undefined);
    expect(machine.system.registers[64]).toBe(RAM + MEGABYTE + 4);
    expect(machine.system.privilege).toBe(3);
    const at = MEGABYTE + idle.length;
    expect([...machine.memory[0].u8.subarray(at - 1, at + 66)]).toEqual([idle.at(-1), ...Array(64).fill(0), 255, 255]);
  });

  it('that does not fit is refused', () => {
    expect(() => start(elfImage(idle, 0x1000, 0x1000))).toThrow(/segment 0: expected a place in RAM/);
    expect(() => start(elfImage(idle, RAM, RAM, 4 * MEGABYTE))).toThrow(/segment 0: expected a place in RAM/);
  });
});

describe('an ELF file', () => {
  const file = elfImage(Uint8Array.of(1, 2, 3, 4), RAM, RAM + 2, 12);

  it('gives entry and pieces at physical addresses', () => {
    const virtual = file.slice();
    const view = new DataView(virtual.buffer);
    view.setBigUint64(64 + 16, 0xffff_ffff_8000_0000n, true);
    view.setBigUint64(24, 0xffff_ffff_8000_0002n, true);
    for (const bytes of [file, virtual]) {
      const { entry, pieces } = readElfFile(bytes);
      expect(pieces).toEqual([{ address: RAM, memoryBytes: 16, bytes: Uint8Array.of(1, 2, 3, 4) }]);
      expect(entry).toBe(RAM + 2);
    }
  });

  it.each([
    ['magic', 0, 0],
    ['64-bit little-endian, got 32-bit little-endian', 4, 1],
    ['64-bit little-endian, got class 7 little-endian', 4, 7],
    ['64-bit little-endian, got 64-bit big-endian', 5, 2],
    ['e_machine', 18, 62],
    ['e_phentsize', 54, 8],
    ['loadable segment', 64, 2],
  ])('is refused for its %s', (named, at, value) => {
    const bad = file.slice();
    bad[at] = value;
    expect(() => readElfFile(bad)).toThrow(new RegExp(`^ELF: expected .*${named}`));
  });

  it('is refused, never read beyond its end, wherever it is cut', () => {
    for (let length = 0; length < file.length; length++) {
      expect(() => readElfFile(file.subarray(0, length))).toThrow(RangeError);
    }
  });
});

it('a signature of a length that is no multiple of the granularity is filled up', () => {
  expect(signatureText(Uint8Array.of(1, 2, 0xab, 0xcd, 5))).toBe('cdab0201\n00000005\n');
});
