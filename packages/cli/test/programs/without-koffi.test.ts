/** `veridian` where koffi is not installed: QEMU works all the same, says that it is slower, and prints the same. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';
import { needs } from '../../../../tools/require-tool.js';
import { REPOSITORY, fetchedPrograms } from './support.js';

const TIME_LIMIT_MS = 120_000;
/** Pipes, files, processes that come and go, text and binary output. */
const SCRIPT = `
busybox --install -s /bin; mkdir /tmp/d; cd /tmp/d
for n in 1 2 3 4 5; do echo "line $n of text" > f$n; done
cat f1 f2 f3 | sort -r; ls -l | wc -l; md5sum f1; sha256sum f2; grep -c line f*; sed 's/line/LINE/' f3
awk '{print $2*7}' f4; seq 1 200 | awk '{s+=$1} END {print s}'; seq 1 50 | tr '\\n' ' '; echo; expr 7 '*' 6
cp f1 g1; mv g1 g2; cmp f1 g2 && echo same; ln -s f1 s; readlink s; rm s; find . -type f | sort
tar cf t.tar f1 f2; tar tf t.tar; gzip t.tar; ls; gunzip t.tar.gz; head -n 1 f5; tail -n 1 f5; cut -d' ' -f3 f5
od -c f5 | head -n 2; hexdump -C f5; dd if=/dev/zero of=z bs=4096 count=20 2>/dev/null; md5sum z; diff f1 f2; env | sort
exit 7`;

const programs = fetchedPrograms();
const hasQemu = needs('qemu-system-riscv64', 'setpriv');

describe('veridian without koffi', () => {
  // Outside of the repository, so that Node finds none.
  const folder = mkdtempSync(join(tmpdir(), 'veridian-without-koffi-'));
  const bundle = join(folder, 'veridian.mjs');
  const veridian = (command: string, args: readonly string[]) => {
    const options = { cwd: folder, encoding: 'utf8', timeout: TIME_LIMIT_MS } as const;
    const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args], options);
    return { status, stdout, stderr };
  };

  beforeAll(() =>
    build({
      absWorkingDir: REPOSITORY,
      entryPoints: ['packages/cli/src/bin.ts'],
      outfile: bundle,
      bundle: true,
      platform: 'node',
      format: 'esm',
      external: ['koffi'],
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
      tsconfig: 'tsconfig.base.json',
      logLevel: 'error',
    }),
  );
  afterAll(() => rmSync(folder, { recursive: true }));

  (hasQemu ? it : it.skip)('machines: QEMU is the slower way, KVM is not there, and both say what is missing', () => {
    const { status, stdout } = veridian(bundle, ['machines']);
    const koffi = 'The optional package koffi does not load \\(npm install koffi\\)';
    expect(status).toBe(0);
    expect(stdout).toMatch(new RegExp(`^kvm .*unavailable +${koffi}`, 'm'));
    expect(stdout).toMatch(
      new RegExp(`^qemu-riscv64 .*one CPU, real time\\. Guest memory is copied .*slower\\. ${koffi}`, 'm'),
    );
  });

  const path = programs?.['busybox']?.path;
  (hasQemu && path !== undefined ? it : it.skip)(
    'a busybox script on qemu-riscv64 prints what it prints elsewhere',
    () => {
      const command = ['--env', 'LC_ALL=C', String(path), 'sh', '-c', SCRIPT];
      const emulated = veridian(join(REPOSITORY, 'tools/start.mjs'), ['run', ...command]);
      expect(emulated.stdout.split('\n').length).toBeGreaterThan(50);
      expect(emulated.status).toBe(7);
      expect(veridian(bundle, ['run', '--machine', 'qemu-riscv64', ...command])).toEqual(emulated);
    },
  );
});
