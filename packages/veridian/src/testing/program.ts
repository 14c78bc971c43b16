/**
 * Small Linux programs for tests, assembled on the spot so that tests need no compiler: instructions that every ISA has, labels,
 * data, system calls by number. Source: RISC-V Unprivileged ISA 20240411, ELF-64 object file format 1.5.
 */
import { CodeBuffer, data8, to, type Code } from '@veridian-os/assembler';
import type { Isa } from '@veridian-os/hal';
import { E_MACHINE, INSTRUCTIONS, type Instructions } from './instructions.js';

export { A0, A1, S0, S1, SP } from './instructions.js';

/** System-call numbers, asm-generic/unistd.h; x86_64's own are put in their place. */
export const SYS = {
  read: 63,
  write: 64,
  exit: 93,
  exitGroup: 94,
  kill: 129,
  tkill: 130,
  rtSigsuspend: 133,
  getcwd: 17,
  getpid: 172,
  munmap: 215,
  clone: 220,
  execve: 221,
  mmap: 222,
  wait4: 260,
  openat: 56,
  close: 57,
  pipe2: 59,
  nanosleep: 101,
  clockGettime: 113,
  getrandom: 278,
  brk: 214,
  schedYield: 124,
} as const;

/** Where the program's one segment is loaded, and its entry. */
const BASE = 0x10000;
const PAGE = 4096;
const HEADER_BYTES = 64;

/**
 * A program under construction: instructions with labels, then data.
 *
 * `new Program().li(A0, 7).call(SYS.exitGroup).elf()` is an executable that exits with 7.
 */
export class Program {
  private readonly isa: Isa;
  private readonly instructions: Instructions;
  private readonly code = new CodeBuffer({ origin: BASE });
  private readonly data: (readonly [name: string, bytes: Uint8Array])[] = [];

  constructor(isa: Isa = 'riscv64') {
    this.isa = isa;
    this.instructions = INSTRUCTIONS[isa];
  }

  /** Instructions of one ISA, see `@veridian-os/assembler`. */
  emit(...code: readonly Code[]): this {
    this.code.emit(...code);
    return this;
  }

  /** Names the next instruction. */
  label(name: string): this {
    this.code.label(name);
    return this;
  }

  /** Loads a constant. */
  li(register: number, value: number): this {
    return this.emit(this.instructions.li(register, value));
  }

  mv(to: number, from: number): this {
    return this.emit(this.instructions.mv(to, from));
  }

  /** to = a + b, where `to` is not b unless it is a too. */
  add(to: number, a: number, b: number): this {
    return this.emit(this.instructions.add(to, a, b));
  }

  neg(register: number): this {
    return this.emit(this.instructions.neg(register));
  }

  /** Stores the lowest byte of `from` at the address in a register. */
  storeByte(from: number, address: number): this {
    return this.emit(this.instructions.storeByte(from, address));
  }

  /** Loads 64 bits from the address in a register. */
  load(to: number, address: number): this {
    return this.emit(this.instructions.load(to, address));
  }

  /** Address of a label or of data. */
  la(register: number, name: string): this {
    return this.emit(to(name, (offset) => this.instructions.la(register, offset)));
  }

  /** System call with constant or register arguments already placed. */
  call(number: number): this {
    return this.emit(this.instructions.call(number));
  }

  illegal(): this {
    return this.emit(this.instructions.illegal());
  }

  bnez(register: number, target: string): this {
    return this.emit(to(target, (offset) => this.instructions.bnez(register, offset)));
  }

  beqz(register: number, target: string): this {
    return this.emit(to(target, (offset) => this.instructions.beqz(register, offset)));
  }

  bltz(register: number, target: string): this {
    return this.emit(to(target, (offset) => this.instructions.bltz(register, offset)));
  }

  jump(target: string): this {
    return this.emit(to(target, (offset) => this.instructions.jump(offset)));
  }

  /** Jumps to the address in a register. */
  jumpTo(address: number): this {
    return this.emit(this.instructions.jumpTo(address));
  }

  /** Bytes at the end, 8-byte aligned. */
  bytes(name: string, bytes: string | readonly number[]): this {
    this.data.push([name, typeof bytes === 'string' ? new TextEncoder().encode(bytes) : data8(...bytes)]);
    return this;
  }

  space(name: string, length: number): this {
    return this.bytes(name, new Array<number>(length).fill(0));
  }

  /**
   * A static executable of one segment that may be read, written and executed; the program is complete then.
   * @throws RangeError when a label is missing
   */
  elf(): Uint8Array {
    for (const [name, bytes] of this.data.splice(0)) this.code.align(8).label(name).emit(bytes);
    const code = this.code.finish();
    const elf = new Uint8Array(PAGE + code.length);
    writeHeaders(elf, E_MACHINE[this.isa]);
    elf.set(code, PAGE);
    return elf;
  }
}

/** ELF64 header and one program header, PT_LOAD of everything behind the first page. */
function writeHeaders(elf: Uint8Array, machine: number): void {
  const view = new DataView(elf.buffer);
  const half = (at: number, value: number): void => view.setUint16(at, value, true);
  const wide = (at: number, value: number): void => view.setBigUint64(at, BigInt(value), true);
  elf.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]); // 64-bit, little-endian, version 1
  half(16, 2); // ET_EXEC
  half(18, machine);
  view.setUint32(20, 1, true);
  wide(24, BASE);
  wide(32, HEADER_BYTES);
  half(52, HEADER_BYTES);
  half(54, 56);
  half(56, 1);
  view.setUint32(HEADER_BYTES, 1, true); // PT_LOAD
  view.setUint32(HEADER_BYTES + 4, 7, true); // read, write, execute
  wide(HEADER_BYTES + 8, PAGE);
  for (const field of [16, 24]) wide(HEADER_BYTES + field, BASE);
  for (const field of [32, 40]) wide(HEADER_BYTES + field, elf.length - PAGE);
  wide(HEADER_BYTES + 48, PAGE);
}
