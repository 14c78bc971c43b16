/**
 * Futexes: threads that sleep on a word of user memory.
 *
 * A futex is named by a scope and an address: a private one by its address space and virtual address, a shared one by
 * `SHARED` and its physical address. Waiters are woken first come, first served. Source: futex(2).
 */
import type { Nanoseconds } from '@veridian-os/abi';
import type { Kernel } from '../kernel.js';
import { Wake, type Blocking } from './blocking.js';
import type { Thread } from './thread.js';

/** Scope of futexes in shared memory. */
export const SHARED: object = Object.freeze({});

interface Waiter {
  readonly thread: Thread;
  readonly bitset: number;
  /** Where it waits now; requeue changes it. Undefined once woken. */
  list: WaiterList | undefined;
}

interface WaiterList {
  readonly scope: object;
  readonly address: number;
  readonly waiters: Waiter[];
}

export class Futexes {
  private readonly kernel: Kernel;
  private readonly scopes = new Map<object, Map<number, WaiterList>>();

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  /** Futexes somebody waits on: for leak checks. */
  get size(): number {
    let count = 0;
    for (const addresses of this.scopes.values()) count += addresses.size;
    return count;
  }

  /** Sleeps until woken (Event), the deadline, or a signal. The caller has checked the word. */
  *wait(thread: Thread, scope: object, address: number, bitset: number, deadline: Nanoseconds): Blocking<Wake> {
    const list = this.list(scope, address);
    const waiter: Waiter = { thread, bitset, list };
    list.waiters.push(waiter);
    try {
      const wake = yield* this.kernel.waiting.sleep(thread, deadline);
      return waiter.list === undefined ? Wake.Event : wake;
    } finally {
      if (waiter.list !== undefined) this.remove(waiter.list, waiter);
    }
  }

  /** Wakes up to `count` waiters whose bitset meets `bitset`; how many. */
  wake(scope: object, address: number, count: number, bitset: number): number {
    const list = this.scopes.get(scope)?.get(address);
    if (list === undefined) return 0;
    const chosen: Waiter[] = [];
    for (const waiter of list.waiters) {
      if (chosen.length >= count) break;
      if ((waiter.bitset & bitset) !== 0) chosen.push(waiter);
    }
    for (const waiter of chosen) {
      this.remove(list, waiter);
      waiter.list = undefined;
      this.kernel.waiting.wake(waiter.thread, Wake.Event);
    }
    return chosen.length;
  }

  /** Moves up to `count` waiters to another futex without waking them; how many. */
  requeue(scope: object, address: number, count: number, toScope: object, toAddress: number): number {
    const from = this.scopes.get(scope)?.get(address);
    if (from === undefined) return 0;
    if (scope === toScope && address === toAddress) return Math.min(count, from.waiters.length);
    const to = this.list(toScope, toAddress);
    const moved = from.waiters.splice(0, count);
    for (const waiter of moved) waiter.list = to;
    to.waiters.push(...moved);
    this.forgetEmpty(from);
    this.forgetEmpty(to);
    return moved.length;
  }

  private list(scope: object, address: number): WaiterList {
    let addresses = this.scopes.get(scope);
    if (addresses === undefined) this.scopes.set(scope, (addresses = new Map<number, WaiterList>()));
    let list = addresses.get(address);
    if (list === undefined) addresses.set(address, (list = { scope, address, waiters: [] }));
    return list;
  }

  private remove(list: WaiterList, waiter: Waiter): void {
    const index = list.waiters.indexOf(waiter);
    if (index >= 0) list.waiters.splice(index, 1);
    this.forgetEmpty(list);
  }

  private forgetEmpty(list: WaiterList): void {
    if (list.waiters.length > 0) return;
    const addresses = this.scopes.get(list.scope);
    addresses?.delete(list.address);
    if (addresses?.size === 0) this.scopes.delete(list.scope);
  }
}
