/**
 * Free slots and their generations.
 *
 * A slot's generation is a 32-bit word that grows by one whenever the slot is taken or given back: odd while a
 * capability lives in it, even while it is free. Bit 0 is therefore the token's tag (never 0 in a valid token) and a
 * stale token differs from every later one. A slot whose generation would wrap is retired instead: it is never handed
 * out again, so no token is ever valid twice.
 *
 * Shapes     n = slots
 *   words    Int32Array[n * STRIDE]   generation of slot i at i * STRIDE (the table's record; shared, see LOOKUP words)
 *   chain    Int32Array[n]            free list, last in first out: warm slots are reused first
 * Cost       take and give O(1); slots that were never used are never touched, so an idle table costs address space only
 */
import { NONE } from '@veridian-os/abi';

export class SlotPool {
  /** Slots below it have been used at least once. */
  highWater = 0;
  /** Slots whose generations are used up. */
  retired = 0;

  private readonly words: Int32Array<ArrayBuffer>;
  private readonly stride: number;
  private readonly chain: Int32Array<ArrayBuffer>;
  private readonly capacity: number;
  private readonly finalGeneration: number;
  private freeHead = NONE;

  /** @param finalGeneration last odd generation of a slot, as int32 */
  constructor(words: Int32Array<ArrayBuffer>, stride: number, capacity: number, finalGeneration: number) {
    this.words = words;
    this.stride = stride;
    this.capacity = capacity;
    this.finalGeneration = finalGeneration;
    this.chain = new Int32Array(capacity);
  }

  /** A free slot, its generation now odd, or NONE. */
  take(): number {
    let slot = this.freeHead;
    if (slot !== NONE) this.freeHead = this.chain[slot]!;
    else if (this.highWater < this.capacity) slot = this.highWater++;
    else return NONE;
    this.words[slot * this.stride]++;
    return slot;
  }

  /** Takes a slot back; every token of it is stale from now on. */
  give(slot: number): void {
    const at = slot * this.stride;
    if (this.isWornOut(slot)) {
      this.words[at] = 0; // no live token has generation 0
      this.retired++;
      return;
    }
    this.words[at]++;
    this.chain[slot] = this.freeHead;
    this.freeHead = slot;
  }

  /** True when the live slot can have no further generation. */
  isWornOut(slot: number): boolean {
    return this.words[slot * this.stride] === this.finalGeneration;
  }

  /** Makes the tokens of a live slot stale but keeps it live. The slot must not be worn out. */
  renew(slot: number): void {
    this.words[slot * this.stride] += 2;
  }
}
