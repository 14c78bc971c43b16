import { expect, test } from '@jest/globals';
import { EACCES, EINVAL, ENOENT, ENOTDIR, EPERM, ESRCH, S_IFDIR, S_IFLNK, S_IFMT } from '@veridian-os/abi';
import {
  COMMON_PROCESS_FILES,
  O_CREAT,
  O_NOFOLLOW,
  O_PATH,
  O_RDONLY,
  O_RDWR,
  O_WRONLY,
  createFileStat,
  createProcfs,
  formatMounts,
  type OpenFile,
  type Path,
  type PathContext,
  type ProcSource,
} from '../../src/index.js';
import { names, readText, text, world } from '../helpers/world.js';

interface Process {
  readonly threads: number[];
  readonly files: Map<number, OpenFile>;
  readonly cwd: Path | undefined;
}

function withProcesses(extra: Partial<ProcSource> = {}) {
  const base = world();
  const processes = new Map<number, Process>();
  let self = 7;
  const source: ProcSource = {
    processFiles: COMMON_PROCESS_FILES,
    systemFiles: {
      meminfo: () => 'MemTotal: 1 kB\n',
      'sys/kernel/hostname': () => 'veridian\n',
      'sys/kernel/ostype': () => 'Linux\n',
      mounts: () => formatMounts(base.vfs),
    },
    self: () => self,
    selfThread: () => (self === 0 ? 0 : (processes.get(self)?.threads.at(-1) ?? 0)),
    pids: () => [...processes.keys()],
    threads: (pid) => processes.get(pid)?.threads ?? [],
    text: (pid, tid, name) => (processes.has(pid) ? `${pid} ${tid} ${name}\n` : undefined),
    link: (pid, name) => (name === 'exe' ? undefined : processes.get(pid)?.cwd),
    descriptors: (pid) => [...(processes.get(pid)?.files.keys() ?? [])],
    descriptor: (pid, fd) => processes.get(pid)?.files.get(fd),
    ...extra,
  };
  base.mount('/proc', createProcfs(source, base));
  const spawn = (pid: number, threads = [pid], cwd?: Path): Process => {
    const process = { threads, files: new Map<number, OpenFile>(), cwd };
    processes.set(pid, process);
    return process;
  };
  spawn(7, [7, 8]);
  return { ...base, processes, spawn, become: (pid: number) => (self = pid) };
}

test('processes come and go as directories', () => {
  const { open, spawn, processes, vfs, context, stat } = withProcesses();
  spawn(100);
  expect(names(open('/proc')).slice(2)).toEqual(['self', 'thread-self', 'meminfo', 'sys', 'mounts', '7', '100']);
  const cmdline = open('/proc/100/cmdline');
  expect(readText(cmdline)).toBe('100 100 cmdline\n');
  expect((stat('/proc/100') as { mode: number }).mode & S_IFMT).toBe(S_IFDIR);
  processes.delete(100);
  expect(stat('/proc/100')).toBe(ENOENT);
  expect(readText(cmdline, 10, 0)).toBe(ESRCH);
  expect(vfs.open(context, '/proc/100/cmdline', 0, 0)).toBe(ENOENT);
  for (const bad of ['007', '-1', '1e2', ' 7', '7x', '99999999999']) expect(stat(`/proc/${bad}`)).toBe(ENOENT);
});

test('self and thread-self are the caller', () => {
  const { open, spawn, become, vfs, context, stat } = withProcesses();
  spawn(9);
  expect(vfs.readlink(context, '/proc/self')).toBe('7');
  expect(readText(open('/proc/self/stat'))).toBe('7 7 stat\n');
  expect(readText(open('/proc/thread-self/comm'))).toBe('7 8 comm\n');
  become(9);
  expect(readText(open('/proc/self/stat'))).toBe('9 9 stat\n');
  become(0);
  expect(stat('/proc/self', false)).toBe(ENOENT);
  expect(names(open('/proc'))).not.toContain('self');
});

test('a text is made anew when it is read from the start, and stays the same within one pass', () => {
  let reads = 0;
  const { open } = withProcesses({ text: () => `made ${++reads}` });
  const file = open('/proc/7/status');
  expect(readText(file, 5)).toBe('made ');
  expect(readText(file)).toBe('1');
  expect(readText(file)).toBe('');
  expect(file.seek(0, 0)).toBe(0);
  expect(readText(file)).toBe('made 2');
  expect(readText(file, 10, 5)).toBe('2');
});

