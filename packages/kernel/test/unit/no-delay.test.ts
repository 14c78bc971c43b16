/**
 * A client that is blocked delays no other: in a pipe, at the terminal, on a slow disk (file data and path lookups).
 * Time is virtual and stands still here, so "not delayed" means: the others finish although the blocked one never does.
 */
import { describe, expect, it } from '@jest/globals';
import { PAGE_SIZE, type Ino } from '@veridian-os/abi';
import { EmulatedMachine } from '@veridian-os/machine-emulated';
import { O_CREAT, O_RDONLY, O_RDWR, type Timestamp } from '@veridian-os/vfs';
import { createDiskFs, createSlowFs, type SlowFs, type SlowOperation } from '@veridian-os/vfs/testing';
import {
  createKernel,
  SI_USER,
  SIGKILL,
  signalInfo,
  type BootedKernel,
  type MountOptions,
  type Process,
  type TaskMain,
} from '../../src/index.js';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const EPOCH: Timestamp = { sec: 0, nsec: 0 };
/** Steps that the bystanders get; they need a handful. */
const STEPS = 200;
const BYTE_ON_DISK = 65;

/** Uses every service that a blocked client could hold up: files, lookups, pipes, children, timers. Status 0 = all well. */
const bystander: TaskMain = function* bystander(sys, [, name]) {
  const buffer = new Uint8Array(16);
  for (let round = 0; round < 20; round++) {
    const path = `/tmp/${name}-${round}`;
    const fd = yield* sys.open(path, O_RDWR | O_CREAT);
    if (fd < 0 || (yield* sys.write(fd, encode('hello'))) !== 5) return 1;
    if ((yield* sys.seek(fd, 0, 0)) !== 0 || (yield* sys.read(fd, buffer)) !== 5) return 2;
    if ((yield* sys.close(fd)) < 0 || (yield* sys.unlink(path)) < 0) return 3;
    const ends = yield* sys.pipe();
    if (typeof ends === 'number' || (yield* sys.write(ends[1], encode('x'))) !== 1) return 4;
    if ((yield* sys.read(ends[0], buffer)) !== 1) return 5;
    yield* sys.close(ends[0]);
    yield* sys.close(ends[1]);
    const child = yield* sys.spawn({
      path: 'child',
      args: ['child'],
      *task() {
        return 7;
      },
    });
    const result = yield* sys.wait({ pid: child });
    if (typeof result === 'number' || result.kind !== 'ended' || result.end.value !== 7) return 6;
  }
  return 0;
};

const readsPipe: TaskMain = function* readsPipe(sys) {
  const ends = yield* sys.pipe();
  if (typeof ends === 'number') return 99;
  return yield* sys.read(ends[0], new Uint8Array(1));
};

/** Blocks in the other direction: the pipe is full. */
const fillsPipe: TaskMain = function* fillsPipe(sys) {
  const ends = yield* sys.pipe();
  if (typeof ends === 'number') return 99;
  return yield* sys.write(ends[1], new Uint8Array(1 << 20));
};

const readsTerminal: TaskMain = function* readsTerminal(sys) {
  return yield* sys.read(0, new Uint8Array(16));
};

/** Reads the first byte of a file whose pages are on the slow disk. */
const readsSlowData: TaskMain = function* readsSlowData(sys) {
  const fd = yield* sys.open('/data/file', O_RDONLY);
  const buffer = new Uint8Array(1);
  const count = fd < 0 ? fd : yield* sys.read(fd, buffer);
  return count === 1 ? buffer[0] : 99;
};

/** The lookup itself waits for the disk: inside the file server. */
const opensSlowly: TaskMain = function* opensSlowly(sys) {
  const fd = yield* sys.open('/names/file', O_RDONLY);
  return fd < 0 ? 99 : 42;
};

const programs = { bystander, readsPipe, fillsPipe, readsTerminal, readsSlowData, opensSlowly };

interface World {
  readonly kernel: BootedKernel;
  readonly machine: EmulatedMachine;
  readonly slowData: SlowFs;
  readonly slowNames: SlowFs;
}

/** A kernel with two slow file systems, each holding one file with one byte. */
function build(): World {
  const machine = EmulatedMachine.create({ memoryBytes: 16 << 20, console: { output: () => undefined } });
  const slow: SlowFs[] = [];
  const mount = (path: string, operation: SlowOperation): MountOptions => ({
    path,
    fs: ({ waits, memory }) => {
      const disk = createDiskFs({ wait: waits, now: () => EPOCH, bytes: memory.bytes });
      const file = disk.create(disk.root, 'file', 0o100644, 0) as Ino;
      disk.setattr(file, { size: 1 });
      disk.store.set(file, new Map([[0, new Uint8Array(PAGE_SIZE).fill(BYTE_ON_DISK)]]));
      const fs = createSlowFs(disk, { wait: waits, slow: [operation] });
      slow.push(fs);
      return fs;
    },
  });
  const mounts = [mount('/data', 'readPage'), mount('/names', 'lookup')];
  const kernel = createKernel({ machine, programs, verbose: false, mounts });
  kernel.pacedTime = true; // idle time does not jump to a timer
  return { kernel, machine, slowData: slow[0], slowNames: slow[1] };
}

