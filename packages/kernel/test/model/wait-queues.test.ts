import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { NONE, POLLHUP, type ThreadId, type WaitQueueId } from '@veridian-os/abi';
import { WaitQueues } from '../../src/core/wait-queues.js';

const THREADS = 6;
const QUEUES = 4;

type Command =
  | { kind: 'add'; thread: number; queue: number; events: number }
  | { kind: 'wake'; queue: number; events: number }
  | { kind: 'remove'; thread: number }
  | { kind: 'recreate'; queue: number }
  | { kind: 'drain' };

const thread = fc.nat(THREADS - 1);
const queue = fc.nat(QUEUES - 1);
const events = fc.integer({ min: 1, max: 15 });
const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), thread, queue, events }),
  fc.record({ kind: fc.constant('wake' as const), queue, events: fc.oneof(events, fc.constant(POLLHUP)) }),
  fc.record({ kind: fc.constant('remove' as const), thread }),
  fc.record({ kind: fc.constant('recreate' as const), queue }),
  fc.record({ kind: fc.constant('drain' as const) }),
);

/** Waiters as plain lists; newest first, as the implementation wakes them. */
class Model {
  readonly waiters: { thread: number; events: number }[][] = Array.from({ length: QUEUES }, () => []);
  woken: number[] = [];

  wake(index: number, bits: number): void {
    for (const waiter of this.waiters[index]) {
      const hit = (bits & (waiter.events | 0x38)) !== 0;
      if (hit && !this.woken.includes(waiter.thread)) this.woken.push(waiter.thread);
    }
  }

  remove(gone: number): void {
    this.waiters.forEach((list, index) => {
      this.waiters[index] = list.filter((waiter) => waiter.thread !== gone);
    });
    this.woken = this.woken.filter((other) => other !== gone);
  }
}

describe('WaitQueues against lists', () => {
  it('wakes whom the model wakes, in the same order', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 80 }), (commands) => {
        const real = new WaitQueues(THREADS);
        const ids: WaitQueueId[] = Array.from({ length: QUEUES }, () => real.create());
        const model = new Model();
        for (const step of commands) run(step, real, ids, model);
        expect(drain(real)).toEqual(model.woken);
        expect(real.liveQueues).toBe(QUEUES);
      }),
    );
  });

  it('tells watchers until they stop', () => {
    const real = new WaitQueues(1);
    const id = real.create();
    const seen: number[] = [];
    const stop = real.watch(id, 1, (bits) => void seen.push(bits));
    real.wake(id, 1);
    real.wake(id, 2);
    stop();
    real.wake(id, 1);
    expect(seen).toEqual([1]);
  });

  it('panics when somebody waits on a dead queue', () => {
    const real = new WaitQueues(1);
    const id = real.create();
    real.destroy(id);
    expect(() => real.add(0 as ThreadId, id, 1)).toThrow('kernel/wait-queue');
  });
});

function run(step: Command, real: WaitQueues, ids: WaitQueueId[], model: Model): void {
  switch (step.kind) {
    case 'add':
      real.add(step.thread as ThreadId, ids[step.queue], step.events);
      model.waiters[step.queue].unshift({ thread: step.thread, events: step.events });
      return;
    case 'wake':
      real.wake(ids[step.queue], step.events);
      model.wake(step.queue, step.events);
      return;
    case 'remove':
      real.removeAll(step.thread as ThreadId);
      model.remove(step.thread);
      return;
    case 'recreate':
      real.destroy(ids[step.queue]);
      ids[step.queue] = real.create();
      model.wake(step.queue, -1);
      model.waiters[step.queue] = [];
      return;
    case 'drain':
      expect(drain(real)).toEqual(model.woken);
      model.woken = [];
  }
}

function drain(real: WaitQueues): number[] {
  const result: number[] = [];
  for (let slot = real.takeWoken(); slot !== NONE; slot = real.takeWoken()) result.push(slot);
  return result;
}