test('threads of a process have directories of their own', () => {
  const { open, stat } = withProcesses();
  expect(names(open('/proc/7/task'))).toEqual(['.', '..', '7', '8']);
  expect(readText(open('/proc/7/task/8/stat'))).toBe('7 8 stat\n');
  expect(names(open('/proc/7/task/8'))).toEqual(['.', '..', ...COMMON_PROCESS_FILES]);
  expect(stat('/proc/7/task/9')).toBe(ENOENT);
});

test('system files in directories', () => {
  const { open, stat } = withProcesses();
  expect(readText(open('/proc/sys/kernel/hostname'))).toBe('veridian\n');
  expect(names(open('/proc/sys/kernel')).slice(2)).toEqual(['hostname', 'ostype']);
  expect(stat('/proc/meminfo')).toMatchObject({ mode: 0o100444, size: 0, nlink: 1 });
  expect(stat('/proc/meminfo/x')).toBe(ENOTDIR);
  expect(readText(open('/proc/mounts'))).toBe('tmpfs / tmpfs rw,noatime 0 0\nproc /proc proc rw,noatime 0 0\n');
});

test('descriptor links lead to the open file itself', () => {
  const { open, vfs, context, processes, stat } = withProcesses();
  const { files } = processes.get(7) as Process;
  const file = open('/data', O_CREAT | O_RDWR);
  file.write(text('content'));
  files.set(3, file);
  const [reader, writer] = vfs.pipe(0) as [OpenFile, OpenFile];
  files.set(10, reader);
  files.set(11, writer);
  expect(names(open('/proc/self/fd')).slice(2)).toEqual(['3', '10', '11']);
  expect(vfs.readlink(context, '/proc/self/fd/3')).toBe('/data');
  expect(vfs.readlink(context, '/proc/self/fd/10')).toMatch(/^pipe:\[\d+\]$/);
  expect(vfs.unlink(context, '/data')).toBe(0);
  expect(vfs.readlink(context, '/proc/self/fd/3')).toBe('/data (deleted)');
  const again = open('/proc/self/fd/3');
  expect(readText(again)).toBe('content');
  expect(stat('/proc/self/fd/3')).toMatchObject({ size: 7, nlink: 0 });
  expect(stat('/proc/self/fd/99')).toBe(ENOENT);

  const second = open('/proc/self/fd/11', O_WRONLY);
  expect(second.write(text('hi'))).toBe(2);
  expect(readText(reader)).toBe('hi');
  writer.release();
  expect(readText(reader)).not.toBe('');
  second.release();
  expect(readText(reader)).toBe('');
});

test('a special file is opened again through its descriptor', () => {
  const { vfs, open, processes } = withProcesses();
  const log: string[] = [];
  const file = vfs.openSpecial(
    {
      waitQueue: vfs.blockedOn,
      seekable: false,
      read: () => 0,
      write: (from) => (log.push(new TextDecoder().decode(from[0])), 1),
      poll: () => 0,
      close: () => log.push('closed'),
    },
    O_RDWR,
    '/dev/terminal',
    0o020620,
  );
  (processes.get(7) as Process).files.set(1, file);
  expect(file.name).toBe('/dev/terminal');
  const again = open('/proc/self/fd/1', O_WRONLY);
  again.write(text('out'));
  file.release();
  expect(log).toEqual(['out']);
  again.release();
  expect(log).toEqual(['out', 'closed']);
});

test('cwd and root lead to places, exe may be missing', () => {
  const { vfs, context, spawn, stat, open } = withProcesses();
  expect(vfs.mkdir(context, '/home', 0o755)).toBe(0);
  const cwd = vfs.resolve(context, '/home', true) as Path;
  spawn(20, [20], cwd);
  expect(vfs.readlink(context, '/proc/20/cwd')).toBe('/home');
  open('/proc/20/cwd/f', O_CREAT | O_WRONLY).release();
  expect(stat('/home/f')).toMatchObject({ size: 0 });
  expect(vfs.rename(context, '/home', context, '/away', 0)).toBe(0);
  expect(vfs.readlink(context, '/proc/20/cwd')).toBe('/away');
  expect(stat('/proc/20/exe')).toBe(ENOENT);
  expect((stat('/proc/20/exe', false) as { mode: number }).mode & S_IFMT).toBe(S_IFLNK);
  const link = vfs.open(context, '/proc/20/cwd', O_PATH | O_NOFOLLOW, 0) as OpenFile;
  const out = createFileStat();
  expect(link.stat(out)).toBe(0);
  expect(out.mode & S_IFMT).toBe(S_IFLNK);
});

