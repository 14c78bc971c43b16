import { describe, expect, it } from '@jest/globals';
import type { FileStat, FileSystem, Ino } from '@veridian-os/abi';
import { ALL_SLOW, createDiskFs, createSlowFs, type SlowFs } from '@veridian-os/vfs/testing';
import { programs } from '../../src/index.js';
import { boot } from '../harness.js';

const STEPS = 100_000;

/** Runs a script in a directory of a file system whose every operation waits. */
function runSlowly(script: string): { output: string; status: number | undefined; waits: number } {
  let slow: SlowFs | undefined;
  let mounted = false;
  const kernel = boot({
    programs,
    mounts: [
      {
        path: '/slow',
        fs: ({ waits, memory }) => {
          const disk = createDiskFs({ wait: waits, now: () => ({ sec: 0, nsec: 0 }), bytes: memory.bytes });
          const all = (slow = createSlowFs(disk, { wait: waits, slow: ALL_SLOW }));
          // Fast until it is mounted: mounting at boot does not wait.
          const getattr = (ino: Ino, out: FileStat): number => (mounted ? all : disk).getattr(ino, out);
          return Object.create(all, { getattr: { value: getattr } }) as FileSystem;
        },
      },
    ],
  });
  mounted = true;
  const chunks: Uint8Array[] = [];
  const output = kernel.openOutput('out', (bytes) => chunks.push(bytes));
  output.retain();
  const input = kernel.openInput();
  input.stream.end();
  const shell = kernel.launch({
    path: '/bin/vsh',
    args: ['vsh', '-c', `cd /slow; ${script}`],
    env: ['PATH=/bin'],
    files: [input.file, output, output],
  });
  if (typeof shell === 'number') throw new Error(`launch: ${shell}`);
  let waits = 0;
  for (let step = 0; step < STEPS && shell.end === undefined; step++) {
    if (kernel.step().state !== 'idle') continue;
    if (slow?.complete() !== true) break; // stuck
    waits++;
  }
  return { output: Buffer.concat(chunks).toString(), status: shell.end?.value, waits };
}

describe('on a disk where everything waits', () => {
  const scripts: Readonly<Record<string, string>> = {
    'echo a > f; cat f; echo b >> f; wc -l < f': 'a\n2\n',
    'mkdir -p a/b; echo x > a/b/c; ls -R a; echo a/*/c': 'a:\nb\n\na/b:\nc\na/b/c\n',
    'echo x > f; ls -l f | wc -w; stat f | head -n 1; test -s f && echo full': '8\n  File: f\nfull\n',
    'echo x > f; cp f g; mv g h; ln -s h l; cat l; readlink l; rm f; ls': 'x\nh\nh\nl\n',
    'mkdir d; echo x > d/f; cp -r d e; grep -r x e; rm -r d e; ls | wc -l': 'e/f:x\n0\n',
    'cd /; cd slow; pwd; mkdir d; cd d; pwd; cd ..; rmdir d; ls': '/slow\n/slow/d\n',
    "echo 'echo run $1' > s; vsh s it; . ./s now": 'run it\nrun now\n',
    'seq 20000 > n; tail -n 1 n; sort -nr n | head -n 1; head -c 5 n': '20000\n20000\n1\n2\n3',
  };
  for (const [script, expected] of Object.entries(scripts)) {
    it(script, () => {
      const { output, status, waits } = runSlowly(script);
      expect({ output, status }).toEqual({ output: expected, status: 0 });
      expect(waits).toBeGreaterThan(2);
    });
  }
});
