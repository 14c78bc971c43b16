/** Random operations, and one run of them on an implementation and the model side by side. */
import { EINTR, ETIMEDOUT, isErrno, type Errno, type ThreadId } from '@veridian-os/abi';
import * as fc from 'fast-check';
import { MESSAGE_WORDS, type Ipc, type IpcOptions, type MessageCarrier } from '../api.js';
import {
  IpcModel,
  type Expected,
  type ModelEndpoint,
  type ModelMessage,
  type ModelNotification,
  type ModelReply,
  type ModelThread,
} from './model.js';

const KINDS = {
  attach: 4,
  detach: 2,
  cancel: 2,
  createEndpoint: 1,
  destroyEndpoint: 1,
  createNotification: 1,
  destroyNotification: 1,
  send: 8,
  call: 12,
  recv: 12,
  reply: 8,
  replyRecv: 10,
  signal: 6,
  wait: 5,
  bind: 3,
} as const;

/** Numbers that choose among what exists when the command runs. */
export interface IpcCommand {
  readonly kind: keyof typeof KINDS;
  readonly thread: number;
  readonly object: number;
  readonly badge: number;
  readonly block: boolean;
  readonly payloadBytes: number;
  readonly caps: number;
}

const rarely = <T>(usual: T, other: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: other });

export const ipcCommand: fc.Arbitrary<IpcCommand> = fc.record({
  kind: fc.oneof(
    ...Object.entries(KINDS).map(([kind, weight]) => ({ weight, arbitrary: fc.constant(kind as keyof typeof KINDS) })),
  ),
  thread: fc.nat(1e6),
  object: fc.nat(1e6),
  badge: fc.oneof(fc.integer({ min: 0, max: 7 }), fc.integer({ min: 1, max: 2 ** 31 - 1 })),
  block: fc.boolean(),
  payloadBytes: rarely(0, fc.constantFrom(1, 64, 4096, 4097, -1)),
  caps: rarely(0, fc.constantFrom(1, 4, 5, -1)),
});

export const ipcCommands: fc.Arbitrary<IpcCommand[]> = fc.array(ipcCommand, { maxLength: 80, size: 'max' });

export type MakeIpc = (options: Required<IpcOptions>) => Ipc;

/** No run makes so many calls. */
const NEVER_GIVEN = 2 ** 31 - 2;
const THREADS = 6;
const OBJECTS = 3;

/** The kit's carrier loses one capability of every message that has more than two. */
const arriving = (_from: number, caps: number): number => (caps > 2 ? caps - 1 : caps);

function expectSame(what: string, expected: unknown, got: unknown): void {
  if (expected !== got) throw new Error(`${what}: expected ${String(expected)}, got ${String(got)}`);
}

/** Runs commands on an implementation and compares everything visible after each. */
export class IpcRun {
  private readonly ipc: Ipc;
  private readonly model = new IpcModel(THREADS, arriving);
  private carried: string[] = [];
  private serial = 0;

  constructor(make: MakeIpc) {
    const carrier: MessageCarrier = {
      copyPayload: (from, to, bytes) => void this.carried.push(`payload ${from} ${to} ${bytes}`),
      transferCaps: (from, to, count) => {
        this.carried.push(`caps ${from} ${to} ${count}`);
        return arriving(from, count);
      },
    };
    this.ipc = make({ maxThreads: THREADS, maxEndpoints: OBJECTS, maxNotifications: OBJECTS, carrier });
    for (const thread of this.model.threads.slice(0, THREADS - 1)) this.attachThread(thread, thread.id % 3);
    for (let i = 0; i < 2; i++) this.createEndpoint();
    this.createNotification();
  }

  /** @throws Error that says what differs */
  step(command: IpcCommand): void {
    this.model.begin();
    this.carried = [];
    this[command.kind](command);
    this.compare();
  }

  private attach({ thread, badge }: IpcCommand): void {
    const fresh = this.model.threads.filter(({ attached }) => !attached);
    if (fresh.length > 0) this.attachThread(fresh[thread % fresh.length], badge % 3);
  }

  private attachThread(thread: ModelThread, priority: number): void {
    thread.attached = true;
    thread.priority = priority;
    this.ipc.attachThread(thread.id as ThreadId, priority);
  }

  private detach({ thread }: IpcCommand): void {
    const victim = this.model.threads[thread % THREADS];
    this.ipc.detachThread(victim.id as ThreadId);
    this.model.detach(victim);
  }

