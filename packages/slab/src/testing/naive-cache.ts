/** A cache as a list of who has which bytes. It decides nothing; it says whether what the real one did was right. */
import type { ObjectAddress } from '../api.js';
import { check, equal } from './assert.js';

export interface LiveObject {
  readonly address: ObjectAddress;
  /** What its bytes were filled with. */
  readonly stamp: number;
}

export class NaiveCache {
  readonly live: LiveObject[] = [];
  private readonly memory: Uint8Array<ArrayBufferLike>;
  private readonly size: number;
  private readonly align: number;
  private nextStamp = 1;

  constructor(memory: Uint8Array<ArrayBufferLike>, size: number, align: number) {
    this.memory = memory;
    this.size = size;
    this.align = align;
  }

  /** An object was handed out: it is where it may be, and gets contents of its own. */
  take(address: ObjectAddress, what: string): void {
    const { size, memory } = this;
    check(Number.isInteger(address) && address >= 0, `${what}: expected an address, got ${address}`);
    check(address % this.align === 0, `${what}: ${address} is not aligned to ${this.align}`);
    check(address + size <= memory.length, `${what}: ${address} is beyond the memory`);
    const other = this.live.find((object) => object.address < address + size && address < object.address + size);
    check(other === undefined, `${what}: ${address} overlaps the live object at ${other?.address}`);
    const stamp = this.nextStamp;
    this.nextStamp = (this.nextStamp % 250) + 1;
    memory.fill(stamp, address, address + size);
    this.live.push({ address, stamp });
  }

  /** The object at `index` is about to be freed: nobody has written to it. */
  drop(index: number): ObjectAddress {
    const [object] = this.live.splice(index, 1);
    this.verify(object);
    return object.address;
  }

  /** @throws Error when somebody else wrote to an object */
  verify({ address, stamp }: LiveObject): void {
    for (let at = address as number; at < address + this.size; at++) {
      if (this.memory[at] !== stamp)
        equal(this.memory[at], stamp, `byte ${at - address} of the live object at ${address}`);
    }
  }

  isLive(address: number): boolean {
    return this.live.some((object) => object.address === address);
  }
}
