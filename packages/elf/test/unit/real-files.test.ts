/**
 * Executables that other people's linkers made: the fetched programs where present (see tools/fetch-programs.mjs), and
 * the host's own.
 */
import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { chooseBase, parseElf, parseElfHeaders } from '@veridian-os/elf';
import { needsFile } from '../../../../tools/require-tool.js';

const PROGRAMS = resolve(__dirname, '../../../../.cache/programs/packages');

/** Paths of programs by their name at the end of the path. */
function programs(): [name: string, path: string][] {
  const wanted: [RegExp, string[]][] = [
    [/^busybox-static-/, ['usr/bin/busybox']],
    [/^bash-static-/, ['usr/bin/bash-static']],
    [/^zsh-static-/, ['usr/bin/zsh-static']],
    [/^sash-/, ['usr/bin/sash']],
    [/^mksh-/, ['usr/bin/lksh', 'usr/bin/mksh', 'usr/lib/klibc/bin/mksh']],
    [/^dash-/, ['usr/bin/dash']],
    [/^libc6-/, ['usr/lib/riscv64-linux-gnu/ld-linux-riscv64-lp64d.so.1']],
    [/^esbuild-linux-/, ['package/bin/esbuild']],
  ];
  if (!existsSync(PROGRAMS)) return [];
  return readdirSync(PROGRAMS).flatMap((folder) =>
    wanted
      .filter(([pattern]) => pattern.test(folder))
      .flatMap(([, files]) => files.map((file) => join(PROGRAMS, folder, file)))
      .filter((path) => existsSync(path))
      .map((path): [string, string] => [path.slice(PROGRAMS.length + 1), path]),
  );
}

function readFolders(): string[] {
  const folders = existsSync(PROGRAMS) ? readdirSync(PROGRAMS).filter((name) => name.startsWith('libc6-')) : [];
  return folders.map((name) => join(PROGRAMS, name, 'usr/lib/riscv64-linux-gnu/libc.so.6'));
}

describe('parseElf on real files', () => {
  const present = programs();
  if (!needsFile(PROGRAMS, 'node tools/fetch-programs.mjs')) it.skip('fetched programs', () => undefined);
  for (const [name, path] of present) {
    it(`reads ${name} from its first page`, () => {
      const file = openSync(path, 'r');
      const page = new Uint8Array(4096);
      readSync(file, page, 0, 4096, 0);
      const length = fstatSync(file).size;
      closeSync(file);
      const image = parseElfHeaders([{ offset: 0, bytes: page }], length);
      if (image.ok !== true) throw new Error(JSON.stringify(image));
      // PT_PHDR is not consulted: the address follows from the segment that loads the headers.
      expect(image.programHeaders - image.segments[0].virtualAddress).toBe(64);
      expect(image.segments.length).toBeGreaterThanOrEqual(1);
      expect(image.end).toBeGreaterThan(image.entry);
      expect(image.executableStack).toBe(false);
      expect(chooseBase(image) > 0).toBe(image.positionIndependent);
      if (/esbuild|static|sash/.test(name)) expect(image.interpreter).toBeUndefined();
      if (/dash/.test(name)) expect(image.interpreter).toBe('/lib/ld-linux-riscv64-lp64d.so.1');
    });
  }

  const libc = readFolders().find((path) => path.endsWith('libc.so.6'));
  (libc === undefined ? it.skip : it)('asks for the interpreter path of libc.so.6, a megabyte into the file', () => {
    const bytes = readFileSync(libc!);
    const first = { offset: 0, bytes: bytes.subarray(0, 4096) };
    const asked = parseElfHeaders([first], bytes.length);
    if (asked.ok !== 'more') throw new Error(JSON.stringify(asked));
    expect(asked.offset).toBeGreaterThan(0x100000);
    const path = { offset: asked.offset, bytes: bytes.subarray(asked.offset, asked.offset + asked.length) };
    expect(parseElfHeaders([first, path], bytes.length)).toMatchObject({
      ok: true,
      interpreter: '/lib/ld-linux-riscv64-lp64d.so.1',
    });
  });

  (process.platform === 'linux' ? it : it.skip)("reads the host's own Node", () => {
    const image = parseElf(readFileSync(process.execPath));
    if (!image.ok) throw new Error(image.message);
    expect(image.machine).toBe({ x64: 'x86_64', arm64: 'aarch64', riscv64: 'riscv64' }[process.arch as string]);
    expect(image.interpreter).toMatch(/^\/lib.*\/ld-/);
  });
});
