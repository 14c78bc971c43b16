/**
 * The smallest CPU that the kit accepts: RV64I, one atomic and three double-precision instructions, interpreted with
 * BigInt, translating every access by walking the page table. Slow and short on purpose.
 *
 * Source   RISC-V Unprivileged ISA 20240411, chapters 2, 4, 34 (opcode map); Privileged ISA 20240411, section 12.4 (Sv39)
 */
import type { MemoryRegion } from '@veridian-os/abi';
import { Access, FaultKind, TrapKind } from '@veridian-os/hal';

/** A context: x0..x31 and pc as 64-bit integers, f0..f31 as doubles, and where its page table starts. */
export interface TinyContext {
  readonly x: BigInt64Array;
  readonly f: Float64Array;
  root: number;
}

/** What answers outside RAM: `read` and `write` of 1, 2 or 4 bytes at a physical address. */
export interface TinyDevices {
  has(address: number): boolean;
  read(address: number, bytes: number): number;
  write(address: number, bytes: number, value: number): void;
}

/** Why one instruction could not finish: a way back, as the waist names it. */
export class Stop extends Error {
  readonly kind: TrapKind;
  readonly fault: FaultKind;
  readonly access: Access;
  readonly address: bigint;

  constructor(kind: TrapKind, fault: FaultKind = FaultKind.None, access: Access = Access.Read, address = 0n) {
    super(`trap ${kind}`);
    this.kind = kind;
    this.fault = fault;
    this.access = access;
    this.address = address;
  }
}

// Bound once: a global that is looked up costs more than the instruction, inside a test runner's sandbox.
const { asIntN, asUintN } = BigInt;
const { floor } = Math;
const big = BigInt;
const num = Number;

const PC = 32;
const V = 1;
const LEAF = 0xe;
const USER = 16;
const NEEDED = { [Access.Read]: 2, [Access.Write]: 4, [Access.Execute]: 8 } as const;
const ACCESSED_DIRTY = { [Access.Read]: 64, [Access.Write]: 64 | 128, [Access.Execute]: 64 } as const;

const signed = (value: number, bits: number): bigint => asIntN(bits, big(value));
const wrap = (value: bigint): bigint => asIntN(64, value);
const word = (value: bigint): bigint => asIntN(32, value);

export class TinyCpu {
  private readonly ram: DataView;
  private readonly base: number;
  private readonly devices: TinyDevices;

  constructor(region: MemoryRegion, devices: TinyDevices) {
    this.devices = devices;
    this.ram = new DataView(region.u8.buffer, region.u8.byteOffset, region.length);
    this.base = region.base;
  }

  /** One instruction of a context. @throws Stop when it traps; the context then stands at the instruction, or past a system call */
  step(context: TinyContext): void {
    const { x } = context;
    const pc = x[PC];
    const code = num(this.read(context, pc, 4, Access.Execute));
    x[0] = 0n;
    this.execute(context, code, pc);
    x[0] = 0n;
  }

  private execute(context: TinyContext, code: number, pc: bigint): void {
    const { x } = context;
    const rd = (code >>> 7) & 31;
    const funct3 = (code >>> 12) & 7;
    const left = x[(code >>> 15) & 31];
    const right = x[(code >>> 20) & 31];
    const immediate = signed(code >>> 20, 12);
    const upper = signed(code & 0xfffff000, 32);
    let next = pc + 4n;
    switch (code & 0x7f) {
      case 0x37:
        x[rd] = upper;
        break;
      case 0x17:
        x[rd] = wrap(pc + upper);
        break;
      case 0x6f:
        next = wrap(pc + jumpOffset(code));
        x[rd] = pc + 4n;
        break;
      case 0x67:
        next = wrap(left + immediate) & ~1n;
        x[rd] = pc + 4n;
        break;
      case 0x63:
        if (branches(code, funct3, left, right)) next = wrap(pc + branchOffset(code));
        break;
      case 0x03:
        x[rd] = this.load(context, wrap(left + immediate), funct3, code);
        break;
      case 0x23:
        this.store(context, wrap(left + storeOffset(code)), 1 << (funct3 & 3), right);
        break;
      case 0x13:
        x[rd] = arithmetic(code, funct3, left, immediate, (code & 0x40000000) !== 0 && funct3 === 5, 63n);
        break;
      case 0x33:
        x[rd] =
          (code & 0xfe007000) === DIV
            ? divide(left, right)
            : arithmetic(code, funct3, left, right, (code & 0x40000000) !== 0, 63n);
        break;
      case 0x1b:
        x[rd] = word(narrow(code, funct3, left, immediate, funct3 === 5));
        break;
      case 0x3b:
        x[rd] = word(narrow(code, funct3, left, right, true));
        break;
      case 0x0f: // fence, fence.i: there is nothing to wait for
        break;
      case 0x73:
        this.system(context, code, pc);
        break;
      case 0x2f: // amoadd.d
        x[rd] = this.atomicAdd(context, code, left, right);
        break;
      case 0x07:
      case 0x27:
      case 0x53:
        this.floating(context, code, left);
        break;
      default:
        throw illegal(code);
    }
    x[PC] = next;
  }

