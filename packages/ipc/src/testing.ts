/**
 * Conformance kit of IPC: what every implementation must do, under any runner with `describe` and `it`.
 *
 * The kit draws random sequences of operations of six threads on a few endpoints and notifications, with deaths and
 * cancellations anywhere, and compares statuses, wake-ups, records, reply objects and what the carrier was asked to move with
 * a model made of plain queues. A failure prints the seed and the shortest sequence that shows it.
 */
import { ECANCELED, EINVAL, type ThreadId } from '@veridian-os/abi';
import * as fc from 'fast-check';
import { IpcStatus, type Ipc } from './api.js';
import { IpcRun, ipcCommands, type MakeIpc } from './testing/commands.js';

export { IpcRun, ipcCommand, ipcCommands, type IpcCommand, type MakeIpc } from './testing/commands.js';
export {
  IpcModel,
  ModelThread,
  type Expected,
  type ModelEndpoint,
  type ModelMessage,
  type ModelNotification,
  type ModelReply,
} from './testing/model.js';

/** The part of jest, vitest and node:test that the kit uses. */
export interface Runner {
  describe(name: string, body: () => void): unknown;
  it(name: string, body: () => void): unknown;
}

const CLIENT = 0 as ThreadId;
const SERVER = 1 as ThreadId;

function check(holds: boolean, message: string): void {
  if (!holds) throw new Error(message);
}

/** Queues senders of the given priorities and returns the order in which a receiver gets them. */
function orderOf(make: MakeIpc, priorities: readonly number[]): number[] {
  const threads = priorities.length + 1;
  const ipc = make({ maxThreads: threads, maxEndpoints: 1, maxNotifications: 1, carrier: NO_CARRIER });
  const endpoint = ipc.createEndpoint();
  priorities.forEach((priority, thread) => {
    ipc.attachThread(thread as ThreadId, priority);
    ipc.send(thread as ThreadId, endpoint, thread, true);
  });
  const receiver = priorities.length as ThreadId;
  ipc.attachThread(receiver, 0);
  return priorities.map(() => {
    check(ipc.recv(receiver, endpoint, false) === IpcStatus.Done, 'a queued message was lost');
    return ipc.records.badge[receiver];
  });
}

const NO_CARRIER = { copyPayload: () => undefined, transferCaps: () => 0 };

/** A client that waits for an answer of a server that has its call. */
function duringCall(make: MakeIpc): { ipc: Ipc; endpoint: number; reply: number } {
  const ipc = make({ maxThreads: 2, maxEndpoints: 1, maxNotifications: 1, carrier: NO_CARRIER });
  const endpoint = ipc.createEndpoint();
  ipc.attachThread(CLIENT, 0);
  ipc.attachThread(SERVER, 0);
  ipc.recv(SERVER, endpoint, true);
  ipc.call(CLIENT, endpoint, 0);
  while (ipc.takeRunnable() !== -1);
  return { ipc, endpoint, reply: ipc.records.replyObject[SERVER] };
}

function replyCases({ it }: Runner, make: MakeIpc): void {
  it('ends a call with ECANCELED when the thread that owes the answer dies', () => {
    const { ipc } = duringCall(make);
    ipc.detachThread(SERVER);
    check(ipc.takeRunnable() === CLIENT, 'the caller was not woken');
    check(ipc.records.result[CLIENT] === ECANCELED, `result ${ipc.records.result[CLIENT]}`);
  });

  it('refuses the answer to a caller that died, was cancelled or has its answer', () => {
    for (const end of ['detach', 'cancel', 'reply'] as const) {
      const { ipc, reply } = duringCall(make);
      if (end === 'detach') ipc.detachThread(CLIENT);
      else if (end === 'cancel') ipc.cancel(CLIENT, ECANCELED);
      else check(ipc.reply(SERVER, reply) === 0, 'the answer was refused');
      check(ipc.reply(SERVER, reply) === EINVAL, `after ${end} the reply object still answers`);
    }
  });

  it('never lets a spent reply object answer a later call of the same caller', () => {
    const { ipc, endpoint, reply } = duringCall(make);
    const seen = new Set([reply]);
    ipc.reply(SERVER, reply);
    for (let i = 0; i < 20_000; i++) {
      ipc.recv(SERVER, endpoint, true);
      ipc.call(CLIENT, endpoint, 0);
      const fresh = ipc.records.replyObject[SERVER];
      check(!seen.has(fresh), `reply id ${fresh} came back after ${i} calls`);
      seen.add(fresh);
      ipc.reply(SERVER, fresh);
      while (ipc.takeRunnable() !== -1);
    }
  });
}

function bindingCase({ it }: Runner, make: MakeIpc): void {
  it('frees a notification and a thread id from each other when either dies', () => {
    const ipc = make({ maxThreads: 2, maxEndpoints: 1, maxNotifications: 1, carrier: NO_CARRIER });
    let bell = ipc.createNotification();
    ipc.attachThread(CLIENT, 0);
    ipc.attachThread(SERVER, 0);
    check(ipc.bind(bell, CLIENT) === 0, 'the first binding was refused');
    ipc.detachThread(CLIENT);
    check(ipc.bind(bell, SERVER) === 0, 'the notification stays bound to a dead thread');
    ipc.destroyNotification(bell);
    bell = ipc.createNotification();
    check(ipc.bind(bell, SERVER) === 0, 'the thread stays bound to a dead notification');
    ipc.attachThread(CLIENT, 0);
    check(ipc.bind(bell, -1) === 0 && ipc.bind(bell, CLIENT) === 0, 'a new thread inherits the binding of its id');
  });
}

/** @param runs sequences of the model test */
export function ipcKit(runner: Runner, make: MakeIpc, runs = 500): void {
  const { describe, it } = runner;
  describe('ipc', () => {
    it('agrees with the model', () => {
      fc.assert(
        fc.property(ipcCommands, (commands) => {
          const run = new IpcRun(make);
          for (const command of commands) run.step(command);
        }),
        { numRuns: runs },
      );
    });

    it('serves senders by priority and first in, first out within one', () => {
      fc.assert(
        fc.property(fc.array(fc.oneof(fc.integer({ min: 0, max: 3 }), fc.nat(255)), { minLength: 1 }), (priorities) => {
          const expected = priorities.map((_, i) => i).sort((a, b) => priorities[b] - priorities[a] || a - b);
          const got = orderOf(make, priorities);
          check(got.join() === expected.join(), `expected ${expected.join()}, got ${got.join()}`);
        }),
        { numRuns: runs },
      );
    });

    replyCases(runner, make);
    bindingCase(runner, make);
  });
}
