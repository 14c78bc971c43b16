/** Programs that do one thing `count` times: for benches and for tests of what is left behind. */
import { riscv64 as asm } from '@veridian-os/assembler';
import { A0, A1, Program, S0, S1, SYS } from './program.js';

const A2 = 12;
const A3 = 13;
const MAP_PRIVATE_ANONYMOUS = 0x22;
const PAGE = 4096;
/** VM, FS, FILES, SIGHAND, THREAD, SYSVSEM. */
const CLONE_THREAD = 0x50f00;

/** Two pipes, and a second process (or thread) that sends back each byte it gets; the first sends `count`. */
export function pingPong(count: number, who: 'process' | 'thread'): Uint8Array {
  const flags = who === 'process' ? 17 : CLONE_THREAD;
  const program = new Program()
    .la(A0, 'there')
    .li(A1, 0)
    .call(SYS.pipe2)
    .la(A0, 'back')
    .li(A1, 0)
    .call(SYS.pipe2)
    .li(A0, flags)
    .li(A1, 0)
    .li(A2, 0)
    .li(A3, 0)
    .li(14, 0);
  if (who === 'thread') program.la(A1, 'stackTop');
  program.call(SYS.clone).bltz(A0, 'failed').beqz(A0, 'echo').li(S0, count).label('send').beqz(S0, 'done');
  transfer(program, 'there', 4, SYS.write).bltz(A0, 'failed');
  transfer(program, 'back', 0, SYS.read)
    .bltz(A0, 'failed')
    .emit(asm.addi(S0, S0, -1))
    .jump('send');
  program.label('echo');
  if (who === 'process') transfer(program, 'there', 4, SYS.close);
  program.label('next');
  transfer(program, 'there', 0, SYS.read).beqz(A0, 'done').bltz(A0, 'failed');
  transfer(program, 'back', 4, SYS.write).jump('next');
  return program
    .label('done')
    .li(A0, 0)
    .call(SYS.exitGroup)
    .label('failed')
    .li(A0, 1)
    .call(SYS.exitGroup)
    .space('apart', PAGE) // qemu-riscv64 cannot let a call write to a page that another thread runs
    .space('there', 8)
    .space('back', 8)
    .space('byte', 8)
    .space('stack', 512)
    .space('stackTop', 8)
    .elf();
}

/** read, write or close of a pipe's end (0 = reader, 4 = writer), one byte. */
function transfer(program: Program, pipe: string, end: number, call: number): Program {
  return program
    .la(5, pipe)
    .emit(asm.lwu(A0, 5, end))
    .la(A1, 'byte')
    .li(A2, 1)
    .call(call);
}

/** Maps `pages` fresh pages, writes to each, unmaps them; `count` times. */
export function touchesPages(count: number, pages: number): Uint8Array {
  return new Program()
    .li(S0, count)
    .label('round')
    .li(A0, 0)
    .li(A1, pages * PAGE)
    .li(A2, 3)
    .li(A3, MAP_PRIVATE_ANONYMOUS)
    .li(14, -1)
    .li(15, 0)
    .call(SYS.mmap)
    .bltz(A0, 'failed')
    .mv(S1, A0)
    .mv(6, A0)
    .li(5, pages)
    .li(7, PAGE)
    .label('touch')
    .emit(asm.sd(5, 6, 0))
    .emit(((7 << 20) | (6 << 15) | (6 << 7) | 0x33) >>> 0) // add t1, t1, t2
    .emit(asm.addi(5, 5, -1))
    .bnez(5, 'touch')
    .mv(A0, S1)
    .li(A1, pages * PAGE)
    .call(SYS.munmap)
    .emit(asm.addi(S0, S0, -1))
    .bnez(S0, 'round')
    .li(A0, 0)
    .call(SYS.exitGroup)
    .label('failed')
    .li(A0, 1)
    .call(SYS.exitGroup)
    .elf();
}

/** `count` times: fork, execve(path) in the child, wait in the parent; then exit(0), or 1 when something failed. */
export function forkExecLoop(count: number, path: string): Uint8Array {
  return new Program()
    .li(S0, count)
    .label('loop')
    .li(A0, 17) // SIGCHLD
    .li(A1, 0)
    .li(12, 0)
    .li(13, 0)
    .li(14, 0)
    .call(SYS.clone)
    .bltz(A0, 'failed')
    .beqz(A0, 'child')
    .la(A1, 'status')
    .li(12, 0)
    .li(13, 0)
    .call(SYS.wait4)
    .bltz(A0, 'failed')
    .emit(asm.addi(S0, S0, -1))
    .bnez(S0, 'loop')
    .li(A0, 0)
    .call(SYS.exitGroup)
    .label('child')
    .la(A0, 'path')
    .li(A1, 0)
    .li(12, 0)
    .call(SYS.execve)
    .label('failed')
    .li(A0, 1)
    .call(SYS.exitGroup)
    .bytes('path', `${path}\0`)
    .space('status', 8)
    .elf();
}
