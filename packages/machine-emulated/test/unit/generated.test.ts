/** The committed core was compiled from the sources beside it. `node tools/asbuild.mjs --check` compiles them again. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';

it('src/generated/core.ts names the hash of the present sources', () => {
  const tool = join(__dirname, '../../tools/asbuild.mjs');
  const { stdout } = spawnSync(process.execPath, [tool, '--hash'], { encoding: 'utf8' });
  expect(stdout).toMatch(/^[0-9a-f]{64}$/);
  expect(readFileSync(join(__dirname, '../../src/generated/core.ts'), 'utf8')).toContain(`sha256 ${stdout}`);
});