  private cancel({ thread, block }: IpcCommand): void {
    const victim = this.model.threads[thread % THREADS];
    const reason: Errno = block ? ETIMEDOUT : EINTR;
    expectSame('cancel', this.model.cancel(victim, reason), this.ipc.cancel(victim.id as ThreadId, reason));
  }

  private createEndpoint(): void {
    const id = this.ipc.createEndpoint();
    const alive = this.model.endpoints.filter((endpoint) => endpoint.alive);
    expectSame('createEndpoint: refused', alive.length === OBJECTS, isErrno(id));
    if (isErrno(id)) return;
    if (alive.some((endpoint) => endpoint.id === id)) throw new Error(`endpoint ${id} exists already`);
    this.model.endpoints.push({ id, alive: true, queue: [] });
  }

  private destroyEndpoint({ object, badge }: IpcCommand): void {
    const endpoint = this.endpointAt(object);
    if (!endpoint.alive || badge % 2 === 0) return;
    this.ipc.destroyEndpoint(endpoint.id);
    this.model.destroyEndpoint(endpoint);
  }

  private createNotification(): void {
    const id = this.ipc.createNotification();
    const alive = this.model.notifications.filter((notification) => notification.alive);
    expectSame('createNotification: refused', alive.length === OBJECTS, isErrno(id));
    if (isErrno(id)) return;
    if (alive.some((notification) => notification.id === id)) throw new Error(`notification ${id} exists already`);
    this.model.notifications.push({ id, alive: true, word: 0, queue: [], bound: undefined });
  }

  private destroyNotification({ object, badge }: IpcCommand): void {
    const notification = this.notificationAt(object);
    if (!notification.alive || badge % 2 === 0) return;
    this.ipc.destroyNotification(notification.id);
    this.model.destroyNotification(notification);
  }

  private send(command: IpcCommand): void {
    const { thread, id } = this.ready(command);
    if (thread === undefined) return;
    const endpoint = this.endpointAt(command.object);
    const message = this.write(thread, command);
    const expected = this.model.send(thread, endpoint, command.badge, message, command.block);
    expectSame('send', expected, this.ipc.send(id, endpoint.id, command.badge, command.block));
  }

  private call(command: IpcCommand): void {
    const { thread, id } = this.ready(command);
    if (thread === undefined) return;
    const endpoint = this.endpointAt(command.object);
    const message = this.write(thread, command);
    const expected = this.model.call(thread, endpoint, command.badge, message);
    expectSame('call', expected, this.ipc.call(id, endpoint.id, command.badge));
  }

  private recv(command: IpcCommand): void {
    const { thread, id } = this.ready(command);
    if (thread === undefined) return;
    const endpoint = this.endpointAt(command.object);
    const expected = this.model.recv(thread, endpoint, command.block);
    expectSame('recv', expected, this.ipc.recv(id, endpoint.id, command.block));
  }

  private reply(command: IpcCommand): void {
    const { thread, id } = this.ready(command);
    if (thread === undefined) return;
    const reply = this.replyAt(command.badge);
    const message = this.write(thread, command);
    expectSame('reply', this.model.reply(thread, reply, message), this.ipc.reply(id, reply?.id ?? NEVER_GIVEN));
  }

  private replyRecv(command: IpcCommand): void {
    const { thread, id } = this.ready(command);
    if (thread === undefined) return;
    const endpoint = this.endpointAt(command.object);
    const reply = command.block ? this.replyAt(command.badge) : undefined;
    const message = this.write(thread, command);
    const expected = this.model.replyRecv(thread, reply, endpoint, message);
    expectSame('replyRecv', expected, this.ipc.replyRecv(id, reply?.id ?? -1, endpoint.id));
  }

  private signal({ object, badge }: IpcCommand): void {
    const notification = this.notificationAt(object);
    if (!notification.alive) return;
    this.ipc.signal(notification.id, badge);
    this.model.signal(notification, badge);
  }

  private wait(command: IpcCommand): void {
    const { thread, id } = this.ready(command);
    if (thread === undefined) return;
    const notification = this.notificationAt(command.object);
    const expected = this.model.wait(thread, notification, command.block);
    expectSame('wait', expected, this.ipc.wait(id, notification.id, command.block));
  }

