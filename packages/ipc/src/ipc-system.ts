/**
 * Endpoints, reply objects and notifications of all threads.
 *
 * Shapes     t = maxThreads, e = maxEndpoints, n = maxNotifications
 *   queues        e + n wait queues: endpoint i is queue i, notification i is queue e + i
 *   word          Int32Array[n]   bits signalled and not yet taken
 *   boundThread   Int32Array[n]   thread that a notification also wakes, or NONE; boundTo Int32Array[t] is its inverse
 * Invariants an endpoint's queue holds senders or receivers, never both; a notification with waiters has no bits; a thread
 *            waits in exactly one queue, for one reply, or not at all
 * Cost       O(1), plus at most 256 steps where a sender is queued; destroy and detach O(threads they release); no
 *            allocation after construction
 * Source     seL4 reference manual 13 (endpoints, reply objects of the MCS kernel, bound notifications)
 *
 * Fast path. `call`, `send` and `reply` hand the message over in one copy of registers, without queue, carrier or
 * allocation, when
 *   1. the endpoint is alive and its first waiter is a receiver (for `reply`: the reply object is unspent),
 *   2. the message has no payload bytes, and
 *   3. it has no capabilities.
 * Words are never a reason to leave it: a message has eight at most. `fastCount` counts these deliveries.
 */
import {
  EAGAIN,
  EBADF,
  EBUSY,
  ECANCELED,
  EINVAL,
  ENOMEM,
  NONE,
  panic,
  type Errno,
  type ThreadId,
} from '@veridian-os/abi';
import { IpcStatus, type EndpointId, type Ipc, type IpcOptions, type NotificationId, type ReplyId } from './api.js';
import { IdPool } from './internal/id-pool.js';
import { Records } from './internal/records.js';
import { ReplyTable } from './internal/reply-table.js';
import { ThreadState, ThreadTable } from './internal/thread-table.js';
import { WaitQueues } from './internal/wait-queues.js';

const MAX_COUNT = 2 ** 20;
const MAX_PRIORITY = 255;
/** Receivers and waiters take turns whatever their priority. */
const FIRST_COME = 0;

function checkRange(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1 || value > MAX_COUNT)
    throw new RangeError(`${name}: expected an integer from 1 to ${MAX_COUNT}, got ${value}`);
}

function checkPriority(priority: number): void {
  if (!Number.isInteger(priority) || priority < 0 || priority > MAX_PRIORITY)
    throw new RangeError(`priority: expected an integer from 0 to ${MAX_PRIORITY}, got ${priority}`);
}

export class IpcSystem implements Ipc {
  readonly records: Records;
  /** Deliveries by the fast path. */
  fastCount = 0;

  private readonly threads: ThreadTable;
  private readonly queues: WaitQueues;
  private readonly replies: ReplyTable;
  private readonly endpoints: IdPool;
  private readonly notifications: IdPool;
  private readonly firstNotificationQueue: number;
  private readonly word: Int32Array<ArrayBuffer>;
  private readonly boundThread: Int32Array<ArrayBuffer>;
  private readonly boundTo: Int32Array<ArrayBuffer>;

  /** @throws RangeError for an option out of range */
  constructor({ maxThreads = 4096, maxEndpoints = 4096, maxNotifications = 4096, carrier }: IpcOptions = {}) {
    checkRange('maxThreads', maxThreads);
    checkRange('maxEndpoints', maxEndpoints);
    checkRange('maxNotifications', maxNotifications);
    this.records = new Records(maxThreads, carrier);
    this.threads = new ThreadTable(maxThreads, this.records.result);
    this.queues = new WaitQueues(maxEndpoints + maxNotifications, maxThreads);
    this.replies = new ReplyTable(maxThreads);
    this.endpoints = new IdPool(maxEndpoints);
    this.notifications = new IdPool(maxNotifications);
    this.firstNotificationQueue = maxEndpoints;
    this.word = new Int32Array(maxNotifications);
    this.boundThread = new Int32Array(maxNotifications);
    this.boundTo = new Int32Array(maxThreads);
  }

  get messageCount(): number {
    return this.records.messageCount;
  }

  takeRunnable(): ThreadId | -1 {
    return this.threads.takeRunnable() as ThreadId | -1;
  }

