import { describe, expect, it } from '@jest/globals';
import { ScriptKernel } from '../harness.js';

const DEPTH = 400;

describe('deep and wide trees', () => {
  const kernel = new ScriptKernel();

  it('are copied, searched and removed', async () => {
    const path = Array.from({ length: DEPTH }, () => 'd').join('/');
    const { stdout, stderr, status } = await kernel.run(
      `mkdir -p ${path}; echo needle > ${path}/f; cp -r d e; grep -rc needle e | wc -l; ls -R e | grep -c :; rm -r d e; ls | wc -l`,
    );
    expect({ stdout, stderr, status }).toEqual({ stdout: `1\n${DEPTH}\n0\n`, stderr: '', status: 0 });
  });

  it('with a thousand names are listed and matched', async () => {
    const { stdout } = await kernel.run(
      'touch $(seq 1000); ls | wc -l; echo 99* | wc -w; ls -l | head -n 2 | tail -n 1 | wc -w; rm *; ls | wc -l',
    );
    expect(stdout).toBe('1000\n11\n8\n0\n');
  });
});

describe('between file systems', () => {
  it('mv copies, and says what it could not remove', async () => {
    const kernel = new ScriptKernel();
    const { stdout, stderr, status } = await kernel.run(
      'mkdir d; echo x > d/f; mv d /dev/moved; ls; cat /dev/moved/f; mv /proc/version v; wc -l v',
    );
    expect(stdout).toBe('x\n1 v\n');
    expect(stderr).toMatch(/^mv: cannot remove '\/proc\/version': .*\n$/);
    expect(status).toBe(0);
  });
});
