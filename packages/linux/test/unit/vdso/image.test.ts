/** The vDSO images as the tools of binutils and Go's reader see them. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { needs } from '../../../../../tools/require-tool.js';
import { LINUX_ISAS } from '../../../src/isa/isas.js';
import { DATA } from '../../../src/vdso/data-page.js';
import { sharedObject } from '../../../src/vdso/shared-object.js';
import { elfHash } from '../../../src/vdso/symbols.js';

const EXPECTED = {
  x86_64: {
    objdump: 'objdump',
    version: 'LINUX_2.6',
    functions: ['clock_gettime', 'gettimeofday', 'time', 'clock_getres', 'getcpu'].map((name) => `__vdso_${name}`),
    counter: /\tlfence\n.*\trdtsc/,
    // A stack, a callee's register, a store to the data page: none of them belongs here.
    forbidden:
      /\t(push|pop|call|leave|int +[^3])|rsp|rbp|rbx|r1[2-5]|\t(mov|xchg|add|sub|and|or)\s+\S+ PTR \[r8[^\]]*\],/,
    frame: [/DW_CFA_def_cfa: r7 \(rsp\) ofs 8/, /DW_CFA_offset: r16 \(rip\) at cfa-8/],
  },
  aarch64: {
    objdump: 'aarch64-linux-gnu-objdump',
    version: 'LINUX_2.6.39',
    functions: ['clock_gettime', 'gettimeofday', 'clock_getres', 'rt_sigreturn'].map((name) => `__kernel_${name}`),
    counter: /\tisb\n.*\tmrs\tx6, cntvct_el0/,
    forbidden: /\bsp\b|\b[xw](18|19|2\d|30)\b|\tbl|\tst\w+\t[^[]*\[x3/,
    frame: [/DW_CFA_def_cfa: r31 \(sp\) ofs 0/, /Return address column: 30/],
  },
};

const images = LINUX_ISAS.flatMap(({ isa, vdso }) => {
  if (isa === 'riscv64' || vdso === undefined) return [];
  const code = vdso.code();
  return [{ isa, vdso, code, image: sharedObject(vdso, code), ...EXPECTED[isa] }];
});

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'veridian-vdso-'));
  for (const { isa, image } of images) writeFileSync(join(folder, isa), image);
});
afterAll(() => rmSync(folder, { recursive: true }));

const tool = (name: string, options: readonly string[], isa: string): string =>
  execFileSync(name, [...options, join(folder, isa)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

it('there is one where user mode may have a counter', () => {
  expect(images.map(({ isa }) => isa).sort()).toEqual(['aarch64', 'x86_64']);
});

describe.each(images)('$isa', ({ isa, image, code, version, functions, objdump, counter, forbidden, frame }) => {
  it('is one page, and finds each function by the hash table and its version', () => {
    expect(image).toHaveLength(4096);
    for (const name of functions) {
      const { offset } = code.functions.find((each) => each.name === name)!;
      expect(lookUp(image, name, version)).toBe(0x800 + offset);
      expect(lookUp(image, name, 'LINUX_9.9')).toBeUndefined();
    }
    expect(lookUp(image, '__vdso_nothing', version)).toBeUndefined();
    for (const { alias, offset } of code.functions) {
      if (alias !== undefined) expect(lookUp(image, alias, version)).toBe(0x800 + offset);
    }
  });

  (needs('readelf') ? it : it.skip)('is what readelf takes for a shared object, without a complaint', () => {
    const text = tool('readelf', ['-aW'], isa);
    expect(text).toMatch(/Type: +DYN/);
    expect(text).toMatch(/Library soname: \[linux-vdso\.so\.1\]/);
    expect(text).toMatch(/LOAD +0x000000 0x0000000000000000 0x0000000000000000 0x001000 0x001000 R E 0x1000/);
    for (const name of functions) expect(text).toMatch(new RegExp(`FUNC +GLOBAL DEFAULT +9 ${name}@@${version}\n`));
    expect(text).not.toMatch(/[Ww]arning|[Ee]rror/);
  });

  (needs('readelf') ? it : it.skip)('says how to unwind from every instruction of its functions', () => {
    const text = tool('readelf', ['-wf'], isa);
    for (const rule of frame) expect(text).toMatch(rule);
    const end = (0x800 + code.leafBytes).toString(16).padStart(16, '0');
    expect(text).toMatch(`pc=0000000000000800..${end}`);
    expect(code.sigreturn).toBeGreaterThan(code.leafBytes);
  });

  (needs(objdump) ? it : it.skip)('disassembles: ordered reads of the counter, no stack, no write to the data', () => {
    const text = tool(objdump, isa === 'x86_64' ? ['-d', '-M', 'intel'] : ['-d'], isa);
    const body = text.replace(/<[^>]*>/g, '').replace(/^\s*[0-9a-f]+:\t[0-9a-f ]+/gm, '');
    expect(body).not.toMatch(/\(bad\)|undefined/);
    expect(body).toMatch(counter);
    expect(body.split('\n').filter((line) => forbidden.test(line))).toEqual([]);
    // The data page is the one below the image.
    expect(text).toMatch(/fffffffffffff000/);
  });
});

it('hashes as Go has it in its tables', () => {
  const known = { 'LINUX_2.6': 0x3ae75f6, 'LINUX_2.6.39': 0x75fcb89, __vdso_clock_gettime: 0xd35ec75 };
  for (const [name, hash] of Object.entries(known)) expect(elfHash(name)).toBe(hash);
  expect(elfHash('__kernel_clock_gettime')).toBe(0xb0cd725);
});

it('keeps the data in the first bytes of its page', () => {
  expect(DATA.BYTES).toBeLessThanOrEqual(256);
});

/** What a C library does with the dynamic section. @returns the symbol's value */
function lookUp(image: Uint8Array, wanted: string, version: string): number | undefined {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  const word = (at: number): number => view.getUint32(at, true);
  const wide = (at: number): number => Number(view.getBigUint64(at, true));
  const text = (at: number): string => {
    const bytes = image.subarray(at, image.indexOf(0, at));
    return String.fromCharCode(...bytes);
  };
  const headers = Array.from({ length: view.getUint16(56, true) }, (_, i) => 64 + i * 56);
  const dynamic = wide(headers.find((at) => word(at) === 2)! + 16);
  const table = new Map<number, number>();
  for (let at = dynamic; wide(at) !== 0; at += 16) table.set(wide(at), wide(at + 8));
  const [hash, strings, symbols] = [4, 5, 6].map((tag) => table.get(tag)!);
  const [versions, definitions] = [0x6ffffff0, 0x6ffffffc].map((tag) => table.get(tag)!);
  const index = versionIndex();
  const [buckets] = [word(hash)];
  const chain = hash + 8 + buckets * 4;
  for (let i = word(hash + 8 + (elfHash(wanted) % buckets) * 4); i !== 0; i = word(chain + i * 4)) {
    const symbol = symbols + i * 24;
    if (text(strings + word(symbol)) !== wanted) continue;
    return view.getUint16(versions + i * 2, true) === index ? wide(symbol + 8) : undefined;
  }
  return undefined;

  function versionIndex(): number {
    for (let at = definitions, next = 1; next !== 0; at += next) {
      next = word(at + 16);
      const name = text(strings + word(at + word(at + 12)));
      const isBase = (view.getUint16(at + 2, true) & 1) !== 0;
      if (!isBase && name === version && word(at + 8) === elfHash(version)) return view.getUint16(at + 4, true);
    }
    return -1;
  }
}
