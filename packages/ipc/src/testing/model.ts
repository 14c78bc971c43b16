/** The naive model: threads, endpoints and notifications are plain objects, queues are arrays, nothing is fast. */
import { EAGAIN, EBADF, EBUSY, ECANCELED, EINVAL, EMSGSIZE } from '@veridian-os/abi';
import { IpcStatus, MESSAGE_CAPS, NOTIFICATION_LABEL, PAYLOAD_BYTES } from '../api.js';

export interface ModelMessage {
  readonly label: number;
  /** Sixteen u32: eight words, low half first. */
  readonly words: readonly number[];
  readonly payloadBytes: number;
  readonly caps: number;
}

/** What a thread's record must hold. */
export interface Expected {
  /** Undefined where the operation finished at once. */
  readonly result: number | undefined;
  readonly message: ModelMessage | undefined;
  readonly badge: number;
  readonly hasReply: boolean;
}

type Wait =
  | { kind: 'send' | 'call'; endpoint: ModelEndpoint; message: ModelMessage; badge: number }
  | { kind: 'recv'; endpoint: ModelEndpoint }
  | { kind: 'reply'; reply: ModelReply }
  | { kind: 'wait'; notification: ModelNotification };

export class ModelThread {
  attached = false;
  priority = 0;
  wait: Wait | undefined;
  bound: ModelNotification | undefined;
  readonly id: number;
  constructor(id: number) {
    this.id = id;
  }
}

export interface ModelEndpoint {
  readonly id: number;
  alive: boolean;
  /** In order of arrival. */
  queue: ModelThread[];
}

export interface ModelNotification {
  readonly id: number;
  alive: boolean;
  word: number;
  queue: ModelThread[];
  bound: ModelThread | undefined;
}

export interface ModelReply {
  /** Undefined until the receiver's record has been read. */
  id: number | undefined;
  caller: ModelThread | undefined;
  readonly holder: ModelThread;
}

export class IpcModel {
  readonly threads: ModelThread[];
  readonly endpoints: ModelEndpoint[] = [];
  readonly notifications: ModelNotification[] = [];
  readonly replies: ModelReply[] = [];
  messageCount = 0;
  /** Since the last `begin`: threads woken, records written, carrier calls as text. */
  woken: number[] = [];
  expected = new Map<number, Expected>();
  carried: string[] = [];
  /** How many of the sender's capabilities arrive; what the carrier under test does. */
  private readonly arriving: (from: number, caps: number) => number;

  constructor(threads: number, arriving: (from: number, caps: number) => number) {
    this.threads = Array.from({ length: threads }, (_, id) => new ModelThread(id));
    this.arriving = arriving;
  }

  begin(): void {
    this.woken = [];
    this.expected = new Map();
    this.carried = [];
  }

  send(thread: ModelThread, endpoint: ModelEndpoint, badge: number, message: ModelMessage, block: boolean): number {
    const refusal = this.checkSend(endpoint, message);
    if (refusal < 0) return refusal;
    const receiver = this.takeReceiver(endpoint);
    if (receiver !== undefined) {
      this.deliver(thread, receiver, message, badge, undefined);
      this.wake(receiver, 0);
      return IpcStatus.Done;
    }
    if (!block) return EAGAIN;
    thread.wait = { kind: 'send', endpoint, message, badge };
    endpoint.queue.push(thread);
    return IpcStatus.Blocked;
  }

  call(thread: ModelThread, endpoint: ModelEndpoint, badge: number, message: ModelMessage): number {
    const refusal = this.checkSend(endpoint, message);
    if (refusal < 0) return refusal;
    const receiver = this.takeReceiver(endpoint);
    if (receiver === undefined) {
      thread.wait = { kind: 'call', endpoint, message, badge };
      endpoint.queue.push(thread);
      return IpcStatus.Blocked;
    }
    this.deliver(thread, receiver, message, badge, this.newReply(thread, receiver));
    this.wake(receiver, 0);
    return IpcStatus.Blocked;
  }

  recv(thread: ModelThread, endpoint: ModelEndpoint, block: boolean): number {
    if (!endpoint.alive) return EBADF;
    if (thread.bound !== undefined && thread.bound.word !== 0) return this.takeBits(thread, thread.bound);
    const sender = this.takeSender(endpoint);
    if (sender !== undefined) return this.accept(thread, sender);
    if (!block) return EAGAIN;
    thread.wait = { kind: 'recv', endpoint };
    endpoint.queue.push(thread);
    return IpcStatus.Blocked;
  }

  reply(thread: ModelThread, reply: ModelReply | undefined, message: ModelMessage): number {
    if (reply?.caller === undefined) return EINVAL;
    if (!isValid(message)) return EMSGSIZE;
    const caller = reply.caller;
    reply.caller = undefined;
    this.deliver(thread, caller, message, 0, undefined);
    this.wake(caller, 0);
    return 0;
  }

  replyRecv(
    thread: ModelThread,
    reply: ModelReply | undefined,
    endpoint: ModelEndpoint,
    message: ModelMessage,
  ): number {
    if (!endpoint.alive) return EBADF;
    if (reply?.caller !== undefined && this.reply(thread, reply, message) < 0) return EMSGSIZE;
    return this.recv(thread, endpoint, true);
  }

  signal(notification: ModelNotification, badge: number): void {
    notification.word = (notification.word | badge) >>> 0;
    this.deliverBits(notification);
  }

  wait(thread: ModelThread, notification: ModelNotification, block: boolean): number {
    if (!notification.alive) return EBADF;
    if (notification.word !== 0) return this.takeBits(thread, notification);
    if (!block) return EAGAIN;
    thread.wait = { kind: 'wait', notification };
    notification.queue.push(thread);
    return IpcStatus.Blocked;
  }

