/** Starting programs: what runs, what is refused and why, and from a disk that takes its time. */
import { describe, expect, it } from '@jest/globals';
import { E2BIG, EACCES, ELOOP, ENOENT, ENOEXEC, ENOMEM, PAGE_SIZE, type Ino, type Nanoseconds } from '@veridian-os/abi';
import { Rights } from '@veridian-os/capabilities';
import { buildElf } from '@veridian-os/elf/testing';
import { createDiskFs, createSlowFs } from '@veridian-os/vfs/testing';
import { exits, forkExecLoop, Program, SYS, A0 } from '@veridian-os/veridian/testing';
import { readsNull, spins, writes } from '@veridian-os/veridian/testing';
import { writeFile, type BootedKernel, type MountOptions, type TaskMain } from '../../src/index.js';
import { resourceCounts, runProgram } from '../../src/testing.js';
import { bootLinux } from '../helpers/linux-fixture.js';
import { encode, inTask, task } from '../helpers/tasks.js';

const hello: TaskMain = task(function* (sys, args) {
  yield* sys.write(1, encode(args.join(' ')));
});

function tree(kernel: BootedKernel, files: Record<string, Uint8Array | string>): BootedKernel {
  for (const [path, contents] of Object.entries(files)) {
    writeFile(kernel, path, typeof contents === 'string' ? encode(contents) : contents, 0o755);
  }
  return kernel;
}

