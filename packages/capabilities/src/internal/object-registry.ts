/**
 * How many capabilities name each kernel object, and which objects have lost their last one.
 *
 * Shapes     n = objects; h = hash buckets, a power of two >= n
 *   bucket   Int32Array[h]   ~(first record of a chain), or ~NONE = 0: fresh memory is an empty table that nobody touched
 *   type, object, count, chain, deadNext   Int32Array[n], one field of a record each
 * Invariant  a record is in its chain from `retain` of a new object until `takeDead` has reported it
 * Cost       retain of a known record, release, takeDead O(1); `acquire` and takeDead's unlink O(chain), on average below
 *            two steps since object ids are chosen by the kernel, not by guests
 */
import { NONE, panic } from '@veridian-os/abi';

const { imul } = Math;

/** Knuth's multiplicative constant: consecutive ids spread over the buckets. */
const SPREAD = 0x9e3779b1;

export class ObjectRegistry {
  /** Attributes of the object that `takeDead` reported last. */
  deadType = 0;
  deadObject = 0;

  private readonly shift: number;
  private readonly bucket: Int32Array<ArrayBuffer>;
  private readonly type: Int32Array<ArrayBuffer>;
  private readonly object: Int32Array<ArrayBuffer>;
  private readonly count: Int32Array<ArrayBuffer>;
  private readonly chain: Int32Array<ArrayBuffer>;
  private readonly deadNext: Int32Array<ArrayBuffer>;
  private freeHead = NONE;
  private used = 0;
  private deadHead = NONE;
  private deadTail = NONE;

  /** @param log2 log2 of the number of records; 1 to 24 */
  constructor(log2: number) {
    const records = 2 ** log2;
    this.shift = 32 - log2;
    this.bucket = new Int32Array(records);
    this.type = new Int32Array(records);
    this.object = new Int32Array(records);
    this.count = new Int32Array(records);
    this.chain = new Int32Array(records);
    this.deadNext = new Int32Array(records);
  }

  /**
   * Record of an object, made if it is new, with one more reference. There are as many records as capabilities, and every
   * object has a capability or waits to be taken: NONE when those that wait fill the rest.
   * @throws KernelPanic `capabilities/dead-object` when the object died and has not been taken yet
   */
  acquire(type: number, object: number): number {
    const home = this.hash(type, object);
    for (let record = ~this.bucket[home]; record !== NONE; record = this.chain[record]!) {
      if (this.object[record] !== object || this.type[record] !== type) continue;
      if (this.count[record] === 0) panic('capabilities/dead-object', `type ${type} object ${object}: take it first`);
      this.count[record]++;
      return record;
    }
    const record = this.takeRecord();
    if (record === NONE) return NONE;
    this.type[record] = type;
    this.object[record] = object;
    this.count[record] = 1;
    this.chain[record] = ~this.bucket[home];
    this.bucket[home] = ~record;
    return record;
  }

  /** One more capability names the object of `record`. */
  retain(record: number): void {
    this.count[record]++;
  }

  /** One capability less; the last one queues the object for `takeDead`. */
  release(record: number): void {
    if (--this.count[record] > 0) return;
    this.deadNext[record] = NONE;
    if (this.deadTail === NONE) this.deadHead = record;
    else this.deadNext[this.deadTail] = record;
    this.deadTail = record;
  }

  /** Reports the longest dead object in `deadType` and `deadObject` and forgets it; false when there is none. */
  takeDead(): boolean {
    const record = this.deadHead;
    if (record === NONE) return false;
    this.deadHead = this.deadNext[record]!;
    if (this.deadHead === NONE) this.deadTail = NONE;
    this.deadType = this.type[record]!;
    this.deadObject = this.object[record]!;
    this.unlink(record);
    this.chain[record] = this.freeHead;
    this.freeHead = record;
    return true;
  }

  private takeRecord(): number {
    const record = this.freeHead;
    if (record !== NONE) {
      this.freeHead = this.chain[record]!;
      return record;
    }
    return this.used < this.type.length ? this.used++ : NONE;
  }

  private unlink(record: number): void {
    const home = this.hash(this.type[record], this.object[record]);
    let at = ~this.bucket[home];
    if (at === record) {
      this.bucket[home] = ~this.chain[record];
      return;
    }
    while (this.chain[at] !== record) at = this.chain[at]!; // in the chain by the invariant
    this.chain[at] = this.chain[record]!;
  }

  private hash(type: number, object: number): number {
    return imul(object ^ imul(type, SPREAD), SPREAD) >>> this.shift;
  }
}
