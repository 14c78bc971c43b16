/** Whole programs that tests run, each with one thing it does; where it can be chosen for any ISA, else for riscv64. */
import { riscv64 as asm } from '@veridian-os/assembler';
import type { Isa } from '@veridian-os/hal';
import { A2, A3, A4, A5, T0, T1 } from './instructions.js';
import { A0, A1, Program, S0, S1, SP, SYS } from './program.js';

const AT_FDCWD = -100;
/** No system call has this number. */
const ENOSYS_CALL = 600;

/** Ends with `-a0` as its status: a system call's error number. */
function exitsWithError(program: Program): Program {
  return program.neg(A0).call(SYS.exitGroup);
}

/** exit(status) */
export function exits(status: number, isa?: Isa): Uint8Array {
  return new Program(isa).li(A0, status).call(SYS.exitGroup).elf();
}

/** write(fd, text), then exit(status). */
export function writes(text: string, fd = 1, status = 0, isa?: Isa): Uint8Array {
  const { length } = new TextEncoder().encode(text);
  return new Program(isa)
    .li(A0, fd)
    .la(A1, 'text')
    .li(A2, length)
    .call(SYS.write)
    .li(A0, status)
    .call(SYS.exitGroup)
    .bytes('text', text)
    .elf();
}

/** Copies standard input to standard output. */
export function copies(isa?: Isa): Uint8Array {
  return new Program(isa)
    .label('again')
    .li(A0, 0)
    .la(A1, 'buffer')
    .li(A2, 512)
    .call(SYS.read)
    .mv(S0, A0)
    .beqz(A0, 'end')
    .bltz(A0, 'end')
    .mv(A2, A0)
    .li(A0, 1)
    .la(A1, 'buffer')
    .call(SYS.write)
    .jump('again')
    .label('end')
    .mv(A0, S0)
    .neg(A0)
    .call(SYS.exitGroup)
    .space('buffer', 512)
    .elf();
}

/** Writes `text` for ever. */
export function writesForEver(text = 'x'.repeat(100), isa?: Isa): Uint8Array {
  return new Program(isa)
    .label('again')
    .li(A0, 1)
    .la(A1, 'text')
    .li(A2, text.length)
    .call(SYS.write)
    .jump('again')
    .bytes('text', text)
    .elf();
}

export function spins(isa?: Isa): Uint8Array {
  return new Program(isa).label('here').jump('here').elf();
}

/** Reads standard input once, then exits with 0: waits for ever without input. */
export function waitsForInput(isa?: Isa): Uint8Array {
  return new Program(isa)
    .li(A0, 0)
    .la(A1, 'buffer')
    .li(A2, 1)
    .call(SYS.read)
    .li(A0, 0)
    .call(SYS.exitGroup)
    .space('buffer', 8)
    .elf();
}

/** rt_sigsuspend for ever: nothing wakes it but a signal. */
export function pauses(isa?: Isa): Uint8Array {
  return new Program(isa)
    .label('again')
    .la(A0, 'mask')
    .li(A1, 8)
    .call(SYS.rtSigsuspend)
    .jump('again')
    .space('mask', 8)
    .elf();
}

/** Sleeps so many seconds of virtual time, then exits. */
export function sleeps(seconds: number): Uint8Array {
  return new Program()
    .la(A0, 'time')
    .li(A1, 0)
    .call(SYS.nanosleep)
    .neg(A0)
    .call(SYS.exitGroup)
    .bytes('time', [
      seconds & 255,
      (seconds >> 8) & 255,
      (seconds >> 16) & 255,
      0,
      0,
      0,
      0,
      0,
      ...new Array<number>(8).fill(0),
    ])
    .elf();
}

/** Maps far more than there is and writes to page after page. */
export function eatsMemory(isa?: Isa): Uint8Array {
  return new Program(isa)
    .li(A0, 0)
    .li(A1, 1 << 30)
    .li(A2, 3)
    .li(A3, 0x4022) // private, anonymous, no reserve
    .li(A4, -1)
    .li(A5, 0)
    .call(SYS.mmap)
    .mv(S0, A0)
    .li(S1, 4096)
    .label('again')
    .storeByte(S1, S0)
    .add(S0, S0, S1)
    .jump('again')
    .elf();
}

/** Forks until that fails and exits with the error; the children sleep for ever. */
export function forks(isa?: Isa): Uint8Array {
  const program = new Program(isa)
    .label('again')
    .li(A0, 17)
    .li(A1, 0)
    .li(A2, 0)
    .li(A3, 0)
    .li(A4, 0)
    .call(SYS.clone)
    .beqz(A0, 'child')
    .bltz(A0, 'failed')
    .jump('again')
    .label('child')
    .la(A0, 'mask')
    .li(A1, 8)
    .call(SYS.rtSigsuspend)
    .jump('child')
    .label('failed');
  return exitsWithError(program).space('mask', 8).elf();
}

/** Opens `path` until that fails and exits with the error. */
export function opens(path: string, isa?: Isa): Uint8Array {
  const program = new Program(isa)
    .label('again')
    .li(A0, AT_FDCWD)
    .la(A1, 'path')
    .li(A2, 0)
    .li(A3, 0)
    .call(SYS.openat)
    .bltz(A0, 'failed')
    .jump('again')
    .label('failed');
  return exitsWithError(program).bytes('path', `${path}\0`).elf();
}