test('a link is followed for a process with another root', () => {
  const { vfs, context, spawn } = withProcesses();
  vfs.mkdir(context, '/jail', 0o755);
  vfs.mkdir(context, '/outside', 0o755);
  const jail = vfs.resolve(context, '/jail', true) as Path;
  spawn(30, [30], vfs.resolve(context, '/outside', true) as Path);
  vfs.mkdir(context, '/jail/proc', 0o755);
  const inside: PathContext = { root: jail, start: jail, umask: 0 };
  const proc = vfs.resolve(context, '/proc', true) as Path;
  const at = { ...inside, start: proc };
  const place = vfs.resolve(at, '30/cwd', true) as Path;
  expect(vfs.pathName(place)).toBe('/outside');
});

test('nothing can be made or changed', () => {
  const { vfs, context } = withProcesses();
  expect(vfs.mkdir(context, '/proc/x', 0o755)).toBe(ENOENT);
  expect(vfs.open(context, '/proc/x', O_CREAT | O_WRONLY, 0o644)).toBe(ENOENT);
  expect(vfs.unlink(context, '/proc/meminfo')).toBe(EPERM);
  expect(vfs.setattr(context, '/proc/meminfo', true, { mode: 0 })).toBe(EPERM);
  expect(vfs.open(context, '/proc/meminfo', O_WRONLY, 0)).toBe(EACCES);
  expect(vfs.open(context, '/proc/7/comm', O_WRONLY, 0)).toBe(EACCES);
});

test('what is written to a process file goes to the source', () => {
  const written: string[] = [];
  const { open } = withProcesses({
    write: (pid, tid, name, data) => {
      written.push(`${pid} ${tid} ${name} ${new TextDecoder().decode(data)}`);
      return name === 'comm' ? data.length : EINVAL;
    },
  });
  expect(open('/proc/self/comm', O_RDWR).write([...text('ne'), ...text('w')])).toBe(3);
  expect(open('/proc/self/stat', O_RDWR).write(text('x'))).toBe(EINVAL);
  expect(written).toEqual(['7 7 comm new', '7 7 stat x']);
});

test('unusable configurations are RangeErrors', () => {
  const { wait, now } = world();
  const make = (change: Partial<ProcSource>) => () =>
    createProcfs({ processFiles: [], systemFiles: {}, ...change } as unknown as ProcSource, { wait, now });
  expect(make({ processFiles: Array.from({ length: 101 }, (_, i) => `f${i}`) })).toThrow(RangeError);
  for (const path of ['', '/x', 'a//b', 'a/']) {
    expect(make({ systemFiles: { [path]: () => '' } })).toThrow(RangeError);
  }
  expect(make({ systemFiles: { a: () => '', 'a/b': () => '' } })).toThrow(RangeError);
  expect(make({ systemFiles: { 'a/b': () => '', a: () => '' } })).toThrow(RangeError);
});

test('mount names are escaped', () => {
  const vfs = { mounts: () => [{ path: '/a b', type: 't', source: 'x\\\t\n', readOnly: true }] };
  expect(formatMounts(vfs)).toBe('x\\134\\011\\012 /a\\040b t ro,noatime 0 0\n');
});

test('reading a directory of processes while they go', () => {
  const { open, spawn, processes } = withProcesses();
  for (let pid = 20; pid < 60; pid++) spawn(pid);
  const directory = open('/proc', O_RDONLY);
  const seen: string[] = [];
  for (;;) {
    let got = 0;
    directory.readdir((name) => got < 3 && ++got > 0 && seen.push(name) > 0);
    if (got === 0) break;
    const last = Number(seen.at(-1));
    if (last > 0) processes.delete(last);
  }
  expect(seen.filter((name) => /^\d+$/.test(name)).map(Number)).toEqual([
    7,
    ...Array.from({ length: 40 }, (_, i) => 20 + i),
  ]);
});
