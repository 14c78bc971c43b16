/**
 * What the programs of this folder are written in: a few instructions that every ISA has, on registers that are named as
 * riscv64 names them. Arguments of a system call are in A0 .. A5, its result comes back in A0.
 */
import { aarch64, riscv64, x86_64, type Code } from '@veridian-os/assembler';
import type { Isa } from '@veridian-os/hal';

/** Registers by their riscv64 numbers: arguments, saved ones, temporaries, stack pointer. */
export const { A0, A1, A2, A3, A4, A5, S0, S1, T0, T1, SP } = riscv64;

/** Offsets are bytes from the instruction's first one. */
export interface Instructions {
  li(to: number, value: number): Code;
  mv(to: number, from: number): Code;
  /** to = a + b, where `to` is not b unless it is a too. */
  add(to: number, a: number, b: number): Code;
  neg(to: number): Code;
  /** Lowest byte of `from`. */
  storeByte(from: number, address: number): Code;
  /** 64 bits. */
  load(to: number, address: number): Code;
  /** Address of what is `offset` bytes away. */
  la(to: number, offset: number): Code;
  jump(offset: number): Code;
  jumpTo(address: number): Code;
  beqz(register: number, offset: number): Code;
  bnez(register: number, offset: number): Code;
  bltz(register: number, offset: number): Code;
  /** @param number in asm-generic/unistd.h */
  call(number: number): Code;
  illegal(): Code;
}

const onRiscv: Instructions = {
  li: riscv64.li,
  mv: riscv64.mv,
  add: riscv64.add,
  neg: (to) => riscv64.neg(to, to),
  storeByte: (from, address) => riscv64.sb(from, address, 0),
  load: (to, address) => riscv64.ld(to, address, 0),
  la: riscv64.la,
  jump: riscv64.j,
  jumpTo: riscv64.jr,
  beqz: riscv64.beqz,
  bnez: riscv64.bnez,
  bltz: riscv64.bltz,
  call: (number) => [riscv64.li(riscv64.A7, number), riscv64.ecall()],
  illegal: () => 0,
};

const ARM_REGISTERS: Readonly<Record<number, aarch64.Register>> = {
  ...{ [A0]: aarch64.X0, [A1]: aarch64.X1, [A2]: aarch64.X2, [A3]: aarch64.X3, [A4]: aarch64.X4, [A5]: aarch64.X5 },
  ...{ [S0]: aarch64.X19, [S1]: aarch64.X20, [T0]: aarch64.X9, [T1]: aarch64.X10, [SP]: aarch64.SP },
};
const arm = (register: number): aarch64.Register => known(ARM_REGISTERS, register);
const armAt = (address: number): aarch64.Address => ({ kind: 'offset', base: arm(address), offset: 0 });

const onArm: Instructions = {
  li: (to, value) => aarch64.movConstant(arm(to), value),
  mv: (to, from) => aarch64.mov(arm(to), arm(from)),
  add: (to, a, b) => aarch64.add(arm(to), arm(a), arm(b)),
  neg: (to) => aarch64.sub(arm(to), aarch64.XZR, arm(to)),
  storeByte: (from, address) => aarch64.strb(aarch64.w(arm(from).index), armAt(address)),
  load: (to, address) => aarch64.ldr(arm(to), armAt(address)),
  la: (to, offset) => aarch64.adr(arm(to), offset),
  jump: aarch64.branch,
  jumpTo: (address) => aarch64.br(arm(address)),
  beqz: (register, offset) => aarch64.cbz(arm(register), offset),
  bnez: (register, offset) => aarch64.cbnz(arm(register), offset),
  bltz: (register, offset) => aarch64.tbnz(arm(register), 63, offset),
  call: (number) => [aarch64.movConstant(aarch64.X8, number), aarch64.svc(0)],
  illegal: () => aarch64.udf(),
};

const X86_REGISTERS: Readonly<Record<number, x86_64.Register>> = {
  ...{ [A0]: x86_64.RDI, [A1]: x86_64.RSI, [A2]: x86_64.RDX, [A3]: x86_64.R10, [A4]: x86_64.R8, [A5]: x86_64.R9 },
  ...{ [S0]: x86_64.RBX, [S1]: x86_64.R12, [T0]: x86_64.R13, [T1]: x86_64.R14, [SP]: x86_64.RSP },
};
const x86 = (register: number): x86_64.Register => known(X86_REGISTERS, register);

/** asm-generic's number to x86_64's. */
const X86_NUMBERS: Readonly<Record<number, number>> = {
  ...{ 17: 79, 56: 257, 57: 3, 59: 293, 63: 0, 64: 1, 93: 60, 94: 231, 101: 35, 113: 228, 124: 24, 129: 62, 130: 200 },
  ...{ 133: 130, 172: 39, 214: 12, 215: 11, 220: 56, 221: 59, 222: 9, 260: 61, 278: 318 },
};

function x86Branch(condition: x86_64.Condition): Instructions['beqz'] {
  return (register, offset) => {
    const test = x86_64.test(x86(register), x86(register));
    return [test, x86_64.jcc(condition, offset - test.length)];
  };
}

const onX86: Instructions = {
  li: (to, value) => x86_64.movabs(x86(to), value),
  mv: (to, from) => x86_64.mov(x86(to), x86(from)),
  add: (to, a, b) => [...(to === a ? [] : [x86_64.mov(x86(to), x86(a))]), x86_64.add(x86(to), x86(b))],
  neg: (to) => x86_64.neg(x86(to)),
  storeByte: (from, address) => x86_64.mov(x86_64.mem8(x86(address)), x86_64.r8(x86(from).index)),
  load: (to, address) => x86_64.mov(x86(to), x86_64.mem64(x86(address))),
  la: (to, offset) => x86_64.lea(x86(to), x86_64.relative(offset)),
  jump: x86_64.jmp,
  jumpTo: (address) => x86_64.jmp(x86(address)),
  beqz: x86Branch('e'),
  bnez: x86Branch('ne'),
  bltz: x86Branch('s'),
  call: (number) => [
    x86_64.mov(x86_64.EAX, X86_NUMBERS[number] ?? number),
    x86_64.syscall(),
    x86_64.mov(x86_64.RDI, x86_64.RAX),
  ],
  illegal: () => Uint8Array.of(0x0f, 0x0b),
};

function known<T>(registers: Readonly<Record<number, T>>, register: number): T {
  const found = registers[register];
  if (found === undefined) throw new RangeError(`register: expected A0 .. A5, S0, S1, T0, T1 or SP, got ${register}`);
  return found;
}

export const INSTRUCTIONS: Readonly<Record<Isa, Instructions>> = { riscv64: onRiscv, aarch64: onArm, x86_64: onX86 };
/** ELF's e_machine. */
export const E_MACHINE: Readonly<Record<Isa, number>> = { riscv64: 243, aarch64: 183, x86_64: 62 };
