/** /proc as programs read it: every file can be read, and what is a table can be parsed. */
import { describe, expect, it } from '@jest/globals';
import { O_RDONLY } from '@veridian-os/vfs';
import { pauses, spins } from '@veridian-os/veridian/testing';
import { writeFile, type BootedKernel, type ServiceSys, type TaskStep } from '../../src/index.js';
import { bootLinux } from '../helpers/linux-fixture.js';
import { decode, inTask } from '../helpers/tasks.js';

function* contents(sys: ServiceSys, path: string): TaskStep<string> {
  const fd = yield* sys.open(path, O_RDONLY);
  if (fd < 0) return `error ${fd}`;
  const buffer = new Uint8Array(4096);
  let text = '';
  for (;;) {
    const count = yield* sys.read(fd, buffer);
    if (count <= 0) break;
    text += decode(buffer.subarray(0, count));
  }
  yield* sys.close(fd);
  return text;
}

function* names(sys: ServiceSys, path: string): TaskStep<string[]> {
  const fd = yield* sys.open(path, O_RDONLY);
  const entries = yield* sys.readdir(fd);
  yield* sys.close(fd);
  return typeof entries === 'number' ? [`error ${entries}`] : entries.map(({ name }) => name);
}

/** A kernel with a guest that sleeps in sigsuspend, and its pid. */
function withGuest(args: readonly string[] = ['guest', 'two words', '']): { kernel: BootedKernel; pid: number } {
  const kernel = bootLinux({ hostname: 'lab', host: { epochMs: 1_700_000_000_000 }, seed: 255 });
  writeFile(kernel, '/bin/guest', pauses(), 0o755);
  const guest = kernel.launch({ path: '/bin/guest', args, env: ['A=1', 'B=2'], files: [] });
  if (typeof guest === 'number') throw new Error(`launch: ${guest}`);
  for (let step = 0; step < 3; step++) kernel.step();
  return { kernel, pid: guest.pid };
}

async function look<T>(body: (sys: ServiceSys, pid: number) => TaskStep<T>): Promise<T> {
  const { kernel, pid } = withGuest();
  const seen: T[] = [];
  await inTask(
    function* (sys) {
      seen.push(yield* body(sys, pid));
    },
    { kernel },
  );
  return seen[0];
}

