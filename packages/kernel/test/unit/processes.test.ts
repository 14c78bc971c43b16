/** Families of processes: wait, groups, sessions, orphans, stops. */
import { describe, expect, it } from '@jest/globals';
import { EAGAIN, ECHILD, EINTR, EINVAL, EPERM, ESRCH } from '@veridian-os/abi';
import {
  ProcessState,
  SIGCHLD,
  SIGCONT,
  SIGKILL,
  SIGSTOP,
  SIGTERM,
  SIGTSTP,
  SIGUSR1,
  type ServiceSys,
  type TaskMain,
  type TaskStep,
} from '../../src/index.js';
import { resourceCounts } from '../../src/testing.js';
import { bootTasks, inTask, task } from '../helpers/tasks.js';

const exits = (status: number, afterNs = 0): TaskMain =>
  task(function* (sys) {
    if (afterNs > 0) yield* sys.sleep(afterNs);
    return status;
  });
const sleeps: TaskMain = task(function* (sys) {
  for (;;) yield* sys.sleep(1e12);
});

function* start(sys: ServiceSys, main: TaskMain, group?: number): TaskStep<number> {
  return yield* sys.spawn({ path: 'child', args: ['child'], task: main, ...(group === undefined ? {} : { group }) });
}

describe('wait', () => {
  it('answers ECHILD without children, and none for a running one that is not waited for', async () => {
    const seen: unknown[] = [];
    await inTask(function* (sys) {
      seen.push(yield* sys.wait({}));
      const pid = yield* start(sys, sleeps);
      seen.push(yield* sys.wait({ pid: pid + 1 }), yield* sys.wait({ noHang: true }));
      yield* sys.kill(pid, SIGKILL);
      yield* sys.wait({});
      seen.push(yield* sys.wait({}));
    });
    expect(seen).toEqual([ECHILD, ECHILD, { kind: 'none' }, ECHILD]);
  });

  it('hands over statuses and signals, each once, whoever comes first', async () => {
    const seen: unknown[] = [];
    await inTask(function* (sys) {
      const slow = yield* start(sys, exits(2, 2e6));
      const quick = yield* start(sys, exits(1, 1e6));
      const killed = yield* start(sys, sleeps);
      yield* sys.kill(killed, SIGTERM);
      for (let count = 0; count < 4; count++) {
        const result = yield* sys.wait({});
        seen.push(typeof result === 'number' ? result : { ...result, cpuTime: 0 });
      }
      const end = (pid: number, kind: string, value: number) => ({
        ...{ kind: 'ended', pid, cpuTime: 0 },
        end: { kind, value, core: false },
      });
      expect(seen).toEqual([end(killed, 'signal', SIGTERM), end(quick, 'exit', 1), end(slow, 'exit', 2), ECHILD]);
    });
    expect(seen).toHaveLength(4);
  });

  it('can look without taking, and choose by pid and by group', async () => {
    const seen: unknown[] = [];
    await inTask(function* (sys) {
      const a = yield* start(sys, exits(1), 0);
      const b = yield* start(sys, exits(2));
      const pidOf = function* (options: object): TaskStep<number> {
        const result = yield* sys.wait(options);
        return typeof result === 'number' ? result : result.kind === 'none' ? 0 : result.pid;
      };
      seen.push((yield* pidOf({ group: a, keep: true })) === a, (yield* pidOf({ group: a, keep: true })) === a);
      seen.push((yield* pidOf({ pid: b })) === b, yield* pidOf({ pid: b }), yield* pidOf({ group: b }));
      seen.push((yield* pidOf({})) === a, yield* pidOf({}));
    });
    expect(seen).toEqual([true, true, true, ECHILD, ECHILD, true, ECHILD]);
  });

  it('reports stops and continues once each, to those who ask', async () => {
    const seen: unknown[] = [];
    await inTask(function* (sys) {
      const pid = yield* start(sys, sleeps);
      yield* sys.sleep(1e6);
      yield* sys.kill(pid, SIGSTOP);
      seen.push(yield* sys.wait({ noHang: true, continued: true }));
      seen.push(yield* sys.wait({ stopped: true }), yield* sys.wait({ noHang: true, stopped: true }));
      yield* sys.kill(pid, SIGCONT);
      seen.push(yield* sys.wait({ continued: true }), yield* sys.wait({ noHang: true, continued: true }));
      yield* sys.kill(pid, SIGTSTP);
      yield* sys.kill(pid, SIGKILL); // also a stopped one
      yield* sys.wait({ pid });
      for (const result of seen)
        if (typeof result === 'object' && result !== null) Reflect.deleteProperty(result, 'pid');
    });
    const none = { kind: 'none' };
    expect(seen).toEqual([none, { kind: 'stopped', signal: SIGSTOP }, none, { kind: 'continued' }, none]);
  });

  it('is ended by a signal, and goes on after one that is not handled', async () => {
    const seen: unknown[] = [];
    await inTask(function* (sys) {
      const child = yield* start(sys, exits(3, 5e6));
      const kills = (signal: number, after: number): TaskMain =>
        task(function* (own) {
          yield* own.sleep(after);
          yield* own.kill(sys.pid, signal);
        });
      yield* start(sys, kills(SIGCHLD, 1e6));
      yield* start(sys, kills(SIGUSR1, 2e6));
      yield* sys.interruptOnSignal(SIGUSR1);
      seen.push(yield* sys.wait({ pid: child }));
      const result = yield* sys.wait({ pid: child });
      seen.push(typeof result === 'number' ? result : result.kind);
    });
    expect(seen).toEqual([EINTR, 'ended']);
  });

  it('is not needed when SIGCHLD is ignored', async () => {
    const kernel = bootTasks();
    await inTask(
      function* (sys) {
        yield* sys.ignoreSignal(SIGCHLD, true);
        const before = resourceCounts(kernel);
        for (let count = 0; count < 5; count++) yield* start(sys, exits(0));
        expect(yield* sys.wait({})).toBe(ECHILD);
        expect(resourceCounts(kernel)).toEqual(before);
      },
      { kernel },
    );
  });
});

