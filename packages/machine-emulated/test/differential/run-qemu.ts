/** Runs a static image on qemu-riscv64: the newest at hand, since older ones lack extensions. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Extension } from '../../src/testing.js';

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

/** The repository: this file may be bundled elsewhere, so it is found from the working folder. */
function repository(folder = process.cwd()): string {
  return existsSync(join(folder, 'programs/manifest.json')) || dirname(folder) === folder
    ? folder
    : repository(dirname(folder));
}

function fetchedPath(): string | undefined {
  const cache = resolve(process.env.VERIDIAN_PROGRAMS ?? join(repository(), '.cache/programs'));
  const index = join(cache, 'index.json');
  if (process.arch !== 'x64' || !existsSync(index)) return undefined;
  const { programs } = JSON.parse(readFileSync(index, 'utf8')) as { programs: Record<string, { path: string }> };
  const path = programs[FETCHED]?.path;
  return path !== undefined && existsSync(path) ? path : undefined;
}

/** The emulator to compare with: $VERIDIAN_QEMU_RISCV64, the fetched one, or the one on PATH. */
export function findOracle(): Oracle {
  const path = process.env.VERIDIAN_QEMU_RISCV64 ?? fetchedPath() ?? 'qemu-riscv64';
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
