/** Runs a static image on qemu-riscv64. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const CPU = 'rv64,zba=true,zbb=true,zbs=true';

export interface QemuOutcome {
  readonly output: Uint8Array;
  readonly ended: string;
}

export function runQemu(elf: Uint8Array): QemuOutcome {
  const folder = mkdtempSync(join(tmpdir(), 'veridian-diff-'));
  try {
    const file = join(folder, 'image');
    writeFileSync(file, elf);
    chmodSync(file, 0o755);
    const result = spawnSync('qemu-riscv64', ['-cpu', CPU, file], { maxBuffer: 2 ** 31 - 1, timeout: 300_000 });
    if (result.error) throw result.error;
    const ended = result.signal !== null ? `signal ${result.signal}` : `exit ${result.status}`;
    return { output: new Uint8Array(result.stdout), ended };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