  private system({ x }: TinyContext, code: number, pc: bigint): void {
    if (code === 0x00100073) throw new Stop(TrapKind.Breakpoint);
    if (code !== 0x00000073) throw illegal(code);
    x[PC] = pc + 4n;
    throw new Stop(TrapKind.Syscall);
  }

  private atomicAdd(context: TinyContext, code: number, address: bigint, value: bigint): bigint {
    if (code >>> 27 !== 0 || ((code >>> 12) & 7) !== 3) throw illegal(code);
    if ((address & 7n) !== 0n) throw new Stop(TrapKind.Fault, FaultKind.Alignment, Access.Write, address);
    const at = this.translate(context, address, Access.Write);
    const old = this.ram.getBigInt64(at, true);
    this.ram.setBigInt64(at, wrap(old + value), true);
    return old;
  }

  /** fld, fsd, fadd.d. */
  private floating(context: TinyContext, code: number, base: bigint): void {
    const { f } = context;
    const rd = (code >>> 7) & 31;
    const bits = new BigInt64Array(f.buffer, f.byteOffset);
    const opcode = code & 0x7f;
    if (opcode === 0x53) {
      if (code >>> 25 !== 1) throw illegal(code);
      f[rd] = f[(code >>> 15) & 31] + f[(code >>> 20) & 31];
    } else if (((code >>> 12) & 7) !== 3) throw illegal(code);
    else if (opcode === 0x07) bits[rd] = this.load(context, wrap(base + signed(code >>> 20, 12)), 3, code);
    else this.store(context, wrap(base + storeOffset(code)), 8, bits[(code >>> 20) & 31]);
  }

  private load(context: TinyContext, address: bigint, funct3: number, code: number): bigint {
    if (funct3 === 7) throw illegal(code);
    const bytes = 1 << (funct3 & 3);
    const value = this.read(context, address, bytes, Access.Read);
    return funct3 >= 4 ? value : asIntN(bytes * 8, value);
  }

  private store(context: TinyContext, address: bigint, bytes: number, value: bigint): void {
    const places = this.places(context, address, bytes, Access.Write);
    const [place] = places;
    if (!this.holds(place)) this.devices.write(place + this.base, bytes, num(asUintN(32, value)));
    else if (places.length > 1) places.forEach((at, i) => this.ram.setUint8(at, num((value >> big(8 * i)) & 0xffn)));
    else if (bytes === 8) this.ram.setBigInt64(place, value, true);
    else if (bytes === 4) this.ram.setInt32(place, num(word(value)), true);
    else if (bytes === 2) this.ram.setInt16(place, num(asIntN(16, value)), true);
    else this.ram.setInt8(place, num(asIntN(8, value)));
  }

  /** The bytes at an address, unsigned. */
  private read(context: TinyContext, address: bigint, bytes: number, access: Access): bigint {
    const places = this.places(context, address, bytes, access);
    const [place] = places;
    if (!this.holds(place)) return big(this.devices.read(place + this.base, bytes));
    if (places.length > 1) return places.reduceRight((value, at) => (value << 8n) | big(this.ram.getUint8(at)), 0n);
    if (bytes === 8) return this.ram.getBigUint64(place, true);
    if (bytes === 4) return big(this.ram.getUint32(place, true));
    return big(bytes === 2 ? this.ram.getUint16(place, true) : this.ram.getUint8(place));
  }

  /**
   * Where an access begins, or, if it straddles two pages, where each of its bytes is: all are checked before one is
   * touched.
   */
  private places(context: TinyContext, address: bigint, bytes: number, access: Access): readonly number[] {
    const apart = num(address & 0xfffn) + bytes > 4096;
    const places = [this.translate(context, address, access)];
    for (let i = 1; apart && i < bytes; i++) places.push(this.translate(context, wrap(address + big(i)), access));
    return places;
  }

