/**
 * Wait queues: who waits for what, and who may run again.
 *
 * Shapes: a queue is a doubly linked list of waiter nodes; a thread that waits owns a list of nodes (poll waits on many
 * queues). Nodes live in typed arrays and are recycled.
 *   queue, events, owner        what a node waits for, for whom (thread slot, or watcher index)
 *   next, previous              neighbours in the queue's list
 *   ownerNext                   next node of the same owner
 * `wake` only records: threads go to the `woken` list, which the kernel loop drains, in order of waking.
 * Cost: wake O(waiters of that queue), add and remove O(1).
 */
import type { ThreadId, WaitPort, WaitQueueId } from '@veridian-os/abi';
import { NONE, POLLERR, POLLHUP, POLLNVAL, panic } from '@veridian-os/abi';

/** Events that wake a waiter whatever it asked for, as poll(2) has it. */
const ALWAYS = POLLERR | POLLHUP | POLLNVAL;

/** Told about every wake of a queue (epoll sets, notifications). Must only record. */
export type QueueWatcher = (events: number) => void;

export class WaitQueues implements WaitPort {
  private head = new Int32Array(256).fill(NONE);
  private live = new Uint8Array(256);
  private readonly freeQueues: number[] = [];
  private queueCount = 0;

  private queue = new Int32Array(256);
  private events = new Int32Array(256);
  private owner = new Int32Array(256);
  private next = new Int32Array(256);
  private previous = new Int32Array(256);
  private ownerNext = new Int32Array(256);
  private freeNode: number = NONE;
  private nodeCount = 0;

  private readonly threadHead: Int32Array;
  private readonly wokenFlag: Uint8Array;
  private readonly woken: number[] = [];
  private readonly watchers = new Map<number, Set<{ events: number; notify: QueueWatcher }>>();

  /** @param maxThreads thread slots, 1 .. 2^20 */
  constructor(maxThreads: number) {
    this.threadHead = new Int32Array(maxThreads).fill(NONE);
    this.wokenFlag = new Uint8Array(maxThreads);
  }

  create(): WaitQueueId {
    const id = this.freeQueues.pop() ?? this.queueCount++;
    if (id >= this.head.length) this.growQueues();
    this.head[id] = NONE;
    this.live[id] = 1;
    return id as WaitQueueId;
  }

  destroy(queue: WaitQueueId): void {
    if (this.live[queue] !== 1) panic('kernel/wait-queue', `destroy of dead queue ${queue}`);
    this.wake(queue, -1);
    this.watchers.delete(queue);
    for (let node = this.head[queue]; node !== NONE; node = this.next[node]) this.queue[node] = NONE;
    this.head[queue] = NONE;
    this.live[queue] = 0;
    this.freeQueues.push(queue);
  }

  wake(queue: WaitQueueId, events: number): void {
    for (let node = this.head[queue]; node !== NONE; node = this.next[node]) {
      if ((events & (this.events[node] | ALWAYS)) === 0) continue;
      const thread = this.owner[node];
      if (this.wokenFlag[thread] === 0) {
        this.wokenFlag[thread] = 1;
        this.woken.push(thread);
      }
    }
    const watchers = this.watchers.get(queue);
    if (watchers === undefined) return;
    for (const watcher of watchers) if ((events & (watcher.events | ALWAYS)) !== 0) watcher.notify(events);
  }

  /** Calls `notify` at every wake with any of `events`, until the returned function is called or the queue dies. */
  watch(queue: WaitQueueId, events: number, notify: QueueWatcher): () => void {
    const entry = { events, notify };
    let set = this.watchers.get(queue);
    if (set === undefined) this.watchers.set(queue, (set = new Set()));
    set.add(entry);
    return () => {
      set.delete(entry);
      if (set.size === 0 && this.watchers.get(queue) === set) this.watchers.delete(queue);
    };
  }

  /** Adds a thread to a queue; it may be on several. */
  add(thread: ThreadId, queue: WaitQueueId, events: number): void {
    if (this.live[queue] !== 1) panic('kernel/wait-queue', `wait on dead queue ${queue}`);
    const node = this.takeNode();
    this.queue[node] = queue;
    this.events[node] = events;
    this.owner[node] = thread;
    this.previous[node] = NONE;
    const first = this.head[queue];
    this.next[node] = first;
    if (first !== NONE) this.previous[first] = node;
    this.head[queue] = node;
    this.ownerNext[node] = this.threadHead[thread];
    this.threadHead[thread] = node;
  }

  /** Takes a thread off every queue it is on, and forgets a wake that was not drained. */
  removeAll(thread: ThreadId): void {
    let node = this.threadHead[thread];
    while (node !== NONE) {
      const following = this.ownerNext[node];
      this.unlink(node);
      this.ownerNext[node] = this.freeNode;
      this.freeNode = node;
      node = following;
    }
    this.threadHead[thread] = NONE;
    this.wokenFlag[thread] = 0;
  }

  /** Next woken thread in order, or NONE. */
  takeWoken(): ThreadId | -1 {
    for (;;) {
      const thread = this.woken.shift();
      if (thread === undefined) return NONE;
      if (this.wokenFlag[thread] === 1) {
        this.wokenFlag[thread] = 0;
        return thread as ThreadId;
      }
    }
  }

  get anyWoken(): boolean {
    return this.woken.length > 0;
  }

  /** Queues alive: for leak checks. */
  get liveQueues(): number {
    return this.queueCount - this.freeQueues.length;
  }

  private unlink(node: number): void {
    const queue = this.queue[node];
    if (queue === NONE) return;
    const before = this.previous[node];
    const after = this.next[node];
    if (before === NONE) this.head[queue] = after;
    else this.next[before] = after;
    if (after !== NONE) this.previous[after] = before;
  }

  private takeNode(): number {
    const node = this.freeNode;
    if (node !== NONE) {
      this.freeNode = this.ownerNext[node];
      return node;
    }
    if (this.nodeCount === this.queue.length) this.growNodes();
    return this.nodeCount++;
  }

  private growQueues(): void {
    this.head = grown(this.head);
    const live = new Uint8Array(this.live.length * 2);
    live.set(this.live);
    this.live = live;
  }

  private growNodes(): void {
    this.queue = grown(this.queue);
    this.events = grown(this.events);
    this.owner = grown(this.owner);
    this.next = grown(this.next);
    this.previous = grown(this.previous);
    this.ownerNext = grown(this.ownerNext);
  }
}

function grown(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2).fill(NONE);
  larger.set(array);
  return larger;
}
