/**
 * A piece of machine code under construction: instructions, data, and labels that both may refer to.
 *
 * Units      offsets are bytes from the start of the buffer; addresses are `origin` + offset, 64 bits
 * Shapes     a Code is a 32-bit word (stored little-endian), bytes, a list of Codes, or a reference to a label
 * Invariant  a reference keeps the size that it has with value 0, so one pass places everything and a second one
 *            encodes; labels may be used before they are set
 */
import { unsigned } from './internal/checks.js';

export type Code = number | Uint8Array | Reference | readonly Code[];

/** What depends on where a label is. */
export type Reference =
  | { readonly label: string; readonly byOffset: (offset: number) => Code }
  | { readonly label: string; readonly byAddress: (address: bigint) => Code };

/**
 * Code for the distance from its own first byte to `label`: `to('loop', (offset) => bnez(A0, offset))`.
 * It must have the same size for every distance.
 */
export function to(label: string, byOffset: (offset: number) => Code): Reference {
  return { label, byOffset };
}

/** Code or data for the address of `label`: `addressOf('table', data64)`. It must have the same size for every one. */
export function addressOf(label: string, byAddress: (address: bigint) => Code): Reference {
  return { label, byAddress };
}

/** Little-endian 64-bit integers, signed or unsigned. */
export const data64 = (...values: readonly (bigint | number)[]): Uint8Array => {
  const bytes = new Uint8Array(values.length * 8);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => view.setBigUint64(index * 8, BigInt.asUintN(64, BigInt(value)), true));
  return bytes;
};

/** Little-endian 32-bit integers, signed or unsigned. */
export const data32 = (...values: readonly number[]): Uint8Array =>
  Uint8Array.from(values.flatMap((value) => [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24]));

/** Little-endian 16-bit integers. */
export const data16 = (...values: readonly number[]): Uint8Array =>
  Uint8Array.from(values.flatMap((value) => [value & 255, (value >>> 8) & 255]));

export const data8 = (...values: readonly number[]): Uint8Array => Uint8Array.from(values);

/** Bytes of code that refers to no label. @throws RangeError when it does */
export function assemble(...code: readonly Code[]): Uint8Array {
  return new CodeBuffer().emit(...code).finish();
}

export interface CodeBufferOptions {
  /** Address of the first byte, default 0. */
  readonly origin?: bigint | number;
}

export class CodeBuffer {
  readonly origin: bigint;
  private readonly parts: { readonly offset: number; readonly size: number; readonly code: Code }[] = [];
  private readonly labels = new Map<string, number>();
  private used = 0;

  constructor({ origin = 0n }: CodeBufferOptions = {}) {
    this.origin = BigInt(origin);
  }

  /** Bytes so far: offset of what comes next. */
  get size(): number {
    return this.used;
  }

  emit(...codes: readonly Code[]): this {
    for (const code of codes) {
      if (isList(code)) this.emit(...code);
      else {
        const size = sizeOf(code);
        this.parts.push({ offset: this.used, size, code });
        this.used += size;
      }
    }
    return this;
  }

  /** Names the next byte. @throws RangeError when the name is taken */
  label(name: string): this {
    if (this.labels.has(name)) throw new RangeError(`label: expected a new name, got ${name} again`);
    this.labels.set(name, this.used);
    return this;
  }

  /** Fills up to a multiple of `alignment` bytes of the buffer (not of the address). */
  align(alignment: number, fill = 0): this {
    return this.space((alignment - (this.used % alignment)) % alignment, fill);
  }

  /** Fills up to `offset`. @throws RangeError when code is already there */
  at(offset: number, fill = 0): this {
    if (offset < this.used) throw new RangeError(`offset: expected at least ${this.used}, got ${offset}`);
    return this.space(offset - this.used, fill);
  }

  space(bytes: number, fill = 0): this {
    unsigned('bytes', bytes, 32);
    return bytes === 0 ? this : this.emit(new Uint8Array(bytes).fill(fill));
  }

  /** @throws RangeError for a label that was not set (yet) */
  offset(label: string): number {
    const offset = this.labels.get(label);
    if (offset === undefined) throw new RangeError(`label: expected one that is set, got ${label}`);
    return offset;
  }

  /** Address of a label, 64 bits. @throws RangeError for a label that was not set (yet) */
  address(label: string): bigint {
    return BigInt.asUintN(64, this.origin + BigInt(this.offset(label)));
  }

  /** @throws RangeError when a label is missing, too far away, or changes the size of what refers to it */
  finish(): Uint8Array {
    const bytes = new Uint8Array(this.used);
    for (const { offset, size, code } of this.parts) {
      const part = this.encode(code, offset);
      if (part.length !== size)
        throw new RangeError(`reference at ${offset}: expected ${size} bytes, got ${part.length}`);
      bytes.set(part, offset);
    }
    return bytes;
  }

  private encode(code: Code, offset: number): Uint8Array {
    if (typeof code === 'number') return data32(code);
    if (code instanceof Uint8Array) return code;
    if (isList(code)) {
      let at = offset;
      return concat(
        code.map((each) => {
          const part = this.encode(each, at);
          at += part.length;
          return part;
        }),
      );
    }
    return 'byOffset' in code
      ? this.encode(code.byOffset(this.offset(code.label) - offset), offset)
      : this.encode(code.byAddress(this.address(code.label)), offset);
  }
}

function isList(code: Code): code is readonly Code[] {
  return Array.isArray(code);
}

function sizeOf(code: Code): number {
  if (typeof code === 'number') return 4;
  if (code instanceof Uint8Array) return code.length;
  if (isList(code)) return code.reduce((sum: number, each) => sum + sizeOf(each), 0);
  return 'byOffset' in code ? sizeOf(code.byOffset(0)) : sizeOf(code.byAddress(0n));
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
