/**
 * WebAssembly's binary format: a growing buffer for code, and modules of functions over one imported memory.
 * Source: WebAssembly specification 2.0, chapter 5.
 */

/** Opcodes that the translator uses. */
export const W = {
  ...{ block: 0x02, loop: 0x03, if: 0x04, else: 0x05, end: 0x0b, br: 0x0c, brIf: 0x0d, brTable: 0x0e, return: 0x0f },
  ...{ call: 0x10, drop: 0x1a, select: 0x1b, get: 0x20, set: 0x21, tee: 0x22, unreachable: 0x00 },
  ...{ i32Load: 0x28, i64Load: 0x29, f32Load: 0x2a, f64Load: 0x2b, i32Load8U: 0x2d, i32Load16U: 0x2f },
  ...{ i64Load8S: 0x30, i64Load8U: 0x31, i64Load16S: 0x32, i64Load16U: 0x33, i64Load32S: 0x34, i64Load32U: 0x35 },
  ...{ i32Store: 0x36, i64Store: 0x37, f64Store: 0x39, i64Store8: 0x3c, i64Store16: 0x3d, i64Store32: 0x3e },
  ...{ i32Eqz: 0x45, i32Eq: 0x46, i32Ne: 0x47, i32LtS: 0x48, i32LtU: 0x49, i32LeU: 0x4d, i32GeU: 0x4f },
  ...{ i64Eqz: 0x50, i64Eq: 0x51, i64Ne: 0x52, i64LtS: 0x53, i64LtU: 0x54, i64GtS: 0x55, i64GtU: 0x56, i64LeU: 0x58 },
  ...{ i64GeS: 0x59, i64GeU: 0x5a, f32Eq: 0x5b, f32Ne: 0x5c, f32Lt: 0x5d, f32Le: 0x5f },
  ...{ f64Eq: 0x61, f64Ne: 0x62, f64Lt: 0x63, f64Gt: 0x64, f64Le: 0x65, f64Ge: 0x66 },
  ...{ i32Clz: 0x67, i32Ctz: 0x68, i32Popcnt: 0x69, i32Add: 0x6a, i32Sub: 0x6b, i32Mul: 0x6c, i32DivS: 0x6d },
  ...{ i32DivU: 0x6e, i32RemS: 0x6f, i32RemU: 0x70, i32And: 0x71, i32Or: 0x72, i32Xor: 0x73, i32Shl: 0x74 },
  ...{ i32ShrS: 0x75, i32ShrU: 0x76, i32Rotl: 0x77, i32Rotr: 0x78, i64Clz: 0x79, i64Ctz: 0x7a, i64Popcnt: 0x7b },
  ...{ i64Add: 0x7c, i64Sub: 0x7d, i64Mul: 0x7e, i64DivS: 0x7f, i64DivU: 0x80, i64RemS: 0x81, i64RemU: 0x82 },
  ...{ i64And: 0x83, i64Or: 0x84, i64Xor: 0x85, i64Shl: 0x86, i64ShrS: 0x87, i64ShrU: 0x88, i64Rotl: 0x89 },
  ...{ i64Rotr: 0x8a, f32Neg: 0x8c, f32Sqrt: 0x91, f32Add: 0x92, f32Sub: 0x93, f32Mul: 0x94, f32Div: 0x95 },
  ...{ f64Abs: 0x99, f64Neg: 0x9a, f64Trunc: 0x9d, f64Sqrt: 0x9f, f64Add: 0xa0, f64Sub: 0xa1, f64Mul: 0xa2 },
  ...{ f64Div: 0xa3, f64Min: 0xa4, f64Max: 0xa5, f64Copysign: 0xa6, i32Wrap: 0xa7, i32TruncF64S: 0xaa },
  ...{ i64ExtendI32S: 0xac, i64ExtendI32U: 0xad, i64TruncF64S: 0xb0, f32DemoteF64: 0xb6, f64ConvertI32S: 0xb7 },
  ...{ f64ConvertI32U: 0xb8, f64ConvertI64S: 0xb9, f64PromoteF32: 0xbb, i32ReinterpretF32: 0xbc },
  ...{
    i64ReinterpretF64: 0xbd,
    f32ReinterpretI32: 0xbe,
    f64ReinterpretI64: 0xbf,
    i64Extend8S: 0xc2,
    i64Extend16S: 0xc3,
  },
  i64Extend32S: 0xc4,
} as const;

export const I32 = 0x7f;
export const I64 = 0x7e;
export const F64 = 0x7c;
/** A block that leaves nothing on the stack. */
const EMPTY = 0x40;

/** Bytes under construction. */
export class Code {
  private bytes = new Uint8Array(1024);
  length = 0;

