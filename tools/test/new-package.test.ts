import { describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, runTool, type Outcome } from './tool.js';

const generate = (root: string, ...args: string[]): Outcome => runTool('new-package.mjs', [...args, '--root', root]);

function bin(name: string, args: string[]): Outcome {
  const { status, stdout, stderr } = spawnSync(join(ROOT, 'node_modules/.bin', name), args, { encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

/** A workspace of `abi` alone, inside the repository so that node_modules is found. */
function withWorkspace(use: (root: string) => void): void {
  const root = join(ROOT, `.build/new-package-${process.pid}`);
  mkdirSync(join(root, 'packages'), { recursive: true });
  try {
    cpSync(join(ROOT, 'tsconfig.base.json'), join(root, 'tsconfig.base.json'));
    cpSync(join(ROOT, 'types'), join(root, 'types'), { recursive: true });
    cpSync(join(ROOT, 'packages/abi'), join(root, 'packages/abi'), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
    use(root);
  } finally {
    rmSync(root, { recursive: true });
  }
}

describe('new-package', () => {
  test('writes a package that compiles, is formatted and keeps to its layer', () => {
    withWorkspace((root) => {
      expect(generate(root, 'tag-store')).toMatchObject({ status: 0 });
      const dir = join(root, 'packages/tag-store');
      expect(bin('tsc', ['-p', dir])).toEqual({ status: 0, output: '' });
      expect(bin('tsc', ['-p', join(dir, 'test')])).toEqual({ status: 0, output: '' });
      expect(runTool('check-deps.mjs', ['--root', root])).toMatchObject({ status: 0 });
      const formatted = bin('prettier', [
        '--ignore-path',
        '/dev/null',
        '--check',
        dir,
        join(root, 'tsconfig.base.json'),
      ]);
      expect(formatted).toMatchObject({ status: 0 });
      expect(generate(root, 'tag-store')).toEqual({ status: 2, output: 'packages/tag-store exists\n' });
    });
  });

  test.each([
    [['Bad_Name'], 'NAME: expected kebab-case'],
    [[], 'NAME: expected kebab-case'],
    [['fine', '--layer', 'attic'], '--layer: expected one of abi,'],
  ])('refuses %j', (args, message) => {
    const { status, output } = generate('/nonexistent', ...args);
    expect(status).toBe(2);
    expect(output).toContain(message);
  });
});
