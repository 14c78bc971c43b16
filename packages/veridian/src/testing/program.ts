/**
 * Small riscv64 Linux programs for tests, assembled on the spot so that tests need no compiler: RV64I instructions, labels,
 * data, system calls by number. Source: RISC-V Unprivileged ISA 20240411, ELF-64 object file format 1.5.
 */
import { CodeBuffer, data8, riscv64 as asm, to, type Code } from '@veridian-os/assembler';

/** System-call numbers, asm-generic/unistd.h. */
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
/** Registers by their ABI names: arguments, saved ones, stack pointer. */
export const { A0, A1, S0, S1, SP } = asm;

/**
 * A program under construction: instructions with labels, then data.
 *
 * `new Program().li(A0, 7).call(SYS.exitGroup).elf()` is an executable that exits with 7.
 */
export class Program {
  private readonly code = new CodeBuffer({ origin: BASE });
  private readonly data: (readonly [name: string, bytes: Uint8Array])[] = [];

  /** Instructions, see `riscv64` of `@veridian-os/assembler`. */
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
    return this.emit(asm.li(register, value));
  }

  mv(to: number, from: number): this {
    return this.emit(asm.mv(to, from));
  }

  /** Address of a label or of data. */
  la(register: number, name: string): this {
    return this.emit(to(name, (offset) => asm.la(register, offset)));
  }

  /** System call with constant or register arguments already placed. */
  call(number: number): this {
    return this.li(asm.A7, number).emit(asm.ecall());
  }

  bnez(register: number, target: string): this {
    return this.emit(to(target, (offset) => asm.bnez(register, offset)));
  }

  beqz(register: number, target: string): this {
    return this.emit(to(target, (offset) => asm.beqz(register, offset)));
  }

  bltz(register: number, target: string): this {
    return this.emit(to(target, (offset) => asm.bltz(register, offset)));
  }

  jump(target: string): this {
    return this.emit(to(target, (offset) => asm.j(offset)));
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
    writeHeaders(elf);
    elf.set(code, PAGE);
    return elf;
  }
}

/** ELF64 header and one program header, PT_LOAD of everything behind the first page. */
function writeHeaders(elf: Uint8Array): void {
  const view = new DataView(elf.buffer);
  const half = (at: number, value: number): void => view.setUint16(at, value, true);
  const wide = (at: number, value: number): void => view.setBigUint64(at, BigInt(value), true);
  elf.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]); // 64-bit, little-endian, version 1
  half(16, 2); // ET_EXEC
  half(18, 243); // EM_RISCV
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
