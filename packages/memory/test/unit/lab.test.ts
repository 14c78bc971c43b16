import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';

it("the laboratory's bound is below, and its oracle above, the best placement of small traces", () => {
  const file = join(__dirname, '../../lab/self-check.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [file, '60'], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^60 traces: bound at least 0\.\d+, oracle at most 1\.\d+ of the best\n$/);
  expect(status).toBe(0);
});