  createEndpoint(): EndpointId | Errno {
    const endpoint = this.endpoints.take();
    return endpoint === NONE ? ENOMEM : endpoint;
  }

  destroyEndpoint(endpoint: EndpointId): void {
    if (!this.endpoints.isAlive(endpoint)) panic('ipc/endpoint', `no endpoint ${endpoint}`);
    this.cancelAll(endpoint);
    this.endpoints.give(endpoint);
  }

  createNotification(): NotificationId | Errno {
    const notification = this.notifications.take();
    if (notification === NONE) return ENOMEM;
    this.word[notification] = 0;
    this.boundThread[notification] = NONE;
    return notification;
  }

  destroyNotification(notification: NotificationId): void {
    this.checkNotification(notification);
    this.cancelAll(this.firstNotificationQueue + notification);
    this.unbind(notification);
    this.notifications.give(notification);
  }

  /** @throws RangeError for an id beyond the tables or a priority above 255; KernelPanic `ipc/attached` when it is attached */
  attachThread(thread: ThreadId, priority: number): void {
    if (this.threads.state[thread] === undefined)
      throw new RangeError(`thread: expected an integer below ${this.threads.state.length}, got ${thread}`);
    checkPriority(priority);
    if (this.threads.isAttached(thread)) panic('ipc/attached', `thread ${thread}`);
    this.records.clear(thread);
    this.boundTo[thread] = NONE;
    this.threads.attach(thread, priority);
  }

  detachThread(thread: ThreadId): void {
    if (!this.threads.isAttached(thread)) return;
    this.withdraw(thread);
    for (let reply = this.replies.owedBy(thread); reply !== NONE; reply = this.replies.owedBy(thread))
      this.cancelReply(reply);
    const notification = this.boundTo[thread];
    if (notification !== NONE) this.unbind(notification);
    this.threads.detach(thread);
  }

  /** New rank in senders' queues; a queued sender goes behind those of its new rank. */
  setPriority(thread: ThreadId, priority: number): void {
    checkPriority(priority);
    const { state, subject, rank } = this.threads;
    rank[thread] = priority;
    if (state[thread] !== ThreadState.Sending && state[thread] !== ThreadState.Calling) return;
    const endpoint = subject[thread];
    this.queues.remove(endpoint, thread);
    this.queues.push(endpoint, thread, priority);
  }

  cancel(thread: ThreadId, reason: Errno): boolean {
    if (!this.threads.isBlocked(thread)) return false;
    this.withdraw(thread);
    this.threads.wake(thread, reason);
    return true;
  }

  isBlocked(thread: ThreadId): boolean {
    return this.threads.isBlocked(thread);
  }

  /** As {@link Ipc.send}; EBADF: no such endpoint, EMSGSIZE: payload or capabilities out of range, EOPNOTSUPP: no carrier. */
  send(thread: ThreadId, endpoint: EndpointId, badge: number, block: boolean): number | Errno {
    const refusal = this.checkSend(thread, endpoint);
    if (refusal < 0) return refusal;
    const receiver = this.receiverOn(endpoint);
    if (receiver === NONE) return block ? this.queueSender(thread, endpoint, badge, ThreadState.Sending) : EAGAIN;
    this.queues.remove(endpoint, receiver);
    this.handOver(thread, receiver, badge, NONE);
    return IpcStatus.Done;
  }

  /** As {@link Ipc.call}; errors as for {@link send}. */
  call(thread: ThreadId, endpoint: EndpointId, badge: number): number | Errno {
    const refusal = this.checkSend(thread, endpoint);
    if (refusal < 0) return refusal;
    const receiver = this.receiverOn(endpoint);
    if (receiver === NONE) return this.queueSender(thread, endpoint, badge, ThreadState.Calling);
    const reply = this.replies.create(thread, receiver);
    this.threads.block(thread, ThreadState.AwaitingReply, reply);
    this.queues.remove(endpoint, receiver);
    this.handOver(thread, receiver, badge, reply);
    return IpcStatus.Blocked;
  }