  bind(notification: ModelNotification, thread: ModelThread | undefined): number {
    if (!notification.alive) return EBADF;
    if (thread === undefined) {
      this.unbind(notification);
      return 0;
    }
    if (!thread.attached) return EINVAL;
    if (notification.bound === thread) return 0;
    if (notification.bound !== undefined || thread.bound !== undefined) return EBUSY;
    notification.bound = thread;
    thread.bound = notification;
    this.deliverBits(notification);
    return 0;
  }

  destroyEndpoint(endpoint: ModelEndpoint): void {
    endpoint.alive = false;
    for (const thread of [...endpoint.queue]) this.cancel(thread, ECANCELED);
  }

  destroyNotification(notification: ModelNotification): void {
    notification.alive = false;
    for (const thread of [...notification.queue]) this.cancel(thread, ECANCELED);
    this.unbind(notification);
  }

  cancel(thread: ModelThread, reason: number): boolean {
    if (thread.wait === undefined) return false;
    this.withdraw(thread);
    this.wake(thread, reason);
    return true;
  }

  detach(thread: ModelThread): void {
    this.withdraw(thread);
    for (const reply of this.replies)
      if (reply.holder === thread && reply.caller !== undefined) this.cancel(reply.caller, ECANCELED);
    if (thread.bound !== undefined) this.unbind(thread.bound);
    thread.attached = false;
  }

  private checkSend(endpoint: ModelEndpoint, message: ModelMessage): number {
    if (!endpoint.alive) return EBADF;
    return isValid(message) ? 0 : EMSGSIZE;
  }

  private accept(thread: ModelThread, sender: ModelThread): number {
    const wait = sender.wait;
    if (wait?.kind !== 'send' && wait?.kind !== 'call') throw new Error('model: not a sender');
    const reply = wait.kind === 'call' ? this.newReply(sender, thread) : undefined;
    this.deliver(sender, thread, wait.message, wait.badge, reply);
    if (reply === undefined) this.wake(sender, 0);
    return IpcStatus.Done;
  }

  /** First in the highest priority. */
  private takeSender(endpoint: ModelEndpoint): ModelThread | undefined {
    const senders = endpoint.queue.filter(({ wait }) => wait?.kind !== 'recv');
    const best = Math.max(...senders.map(({ priority }) => priority));
    const sender = senders.find(({ priority }) => priority === best);
    endpoint.queue = endpoint.queue.filter((thread) => thread !== sender);
    return sender;
  }

  private takeReceiver(endpoint: ModelEndpoint): ModelThread | undefined {
    const receiver = endpoint.queue.find(({ wait }) => wait?.kind === 'recv');
    endpoint.queue = endpoint.queue.filter((thread) => thread !== receiver);
    return receiver;
  }

  private newReply(caller: ModelThread, holder: ModelThread): ModelReply {
    const reply: ModelReply = { id: undefined, caller, holder };
    this.replies.push(reply);
    caller.wait = { kind: 'reply', reply };
    return reply;
  }

  private deliver(
    from: ModelThread,
    to: ModelThread,
    message: ModelMessage,
    badge: number,
    reply: ModelReply | undefined,
  ): void {
    if (message.payloadBytes > 0) this.carried.push(`payload ${from.id} ${to.id} ${message.payloadBytes}`);
    if (message.caps > 0) this.carried.push(`caps ${from.id} ${to.id} ${message.caps}`);
    const arrived = message.caps > 0 ? this.arriving(from.id, message.caps) : 0;
    const hasReply = reply !== undefined;
    this.expected.set(to.id, { result: undefined, message: { ...message, caps: arrived }, badge, hasReply });
    this.messageCount++;
  }

  private takeBits(thread: ModelThread, notification: ModelNotification): number {
    const words = Array.from({ length: 16 }, (_, i) => (i === 0 ? notification.word : 0));
    const message = { label: NOTIFICATION_LABEL, words, payloadBytes: 0, caps: 0 };
    this.expected.set(thread.id, { result: undefined, message, badge: 0, hasReply: false });
    notification.word = 0;
    return IpcStatus.Done;
  }

  private deliverBits(notification: ModelNotification): void {
    const { bound } = notification;
    const thread = notification.queue[0] ?? (bound?.wait?.kind === 'recv' ? bound : undefined);
    if (notification.word === 0 || thread === undefined) return;
    this.withdraw(thread);
    this.takeBits(thread, notification);
    this.wake(thread, 0);
  }

  private unbind(notification: ModelNotification): void {
    if (notification.bound !== undefined) notification.bound.bound = undefined;
    notification.bound = undefined;
  }

  private withdraw(thread: ModelThread): void {
    const { wait } = thread;
    thread.wait = undefined;
    if (wait === undefined) return;
    if (wait.kind === 'reply') wait.reply.caller = undefined;
    else if (wait.kind === 'wait') wait.notification.queue = wait.notification.queue.filter((t) => t !== thread);
    else wait.endpoint.queue = wait.endpoint.queue.filter((t) => t !== thread);
  }

  private wake(thread: ModelThread, result: number): void {
    thread.wait = undefined;
    this.woken.push(thread.id);
    const written = this.expected.get(thread.id);
    this.expected.set(thread.id, { message: undefined, badge: 0, hasReply: false, ...written, result });
  }
}

function isValid({ payloadBytes, caps }: ModelMessage): boolean {
  return payloadBytes >= 0 && payloadBytes <= PAYLOAD_BYTES && caps >= 0 && caps <= MESSAGE_CAPS;
}