/** Writes the contents of `path` to standard output; exits with the error number when it cannot be opened. */
export function shows(path: string, isa?: Isa): Uint8Array {
  const program = new Program(isa)
    .li(A0, AT_FDCWD)
    .la(A1, 'path')
    .li(A2, 0)
    .li(A3, 0)
    .call(SYS.openat)
    .bltz(A0, 'failed')
    .mv(S0, A0)
    .label('again')
    .mv(A0, S0)
    .la(A1, 'buffer')
    .li(A2, 512)
    .call(SYS.read)
    .bltz(A0, 'failed')
    .beqz(A0, 'failed')
    .mv(A2, A0)
    .li(A0, 1)
    .la(A1, 'buffer')
    .call(SYS.write)
    .jump('again')
    .label('failed');
  return exitsWithError(program).space('buffer', 512).bytes('path', `${path}\0`).elf();
}

/** Creates or truncates `path` with `text`; exits with the error number, 0 when it worked. */
export function stores(path: string, text: string): Uint8Array {
  const program = new Program()
    .li(A0, AT_FDCWD)
    .la(A1, 'path')
    .li(A2, 0o1101) // O_WRONLY | O_CREAT | O_TRUNC
    .li(A3, 0o644)
    .call(SYS.openat)
    .bltz(A0, 'failed')
    .la(A1, 'text')
    .li(A2, text.length)
    .call(SYS.write)
    .bltz(A0, 'failed')
    .li(A0, 0)
    .label('failed');
  return exitsWithError(program).bytes('path', `${path}\0`).bytes('text', text).elf();
}

/** Writes its argument and environment strings, a line each, with an empty line between them. */
export function showsArguments(): Uint8Array {
  return new Program()
    .emit(asm.addi(S0, SP, 8)) // argv
    .li(S1, 2) // vectors left
    .label('next')
    .emit(asm.ld(A1, S0, 0))
    .beqz(A1, 'vector')
    .mv(T0, A1)
    .label('length')
    .emit(asm.lbu(T1, T0, 0))
    .emit(asm.addi(T0, T0, 1))
    .bnez(T1, 'length')
    .emit(asm.addi(T0, T0, -1))
    .emit(asm.sub(A2, T0, A1))
    .li(A0, 1)
    .call(SYS.write)
    .li(A0, 1)
    .la(A1, 'newline')
    .li(A2, 1)
    .call(SYS.write)
    .emit(asm.addi(S0, S0, 8))
    .jump('next')
    .label('vector')
    .emit(asm.addi(S1, S1, -1))
    .beqz(S1, 'end')
    .emit(asm.addi(S0, S0, 8))
    .li(A0, 1)
    .la(A1, 'newline')
    .li(A2, 1)
    .call(SYS.write)
    .jump('next')
    .label('end')
    .li(A0, 0)
    .call(SYS.exitGroup)
    .bytes('newline', '\n')
    .elf();
}

/** Writes the bytes that a call leaves at its argument: `call(arguments…, buffer)` and then write(1, buffer, length). */
function showsAnswer(number: number, length: number, before: readonly number[], after: readonly number[]): Uint8Array {
  const program = new Program();
  before.forEach((value, index) => program.li(A0 + index, value));
  program.la(A0 + before.length, 'answer');
  after.forEach((value, index) => program.li(A0 + before.length + 1 + index, value));
  return program
    .call(number)
    .bltz(A0, 'failed')
    .li(A0, 1)
    .la(A1, 'answer')
    .li(A2, length)
    .call(SYS.write)
    .li(A0, 0)
    .call(SYS.exitGroup)
    .label('failed')
    .neg(A0)
    .call(SYS.exitGroup)
    .space('answer', length)
    .elf();
}

/** Writes struct timespec of a clock (0 = CLOCK_REALTIME, 1 = CLOCK_MONOTONIC). */
export const showsClock = (clock: number): Uint8Array => showsAnswer(SYS.clockGettime, 16, [clock], []);
/** Writes 16 random bytes. */
export const showsRandom = (): Uint8Array => showsAnswer(SYS.getrandom, 16, [], [16, 0]);
/** Writes its working directory, padded with NUL. */
export const showsDirectory = (): Uint8Array => showsAnswer(SYS.getcwd, 64, [], [64]);

/** Reads address 0, with its first instruction: registers are 0 at the start. */
export const readsNull = (isa?: Isa): Uint8Array => new Program(isa).load(A0, S0).elf();
export const illegal = (isa?: Isa): Uint8Array => new Program(isa).illegal().elf();
/** Jumps to an address where nothing is. */
export const jumpsAway = (address = 0x5000_0000): Uint8Array => new Program().li(A0, address).jumpTo(A0).elf();
/** Calls itself until its stack ends. */
export const overflows = (): Uint8Array =>
  new Program()
    .label('again')
    .emit(asm.addi(SP, SP, -1024))
    .emit(asm.sd(SP, SP, 0))
    .jump('again')
    .elf();

/** kill(pid, signal), exit(-error). */
export function kills(pid: number, signal: number): Uint8Array {
  return exitsWithError(new Program().li(A0, pid).li(A1, signal).call(SYS.kill)).elf();
}

/** tkill(tid, signal), exit(-error). */
export function threadKills(tid: number, signal: number): Uint8Array {
  return exitsWithError(new Program().li(A0, tid).li(A1, signal).call(SYS.tkill)).elf();
}

/** A call that does not exist; exits with its error number. */
export const callsNothing = (): Uint8Array => exitsWithError(new Program().call(ENOSYS_CALL)).elf();
