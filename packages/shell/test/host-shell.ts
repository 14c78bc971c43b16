/** The host's own shell as a second opinion. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { needs } from '../../../tools/require-tool.js';
import type { ShellOutcome } from '../src/testing.js';

/** dash: the smallest complete POSIX shell. */
export const HOST_SHELL = 'dash';
export const hasHostShell: boolean = process.platform === 'linux' && needs(HOST_SHELL);

/** Runs a script in an empty directory, in the C locale. */
export function runOnHost(script: string, stdin = ''): Promise<ShellOutcome> {
  const folder = mkdtempSync(join(tmpdir(), 'vsh-'));
  return new Promise((resolve, reject) => {
    const child = spawn(HOST_SHELL, ['-c', script], {
      cwd: folder,
      env: { PATH: '/usr/bin:/bin', HOME: '/', LC_ALL: 'C.UTF-8' },
    });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', reject);
    child.stdin.on('error', () => undefined); // it may end without reading
    child.stdin.end(stdin);
    child.on('close', (code) => {
      rmSync(folder, { recursive: true });
      resolve({ stdout: Buffer.concat(chunks).toString(), status: code ?? -1 });
    });
  });
}