  /** Offset in RAM of a virtual address; sets accessed and dirty bits. @throws Stop when there is no such page, or not for this */
  private translate({ root }: TinyContext, address: bigint, access: Access): number {
    const refuse = (fault: FaultKind): Stop => new Stop(TrapKind.Fault, fault, access, address);
    if (address !== asIntN(39, address)) throw refuse(FaultKind.Page);
    const page = num(asUintN(39, address));
    let table = root * 4096 - this.base;
    for (let level = 2; level >= 0; level--) {
      if (!this.holds(table)) throw refuse(root === 0 ? FaultKind.Page : FaultKind.Bus);
      const span = 2 ** (12 + 9 * level);
      const at = table + (floor(page / span) & 511) * 8;
      const entry = this.ram.getUint32(at, true);
      const bits = entry & 0xff;
      if ((bits & V) === 0) throw refuse(FaultKind.Page);
      const frame = (this.ram.getUint32(at + 4, true) & 0x3fffff) * 2 ** 22 + (entry >>> 10);
      if ((bits & LEAF) === 0) {
        table = frame * 4096 - this.base;
        continue;
      }
      const misaligned = (frame * 4096) % span !== 0;
      if ((bits & (NEEDED[access] | USER)) !== (NEEDED[access] | USER) || misaligned) throw refuse(FaultKind.Page);
      const place = frame * 4096 - this.base + (page % span);
      if (!this.holds(place) && !this.devices.has(place + this.base)) throw refuse(FaultKind.Bus);
      this.ram.setUint8(at, bits | ACCESSED_DIRTY[access]);
      return place;
    }
    throw refuse(FaultKind.Page);
  }

  private holds(offset: number): boolean {
    return offset >= 0 && offset < this.ram.byteLength;
  }
}

const illegal = (code: number): Stop => new Stop(TrapKind.Fault, FaultKind.Illegal, Access.Execute, big(code >>> 0));

/** funct7 and funct3 of div, the only instruction of M here. */
const DIV = 0x02004000;
const divide = (a: bigint, b: bigint): bigint => (b === 0n ? -1n : wrap(a / b));

function arithmetic(code: number, funct3: number, a: bigint, b: bigint, alternate: boolean, mask: bigint): bigint {
  if ((code & 0x7f) === 0x33 && (code & 0xbe000000) !== 0) throw illegal(code);
  switch (funct3) {
    case 0:
      return wrap(alternate ? a - b : a + b);
    case 1:
      return wrap(a << (b & mask));
    case 2:
      return a < b ? 1n : 0n;
    case 3:
      return asUintN(64, a) < asUintN(64, b) ? 1n : 0n;
    case 4:
      return a ^ b;
    case 5:
      return alternate ? a >> (b & mask) : wrap(asUintN(64, a) >> (b & mask));
    case 6:
      return a | b;
    default:
      return a & b;
  }
}

/** The 32-bit forms: add, subtract, shifts. */
function narrow(code: number, funct3: number, a: bigint, b: bigint, mayAlternate: boolean): bigint {
  const alternate = mayAlternate && (code & 0x40000000) !== 0;
  if (funct3 === 0) return alternate ? a - b : a + b;
  if (funct3 === 1) return a << (b & 31n);
  if (funct3 !== 5) throw illegal(code);
  return alternate ? word(a) >> (b & 31n) : asUintN(32, a) >> (b & 31n);
}

function branches(code: number, funct3: number, a: bigint, b: bigint): boolean {
  if (funct3 === 2 || funct3 === 3) throw illegal(code);
  const less = funct3 < 6 ? a < b : asUintN(64, a) < asUintN(64, b);
  const holds = funct3 < 2 ? a === b : less;
  return (funct3 & 1) === 0 ? holds : !holds;
}

const storeOffset = (code: number): bigint => signed(((code >>> 25) << 5) | ((code >>> 7) & 31), 12);
const branchOffset = (code: number): bigint =>
  signed(((code >>> 31) << 12) | ((code & 0x80) << 4) | ((code >>> 20) & 0x7e0) | ((code >>> 7) & 0x1e), 13);
const jumpOffset = (code: number): bigint =>
  signed(((code >>> 31) << 20) | (code & 0xff000) | ((code >>> 9) & 0x800) | ((code >>> 20) & 0x7fe), 21);
