/**
 * Reply objects: one for each call that was received and not yet answered.
 *
 * Ids are one 31-bit serial number for all; a slot is its low bits. An id comes back only after 2^31 later calls, so one
 * that was kept by mistake answers nobody else's call; whoever hands ids to guests wraps them in capabilities, whose
 * generations never repeat.
 *
 * Shapes     s = slots, a power of two >= 2 * threads; t = threads
 *   serial   Int32Array[s]   id of the slot's reply object
 *   caller   Int32Array[s]   who waits for the answer; NONE = slot free
 *   holder   Int32Array[s]   thread that received the call and owes the answer
 *   next, prev   Int32Array[s]   list of what a holder owes; head Int32Array[t]
 * Cost       O(1), amortised for `create`: at most half of the slots are ever taken, so it skips at most one on average
 */
import { NONE } from '@veridian-os/abi';

const { clz32 } = Math;
const SERIAL_MASK = 0x7fffffff;

export class ReplyTable {
  private readonly mask: number;
  private readonly serial: Int32Array<ArrayBuffer>;
  private readonly caller: Int32Array<ArrayBuffer>;
  private readonly holder: Int32Array<ArrayBuffer>;
  private readonly next: Int32Array<ArrayBuffer>;
  private readonly prev: Int32Array<ArrayBuffer>;
  private readonly head: Int32Array<ArrayBuffer>;
  private lastSerial = SERIAL_MASK;

  constructor(threads: number) {
    const slots = 2 ** (33 - clz32(threads - 1));
    this.mask = slots - 1;
    this.serial = new Int32Array(slots).fill(NONE);
    this.caller = new Int32Array(slots).fill(NONE);
    this.holder = new Int32Array(slots);
    this.next = new Int32Array(slots);
    this.prev = new Int32Array(slots);
    this.head = new Int32Array(threads).fill(NONE);
  }

  /** Id of a new reply object. */
  create(caller: number, holder: number): number {
    let id = this.lastSerial;
    do id = (id + 1) & SERIAL_MASK;
    while (this.caller[id & this.mask] !== NONE);
    this.lastSerial = id;
    const slot = id & this.mask;
    this.serial[slot] = id;
    this.caller[slot] = caller;
    this.give(slot, holder);
    return id;
  }

  /** Caller that waits for this answer, or NONE: spent, cancelled or never made. */
  callerOf(id: number): number {
    const slot = id & this.mask;
    return this.serial[slot] === id ? this.caller[slot] : NONE;
  }

  /** Spends a live reply object. */
  spend(id: number): void {
    const slot = id & this.mask;
    this.caller[slot] = NONE;
    this.unlink(slot);
  }

  /** Makes another thread owe the answer of a live reply object. */
  pass(id: number, holder: number): void {
    const slot = id & this.mask;
    this.unlink(slot);
    this.give(slot, holder);
  }

  /** Id of an answer that `holder` owes, or NONE. */
  owedBy(holder: number): number {
    const slot = this.head[holder];
    return slot === NONE ? NONE : this.serial[slot];
  }

  /** Thread that owes the answer of a live reply object. */
  holderOf(id: number): number {
    return this.holder[id & this.mask];
  }

  private give(slot: number, holder: number): void {
    const head = this.head[holder];
    this.holder[slot] = holder;
    this.next[slot] = head;
    this.prev[slot] = NONE;
    if (head !== NONE) this.prev[head] = slot;
    this.head[holder] = slot;
  }

  private unlink(slot: number): void {
    const next = this.next[slot];
    const prev = this.prev[slot];
    if (next !== NONE) this.prev[next] = prev;
    if (prev !== NONE) this.next[prev] = next;
    else this.head[this.holder[slot]] = next;
  }
}
