import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT, withTree } from './tool.js';

/** Runs a suite with `--quick --json`. */
function runSuite(body: string): { status: number | null; output: string; rows: unknown } {
  const helper = JSON.stringify(join(ROOT, 'tools/bench.mjs'));
  const text = `import { suite } from ${helper};\nawait suite(async ({ bench, record }) => {${body}});`;
  return withTree({ 'x.bench.mjs': text }, (root) => {
    const json = join(root, 'rows.json');
    const args = [join(root, 'x.bench.mjs'), '--quick', '--json', json];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    const rows: unknown = status === 0 ? JSON.parse(readFileSync(json, 'utf8')) : undefined;
    return { status, output: stdout + stderr, rows };
  });
}

test('writes each case with its peer, and nulls where there is none', () => {
  const { rows, output } = runSuite(`
    let sum = 0;
    await bench({ case: 'alone', ours: () => { sum++; } });
    await bench({ case: 'beside', ours: () => { sum++; }, peer: 'other', peerFn: () => { sum += 2; } });
    record({ case: 'recorded', oursNs: 3, peer: 'elsewhere', peerNs: 2 });
  `);
  const positive: unknown = expect.any(Number);
  expect(rows).toEqual([
    { case: 'alone', oursNs: positive, peer: null, peerNs: null, ratio: null },
    { case: 'beside', oursNs: positive, peer: 'other', peerNs: positive, ratio: positive },
    { case: 'recorded', oursNs: 3, peer: 'elsewhere', peerNs: 2, ratio: 1.5 },
  ]);
  expect(output).toContain(`Node ${process.version}`);
});

test('memory and code size go where a case has them', () => {
  const { rows, output } = runSuite(`
    record({ case: 'whole', oursNs: 3, peer: 'elsewhere', peerNs: 2, peakBytes: 3 << 20, peerPeakBytes: 1 << 20 });
    record({ case: 'translated', oursNs: 3, wasmRatio: 7.25 });
  `);
  expect(rows).toEqual([
    {
      ...{ case: 'whole', oursNs: 3, peer: 'elsewhere', peerNs: 2, ratio: 1.5 },
      ...{ peakBytes: 3 << 20, peerPeakBytes: 1 << 20 },
    },
    { case: 'translated', oursNs: 3, peer: null, peerNs: null, ratio: null, wasmRatio: 7.25 },
  ]);
  expect(output).toMatch(/whole .*peak 3 MiB +peer's peak 1 MiB\n/);
  expect(output).toMatch(/translated .*wasm 7\.3x\n/);
});

test('noGc fails a case that allocates enough to be collected', () => {
  const { status, output } = runSuite(`
    let kept;
    const litter = () => { for (let n = 0; n < 8; n++) kept = new Array(5e5).fill(0).map((_, i) => ({ i })); };
    await bench({ case: 'garbage', ours: litter, noGc: true });
  `);
  expect(status).not.toBe(0);
  expect(output).toMatch(/bench 'garbage': \d+ garbage collections during ours, expected none/);
});
