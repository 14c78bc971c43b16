/**
 * aarch64: registers, memory layout, entry into handlers. Source: Linux arch/arm64/kernel/signal.c (setup_return),
 * include/asm/elf.h, processor.h. User space is 47 bits here, as on x86_64 (Linux's default is 48).
 */
import { toNumber } from '@veridian-os/abi';
import { AARCH64, ARM, type RegisterView } from '@veridian-os/hal';
import { EPOLL_EVENT_GENERIC } from '../layout/poll.js';
import { STAT_GENERIC } from '../layout/stat.js';
import { aarch64Vdso } from '../vdso/aarch64-code.js';
import { signalOfFault } from './aarch64-faults.js';
import { FRAME_BYTES, aarch64Frame } from './aarch64-frame.js';
import type { HandlerEntry, LinuxIsa } from './isa.js';
import { setRegister } from './words.js';

const FP = 29;
const LR = 30;
const NUMBER = 8;
/** HWCAP_FP | HWCAP_ASIMD: what every ARMv8-A processor has. Without HWCAP_CPUID nobody reads ID registers. */
const HWCAP = 0x3;

function enterHandler(registers: RegisterView, entry: HandlerEntry): void {
  setRegister(registers, 0, entry.signal);
  if (entry.wantsInfo) {
    setRegister(registers, 1, entry.info);
    setRegister(registers, 2, entry.ucontext);
  }
  setRegister(registers, ARM.SP, entry.frame);
  setRegister(registers, FP, entry.frame + FRAME_BYTES);
  setRegister(registers, LR, toNumber(entry.returnToLo, entry.returnToHi));
  registers[ARM.PC * 2] = entry.handlerLo;
  registers[ARM.PC * 2 + 1] = entry.handlerHi;
}

// mov x8, #139; svc #0: the sequence by which unwinders recognise a signal frame
const SIGRETURN = Uint8Array.of(0x68, 0x11, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4);

export const LINUX_AARCH64: LinuxIsa = {
  isa: 'aarch64',
  machine: 'aarch64',
  processor: { hwcap: HWCAP, hwcap2: 0, platform: 'aarch64' },
  stackTop: 0x7fff_ffff_f000,
  stringAlign: 16,
  interpreterTop: 0x7fff_f7e0_0000,
  layout: AARCH64,
  argumentWords: AARCH64.syscallArguments.map((register) => register * 2),
  numberWord: NUMBER * 2,
  wideNumber: false,
  resultWord: 0,
  pcWord: ARM.PC * 2,
  spWord: ARM.SP * 2,
  tpWord: ARM.TPIDR * 2,
  userEnd: Infinity,
  restartNumber: 128,
  clone: { tls: 3, childTid: 4 },
  restorer: 'optional',
  stat: STAT_GENERIC,
  epollEvent: EPOLL_EVENT_GENERIC,
  swapsOpenFlags: true,
  lowMappings: 0,
  startWords: [],
  sigreturnCode: SIGRETURN,
  vdso: { machine: 183, stackPointer: 31, returnAddress: 30, pushed: false, code: () => aarch64Vdso(SIGRETURN) },
  frame: aarch64Frame,
  enterHandler,
  signalOfFault,
};
