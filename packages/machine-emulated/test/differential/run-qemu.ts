/** Runs a static image on qemu-riscv64: the newest at hand, since older ones lack extensions. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Extension } from '../../src/testing.js';
import { fetchedPath } from './fetched.js';

/** What tools/fetch-programs.mjs calls the emulator of a newer Debian. */
const FETCHED = 'qemu-riscv64-newest';
const NEWER = ['zicond', 'zfa', 'zacas', 'zicbom', 'zicboz'];

export interface QemuOutcome {
  readonly output: Uint8Array;
  readonly ended: string;
}

export interface Oracle {
  readonly path: string;
  readonly cpu: string;
  /** Extensions that it has not got. */
  readonly lacks: ReadonlySet<Extension>;
}

/** The emulator to compare with: $VERIDIAN_QEMU_RISCV64, the fetched one, or the one on PATH. */
export function findOracle(): Oracle {
  const path = process.env.VERIDIAN_QEMU_RISCV64 ?? fetchedPath(FETCHED) ?? 'qemu-riscv64';
  const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
  const major = Number(/version (\d+)\./.exec(stdout)?.[1] ?? 0);
  const known = ['zba', 'zbb', 'zbc', 'zbs', ...(major >= 10 ? NEWER : [])];
  return {
    path,
    cpu: ['rv64', ...known.map((name) => `${name}=true`)].join(','),
    lacks: new Set<Extension>(major >= 10 ? [] : ['Zicond', 'Zfa', 'Zacas', 'Zicbom and Zicboz']),
  };
}

export function runQemu(elf: Uint8Array, { path, cpu }: Oracle): QemuOutcome {
  const folder = mkdtempSync(join(tmpdir(), 'veridian-diff-'));
  try {
    const file = join(folder, 'image');
    writeFileSync(file, elf);
    chmodSync(file, 0o755);
    const result = spawnSync(path, ['-cpu', cpu, file], { maxBuffer: 2 ** 31 - 1, timeout: 300_000 });
    if (result.error) throw result.error;
    const ended = result.signal !== null ? `signal ${result.signal}` : `exit ${result.status}`;
    return { output: new Uint8Array(result.stdout), ended };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
