/**
 * x86_64: registers, memory layout, entry into programs and handlers. Source: Linux arch/x86/kernel/signal_64.c
 * (x64_setup_rt_frame), include/asm/elf.h, processor.h; Intel SDM volume 1.
 */
import { X86, X86_64, type RegisterView } from '@veridian-os/hal';
import { EPOLL_EVENT_PACKED } from '../layout/poll.js';
import { STAT_X86_64 } from '../layout/stat.js';
import { x86Vdso } from '../vdso/x86-64-code.js';
import type { HandlerEntry, LinuxIsa } from './isa.js';
import { setRegister } from './words.js';
import { signalOfFault } from './x86-64-faults.js';
import { INITIAL_XSAVE, x86Frame } from './x86-64-frame.js';

/** CPUID leaf 1's EDX of the least x86-64: FPU TSC MSR PAE CX8 SEP PGE CMOV CLFSH MMX FXSR SSE SSE2. */
const HWCAP = [0, 4, 5, 6, 8, 11, 13, 15, 19, 23, 24, 25, 26].reduce((bits, bit) => bits | (1 << bit), 0);

/** Interrupt enable and the bit that is always set: what a program's flags begin as. */
const RFLAGS_START = 0x202;
/** Direction, resume and trap flags: clear in a handler. */
const RFLAGS_CLEARED = 0x400 | 0x10000 | 0x100;

function enterHandler(registers: RegisterView, entry: HandlerEntry): void {
  registers[X86.RIP * 2] = entry.handlerLo;
  registers[X86.RIP * 2 + 1] = entry.handlerHi;
  registers[X86.RFLAGS * 2] = (registers[X86.RFLAGS * 2] & ~RFLAGS_CLEARED) >>> 0;
  setRegister(registers, X86.RSP, entry.frame);
  setRegister(registers, X86.RDI, entry.signal);
  setRegister(registers, X86.RSI, entry.info);
  setRegister(registers, X86.RDX, entry.ucontext);
  // A handler without a prototype may be a variadic function: no vector registers with arguments.
  setRegister(registers, X86.RAX, 0);
}

// mov eax, 15; syscall: for completeness, programs bring their own
const SIGRETURN = Uint8Array.of(0xb8, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05);

export const LINUX_X86_64: LinuxIsa = {
  isa: 'x86_64',
  machine: 'x86_64',
  processor: { hwcap: HWCAP, hwcap2: 0, platform: 'x86_64' },
  stackTop: 0x7fff_ffff_f000,
  stringAlign: 16,
  interpreterTop: 0x7fff_f7e0_0000,
  layout: X86_64,
  argumentWords: X86_64.syscallArguments.map((register) => register * 2),
  numberWord: X86.RAX * 2,
  wideNumber: false,
  resultWord: X86.RAX * 2,
  pcWord: X86.RIP * 2,
  spWord: X86.RSP * 2,
  tpWord: X86.FS_BASE * 2,
  userEnd: 0x7fff_ffff_f000,
  restartNumber: 219,
  clone: { tls: 4, childTid: 3 },
  restorer: 'required',
  stat: STAT_X86_64,
  epollEvent: EPOLL_EVENT_PACKED,
  swapsOpenFlags: false,
  lowMappings: 0x40,
  startWords: [[X86.RFLAGS * 2, RFLAGS_START]],
  initialFp: INITIAL_XSAVE,
  sigreturnCode: SIGRETURN,
  vdso: { machine: 62, stackPointer: 7, returnAddress: 16, pushed: true, code: () => x86Vdso(SIGRETURN) },
  frame: x86Frame,
  enterHandler,
  signalOfFault,
};