  private bind({ object, thread, block }: IpcCommand): void {
    const notification = this.notificationAt(object);
    const target = block ? this.model.threads[thread % THREADS] : undefined;
    const id = (target?.id ?? -1) as ThreadId | -1;
    expectSame('bind', this.model.bind(notification, target), this.ipc.bind(notification.id, id));
  }

  /** Usually a live one; a dead one whose id was not given out again otherwise. */
  private endpointAt(index: number): ModelEndpoint {
    return choose(this.model.endpoints, index);
  }

  private notificationAt(index: number): ModelNotification {
    return choose(this.model.notifications, index);
  }

  /** The latest replies, spent ones among them; undefined: an id that was never given out. */
  private replyAt(index: number): ModelReply | undefined {
    return this.model.replies.at(-1 - (index % 4));
  }

  private ready({ thread }: IpcCommand): { thread: ModelThread | undefined; id: ThreadId } {
    const ready = this.model.threads.filter(({ attached, wait }) => attached && wait === undefined);
    const chosen = ready.at(thread % Math.max(1, ready.length));
    return { thread: chosen, id: (chosen?.id ?? -1) as ThreadId };
  }

  /** Puts a message that is like no other into the thread's record. */
  private write({ id }: ModelThread, { payloadBytes, caps }: IpcCommand): ModelMessage {
    const { records } = this.ipc;
    const label = ++this.serial;
    const words = Array.from({ length: MESSAGE_WORDS * 2 }, (_, i) => Math.imul(label * 16 + i, 0x9e3779b1) >>> 0);
    records.label[id] = label;
    records.words.set(words, id * MESSAGE_WORDS * 2);
    records.payloadBytes[id] = payloadBytes;
    records.capCount[id] = caps;
    return { label, words, payloadBytes, caps };
  }

  private compare(): void {
    const { ipc, model } = this;
    const woken: number[] = [];
    for (let thread = ipc.takeRunnable(); thread !== -1; thread = ipc.takeRunnable()) woken.push(thread);
    expectSame('runnable', [...model.woken].sort().join(' '), woken.sort().join(' '));
    expectSame('carrier', model.carried.join(', '), this.carried.join(', '));
    expectSame('messageCount', model.messageCount, ipc.messageCount);
    for (const { id, caller } of model.replies)
      if (id !== undefined) expectSame(`callerOf(${id})`, caller?.id ?? -1, ipc.callerOf(id));
    for (const { id, wait } of model.threads)
      expectSame(`isBlocked(${id})`, wait !== undefined, ipc.isBlocked(id as ThreadId));
    for (const [thread, expected] of model.expected) this.compareRecord(thread, expected);
  }

  private compareRecord(thread: number, { result, message, badge, hasReply }: Expected): void {
    const { records } = this.ipc;
    const at = `record of ${thread}`;
    if (result !== undefined) expectSame(`${at}: result`, result, records.result[thread]);
    if (message === undefined) return;
    const start = thread * MESSAGE_WORDS * 2;
    const words = message.label === -1 ? 2 : MESSAGE_WORDS * 2; // a notification writes word 0 only
    expectSame(`${at}: label`, message.label, records.label[thread]);
    const got = [...records.words.subarray(start, start + words)];
    expectSame(`${at}: words`, message.words.slice(0, words).join(), got.join());
    expectSame(`${at}: payloadBytes`, message.payloadBytes, records.payloadBytes[thread]);
    expectSame(`${at}: capCount`, message.caps, records.capCount[thread]);
    expectSame(`${at}: badge`, badge, records.badge[thread]);
    this.compareReply(at, records.replyObject[thread], hasReply);
  }

  private compareReply(at: string, id: number, hasReply: boolean): void {
    expectSame(`${at}: has a reply object`, hasReply, id >= 0);
    if (!hasReply) return;
    if (this.model.replies.some((reply) => reply.id === id)) throw new Error(`${at}: reply id ${id} was used before`);
    this.model.replies.find((reply) => reply.id === undefined)!.id = id;
  }
}

/** A live object three times in four; a dead one only if no live one has its id. */
function choose<T extends { readonly id: number; readonly alive: boolean }>(objects: readonly T[], index: number): T {
  const live = objects.filter(({ alive }) => alive);
  const dead = objects.filter(({ id, alive }) => !alive && !live.some((other) => other.id === id));
  const pool = (index % 4 > 0 || dead.length === 0) && live.length > 0 ? live : dead;
  return pool[index % pool.length];
}
