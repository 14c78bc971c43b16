/** A VFS with a tmpfs root, for tests that need no particular file system. */
import { expect } from '@jest/globals';
import type { FileSystem } from '@veridian-os/abi';
import {
  createFileStat,
  createTmpfs,
  createVfs,
  type OpenFile,
  type PathContext,
  type VfsConfig,
} from '../../src/index.js';
import { parts } from './fixtures.js';

export function world(config: Partial<VfsConfig> = {}) {
  const base = parts();
  const vfs = createVfs({ ...base, ...config });
  expect(vfs.mount('/', createTmpfs(base))).toBe(0);
  const root = vfs.root();
  const context: PathContext = { root, start: root, umask: 0o22 };
  const open = (name: string, flags = 0, mode = 0o666): OpenFile => {
    const file = vfs.open(context, name, flags, mode);
    if (typeof file === 'number') throw new Error(`open ${name}: ${file}`);
    return file;
  };
  const mount = (path: string, fs: FileSystem, options?: { readOnly?: boolean; source?: string }): void => {
    expect([0, -17]).toContain(vfs.mkdir(context, path, 0o755));
    expect(vfs.mount(path, fs, options)).toBe(0);
  };
  const stat = (name: string, follow = true) => {
    const out = createFileStat();
    const result = vfs.stat(context, name, follow, out);
    return result === 0 ? out : result;
  };
  return { ...base, vfs, context, open, mount, stat };
}

export const text = (value: string): Uint8Array[] => [new TextEncoder().encode(value)];

/** Reads up to `length` bytes as text; an errno as a number. */
export function readText(file: OpenFile, length = 4096, position?: number): string | number {
  const into = new Uint8Array(length);
  const count = file.read([into], position);
  return count < 0 ? count : new TextDecoder().decode(into.subarray(0, count));
}

export function names(file: OpenFile): string[] {
  const list: string[] = [];
  file.readdir((name) => list.push(name) > 0);
  return list;
}