  /** As {@link Ipc.recv}; EAGAIN: nobody sends and `block` is false, EBADF: no such endpoint. */
  recv(thread: ThreadId, endpoint: EndpointId, block: boolean): number | Errno {
    this.threads.checkReady(thread);
    if (!this.endpoints.isAlive(endpoint)) return EBADF;
    const notification = this.boundTo[thread];
    if (notification !== NONE && this.word[notification] !== 0) return this.takeBits(thread, notification);
    const sender = this.queues.first(endpoint);
    if (sender !== NONE && this.threads.state[sender] !== ThreadState.Receiving)
      return this.accept(thread, endpoint, sender);
    if (!block) return EAGAIN;
    this.threads.block(thread, ThreadState.Receiving, endpoint);
    this.queues.push(endpoint, thread, FIRST_COME);
    return IpcStatus.Blocked;
  }

  /** As {@link Ipc.reply}; EMSGSIZE and EOPNOTSUPP as for {@link send}, the reply object then stays unspent. */
  reply(thread: ThreadId, reply: ReplyId): 0 | Errno {
    this.threads.checkReady(thread);
    const caller = this.replies.callerOf(reply);
    if (caller === NONE) return EINVAL;
    const refusal = this.records.check(thread);
    if (refusal < 0) return refusal;
    this.replies.spend(reply);
    this.handOver(thread, caller, 0, NONE);
    return 0;
  }

  callerOf(reply: ReplyId): ThreadId | -1 {
    return this.replies.callerOf(reply) as ThreadId | -1;
  }

  /**
   * As {@link Ipc.replyRecv}. A caller may die or be cancelled at any moment, so a spent reply object is no error here: there
   * is nobody to answer, and the server goes on to the next message (as in seL4).
   */
  replyRecv(thread: ThreadId, reply: ReplyId, endpoint: EndpointId): number | Errno {
    if (!this.endpoints.isAlive(endpoint)) return EBADF;
    if (reply !== NONE) {
      const status = this.reply(thread, reply);
      if (status < 0 && status !== EINVAL) return status;
    }
    return this.recv(thread, endpoint, true);
  }

  /** Ends a call without an answer: its caller gets ECANCELED. For the kernel, when a reply capability dies unused. EINVAL: spent. */
  cancelReply(reply: ReplyId): 0 | Errno {
    const caller = this.replies.callerOf(reply);
    if (caller === NONE) return EINVAL;
    this.replies.spend(reply);
    this.threads.wake(caller, ECANCELED);
    return 0;
  }

  /** Makes `thread` the one whose death ends the call: for a reply capability that changed hands. EINVAL: spent or no thread. */
  passReply(reply: ReplyId, thread: ThreadId): 0 | Errno {
    if (this.replies.callerOf(reply) === NONE || !this.threads.isAttached(thread)) return EINVAL;
    this.replies.pass(reply, thread);
    return 0;
  }

  /** Thread that owes `thread` an answer, or NONE: the next link of a blocking chain, for priority inheritance. */
  serverOf(thread: ThreadId): ThreadId | -1 {
    if (this.threads.state[thread] !== ThreadState.AwaitingReply) return NONE;
    return this.replies.holderOf(this.threads.subject[thread]) as ThreadId;
  }

  /** As {@link Ipc.signal}; a badge of 0 has no bit to deliver and does nothing. */
  signal(notification: NotificationId, badge: number): void {
    this.checkNotification(notification);
    this.word[notification] |= badge;
    if (this.word[notification] !== 0) this.deliverBits(notification);
  }

  /** As {@link Ipc.wait}: the record's label is NOTIFICATION_LABEL then. EAGAIN, or EBADF: no such notification. */
  wait(thread: ThreadId, notification: NotificationId, block: boolean): number | Errno {
    this.threads.checkReady(thread);
    if (!this.notifications.isAlive(notification)) return EBADF;
    if (this.word[notification] !== 0) return this.takeBits(thread, notification);
    if (!block) return EAGAIN;
    const queue = this.firstNotificationQueue + notification;
    this.threads.block(thread, ThreadState.Waiting, queue);
    this.queues.push(queue, thread, FIRST_COME);
    return IpcStatus.Blocked;
  }

