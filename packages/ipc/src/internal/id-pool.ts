/** Ids 0 to capacity - 1 of objects that are alive or free; a freed id is reused last in, first out. O(1). */
import { NONE } from '@veridian-os/abi';

/** In `chain`: the id is alive. */
const ALIVE = -2;

export class IdPool {
  private readonly chain: Int32Array<ArrayBuffer>;
  private freeHead = NONE;
  private fresh = 0;

  constructor(capacity: number) {
    this.chain = new Int32Array(capacity);
  }

  /** A free id, alive from now on, or NONE. */
  take(): number {
    let id = this.freeHead;
    if (id !== NONE) this.freeHead = this.chain[id]!;
    else if (this.fresh < this.chain.length) id = this.fresh++;
    else return NONE;
    this.chain[id] = ALIVE;
    return id;
  }

  give(id: number): void {
    this.chain[id] = this.freeHead;
    this.freeHead = id;
  }

  isAlive(id: number): boolean {
    return this.chain[id] === ALIVE;
  }
}
