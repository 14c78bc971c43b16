/** Services of one's own: endpoints, answers now and later, authority, ends. */
import { describe, expect, it } from '@jest/globals';
import { EACCES, EBADF, ECANCELED, EMSGSIZE } from '@veridian-os/abi';
import type { Service, ServiceSys, TaskMain, TaskStep } from '../../src/index.js';
import { resourceCounts } from '../../src/testing.js';
import { bootTasks, decode, encode, inTask, task } from '../helpers/tasks.js';

/** Answers with the label plus one, the words doubled, the payload in capitals. */
const echo: Service = {
  name: 'echo',
  *main(sys) {
    for (;;) {
      yield* sys.receive(sys.service('echo'));
      const { message } = sys;
      const words = [0, 1, 2].map((index) => message.word(index) * 2);
      const text = decode(message.payload.slice(0, message.payloadBytes)).toUpperCase();
      sys.answerNow(message.reply, message.label + 1, { words, payload: encode(text) });
    }
  },
};

const CLIENT = { endowment: { services: ['echo'] } };

describe('a service', () => {
  it('answers with a label, words and bytes', async () => {
    const seen: unknown[] = [];
    await inTask(
      function* (sys) {
        const service = sys.service('echo');
        for (const [label, words, text] of [
          [1, [1, -2, 3], 'hello'],
          [2, [], ''],
          [3, [2 ** 30], 'x'.repeat(4096)],
        ] as const) {
          const answer = yield* sys.call(service, label, { words, payload: encode(text) });
          const { message } = sys;
          const payload = decode(message.payload.slice(0, message.payloadBytes));
          seen.push([answer, [0, 1, 2].map((index) => message.word(index)), payload]);
        }
      },
      { kernel: bootTasks({ services: [echo] }), ...CLIENT },
    );
    expect(seen).toEqual([
      [2, [2, -4, 6], 'HELLO'],
      [3, [0, 0, 0], ''],
      [4, [-(2 ** 31), 0, 0], 'X'.repeat(4096)],
    ]);
  });

  it('is reached by those who were given it and by their children, and by nobody else', async () => {
    const kernel = bootTasks({ services: [echo] });
    const calls: TaskMain = task(function* (sys) {
      return (yield* sys.call(sys.service('echo'), 6)) === 7 ? 0 : 1;
    });
    const given = await inTask((sys) => inChild(sys, calls), { kernel, ...CLIENT });
    const denied = await inTask((sys) => inChild(sys, calls), { kernel });
    expect([given.status, denied.status]).toEqual([0, 1]);
    expect(() =>
      kernel.launch({ path: 'x', args: [], files: [], task: calls, endowment: { services: ['ech'] } }),
    ).toThrow(new RangeError('endowment.services: expected echo, got "ech"'));
  });

  it('has an endpoint that only it can receive on, and badges tell its clients apart', async () => {
    const badges = new Set<number>();
    const counts: Service = {
      name: 'echo',
      *main(sys) {
        for (;;) {
          yield* sys.receive(sys.service('echo'));
          badges.add(sys.message.badge);
          sys.answerNow(sys.message.reply, 0);
        }
      },
    };
    const kernel = bootTasks({ services: [counts] });
    const seen: unknown[] = [];
    for (let launch = 0; launch < 3; launch++) {
      await inTask(
        function* (sys) {
          for (let round = 0; round < 2; round++) yield* sys.call(sys.service('echo'), 1);
          seen.push(yield* sys.receive(sys.service('echo')));
        },
        { kernel, ...CLIENT },
      );
    }
    expect(badges.size).toBe(3);
    expect(seen).toEqual([EACCES, EACCES, EACCES]);
  });

  it('may keep a request and serve others meanwhile', async () => {
    const order: string[] = [];
    const gate: Service = {
      name: 'gate',
      *main(sys) {
        let kept = -1;
        for (;;) {
          yield* sys.receive(sys.service('gate'));
          const { label, reply } = sys.message;
          if (label === 1) kept = reply;
          else {
            sys.answerNow(reply, 0);
            if (kept >= 0) sys.answerNow(kept, 0);
            kept = -1;
          }
        }
      },
    };
    await inTask(
      function* (sys) {
        const waits = task(function* (own) {
          yield* own.call(own.service('gate'), 1);
          order.push('the one that waited');
        });
        const child = yield* sys.spawn({ path: 'waits', args: [], task: waits });
        yield* sys.sleep(1e6);
        yield* sys.call(sys.service('gate'), 2);
        order.push('the one that did not');
        yield* sys.wait({ pid: child });
      },
      { kernel: bootTasks({ services: [gate] }), endowment: { services: ['gate'] } },
    );
    expect(order.sort()).toEqual(['the one that did not', 'the one that waited']);
  });

  it('does not notice that a client died waiting', async () => {
    const late: Service = {
      name: 'late',
      *main(sys) {
        for (;;) {
          yield* sys.receive(sys.service('late'));
          const { reply, label } = sys.message;
          yield* sys.sleep(5e6);
          sys.answerNow(reply, label);
        }
      },
    };
    const kernel = bootTasks({ services: [late] });
    const run = () =>
      inTask(
        function* (sys) {
          const calls = task(function* (own) {
            yield* own.call(own.service('late'), 1);
          });
          const child = yield* sys.spawn({ path: 'calls', args: [], task: calls });
          yield* sys.sleep(1e6);
          yield* sys.kill(child, 9);
          yield* sys.wait({ pid: child });
          return (yield* sys.call(sys.service('late'), 5)) === 5 ? 0 : 1;
        },
        { kernel, endowment: { services: ['late'] } },
      );
    expect((await run()).status).toBe(0);
    const before = resourceCounts(kernel);
    expect((await run()).status).toBe(0);
    expect(resourceCounts(kernel)).toEqual(before);
  });

  it('that ends takes its endpoint with it: nobody waits for ever', async () => {
    const once: Service = {
      name: 'once',
      *main(sys) {
        yield* sys.receive(sys.service('once'));
        return 0;
      },
    };
    const seen: unknown[] = [];
    const kernel = bootTasks({ services: [once] });
    await inTask(
      function* (sys) {
        seen.push(yield* sys.call(sys.service('once'), 1), yield* sys.call(sys.service('once'), 1));
      },
      { kernel, endowment: { services: ['once'] } },
    );
    expect(seen).toEqual([ECANCELED, EBADF]);
    await inTask((sys) => sleeps(sys), { kernel });
    const other = bootTasks();
    await inTask((sys) => sleeps(sys), { kernel: other });
    expect(resourceCounts(kernel)).toEqual(resourceCounts(other));
  });

  it('that throws takes the kernel with it: its error reaches the host', async () => {
    const broken: Service = {
      name: 'broken',
      *main(sys) {
        yield* sys.receive(sys.service('broken'));
        throw new Error('a bug of the service');
      },
    };
    const kernel = bootTasks({ services: [broken] });
    const calls = inTask(
      function* (sys) {
        yield* sys.call(sys.service('broken'), 1);
      },
      { kernel, endowment: { services: ['broken'] } },
    );
    await expect(calls).rejects.toThrow('a bug of the service');
  });

  it('has the authority it was given and no more', async () => {
    const seen: unknown[] = [];
    const looks = (name: string, endowment: Service['endowment']): Service => ({
      name,
      ...(endowment === undefined ? {} : { endowment }),
      *main(sys) {
        seen.push([name, yield* sys.open('/dev/null', 0), yield* sys.timeOfDay(), sys.service('echo') !== undefined]);
        for (;;) yield* sys.sleep(1e12);
      },
    });
    const services = [echo, looks('poor', undefined), looks('rich', { files: true, clock: true, services: ['echo'] })];
    const kernel = bootTasks({ services, host: { epochMs: 5000 } });
    await inTask((sys) => sleeps(sys), { kernel });
    expect(seen).toEqual([
      ['poor', EACCES, -1, false],
      ['rich', 0, { sec: 5, nsec: expect.any(Number) }, true],
    ]);
  });

  it('needs a name of its own, and what it names must run already', () => {
    expect(() => bootTasks({ services: [echo, echo] })).toThrow(
      "services: expected names that differ, got 'echo' twice",
    );
    const early: Service = { ...echo, name: 'early', endowment: { services: ['echo'] } };
    expect(() => bootTasks({ services: [early, echo] })).toThrow(
      /^endowment.services: expected no name .*, got "echo"/,
    );
  });
});

