/** A machine whose host refuses it something half-way leaves nothing: each call in turn fails once. */
import { readdirSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { libc, libcProblem, type Libc } from '@veridian-os/libc';
import { GuestRam } from '../../src/guest-ram.js';
import { QemuProcess } from '../../src/process.js';

const EMFILE = -24;
const BYTES = 1 << 20;
const openFiles = (): number => readdirSync('/proc/self/fd').length;

const refusing = (name: 'memfdCreate' | 'ftruncate' | 'mmap' | 'socketpair'): Libc =>
  Object.assign(Object.create(libc()) as Libc, { [name]: () => EMFILE });

(libcProblem() === undefined ? describe : describe.skip)('a host that refuses', () => {
  it.each(['memfdCreate', 'ftruncate', 'mmap'] as const)('%s: no guest memory, and no descriptor of it', (name) => {
    const before = openFiles();
    expect(() => new GuestRam(refusing(name), [{ base: 0, length: BYTES }], 0)).toThrow('24');
    expect(openFiles()).toBe(before);
  });

  it.each(['socketpair', 'memfdCreate'] as const)('%s: no process, and no descriptor of it', (name) => {
    const before = openFiles();
    const start = { executable: 'true', args: [], ram: 0, firmware: -1, hangMs: 100 };
    expect(() => new QemuProcess(refusing(name), start)).toThrow();
    expect(openFiles()).toBe(before);
  });

  it('a process whose arguments are too long: no descriptor of it', () => {
    const before = openFiles();
    const start = { executable: 'true', args: ['x'.repeat(1 << 20)], ram: 0, firmware: -1, hangMs: 100 };
    expect(() => new QemuProcess(libc(), start)).toThrow();
    expect(openFiles()).toBe(before);
  });
});
