import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { ROOT } from './tool.js';

/** What a script with a CpioWriter `w` makes. */
function archive(script: string): { status: number | null; bytes: Buffer; stderr: string } {
  const writer = JSON.stringify(join(ROOT, 'tools/lib/cpio.mjs'));
  const text = `import { CpioWriter } from ${writer}; const w = new CpioWriter(); ${script}; process.stdout.write(w.finish());`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', text]);
  return { status, bytes: stdout, stderr: String(stderr) };
}

interface Entry {
  readonly name: string;
  readonly mode: string;
  readonly links: number;
  readonly device: string;
  readonly text: string;
}

/** Reads the format back, by the text of its description. */
function entries(bytes: Buffer): Entry[] {
  const found: Entry[] = [];
  for (let at = 0; at < bytes.length;) {
    const field = (i: number): number => parseInt(bytes.toString('latin1', at + 6 + i * 8, at + 14 + i * 8), 16);
    expect(bytes.toString('latin1', at, at + 6)).toBe('070701');
    const nameEnd = at + 110 + field(11);
    expect(bytes[nameEnd - 1]).toBe(0);
    const data = (nameEnd + 3) & ~3;
    const end = data + field(6);
    const name = bytes.toString('utf8', at + 110, nameEnd - 1);
    const device = `${field(9)},${field(10)}`;
    found.push({ name, mode: field(1).toString(8), links: field(4), device, text: bytes.toString('utf8', data, end) });
    at = (end + 3) & ~3;
  }
  return found;
}

test('folders, files, links and devices, ended by the trailer, each padded to 4 bytes', () => {
  const { bytes } = archive(`w.folder('d').file('d/f', 'hello', 0o755).link('l', 'd/f').device('c', 5, 1)`);
  expect(bytes.length % 4).toBe(0);
  expect(entries(bytes)).toEqual([
    { name: 'd', mode: '40755', links: 2, device: '0,0', text: '' },
    { name: 'd/f', mode: '100755', links: 1, device: '0,0', text: 'hello' },
    { name: 'l', mode: '120777', links: 1, device: '0,0', text: 'd/f' },
    { name: 'c', mode: '20600', links: 1, device: '5,1', text: '' },
    { name: 'TRAILER!!!', mode: '0', links: 1, device: '0,0', text: '' },
  ]);
});

test('equal trees are equal archives, and paths are relative', () => {
  expect(archive(`w.file('a', 'b')`).bytes).toEqual(archive(`w.file('a', 'b')`).bytes);
  expect(archive(`w.file('/a', 'b')`).stderr).toMatch(/path: expected a relative one, got \/a/);
});

test('an initial RAM disk makes the folders of its files, once each', () => {
  const tool = JSON.stringify(join(ROOT, 'tools/lib/initramfs.mjs'));
  const files = "{ 'src/a/x': 'x', 'src/a/y': 'y', 'bin/z': 'z' }";
  const text = `import { buildInitramfs } from ${tool};
    process.stdout.write(buildInitramfs({ busybox: Buffer.from('b'), files: ${files} }));`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', text]);
  const names = entries(stdout).map(({ name }) => name);
  const expected = ['src', 'src/a', 'src/a/x', 'src/a/y', 'bin/z'];
  expect(names.filter((name) => /^src|z$/.test(name))).toEqual(expected);
  expect(new Set(names).size).toBe(names.length);
});
