/** Builds the bare programs of test/bare with the cross compiler. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const COMPILER = 'riscv64-linux-gnu-gcc';
const SOURCES = join(__dirname, '../bare');
const FLAGS = [
  ...[
    '-march=rv64gc',
    '-mabi=lp64d',
    '-mcmodel=medany',
    '-nostdlib',
    '-static',
    '-fno-pic',
    '-no-pie',
    '-Wl,--build-id=none',
  ],
];

/** @returns the ELF of `NAME.S` with these preprocessor definitions, laid out by a linker script */
export function compileBare(
  name: string,
  defines: Readonly<Record<string, number>> = {},
  script = 'bare.ld',
): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'veridian-bare-'));
  try {
    const out = join(folder, name);
    const given = Object.entries(defines).map(([key, value]) => `-D${key}=${value}`);
    execFileSync(COMPILER, [...FLAGS, '-T', join(SOURCES, script), ...given, join(SOURCES, `${name}.S`), '-o', out]);
    return readFileSync(out);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
