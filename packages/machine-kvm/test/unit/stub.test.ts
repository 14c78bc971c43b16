/** The monitor's instructions, disassembled: what is in the package is what its source says. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { needs } from '../../../../tools/require-tool.js';
import { PORT, VECTORS, monitorCode } from '../../src/internal/stub.js';

const code = monitorCode(24);

/** Offsets with instructions, one space between words. */
function disassemble(bytes: Uint8Array): Map<number, string> {
  const folder = mkdtempSync(join(tmpdir(), 'veridian-stub-'));
  try {
    const file = join(folder, 'stub.bin');
    writeFileSync(file, bytes);
    const text = execFileSync('objdump', ['-D', '-b', 'binary', '-m', 'i386:x86-64', '-M', 'intel', file], {
      encoding: 'utf8',
    });
    const found = [...text.matchAll(/^\s*([0-9a-f]+):\t[0-9a-f ]+\t(.*)$/gm)];
    return new Map(
      found.map(([, offset, instruction]) => [parseInt(offset, 16), instruction.replace(/\s+/g, ' ').trim()]),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The instructions from `offset` to the first OUT. */
function routine(lines: Map<number, string>, offset: number): string[] {
  const found: string[] = [];
  for (const [at, line] of lines) {
    if (at < offset) continue;
    found.push(line);
    if (line.startsWith('out')) break;
  }
  return found;
}

const hasObjdump = needs('objdump');
(hasObjdump ? describe : describe.skip)('the monitor, disassembled', () => {
  // A suite that is skipped is read all the same.
  const lines = hasObjdump ? disassemble(code.bytes) : new Map<number, string>();

  it('hands over at once at every vector, and says which it was', () => {
    for (let vector = 0; vector < VECTORS; vector++) {
      expect(routine(lines, code.vector(vector))).toEqual([`out 0x${vector.toString(16)},al`]);
    }
    expect(routine(lines, code.syscall)).toEqual([`out 0x${PORT.SYSCALL.toString(16)},al`]);
  });

  it('exchanges a list of entries and forgets each translation', () => {
    expect(routine(lines, code.edit)).toEqual([
      'mov rdi,QWORD PTR [rsi]',
      'mov rax,QWORD PTR [rsi+0x8]',
      'xchg QWORD PTR [rdi],rax',
      'mov QWORD PTR [rsi+0x8],rax',
      'mov rdi,QWORD PTR [rsi+0x10]',
      'invlpg BYTE PTR [rdi]',
      'add rsi,0x18',
      'dec ecx',
      `jne 0x${code.edit.toString(16)}`,
      'out 0x81,al',
    ]);
  });

  it('touches a list of tables and forgets everything', () => {
    expect(routine(lines, code.shed)).toEqual([
      'mov rdi,QWORD PTR [rsi]',
      'mov al,BYTE PTR [rdi+0x1]',
      'mov BYTE PTR [rdi+0x1],al',
      'add rsi,0x18',
      'dec ecx',
      `jne 0x${code.shed.toString(16)}`,
      'mov rax,cr3',
      'mov cr3,rax',
      'out 0x81,al',
    ]);
    expect(routine(lines, code.flush)).toEqual(['mov rax,cr3', 'mov cr3,rax', 'out 0x81,al']);
  });
});

it('no entry is larger than its place', () => {
  const starts = [...Array(VECTORS).keys()].map((vector) => code.vector(vector));
  expect(new Set([...starts, code.syscall, code.edit]).size).toBe(VECTORS + 2);
  expect(code.bytes.length).toBeLessThanOrEqual(4096 - 256);
});
