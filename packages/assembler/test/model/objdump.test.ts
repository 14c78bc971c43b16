/** What the encoders give, disassembled by GNU objdump: mnemonics and operands must be the ones that were asked for. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { needs } from '../../../../tools/require-tool.js';
import { assemble } from '@veridian-os/assembler';
import {
  aarch64Samples,
  aarch64AliasSamples,
  x86ProtectedModeSamples,
  x86RealModeSamples,
  x86Samples,
  riscv64Samples,
  type Sample,
  type Samples,
} from '@veridian-os/assembler/testing';

/** The seed and what was wrong, without the hundreds of other samples. */
function reporter<T>({ failed, seed, errorInstance }: fc.RunDetails<T>): void {
  if (failed) throw new Error(`seed ${seed}: ${String(errorInstance)}`);
}

interface Disassembler {
  readonly tool: string;
  readonly options: readonly string[];
  readonly samples: readonly Samples[];
  /** Far enough from 0 that no branch target is negative. */
  readonly origin: number;
}

const RISCV64: Disassembler = {
  origin: 2 ** 32,
  tool: 'riscv64-linux-gnu-objdump',
  options: ['-m', 'riscv:rv64', '-M', 'no-aliases,numeric'],
  samples: riscv64Samples,
};
const AARCH64: Disassembler = {
  origin: 2 ** 32,
  tool: 'aarch64-linux-gnu-objdump',
  options: ['-m', 'aarch64', '-M', 'no-aliases'],
  samples: aarch64Samples,
};
/** What no-aliases would print as `sys` and `hint`. */
const AARCH64_ALIASES: Disassembler = { ...AARCH64, options: ['-m', 'aarch64'], samples: aarch64AliasSamples };

const X86_64: Disassembler = {
  origin: 2 ** 32,
  tool: 'objdump',
  options: ['-m', 'i386:x86-64', '-M', 'intel'],
  samples: x86Samples,
};
const X86_16: Disassembler = {
  origin: 0x1000,
  tool: 'objdump',
  options: ['-m', 'i8086', '-M', 'intel'],
  samples: x86RealModeSamples,
};
const X86_32: Disassembler = {
  origin: 0x1000,
  tool: 'objdump',
  options: ['-m', 'i386', '-M', 'intel'],
  samples: x86ProtectedModeSamples,
};
const ALL = {
  riscv64: RISCV64,
  aarch64: AARCH64,
  'aarch64 aliases': AARCH64_ALIASES,
  x86_64: X86_64,
  'x86, real mode': X86_16,
  'x86, protected mode': X86_32,
};

/** Address and text of each instruction, spaces made single, comments and symbols left out. */
function disassemble({ tool, options, origin }: Disassembler, code: Uint8Array): Map<number, string> {
  const folder = mkdtempSync(join(tmpdir(), 'assembler-'));
  try {
    const file = join(folder, 'code.bin');
    writeFileSync(file, code);
    const place = `--adjust-vma=0x${origin.toString(16)}`;
    const output = execFileSync(tool, ['-D', '-w', '-z', '-b', 'binary', place, ...options, file], {
      encoding: 'utf8',
    });
    const lines = output.split('\n').flatMap((line) => {
      const [, at = '', text] = /^\s*([0-9a-f]+):\t[0-9a-f ]+\t(.*)$/.exec(line) ?? [];
      return text === undefined ? [] : [[parseInt(at, 16), normal(text)] as const];
    });
    return new Map(lines);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const normal = (text: string): string =>
  text
    .replace(/\s*(<[^>]*>|\/\/.*|#(?=\s).*)$/g, '')
    .replace(/\s+/g, ' ')
    .replace(/^rex\.W[RXB]+ /, 'rex.W ')
    .trim();

for (const [name, disassembler] of Object.entries(ALL)) {
  (needs(disassembler.tool) ? describe : describe.skip)(`${name}: objdump reads what was written`, () => {
    it(`for ${disassembler.samples.length} encoders with random operands`, () => {
      const each = fc.tuple<Sample[]>(...disassembler.samples.map(({ sample }) => sample));
      const property = fc.property(each, (drawn) => {
        const codes = drawn.map(({ code }) => assemble(code));
        const seen = disassemble(disassembler, assemble(...codes));
        let at = disassembler.origin;
        const wrong = drawn.flatMap((sample, index) => {
          const [here, got] = [at, seen.get(at)];
          at += codes[index].length;
          const expected = sample.text(here);
          const bytes = Buffer.from(codes[index]).toString('hex');
          return got === expected
            ? []
            : [`${disassembler.samples[index].name}: ${bytes}: ${got}, expected ${expected}`];
        });
        expect(wrong).toEqual([]);
      });
      // Every encoder is drawn on its own: nothing to shrink.
      fc.assert(property, { numRuns: 40, endOnFailure: true, reporter });
    });
  });
}
