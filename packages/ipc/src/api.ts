/**
 * Synchronous endpoints, reply objects, notifications: semantics after seL4.
 *
 * The package is told who asks and answers with a decision: the operation's status and which thread has become runnable. It
 * never runs anybody. Threads are small integers; each has a message record in tables of this package.
 */
import type { Errno, ThreadId } from '@veridian-os/abi';

/** 64-bit message words that travel in registers (fast path) without touching a buffer. */
export const MESSAGE_WORDS = 8;
/** Capabilities per message. */
export const MESSAGE_CAPS = 4;
/** Bytes of a message's payload buffer (one page per thread). */
export const PAYLOAD_BYTES = 4096;

/** Status of an operation for the thread that asked. */
export const IpcStatus = {
  /** Finished at once; the message record holds the result of a receive. */
  Done: 0,
  /** The caller must sleep; it is woken with its result later. */
  Blocked: 1,
} as const;

export type EndpointId = number;
export type NotificationId = number;
/** One-shot right to answer a call. */
export type ReplyId = number;

/** What the kernel lends to ipc: the parts of a message that live elsewhere. */
export interface MessageCarrier {
  /** Copies `bytes` (0..4096) of payload from one thread's buffer to another's. */
  copyPayload(from: ThreadId, to: ThreadId, bytes: number): void;
  /** Moves or copies the sender's listed capabilities to the receiver's space; returns how many arrived. */
  transferCaps(from: ThreadId, to: ThreadId, count: number): number;
}

/**
 * Message records, struct-of-arrays, indexed by thread: the kernel writes the sender's before `call`/`send`/`reply` and
 * reads the receiver's afterwards.
 */
export interface MessageRecords {
  /** Operation code of the message. */
  readonly label: Int32Array;
  /** `MESSAGE_WORDS` words per thread, each two u32: index `(thread * MESSAGE_WORDS + i) * 2`. */
  readonly words: Uint32Array;
  /** Payload bytes and number of capabilities with it. */
  readonly payloadBytes: Int32Array;
  readonly capCount: Int32Array;
  /** On receive: badge of the capability the sender used; reply object of a call or NONE. */
  readonly badge: Int32Array;
  readonly replyObject: Int32Array;
  /** Result of the last blocked operation once woken: 0 or an Errno (ECANCELED: endpoint or peer died; ETIMEDOUT; EINTR). */
  readonly result: Int32Array;
}

export interface Ipc {
  readonly records: MessageRecords;
  /** Threads that became runnable by the last operation: drain after every call. NONE when there is no more. */
  takeRunnable(): ThreadId | -1;
  /** Messages delivered so far. */
  readonly messageCount: number;

  createEndpoint(): EndpointId | Errno;
  /** Everyone waiting on it gets ECANCELED. */
  destroyEndpoint(endpoint: EndpointId): void;
  createNotification(): NotificationId | Errno;
  destroyNotification(notification: NotificationId): void;

  /** Prepares a thread's record; `priority` orders senders' queues (0..255, higher first). */
  attachThread(thread: ThreadId, priority: number): void;
  /** Cancels whatever the thread waits for; pending callers of it (its reply objects) get ECANCELED. */
  detachThread(thread: ThreadId): void;
  /** Stops a blocked thread's wait: true when it was waiting; its result is `reason`. */
  cancel(thread: ThreadId, reason: Errno): boolean;
  isBlocked(thread: ThreadId): boolean;

  /** Send without reply. `block` false: EAGAIN when nobody waits. */
  send(thread: ThreadId, endpoint: EndpointId, badge: number, block: boolean): number | Errno;
  /** Send and wait for the answer. */
  call(thread: ThreadId, endpoint: EndpointId, badge: number): number | Errno;
  recv(thread: ThreadId, endpoint: EndpointId, block: boolean): number | Errno;
  /** Answers a call; EINVAL when the reply object is spent or the caller has gone. */
  reply(thread: ThreadId, reply: ReplyId): 0 | Errno;
  /** Thread that waits for this reply, or NONE: who a server works for (the kernel's own services only). */
  callerOf(reply: ReplyId): ThreadId | -1;
  /** The server loop: answer `reply` (or NONE) and wait for the next message. */
  replyRecv(thread: ThreadId, reply: ReplyId, endpoint: EndpointId): number | Errno;

  /** ORs `badge` into the notification's word and wakes one waiter. */
  signal(notification: NotificationId, badge: number): void;
  /** Takes the word (nonzero) into the thread's record word 0; blocks while it is zero. */
  wait(thread: ThreadId, notification: NotificationId, block: boolean): number | Errno;
  /** While `thread` receives on an endpoint, a signal on the notification also wakes it (label = -1, word 0 = bits). */
  bind(notification: NotificationId, thread: ThreadId | -1): 0 | Errno;
}

/** Label of a record that holds a notification's bits instead of a message. */
export const NOTIFICATION_LABEL = -1;

/** Sizes of the tables; all memory (about 180 bytes a thread) is reserved by the constructor. */
export interface IpcOptions {
  /** Thread ids are below it; 1 to 2^20, default 4,096. */
  readonly maxThreads?: number;
  /** 1 to 2^20, default 4,096. */
  readonly maxEndpoints?: number;
  /** 1 to 2^20, default 4,096. */
  readonly maxNotifications?: number;
  /** Moves payloads and capabilities; without one, messages that have any are refused with EOPNOTSUPP. */
  readonly carrier?: MessageCarrier | undefined;
}
