import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { timeStampCounter, type Libc } from '@veridian-os/libc';
import { needs } from '../../../../tools/require-tool.js';
import { counterCode, openTimeStampCounter } from '../../src/time-stamp.js';

const counter = timeStampCounter();
if (counter === undefined) process.stderr.write('skipped: no time stamp counter that Linux trusts here\n');

(counter === undefined ? describe.skip : describe)('the time stamp counter', () => {
  it('counts, never back, and is one per process', () => {
    let last = counter?.read() ?? 0;
    expect(last).toBeGreaterThan(0);
    for (let i = 0; i < 10_000; i++) {
      const now = counter?.read() ?? 0;
      expect(now).toBeGreaterThanOrEqual(last);
      last = now;
    }
    expect(timeStampCounter()).toBe(counter);
    expect(counter?.origin).toBeGreaterThan(0n);
  });
});

describe('a host without one', () => {
  const load = (): never => {
    throw new Error('not to be loaded');
  };
  /** Its file says what Linux reads the time with. */
  const linux = (source: string | undefined, mmap = -12): Libc =>
    ({
      open: () => (source === undefined ? -2 : 3),
      read: (_fd: number, into: Uint8Array) => into.set(Buffer.from(`${source}\n`)) ?? (source?.length ?? 0) + 1,
      close: () => 0,
      mmap: () => mmap,
    }) as unknown as Libc;

  it.each([
    ['arm64', 'tsc', /counter is x64's; this host is arm64/],
    ['x64', 'hpet', /does not trust the time stamp counter here: it reads 'hpet'/],
    ['x64', undefined, /it reads 'nothing'/],
    ['x64', 'tsc', /no page for the counter's code: errno 12/],
  ])('%s, %s: one sentence', (arch, source, sentence) => {
    const answer = openTimeStampCounter({ platform: 'linux', arch, load }, linux(source));
    expect(answer.problem).toMatch(sentence);
  });
});

(needs('objdump') ? it : it.skip)('is read by these instructions', () => {
  const folder = mkdtempSync(join(tmpdir(), 'veridian-counter-'));
  try {
    const file = join(folder, 'code.bin');
    writeFileSync(file, counterCode(0x123456789abcdef0n));
    const options = ['-D', '-b', 'binary', '-m', 'i386:x86-64', '-M', 'intel'];
    const text = execFileSync('objdump', [...options, file], { encoding: 'utf8' });
    const found = [...text.matchAll(/^\s*[0-9a-f]+:\t[0-9a-f ]+\t(.*)$/gm)].map(([, line]) =>
      line.replace(/\s+/g, ' '),
    );
    expect(found.map((line) => line.trim())).toEqual([
      'lfence',
      'rdtsc',
      'shl rdx,0x20',
      'or rax,rdx',
      'movabs rcx,0x123456789abcdef0',
      'sub rax,rcx',
      'ret',
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
