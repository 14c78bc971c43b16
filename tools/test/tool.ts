/** Runs a tool on a fixture tree: what the tools' own tests have in common. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** Jest runs these tests from the repository's root. */
export const ROOT = resolve('.');

/** Writes `files` (path: text) to a new folder, calls `use` with it, removes it. */
export function withTree<T>(files: Record<string, string>, use: (root: string) => T): T {
  const root = mkdtempSync(join(tmpdir(), 'veridian-tool-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), text);
    }
    return use(root);
  } finally {
    rmSync(root, { recursive: true });
  }
}

export interface Outcome {
  status: number | null;
  output: string;
}

/** @param tool file name in `tools/` */
export function runTool(tool: string, args: string[] = []): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, 'tools', tool), ...args], {
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}