  /** What was written, in place: valid until the next write. */
  get view(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  byte(value: number): this {
    if (this.length === this.bytes.length) this.grow(1);
    this.bytes[this.length++] = value;
    return this;
  }

  /** Several opcodes without immediates. */
  ops(...codes: readonly number[]): this {
    for (const code of codes) this.byte(code);
    return this;
  }

  raw(bytes: Uint8Array): this {
    if (this.length + bytes.length > this.bytes.length) this.grow(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
    return this;
  }

  /** Unsigned LEB128 of a u32. */
  unsigned(value: number): this {
    let rest = value >>> 0;
    while (rest > 127) {
      this.byte((rest & 127) | 128);
      rest >>>= 7;
    }
    return this.byte(rest);
  }

  /** Signed LEB128 of an i32. */
  signed(value: number): this {
    let rest = value | 0;
    for (;;) {
      const low = rest & 127;
      rest >>= 7;
      if ((rest === 0 && low < 64) || (rest === -1 && low >= 64)) return this.byte(low);
      this.byte(low | 128);
    }
  }

  get(local: number): this {
    return this.byte(W.get).unsigned(local);
  }

  set(local: number): this {
    return this.byte(W.set).unsigned(local);
  }

  tee(local: number): this {
    return this.byte(W.tee).unsigned(local);
  }

  i32(value: number): this {
    return this.byte(0x41).signed(value);
  }

  /** An i64 constant that is a safe integer. */
  i64(value: number): this {
    return value === (value | 0) ? this.byte(0x42).signed(value) : this.long(BigInt(value));
  }

  /** Any i64 constant. */
  long(value: bigint): this {
    this.byte(0x42);
    let rest = BigInt.asIntN(64, value);
    for (;;) {
      const low = Number(rest & 127n);
      rest >>= 7n;
      if ((rest === 0n && low < 64) || (rest === -1n && low >= 64)) return this.byte(low);
      this.byte(low | 128);
    }
  }

  f64(value: number): this {
    this.byte(0x44);
    return this.raw(new Uint8Array(new Float64Array([value]).buffer));
  }

  /** A load or store; `align` is the logarithm of its natural alignment. */
  memory(opcode: number, align: number, offset = 0): this {
    return this.byte(opcode).unsigned(align).unsigned(offset);
  }

  block(): this {
    return this.ops(W.block, EMPTY);
  }

  loop(): this {
    return this.ops(W.loop, EMPTY);
  }

  if(): this {
    return this.ops(W.if, EMPTY);
  }

  end(): this {
    return this.byte(W.end);
  }

  br(depth: number): this {
    return this.byte(W.br).unsigned(depth);
  }

  brIf(depth: number): this {
    return this.byte(W.brIf).unsigned(depth);
  }

  call(index: number): this {
    return this.byte(W.call).unsigned(index);
  }

  private grow(by: number): void {
    const wider = new Uint8Array(Math.max(this.bytes.length * 2, this.length + by));
    wider.set(this.bytes.subarray(0, this.length));
    this.bytes = wider;
  }
}

export interface FunctionType {
  readonly params: readonly number[];
  readonly result: number;
}

/** A function: its type, locals in runs of [count, type], and code without the final `end`. */
export interface WasmFunction {
  readonly type: FunctionType;
  readonly locals: readonly (readonly [number, number])[];
  readonly code: Code;
}

function section(out: Code, id: number, body: Code): void {
  out.byte(id).unsigned(body.length).raw(body.view);
}

function name(out: Code, text: string): Code {
  out.unsigned(text.length);
  for (const letter of text) out.byte(letter.charCodeAt(0));
  return out;
}

function codeSection(functions: readonly WasmFunction[]): Code {
  const out = new Code().unsigned(functions.length);
  for (const { locals, code } of functions) {
    const head = new Code().unsigned(locals.length);
    for (const [count, type] of locals) head.unsigned(count).byte(type);
    out
      .unsigned(head.length + code.length + 1)
      .raw(head.view)
      .raw(code.view)
      .end();
  }
  return out;
}

/** A module with these functions over memory `env.memory`; functions are exported by their number, in decimal. */
export function buildModule(functions: readonly WasmFunction[], pages: number): Uint8Array<ArrayBuffer> {
  const out = new Code().ops(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  const types = new Code().unsigned(functions.length);
  for (const { type } of functions) {
    types
      .byte(0x60)
      .unsigned(type.params.length)
      .ops(...type.params)
      .ops(1, type.result);
  }
  section(out, 1, types);
  const memory = name(name(new Code().unsigned(1), 'env'), 'memory')
    .ops(2, 1)
    .unsigned(pages)
    .unsigned(pages);
  section(out, 2, memory);
  const indices = new Code().unsigned(functions.length);
  functions.forEach((_, i) => indices.unsigned(i));
  section(out, 3, indices);
  const exported = new Code().unsigned(functions.length);
  functions.forEach((_, i) => name(exported, String(i)).byte(0).unsigned(i));
  section(out, 7, exported);
  section(out, 10, codeSection(functions));
  return out.view.slice();
}