  /** As {@link Ipc.bind}; -1 unbinds. EBADF: no such notification, EINVAL: no such thread, EBUSY: either is bound to another. */
  bind(notification: NotificationId, thread: ThreadId | -1): 0 | Errno {
    if (!this.notifications.isAlive(notification)) return EBADF;
    if (thread === NONE) {
      this.unbind(notification);
      return 0;
    }
    if (!this.threads.isAttached(thread)) return EINVAL;
    if (this.boundThread[notification] === thread) return 0;
    if (this.boundThread[notification] !== NONE || this.boundTo[thread] !== NONE) return EBUSY;
    this.boundThread[notification] = thread;
    this.boundTo[thread] = notification;
    if (this.word[notification] !== 0) this.deliverBits(notification);
    return 0;
  }

  private checkSend(thread: number, endpoint: EndpointId): 0 | Errno {
    this.threads.checkReady(thread);
    return this.endpoints.isAlive(endpoint) ? this.records.check(thread) : EBADF;
  }

  private checkNotification(notification: NotificationId): void {
    if (!this.notifications.isAlive(notification)) panic('ipc/notification', `no notification ${notification}`);
  }

  /** Oldest receiver that waits on the endpoint, or NONE. */
  private receiverOn(endpoint: EndpointId): number {
    const first = this.queues.first(endpoint);
    return first !== NONE && this.threads.state[first] === ThreadState.Receiving ? first : NONE;
  }

  /** Delivers straight to a thread that was blocked for it and is in no queue any more, and wakes it. */
  private handOver(from: number, to: number, badge: number, reply: number): void {
    if (this.records.isRegisterOnly(from)) this.fastCount++;
    this.records.deliver(from, to, badge, reply);
    this.threads.wake(to, 0);
  }

  private queueSender(thread: number, endpoint: EndpointId, badge: number, state: ThreadState): number {
    this.threads.block(thread, state, endpoint);
    this.threads.sendBadge[thread] = badge;
    this.queues.push(endpoint, thread, this.threads.rank[thread]);
    return IpcStatus.Blocked;
  }

  /** Takes the message of a queued sender. */
  private accept(thread: number, endpoint: EndpointId, sender: number): number {
    this.queues.remove(endpoint, sender);
    const badge = this.threads.sendBadge[sender];
    if (this.threads.state[sender] === ThreadState.Sending) {
      this.records.deliver(sender, thread, badge, NONE);
      this.threads.wake(sender, 0);
      return IpcStatus.Done;
    }
    const reply = this.replies.create(sender, thread);
    this.threads.block(sender, ThreadState.AwaitingReply, reply);
    this.records.deliver(sender, thread, badge, reply);
    return IpcStatus.Done;
  }

  /** Gives a notification's bits to a waiter, or to its bound thread while that receives, or keeps them. */
  private deliverBits(notification: NotificationId): void {
    const queue = this.firstNotificationQueue + notification;
    let thread = this.queues.first(queue);
    if (thread === NONE) {
      thread = this.boundThread[notification]!;
      if (thread === NONE || this.threads.state[thread] !== ThreadState.Receiving) return;
    }
    this.queues.remove(this.threads.subject[thread], thread);
    this.takeBits(thread, notification);
    this.threads.wake(thread, 0);
  }

  private takeBits(thread: number, notification: NotificationId): number {
    this.records.deliverBits(thread, this.word[notification]);
    this.word[notification] = 0;
    return IpcStatus.Done;
  }

  private unbind(notification: NotificationId): void {
    const thread = this.boundThread[notification];
    if (thread !== NONE) this.boundTo[thread] = NONE;
    this.boundThread[notification] = NONE;
  }

  /** Takes a thread out of whatever it waits for; the caller wakes or detaches it. */
  private withdraw(thread: number): void {
    if (!this.threads.isBlocked(thread)) return;
    const subject = this.threads.subject[thread];
    if (this.threads.state[thread] === ThreadState.AwaitingReply) this.replies.spend(subject);
    else this.queues.remove(subject, thread);
  }

  private cancelAll(queue: number): void {
    for (let thread = this.queues.first(queue); thread !== NONE; thread = this.queues.first(queue)) {
      this.queues.remove(queue, thread);
      this.threads.wake(thread, ECANCELED);
    }
  }
}

/** An {@link Ipc}; see {@link IpcSystem}. @throws RangeError for an option out of range */
export function createIpc(options: IpcOptions = {}): IpcSystem {
  return new IpcSystem(options);
}
