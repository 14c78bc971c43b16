/** The conformance kit of file systems, over folders of the host, and random sequences against its model. */
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it, test } from '@jest/globals';
import { fileSystemKit, fileSystemModel } from '@veridian-os/vfs/testing';
import { createHostfs, hostFolder } from '../../src/index.js';
import { temporaryFolder } from '../../src/testing.js';
import { hostFolderPath, parts } from '../helpers/world.js';

const outer = temporaryFolder('veridian-hostfs-kit-');
afterAll(() => outer.remove());

let count = 0;
function make(exclusive = false) {
  const folder = join(outer.path, `${count++}`);
  mkdirSync(folder);
  const base = parts();
  return { ...base, fs: createHostfs({ folder, exclusive, ...base }) };
}

mkdirSync(join(outer.path, 'probe/below'), { recursive: true });
const features = {
  nodes: false,
  exchange: false,
  // Owners are not stored, times to the microsecond only; chmod and utimes have tests of their own.
  modes: false,
  times: false,
  // Btrfs and APFS, among others, do not count subdirectories as links.
  linkCounts: statSync(join(outer.path, 'probe')).nlink === 3,
  posixNames: process.platform === 'linux',
};

fileSystemKit({ describe, it }, () => make(), features);
for (const exclusive of features.linkCounts ? [false, true] : []) {
  describe(exclusive ? 'exclusive' : 'dynamic', () => {
    fileSystemModel({ describe, it }, () => make(exclusive), { numRuns: 60 }, features);
  });
}

test('a folder that is not one is refused by name', () => {
  const { bytes, wait } = parts();
  const absent = join(hostFolderPath(), 'absent');
  expect(() => createHostfs({ folder: absent, bytes, wait })).toThrow(RangeError);
  expect(() => createHostfs({ folder: absent, bytes, wait })).toThrow(/folder: expected .* got ".*absent"/);
});

test('hostFolder makes a file system of what a kernel gives', () => {
  const { bytes, wait } = parts();
  const kernel = { memory: { bytes }, waits: wait };
  expect(hostFolder(hostFolderPath())(kernel)).toMatchObject({ type: 'hostfs', readOnly: false });
  expect(hostFolder(hostFolderPath(), { readOnly: true })(kernel).readOnly).toBe(true);
});

test('a relative folder starts at the working directory of the call', () => {
  const { bytes, wait } = parts();
  const before = process.cwd();
  const folder = hostFolderPath();
  mkdirSync(join(folder, 'inner'));
  try {
    process.chdir(folder);
    const mount = hostFolder('inner');
    process.chdir(before);
    expect(mount({ memory: { bytes }, waits: wait }).type).toBe('hostfs');
  } finally {
    process.chdir(before);
  }
});
