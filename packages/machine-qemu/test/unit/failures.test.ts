/** A machine whose host refuses it something half-way leaves nothing: each call in turn fails once. */
import { readdirSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { libc, libcProblem, type Libc } from '@veridian-os/libc';
import { ISAS } from '../../src/isa/index.js';
import { QemuProcess } from '../../src/process.js';
import { MappedSharing } from '../../src/sharing/mapped.js';
import { MirroredSharing } from '../../src/sharing/mirrored.js';

const EMFILE = -24;
const SHAPE = { isa: ISAS.riscv64, parts: [{ base: 0x8000_0000, length: 8 << 20 }], hidden: 4 << 20 };
const START = { executable: 'true', args: [], firmware: -1, hangMs: 100 };
const TOO_LONG = { ...START, args: ['x'.repeat(1 << 20)] };
const openFiles = (): number => readdirSync('/proc/self/fd').length;

type Refusable = 'memfdCreate' | 'ftruncate' | 'mmap' | 'socketpair';
const host = (): Libc => Object.create(libc()) as Libc;
const refuse = (calls: Libc, name: Refusable): Libc => Object.assign(calls, { [name]: () => EMFILE });

(libcProblem() === undefined ? describe : describe.skip)('a host that refuses', () => {
  it.each(['memfdCreate', 'ftruncate', 'mmap'] as const)('%s: no guest memory, and no descriptor of it', (name) => {
    const before = openFiles();
    expect(() => new MappedSharing(refuse(host(), name), SHAPE)).toThrow('24');
    expect(openFiles()).toBe(before);
  });

  it.each(['socketpair', 'memfdCreate'] as const)('%s: no process, and no descriptor of it', (name) => {
    const calls = host();
    const sharing = new MappedSharing(calls, SHAPE);
    const before = openFiles();
    refuse(calls, name);
    expect(() => new QemuProcess(sharing, START)).toThrow();
    expect(openFiles()).toBe(before);
    sharing.ram.dispose();
  });

  it('a process whose arguments are too long: no descriptor of it', () => {
    const sharing = new MappedSharing(libc(), SHAPE);
    const before = openFiles();
    expect(() => new QemuProcess(sharing, TOO_LONG)).toThrow();
    expect(openFiles()).toBe(before);
    sharing.ram.dispose();
  });
});

describe('mirrored', () => {
  it('a process whose arguments are too long: no descriptor of it', () => {
    const sharing = new MirroredSharing(SHAPE);
    sharing.mailbox(0);
    const before = openFiles();
    expect(() => new QemuProcess(sharing, TOO_LONG)).toThrow();
    expect(openFiles()).toBe(before);
    sharing.ram.dispose();
  });
});