function settle(kernel: BootedKernel): void {
  for (let step = 0; step < STEPS; step++) if (kernel.step().state !== 'busy') return;
}

function start({ kernel }: World, program: keyof typeof programs, name = ''): Process {
  const terminal = program === 'readsTerminal' ? kernel.terminal : undefined;
  const input = terminal === undefined ? undefined : kernel.openTerminal();
  const files = input === undefined || typeof input === 'number' ? [] : [input];
  const process = kernel.launch({ path: `/bin/${program}`, args: [program, name], files, terminal });
  if (typeof process === 'number') throw new Error(`launch ${program}: ${process}`);
  return process;
}

function status(process: Process): number | string {
  const { end } = process;
  return end === undefined ? 'waits' : end.kind === 'exit' ? end.value : `signal ${end.value}`;
}

interface Blocked {
  readonly what: string;
  readonly program: keyof typeof programs;
  /** Lets it go on; absent: it never can. */
  readonly release?: (world: World) => void;
  /** Status it ends with then. */
  readonly result?: number;
}

const BLOCKED: readonly Blocked[] = [
  { what: 'a read of an empty pipe', program: 'readsPipe' },
  { what: 'a write to a full pipe', program: 'fillsPipe' },
  {
    what: 'a read of the terminal',
    program: 'readsTerminal',
    release: ({ machine }) => machine.uart.receive(encode('hi\r')),
    result: 3,
  },
  {
    what: 'a read of a slow disk',
    program: 'readsSlowData',
    release: ({ slowData }) => slowData.completeAll(),
    result: BYTE_ON_DISK,
  },
  {
    what: 'a lookup on a slow disk',
    program: 'opensSlowly',
    release: ({ slowNames }) => slowNames.completeAll(),
    result: 42,
  },
];

describe('a blocked client delays no other:', () => {
  for (const { what, program, release, result } of BLOCKED) {
    it(what, () => {
      const world = build();
      const blocked = start(world, program);
      settle(world.kernel);
      expect(status(blocked)).toBe('waits');
      const others = [start(world, 'bystander', 'a'), start(world, 'bystander', 'b')];
      settle(world.kernel);
      expect(others.map(status)).toEqual([0, 0]);
      expect(status(blocked)).toBe('waits');
      if (release === undefined) return;
      // A released client may have to wait once more (a lookup for each component).
      for (let round = 0; round < 4; round++) {
        release(world);
        settle(world.kernel);
      }
      expect(status(blocked)).toBe(result);
    });
  }

  it('all of these together', () => {
    const world = build();
    const blocked = BLOCKED.flatMap(({ program }) => [start(world, program), start(world, program)]);
    settle(world.kernel);
    const other = start(world, 'bystander', 'a');
    settle(world.kernel);
    expect(status(other)).toBe(0);
    expect(new Set(blocked.map(status))).toEqual(new Set(['waits']));
  });

  it('and a client of the slow disk is not delayed by another one that waits for it', () => {
    const world = build();
    const first = start(world, 'readsSlowData');
    settle(world.kernel);
    const second = start(world, 'readsSlowData');
    settle(world.kernel);
    expect([first, second].map(status)).toEqual(['waits', 'waits']);
    // One page serves both.
    expect(world.slowData.pending).toBe(1);
    world.slowData.completeAll();
    settle(world.kernel);
    expect([first, second].map(status)).toEqual([BYTE_ON_DISK, BYTE_ON_DISK]);
  });

  it('and one that is killed while it waits leaves nothing behind', () => {
    const world = build();
    const { kernel } = world;
    settle(kernel);
    const before = kernel.statistics();
    for (const { program } of BLOCKED) {
      const process = start(world, program);
      settle(kernel);
      kernel.signals.sendProcess(process, signalInfo(SIGKILL, SI_USER));
      settle(kernel);
      expect([program, status(process)]).toEqual([program, `signal ${SIGKILL}`]);
    }
    world.slowData.completeAll();
    world.slowNames.completeAll();
    settle(kernel);
    const after = kernel.statistics();
    for (const key of ['processes', 'threads', 'openFiles', 'capabilities'] as const) {
      expect([key, after[key]]).toEqual([key, before[key]]);
    }
  });
});