describe('a program named by the host', () => {
  const kernel = tree(bootLinux({ programs: { hello } }), {
    '/bin/five': exits(5),
    '/bin/text': 'no program, and no number of exclamation marks makes it one\n'.repeat(3),
    '/bin/script': '#!/bin/hello -v  \nignored\n',
    '/bin/nested': '#!/bin/script\n',
    '/bin/loop': '#!/bin/loop\n',
    '/bin/orphan': '#!/bin/nobody\n',
    '/bin/task': '#!task nobody\n',
    '/bin/empty-line': '#!   \n',
    '/bin/plain': exits(5),
    '/bin/dynamic': dynamic('/lib/ld.so.1'),
  });
  kernel.vfs.setattr({ root: kernel.vfs.root(), start: kernel.vfs.root(), umask: 0 }, '/bin/plain', true, {
    mode: 0o644,
  });

  it.each([
    ['an ELF file', '/bin/five', [], 5, ''],
    ['a task', '/bin/hello', ['a', 'b'], 0, '/bin/hello a b'],
    ['a script', '/bin/script', ['a'], 0, '/bin/hello -v /bin/script a'],
    ['a script of a script', '/bin/nested', [], 0, '/bin/hello -v /bin/script /bin/nested'],
  ])('runs: %s', async (_what, program, args, status, stdout) => {
    expect(await runProgram(kernel, { program, args })).toMatchObject({ status, stdout, refusal: undefined });
  });

  it.each([
    ['nothing there', '/bin/none', 127, /^\/bin\/none: no such file$/],
    ['no directory there', '/none/none', 127, /^\/none\/none: no such file$/],
    ['a directory', '/bin', 126, /^\/bin: not an executable file$/],
    ['no permission', '/bin/plain', 126, /^\/bin\/plain: not an executable file$/],
    ['text', '/bin/text', 126, /^\/bin\/text: e_ident/],
    ['a script without interpreter', '/bin/orphan', 127, /no such file/],
    ['a script that names itself', '/bin/loop', 126, /^\/bin\/loop: more than 4 #! scripts name each other$/],
    [
      'a script that names nothing',
      '/bin/empty-line',
      126,
      /^\/bin\/empty-line: neither an ELF executable nor a #! script$/,
    ],
    ['a task that is not there', '/bin/task', 127, /no such file/],
    ['a missing interpreter', '/bin/dynamic', 127, /PT_INTERP.*\/lib\/ld\.so\.1/],
    ['a device', '/dev/null', 126, /not an executable file/],
  ])('is refused, with the reason of this time: %s', async (_what, program, status, refusal) => {
    const result = await runProgram(kernel, { program });
    expect([result.status, result.stdout]).toEqual([status, '']);
    expect(result.refusal).toMatch(refusal);
  });

  it('without a personality is refused by name', async () => {
    const bare = tree(bootLinux({ personalities: [] }), { '/bin/five': exits(5) });
    const result = await runProgram(bare, { program: '/bin/five' });
    expect(result).toMatchObject({ status: 126, refusal: '/bin/five: no personality runs riscv64 programs here' });
  });

  it('leaves nothing behind when it is refused', async () => {
    const refused = ['/bin/none', '/bin/text', '/bin/loop', '/bin/dynamic', '/bin/plain'];
    for (const program of refused) await runProgram(kernel, { program });
    const before = resourceCounts(kernel);
    for (const program of refused) await runProgram(kernel, { program });
    expect(resourceCounts(kernel)).toEqual(before);
  });

  it('has no room: the files that were meant for it are released', async () => {
    const full = tree(bootLinux({ limits: { processes: 1 } }), { '/bin/loop': spins(), '/bin/five': exits(5) });
    const loop = full.launch({ path: '/bin/loop', args: [], files: [] });
    for (let step = 0; step < 3; step++) full.step();
    expect(typeof loop).toBe('object');
    const before = resourceCounts(full);
    await expect(runProgram(full, { program: '/bin/five' })).rejects.toThrow('launch of /bin/five: -11');
    expect(resourceCounts(full)).toEqual(before);
  });
});

/** An executable with a PT_INTERP. */
function dynamic(interpreter: string): Uint8Array {
  const virtualAddress = 0x10000;
  return buildElf({ entry: virtualAddress, segments: [{ virtualAddress, bytes: exits(0), prot: 5 }], interpreter });
}

describe('spawn', () => {
  it('answers with the reason and leaves nothing behind', async () => {
    const kernel = tree(bootLinux(), { '/bin/text': 'text '.repeat(30), '/bin/loop': '#!/bin/loop\n' });
    const seen: unknown[] = [];
    await inTask(
      function* (sys) {
        yield* sys.getcwd(); // its first message gives the caller a page
        const before = resourceCounts(kernel);
        for (const path of ['/bin/none', '/bin/text', '/bin/loop', '/bin']) {
          seen.push(yield* sys.spawn({ path, args: [path] }));
        }
        expect(resourceCounts(kernel)).toEqual(before);
      },
      { kernel },
    );
    expect(seen).toEqual([ENOENT, ENOEXEC, ELOOP, EACCES]);
  });

  it('answers with what loading failed of, and the child was never there', async () => {
    const kernel = tree(bootLinux(), { '/bin/five': exits(5) });
    const seen: unknown[] = [];
    await inTask(
      function* (sys) {
        yield* sys.getcwd();
        const before = resourceCounts(kernel);
        const args = new Array<string>(100).fill('x'.repeat(100_000));
        seen.push(yield* sys.spawn({ path: '/bin/five', args }), yield* sys.wait({ noHang: true }));
        expect(resourceCounts(kernel)).toEqual(before);
      },
      { kernel },
    );
    expect(seen).toEqual([E2BIG, -10]);
  });
});

/** One program on a disk whose every read takes a millisecond. */
function slowMount(bytes: Uint8Array): MountOptions {
  return {
    path: '/slow',
    fs: (kernel) => {
      const disk = createDiskFs({ wait: kernel.waits, now: () => ({ sec: 0, nsec: 0 }), bytes: kernel.memory.bytes });
      const file = disk.create(disk.root, 'program', 0o100755, 0) as Ino;
      disk.setattr(file, { size: bytes.length });
      const pages = new Map<number, Uint8Array>();
      for (let page = 0; page * PAGE_SIZE < bytes.length; page++) {
        const copy = new Uint8Array(PAGE_SIZE);
        copy.set(bytes.subarray(page * PAGE_SIZE, (page + 1) * PAGE_SIZE));
        pages.set(page, copy);
      }
      disk.store.set(file, pages);
      const schedule = (complete: () => void): void =>
        void kernel.timers.arm((kernel.now() + 1e6) as Nanoseconds, complete);
      return createSlowFs(disk, { wait: kernel.waits, slow: ['lookup', 'readPage'], schedule });
    },
  };
}

describe('a disk that takes its time', () => {
  // Its data ends within a page of the file, so loading must read that page to clear the rest.
  const program = buildElf({
    entry: 0x10000,
    segments: [
      { virtualAddress: 0x10000, bytes: code(), prot: 5 },
      { virtualAddress: 0x20100, bytes: new Uint8Array(3000).fill(7), memoryBytes: 20_000, prot: 3 },
    ],
  });

  it('delays a program that the host names', async () => {
    const kernel = bootLinux({ mounts: [slowMount(program)] });
    expect((await runProgram(kernel, { program: '/slow/program' })).status).toBe(7);
    expect(kernel.now()).toBeGreaterThan(2e6);
  });

  it('delays a spawned one, and its parent until that is loaded, and nobody else', async () => {
    const kernel = bootLinux({ mounts: [slowMount(program)] });
    const order: unknown[] = [];
    await inTask(
      function* (sys) {
        const other = task(function* (own) {
          for (let count = 0; count < 5; count++) {
            yield* own.sleep(1e5);
            order.push('other');
          }
        });
        yield* sys.spawn({ path: 'other', args: [], task: other });
        const pid = yield* sys.spawn({ path: '/slow/program', args: ['program'] });
        order.push('spawned');
        const result = yield* sys.wait({ pid });
        order.push(typeof result === 'object' && result.kind === 'ended' ? result.end : result);
      },
      { kernel },
    );
    const end = { kind: 'exit', value: 7, core: false };
    expect(order).toEqual(['other', 'other', 'other', 'other', 'other', 'spawned', end]);
  });

  it('does not matter to a parent whose child is killed while it loads', async () => {
    const kernel = bootLinux({ mounts: [slowMount(program)] });
    const run = () =>
      inTask(
        function* (sys) {
          const killer = task(function* (own) {
            yield* own.sleep(2.5e6);
            const child = kernel.processList().find(({ name }) => name.includes('program'));
            return yield* own.kill(child?.pid ?? 0, 9);
          });
          yield* sys.spawn({ path: 'killer', args: [], task: killer });
          const pid = yield* sys.spawn({ path: '/slow/program', args: ['program'] });
          const result = yield* sys.wait({ pid });
          yield* sys.wait({});
          return typeof result === 'object' && result.kind === 'ended' ? result.end.value : 99;
        },
        { kernel },
      );
    expect((await run()).status).toBe(9);
  });
});

/** exit(the byte at 0x20100, plus what the last byte of its page beyond the file holds). */
function code(): Uint8Array {
  // lui a1, 0x20; lbu a0, 0x100(a1); lui a2, 0x21; lbu a3, -1(a2); add a0, a0, a3; li a7, 94; ecall
  const words = [0x000205b7, 0x1005c503, 0x00021637, 0xfff64683, 0x00d50533, 0x05e00893, 0x00000073];
  return new Uint8Array(Uint32Array.from(words).buffer);
}

describe('execve', () => {
  it('by a second thread leaves one thread, whose number is the process’s', async () => {
    const kernel = tree(bootLinux(), { '/bin/threads': execFromThread('/bin/check'), '/bin/check': comparesIds() });
    expect((await runProgram(kernel, { program: '/bin/threads' })).status).toBe(0);
  });

  it('five hundred times leaves nothing behind', async () => {
    const kernel = tree(bootLinux(), { '/bin/loop': forkExecLoop(100, '/bin/zero'), '/bin/zero': exits(0) });
    await runProgram(kernel, { program: '/bin/loop' });
    const before = resourceCounts(kernel);
    expect((await runProgram(kernel, { program: '/bin/loop' })).status).toBe(0);
    expect(resourceCounts(kernel)).toEqual(before);
  });

  it('closes what is marked so and keeps the rest', async () => {
    const kernel = tree(bootLinux(), { '/bin/says': writes('kept', 1), '/bin/dies': readsNull() });
    expect(await runProgram(kernel, { program: '/bin/says' })).toMatchObject({ stdout: 'kept', status: 0 });
    expect((await runProgram(kernel, { program: '/bin/dies' })).status).toBe(139);
  });
});

const GETTID = 178;

/** A thread of the program calls execve(path); the first thread spins. */
function execFromThread(path: string): Uint8Array {
  return new Program()
    .li(A0, 0x10f00) // VM, FS, FILES, SIGHAND, THREAD
    .la(11, 'stackTop')
    .li(12, 0)
    .li(13, 0)
    .li(14, 0)
    .call(SYS.clone)
    .beqz(A0, 'thread')
    .label('spin')
    .jump('spin')
    .label('thread')
    .la(A0, 'path')
    .li(11, 0)
    .li(12, 0)
    .call(SYS.execve)
    .li(A0, 9)
    .call(SYS.exitGroup)
    .bytes('path', `${path}\0`)
    .space('stack', 256)
    .space('stackTop', 8)
    .elf();
}

/** exit(getpid() - gettid()) */
function comparesIds(): Uint8Array {
  return new Program()
    .call(SYS.getpid)
    .mv(8, A0)
    .call(GETTID)
    .emit(0x40850533) // sub a0, a0, s0
    .call(SYS.exitGroup)
    .elf();
}

describe('when there is no room', () => {
  it('a launch without a capability to give is refused and leaves nothing behind', async () => {
    const kernel = bootLinux({ programs: { hello } });
    const counts = resourceCounts(kernel);
    const hoard = kernel.capabilities.createSpace(2 ** 20);
    while (kernel.capabilities.insert(hoard, 1, 0, Rights.All, 0) >= 0);
    expect(kernel.launch({ path: '/bin/hello', args: ['hello'], files: [] })).toBe(ENOMEM);
    kernel.capabilities.destroySpace(hoard);
    kernel.reap();
    expect(resourceCounts(kernel)).toEqual(counts);
    expect(await runProgram(kernel, { program: '/bin/hello', args: [] })).toMatchObject({ status: 0 });
  });

  it('a program whose process ends before it runs at all gives its file back', async () => {
    const kernel = bootLinux();
    const place = { root: kernel.vfs.root(), start: kernel.vfs.root(), umask: 0 };
    const remove = (): number => kernel.vfs.unlink(place, '/bin/five');
    tree(kernel, { '/bin/five': exits(5) });
    await runProgram(kernel, { program: '/bin/five' });
    expect(remove()).toBe(0);
    const counts = resourceCounts(kernel);
    tree(kernel, { '/bin/five': exits(5) });
    const parent = task(function* (sys) {
      yield* sys.spawn({ path: '/bin/five', args: ['five'] });
    });
    // Between the parent's wait and the child's first turn: both are killed.
    let victims = 0;
    const { processes } = kernel;
    const killDoomed = kernel.killDoomed.bind(kernel);
    kernel.killDoomed = () => {
      killDoomed();
      const child = [...kernel.threads].find((thread) => thread?.process.name === '/bin/five')?.process;
      if (child === undefined) return;
      victims++;
      for (const doomed of [child.parent!, child])
        processes.terminate(doomed, { kind: 'signal', value: 9, core: false });
    };
    await runProgram(kernel, { program: parent });
    expect(victims).toBe(1);
    expect(remove()).toBe(0); // its frames come back with the last reference
    expect(resourceCounts(kernel)).toEqual(counts);
  });
});