function* sleeps(sys: ServiceSys): TaskStep<void> {
  yield* sys.sleep(1e6);
}

/** Status of a child that runs `main`. */
function* inChild(sys: ServiceSys, main: TaskMain): TaskStep<number> {
  const pid = yield* sys.spawn({ path: 'child', args: [], task: main });
  const result = yield* sys.wait({ pid });
  return typeof result === 'object' && result.kind === 'ended' ? result.end.value : 255;
}

describe('a call', () => {
  it('refuses what does not fit into a message and what is no endpoint', async () => {
    const seen: unknown[] = [];
    await inTask(
      function* (sys) {
        const service = sys.service('echo');
        seen.push(yield* sys.call(service, 1, { payload: new Uint8Array(4097) }));
        seen.push(yield* sys.call(service, 1, { words: [1, 2, 3, 4, 5, 6, 7, 8, 9] }));
        seen.push(yield* sys.call(undefined, 1), yield* sys.call({ lo: 0, hi: 0 }, 1));
        seen.push(yield* sys.call({ lo: 0xffffffff, hi: 0xffffffff }, 1));
        seen.push(yield* sys.receive(undefined), yield* sys.receive({ lo: 3, hi: 7 }));
        seen.push(yield* sys.waitNotification({ lo: 1, hi: 1 }));
        seen.push(yield* sys.call(service, 1));
      },
      { kernel: bootTasks({ services: [echo] }), ...CLIENT },
    );
    expect(seen).toEqual([EMSGSIZE, EMSGSIZE, EBADF, EBADF, EBADF, EBADF, EBADF, EBADF, 2]);
  });
});
