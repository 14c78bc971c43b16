/**
 * Writer of flattened device trees, version 17. Source: Devicetree Specification 0.4, chapter 5.
 * All integers are big-endian; every token and property value is padded to 4 bytes.
 */

const MAGIC = 0xd00dfeed;
const VERSION = 17;
const LAST_COMPATIBLE = 16;
const HEADER_BYTES = 40;
const RESERVE_BYTES = 16; // one terminating entry
const BEGIN_NODE = 1;
const END_NODE = 2;
const PROP = 3;
const END = 9;

/** Cells (32-bit integers), strings (a list if more than one), or nothing. */
export type FdtValue = readonly number[] | string | readonly string[] | null;

export class FdtWriter {
  private readonly encoder = new TextEncoder();
  private readonly struct: number[] = [];
  private readonly strings: number[] = [];
  private readonly offsets = new Map<string, number>();
  private depth = 0;

  /** Opens a node; '' is the root. */
  begin(name: string): this {
    this.word(BEGIN_NODE);
    this.bytes([...this.encoder.encode(name), 0]);
    this.depth++;
    return this;
  }

  end(): this {
    this.word(END_NODE);
    this.depth--;
    return this;
  }

  property(name: string, value: FdtValue): this {
    const bytes = this.encode(value);
    this.word(PROP);
    this.word(bytes.length);
    this.word(this.nameOffset(name));
    this.bytes(bytes);
    return this;
  }

  /**
   * The blob.
   * @param bootCpu hart that boots
   * @throws RangeError when a node is still open
   */
  finish(bootCpu = 0): Uint8Array {
    if (this.depth !== 0) throw new RangeError(`depth: expected every node ended, got ${this.depth} open`);
    this.word(END);
    const structAt = HEADER_BYTES + RESERVE_BYTES;
    const stringsAt = structAt + this.struct.length;
    const blob = new Uint8Array((stringsAt + this.strings.length + 7) & ~7);
    const header = [MAGIC, blob.length, structAt, stringsAt, HEADER_BYTES, VERSION, LAST_COMPATIBLE, bootCpu];
    header.push(this.strings.length, this.struct.length);
    const view = new DataView(blob.buffer);
    header.forEach((value, i) => view.setUint32(i * 4, value));
    blob.set(this.struct, structAt);
    blob.set(this.strings, stringsAt);
    return blob;
  }

  private encode(value: FdtValue): number[] {
    if (value === null) return [];
    const list = typeof value === 'string' ? [value] : value;
    return list.flatMap((item) =>
      typeof item === 'string'
        ? [...this.encoder.encode(item), 0]
        : [(item >>> 24) & 255, (item >>> 16) & 255, (item >>> 8) & 255, item & 255],
    );
  }

  private nameOffset(name: string): number {
    const known = this.offsets.get(name);
    if (known !== undefined) return known;
    const offset = this.strings.length;
    this.strings.push(...this.encoder.encode(name), 0);
    this.offsets.set(name, offset);
    return offset;
  }

  private word(value: number): void {
    this.struct.push((value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
  }

  private bytes(values: number[]): void {
    this.struct.push(...values);
    while (this.struct.length % 4 !== 0) this.struct.push(0);
  }
}