describe('/proc/PID', () => {
  it('has command line and environment, each string with its NUL', async () => {
    const seen = await look(function* (sys, pid) {
      return [yield* contents(sys, `/proc/${pid}/cmdline`), yield* contents(sys, `/proc/${pid}/environ`)];
    });
    expect(seen).toEqual(['guest\0two words\0\0', 'A=1\0B=2\0']);
  });

  it('has stat with 52 fields where ps looks for them', async () => {
    const { text, pid } = await look(function* (sys, id) {
      return { text: yield* contents(sys, `/proc/${id}/stat`), pid: id };
    });
    const [, number, name, rest] = /^(\d+) \((.*)\) (.*)\n$/.exec(text) ?? [];
    const fields = rest.split(' ');
    expect([Number(number), name, fields.length + 2]).toEqual([pid, 'guest', 52]);
    const [state, parent, group, session] = fields;
    expect([state, parent, group, session]).toEqual(['S', '0', String(pid), String(pid)]);
    for (const field of fields.slice(1)) expect(field).toMatch(/^-?\d+$/);
    const [threads, virtual, resident] = [17, 20, 21].map((at) => Number(fields[at]));
    expect([threads, virtual > resident * 4096, resident > 0]).toEqual([1, true, true]);
  });

  it('has status with a value for each key', async () => {
    const text = await look((sys, pid) => contents(sys, `/proc/${pid}/status`));
    const rows = new Map(
      text
        .trimEnd()
        .split('\n')
        .map((line) => line.split(':\t') as [string, string]),
    );
    expect(rows.get('Name')).toBe('guest');
    expect(rows.get('State')).toBe('S (sleeping)');
    expect(rows.get('VmRSS')).toMatch(/^ *\d+ kB$/);
    for (const key of ['SigPnd', 'SigBlk', 'SigIgn', 'SigCgt', 'ShdPnd']) expect(rows.get(key)).toBe('0'.repeat(16));
  });

  it('has maps that cover the program, its heap-less data and its stack, in order and apart', async () => {
    const text = await look((sys, pid) => contents(sys, `/proc/${pid}/maps`));
    const line = /^([0-9a-f]{8,})-([0-9a-f]{8,}) ([r-][w-][x-][sp]) [0-9a-f]{8,} [0-9a-f]{2}:[0-9a-f]{2} (\d+) +(\S*)$/;
    const rows = text
      .trimEnd()
      .split('\n')
      .map((row) => line.exec(row) ?? [row]);
    let end = 0;
    for (const [, from, to] of rows) {
      expect(parseInt(from, 16)).toBeGreaterThanOrEqual(end);
      end = parseInt(to, 16);
    }
    expect(rows.map(([, , , rights, , label]) => [rights, label])).toEqual([
      ['rwxp', '/bin/guest'],
      expect.anything(),
      ['rw-p', '[stack]'],
    ]);
  });

  it('has limits, comm, statm, links and descriptors', async () => {
    const seen = await look(function* (sys, pid) {
      const at = `/proc/${pid}`;
      return {
        comm: yield* contents(sys, `${at}/comm`),
        statm: yield* contents(sys, `${at}/statm`),
        files: (yield* contents(sys, `${at}/limits`)).split('\n').find((row) => row.startsWith('Max open files')),
        exe: yield* sys.readlink(`${at}/exe`),
        cwd: yield* sys.readlink(`${at}/cwd`),
        root: yield* sys.readlink(`${at}/root`),
        fds: yield* names(sys, `${at}/fd`),
        tasks: (yield* names(sys, `${at}/task`)).map((name) => name === String(pid)),
      };
    });
    expect(seen).toMatchObject({ comm: 'guest\n', exe: '/bin/guest', cwd: '/', root: '/', fds: [], tasks: [true] });
    expect(seen.statm).toMatch(/^\d+ \d+ 0 0 0 0 0\n$/);
    expect(seen.files).toMatch(/^Max open files +\d+ +\d+ +files/);
  });

  it('is there for every process, self is the reader, and goes with the process', async () => {
    const seen = await look(function* (sys, pid) {
      const pids = (yield* names(sys, '/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
      yield* sys.kill(pid, 9);
      return {
        pids: [1, 2, 3, pid, sys.pid].every((each) => pids.includes(each)),
        count: pids.length,
        self: Number(yield* sys.readlink('/proc/self')) === sys.pid,
        own: yield* contents(sys, '/proc/self/comm'),
        gone: yield* contents(sys, `/proc/${pid}/stat`),
      };
    });
    expect(seen).toEqual({ pids: true, count: 5, self: true, own: 'task\n', gone: 'error -2' });
  });

  it('can be read whole, whatever file and process it is', async () => {
    const errors = await look(function* (sys) {
      const failed: string[] = [];
      for (const pid of [...(yield* names(sys, '/proc'))].filter((name) => /^(\d+|self|thread-self)$/.test(name))) {
        for (const name of yield* names(sys, `/proc/${pid}`)) {
          if (['fd', 'fdinfo', 'task', 'exe', 'cwd', 'root', 'ns', 'mem'].includes(name)) continue;
          const text = yield* contents(sys, `/proc/${pid}/${name}`);
          if (text.startsWith('error')) failed.push(`${pid}/${name}: ${text}`);
        }
      }
      return failed;
    });
    expect(errors).toEqual([]);
  });
});

describe('/proc', () => {
  it('has tables that parse', async () => {
    const seen = await look(function* (sys) {
      const files = ['meminfo', 'uptime', 'loadavg', 'cpuinfo', 'mounts', 'version', 'stat', 'filesystems'];
      const texts: Record<string, string> = {};
      for (const file of files) texts[file] = yield* contents(sys, `/proc/${file}`);
      for (const file of ['hostname', 'pid_max', 'random/boot_id']) {
        texts[file] = yield* contents(sys, `/proc/sys/kernel/${file}`);
      }
      return texts;
    });
    const memory = new Map(
      seen.meminfo
        .trimEnd()
        .split('\n')
        .map((row) => row.split(/: +/) as [string, string]),
    );
    const [total, free] = ['MemTotal', 'MemFree'].map((key) => parseInt(memory.get(key) ?? '', 10));
    expect([total > free, free > 0, total <= 16 * 1024]).toEqual([true, true, true]);
    expect(seen.uptime).toMatch(/^\d+\.\d\d \d+\.\d\d\n$/);
    expect(seen.loadavg).toMatch(/^0\.00 0\.00 0\.00 \d+\/\d+ \d+\n$/);
    expect(seen.cpuinfo).toMatch(/^processor\t: 0\nhart\t\t: 0\nisa\t\t: rv64i\S+\nmmu\t\t: sv39\n/);
    expect(seen.mounts.split('\n')).toContainEqual(expect.stringMatching(/^\S+ \/proc proc \S+ 0 0$/));
    expect(seen.stat).toMatch(/^cpu {2}\d+ 0 0 \d+ /);
    expect(seen.stat).toMatch(/^btime 1700000000$/m);
    expect(seen.stat).toMatch(/^procs_blocked 0$/m);
    expect(seen.hostname).toBe('lab\n');
    expect(seen.pid_max).toBe('4194304\n');
    expect(seen['random/boot_id']).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-0000000000ff\n$/);
  });

  it('shows a running, a stopped and a dead process as such', async () => {
    const kernel = bootLinux();
    writeFile(kernel, '/bin/spins', spins(), 0o755);
    const letters: string[] = [];
    await inTask(
      function* (sys) {
        const pid = yield* sys.spawn({ path: '/bin/spins', args: ['spins'] });
        const letter = function* (): TaskStep<string> {
          return /\) (.) /.exec(yield* contents(sys, `/proc/${pid}/stat`))?.[1] ?? '?';
        };
        letters.push(yield* letter());
        yield* sys.kill(pid, 19);
        yield* sys.sleep(1e6);
        letters.push(yield* letter());
        yield* sys.kill(pid, 9);
        letters.push(yield* letter());
        yield* sys.wait({ pid });
        letters.push(yield* letter());
      },
      { kernel },
    );
    expect(letters).toEqual(['R', 'T', 'Z', '?']);
  });
});
