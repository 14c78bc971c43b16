/**
 * A thousand runs through the public `run`, in every way a run can end, leave nothing: no descriptor, mapping, process,
 * thread, timer or file. They happen in a process of their own, so that only they are counted.
 *
 * What runs where: QEMU's machines 70 runs each (starting one takes longest), KVM 450, the emulated machine the other 340
 * and the share of every machine that is not here.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';
import { libcProblem } from '@veridian-os/libc';
import { probeKvmSync } from '@veridian-os/machine-kvm';
import { needs } from '../../../../tools/require-tool.js';
import type { Report } from '../helpers/thousand-runs.js';

const ROOT = resolve(__dirname, '../../../..');
const RUNS = 1000;
/** Of memory, in MiB: what V8 may keep; one machine that stays is 16. */
const SLACK_MIB = 128;
const TIME_LIMIT_MS = 900_000;

/** MACHINE ISA COUNT of each machine that is here. */
function shares(): string[] {
  const found: [machine: string, isa: string, count: number][] = [];
  for (const isa of ['riscv64', 'aarch64', 'x86_64']) {
    if (libcProblem() === undefined && needs(`qemu-system-${isa}`)) found.push([`qemu-${isa}`, isa, 70]);
  }
  const kvm = probeKvmSync();
  process.stderr.write(`a thousand runs: KVM ${kvm.available ? 'used' : `not used: ${kvm.problem}`}\n`);
  if (kvm.available) found.push(['kvm', 'x86_64', 450]);
  const left = RUNS - found.reduce((sum, [, , count]) => sum + count, 0);
  return [['emulated', 'riscv64', left] as const, ...found].flat().map(String);
}

describe('after a thousand runs', () => {
  // In the repository, so that Node finds koffi.
  const bundle = join(ROOT, `.build/thousand-runs-${process.pid}.mjs`);
  const scratch = mkdtempSync(join(tmpdir(), 'veridian-runs-'));
  let report: Report;

  beforeAll(async () => {
    await build({
      absWorkingDir: ROOT,
      entryPoints: ['packages/veridian/test/helpers/thousand-runs.ts'],
      outfile: bundle,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      packages: 'external',
      logLevel: 'error',
    });
    report = await reportOf(['--expose-gc', bundle, ...shares()], { ...process.env, TMPDIR: scratch });
  }, TIME_LIMIT_MS);
  afterAll(() => {
    rmSync(bundle, { force: true });
    rmSync(scratch, { recursive: true, force: true });
  });

  it('each has ended as it should', () => {
    expect(report.wrong).toEqual([]);
    expect(report.runs).toBe(RUNS);
  });

  it('every kernel has used the same frames as the first', () => {
    for (const used of Object.values(report.frames)) expect(used).toHaveLength(1);
  });

  it.each(['descriptors', 'mappings', 'children', 'threads', 'timers', 'files', 'resources'] as const)(
    '%s are what they were',
    (what) => {
      expect(report.after[what]).toEqual(report.before[what]);
    },
  );

  it('nothing is in temporary folders, mapped from files without a name, or a child', () => {
    const { mappings, children, files } = report.after;
    expect({ mappings, children, files }).toEqual({ mappings: 0, children: 0, files: [] });
  });

  it('address space is given back', () => {
    expect(report.after.addressSpaceMiB).toBeLessThan(report.before.addressSpaceMiB + SLACK_MIB);
  });
});

/** Runs Node; its output is a report. Ended with this process, should that be stopped. */
function reportOf(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Report> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
  const stop = (): void => void child.kill('SIGKILL');
  process.once('exit', stop);
  let [output, errors] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  return new Promise((done, failed) => {
    child.once('error', failed);
    child.once('close', (status, signal) => {
      process.off('exit', stop);
      if (status === 0) done(JSON.parse(output) as Report);
      else failed(new Error(`the runs ended with ${status ?? signal}: ${errors}`));
    });
  });
}