describe('orphans', () => {
  it('go to init, which needs no waiting', async () => {
    const kernel = bootTasks();
    let grandchild = 0;
    await inTask(
      function* (sys) {
        const child = yield* start(
          sys,
          task(function* (own) {
            grandchild = yield* start(own, exits(0, 1e6));
          }),
        );
        yield* sys.wait({ pid: child });
        expect(kernel.processByPid(grandchild)?.parent).toBe(kernel.processes.init);
        yield* sys.sleep(5e6);
        expect(kernel.processByPid(grandchild)).toBeUndefined();
      },
      { kernel },
    );
    expect(grandchild).toBeGreaterThan(0);
  });
});

describe('groups and sessions', () => {
  it('follow setpgid(2) and setsid(2)', async () => {
    const seen: unknown[] = [];
    const kernel = bootTasks();
    await inTask(
      function* (sys) {
        const [a, b] = [yield* start(sys, sleeps), yield* start(sys, sleeps)];
        const groupOf = (pid: number) => kernel.processByPid(pid)?.group;
        seen.push(yield* sys.setGroup(a, 0), groupOf(a) === a);
        seen.push(yield* sys.setGroup(b, a), groupOf(b) === a);
        seen.push(yield* sys.setGroup(a, 99_999), yield* sys.setGroup(99_999, 0), yield* sys.setGroup(a, -1));
        seen.push(yield* sys.setGroup(1, 0), yield* sys.setGroup(0, 0)); // not a child; a session leader
        seen.push(yield* sys.newSession()); // leads a group already
        seen.push(yield* sys.kill(-a, SIGTERM), yield* sys.kill(-99_999, SIGTERM), yield* sys.kill(99_999, SIGTERM));
        for (const pid of [a, b]) {
          const result = yield* sys.wait({ pid });
          seen.push(typeof result === 'object' && result.kind === 'ended' && result.end.value);
        }
        const session = yield* start(
          sys,
          task(function* (own) {
            const id = yield* own.newSession();
            const process = kernel.processByPid(id);
            return id === own.pid && process?.session.id === id && process.group === id ? 0 : 1;
          }),
        );
        const result = yield* sys.wait({ pid: session });
        seen.push(typeof result === 'object' && result.kind === 'ended' && result.end.value);
      },
      { kernel },
    );
    expect(seen).toEqual([
      ...[0, true, 0, true, EPERM, ESRCH, EINVAL, ESRCH, EPERM, EPERM],
      ...[0, ESRCH, ESRCH, SIGTERM, SIGTERM, 0],
    ]);
  });
});

