/** The two ways of sharing memory with QEMU: which one is chosen, and what the slower one keeps to. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TrapKind } from '@veridian-os/hal';
import { build } from 'esbuild';
import { MirroredRam } from '../../src/sharing/mirrored-ram.js';
import { folderFor } from '../../src/sharing/unnamed-file.js';
import { available, small } from '../helpers/qemu.js';

const ROOT = resolve(__dirname, '../../../..');
const PAGE = 4096;

describe('without koffi', () => {
  // Outside of the repository, so that Node finds none.
  const folder = mkdtempSync(join(tmpdir(), 'veridian-without-koffi-'));
  const bundle = join(folder, 'without-koffi.mjs');

  beforeAll(() =>
    build({
      absWorkingDir: ROOT,
      entryPoints: ['packages/machine-qemu/test/helpers/without-koffi.ts'],
      outfile: bundle,
      bundle: true,
      platform: 'node',
      format: 'esm',
      packages: 'external',
      logLevel: 'error',
    }),
  );
  afterAll(() => rmSync(folder, { recursive: true }));

  (available().length > 0 ? it.each(available()) : it.skip.each(['QEMU']))('%s: a machine runs all the same', (isa) => {
    const found = JSON.parse(execFileSync(process.execPath, [bundle, isa], { cwd: folder, encoding: 'utf8' }));
    const missing = expect.stringMatching(/koffi does not load \(npm install koffi\): Cannot find .*'koffi'/);
    expect(found).toEqual({
      problem: missing,
      probe: {
        ok: true,
        version: expect.any(String),
        accelerator: expect.stringMatching(/^(tcg|kvm)$/),
        startMs: expect.any(Number),
        slower: missing,
      },
      kind: TrapKind.Fault,
      cpus: expect.stringMatching(/^RangeError: cpus: expected 1 where .* got 2\. .*koffi does not load/),
      mapped: expect.stringMatching(/^RangeError: sharing: expected auto or mirrored here, got mapped\. .*koffi/),
    });
  });

  (available().length > 0 ? it : it.skip)('nor setpriv: the error names that', () => {
    // A group of its own: an error in this must not end the tests.
    const options = { cwd: folder, env: { PATH: '/nowhere' }, encoding: 'utf8', detached: true } as const;
    const { status, stderr } = spawnSync(process.execPath, [bundle, available()[0]], options);
    expect(stderr).toContain('setpriv (util-linux)');
    expect(status).toBe(1);
  });
});

describe('mirrored', () => {
  it('refuses several CPUs, and names them', () => {
    expect(() => small('riscv64', { sharing: 'mirrored', cpus: 2 })).toThrow(RangeError);
    expect(() => small('riscv64', { sharing: 'mirrored', cpus: 2 })).toThrow('cpus: expected 1');
  });

  it('a file lies where there is room, or the error says how little there is', () => {
    const rooms: Readonly<Record<string, number>> = { memory: 64, disk: 1000 };
    const folders = { candidates: Object.keys(rooms), room: (folder: string) => rooms[folder] ?? 0 };
    expect(folderFor(64, folders)).toBe('memory');
    expect(folderFor(65, folders)).toBe('disk');
    expect(() => folderFor(1001, folders)).toThrow(
      'no room for a file of 1001 bytes: memory (64 bytes), disk (1000 bytes)',
    );
  });

  it('a page goes to the file when it differs, comes back when the file does, and neighbours stay', () => {
    const bytes = 3 * 4 * 1024 * 1024;
    const border = 4 * 1024 * 1024;
    const [ram, other] = [new MirroredRam(bytes), new MirroredRam(bytes)];
    const [here, there] = [ram, other].map(({ windows }) => new Uint8Array(windows[0]));
    // The other one sees the same file.
    const from = (offset: number, length: number): void => {
      Object.assign(other, { fd: ram.fd });
      other.refresh(offset, length);
    };
    const otherFd = other.fd;
    try {
      here.fill(1, border - PAGE, border + PAGE);
      here[border + 5 * PAGE] = 2;
      expect(ram.push(border - 8 * PAGE, 12 * PAGE)).toBe(true);
      expect(ram.push(border - 8 * PAGE, 12 * PAGE)).toBe(false);
      from(0, bytes);
      expect(there.subarray(border - PAGE, border + PAGE).every((byte) => byte === 1)).toBe(true);
      expect([there[border - PAGE - 1], there[border + PAGE], there[border + 5 * PAGE]]).toEqual([0, 0, 0]);
      there[border] = 3;
      other.publish(border, PAGE);
      expect(ram.pull(border, PAGE)).toBe(true);
      expect(ram.pull(border, PAGE)).toBe(false);
      expect([here[border], here[border + 5 * PAGE]]).toEqual([3, 2]);
      expect(ram.push(border, PAGE)).toBe(false);
    } finally {
      ram.dispose();
      Object.assign(other, { fd: otherFd });
      other.dispose();
    }
  });
});