describe('kill', () => {
  it('with -1 reaches everybody it may, and says so', async () => {
    const seen: unknown[] = [];
    const kernel = bootTasks();
    await inTask(
      function* (sys) {
        seen.push(yield* sys.kill(-1, SIGTERM)); // only services are left, and they refuse
        const pids = [yield* start(sys, sleeps), yield* start(sys, sleeps)];
        seen.push(yield* sys.kill(-1, SIGTERM));
        for (const pid of pids) {
          const result = yield* sys.wait({ pid });
          seen.push(typeof result === 'object' && result.kind === 'ended' && result.end.value);
        }
      },
      { kernel },
    );
    expect(seen).toEqual([EPERM, 0, SIGTERM, SIGTERM]);
    expect(kernel.processList().filter(({ isProtected }) => isProtected)).toHaveLength(3);
  });

  it('does not reach services: not one by one, not as a group, not by stopping', async () => {
    const kernel = bootTasks();
    const services = kernel.processList();
    await inTask(
      function* (sys) {
        for (const { pid, group } of services) {
          for (const signal of [SIGKILL, SIGTERM, SIGSTOP, SIGUSR1]) {
            expect([yield* sys.kill(pid, signal), yield* sys.kill(-group, signal)]).toEqual([EPERM, EPERM]);
          }
          expect(yield* sys.kill(pid, 0)).toBe(0);
        }
        return (yield* sys.mkdir('/tmp/alive')) === 0 ? 0 : 1;
      },
      { kernel },
    ).then(({ status }) => expect(status).toBe(0));
    expect(services.map(({ state }) => state)).toEqual(services.map(() => ProcessState.Running));
  });

  it('can be a program’s own end', async () => {
    const own = async (signal: number) => (await inTask((sys) => killSelf(sys, signal))).status;
    expect([await own(SIGTERM), await own(SIGKILL)]).toEqual([128 + SIGTERM, 128 + SIGKILL]);
  });
});

function* killSelf(sys: ServiceSys, signal: number): TaskStep<number> {
  yield* sys.kill(sys.pid, signal);
  return 1;
}

describe('limits', () => {
  it('of processes and threads let spawn fail and leave nothing', async () => {
    for (const limits of [{ processes: 4 }, { threads: 4 }]) {
      const kernel = bootTasks({ limits });
      await inTask(
        function* (sys) {
          let children = 0;
          while ((yield* start(sys, sleeps)) > 0) children++;
          const before = resourceCounts(kernel);
          expect([children, yield* start(sys, sleeps)]).toEqual([3, EAGAIN]);
          expect(resourceCounts(kernel)).toEqual(before);
          yield* sys.kill(-1, SIGKILL);
        },
        { kernel },
      );
      expect(kernel.limitHit).toBe('processes');
    }
  });

  it('are checked and named', () => {
    const refused = (limits: object) => {
      expect(() => bootTasks({ limits })).toThrow(RangeError);
      try {
        bootTasks({ limits });
      } catch (error) {
        return (error as Error).message;
      }
      return '';
    };
    expect(refused({ processes: 0 })).toBe('limits.processes: expected a whole number from 1 to 65536, got 0');
    expect(refused({ threads: 2.5 })).toBe('limits.threads: expected a whole number from 1 to 65536, got 2.5');
    expect(refused({ threads: Infinity })).toContain('limits.threads');
    expect(refused({ instructions: NaN })).toBe('limits.instructions: expected a positive number, got NaN');
    expect(refused({ cpu: 1 })).toBe(
      'limits: expected instructions, processes, threads, descriptors, memory, got "cpu"',
    );
    expect(bootTasks({ limits: { processes: 1, threads: 1, descriptors: 1 } }).isHalted).toBe(false);
  });
});

describe('a task that throws', () => {
  it('ends alone, with a report', async () => {
    const kernel = bootTasks();
    const result = await inTask(
      function* (sys) {
        const child = yield* start(sys, function* child() {
          throw new TypeError('no such thing');
        });
        const ended = yield* sys.wait({ pid: child });
        return typeof ended === 'object' && ended.kind === 'ended' && ended.end.kind === 'signal' ? ended.end.value : 0;
      },
      { kernel },
    );
    expect(result.status).toBe(6);
    expect(result.faults).toHaveLength(1);
    expect(result.faults[0]).toMatch(/^child\[\d+\]: uncaught TypeError: no such thing/);
    expect((await inTask((sys) => killSelf(sys, 0), { kernel })).status).toBe(1);
  });
});
