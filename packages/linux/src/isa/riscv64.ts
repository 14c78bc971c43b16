/**
 * riscv64: registers, memory layout and signal frames. Source: Linux arch/riscv/kernel/signal.c, uapi/asm/{ptrace,
 * sigcontext,ucontext}.h.
 *
 *   rt_sigframe   0 siginfo (128)   128 ucontext (960)   = 1088 bytes
 *   ucontext      0 uc_flags  8 uc_link  16 uc_stack (24)  40 uc_sigmask  48 unused (120)  176 uc_mcontext
 *   mcontext      0 pc  8 x1 .. 248 x31   256 FP: f0..f31, fcsr at 512   then reserved words that must stay zero
 */
import { EINVAL, toNumber } from '@veridian-os/abi';
import { RISCV64, type RegisterView } from '@veridian-os/hal';
import { EPOLL_EVENT_GENERIC } from '../layout/poll.js';
import { SIGINFO_BYTES } from '../layout/siginfo.js';
import { STAT_GENERIC } from '../layout/stat.js';
import { signalOfFault } from '../signals/fault.js';
import type { HandlerEntry, LinuxIsa, SignalFrameLayout } from './isa.js';
import { alignDown, copyIn, copyOut, setRegister } from './words.js';

const FRAME_BYTES = 1088;
const UCONTEXT = SIGINFO_BYTES;
const MCONTEXT = UCONTEXT + 176;
const FP = MCONTEXT + 256;
/** Of the last 8 words of `__riscv_q_ext_state`: fcsr is at 512, these follow it. */
const RESERVED = FP + 516;
/** f0..f31 and fcsr. */
const FP_USED = 260;

const RA = 1;
const A0 = 10;
const A1 = 11;
const A2 = 12;
const A7 = 17;
const SP = 2;

const frame: SignalFrameLayout = {
  bytes: FRAME_BYTES,
  minimumStack: FRAME_BYTES,
  minimumAlternate: 2048,
  redZone: 0,
  info: 0,
  ucontext: UCONTEXT,
  stack: UCONTEXT + 16,
  mask: UCONTEXT + 40,
  fromStackPointer: 0,

  place: (top) => ({ address: alignDown(top - FRAME_BYTES, 16), bytes: FRAME_BYTES }),

  encode(view, { registers, fp }) {
    copyOut(view, MCONTEXT, registers, RISCV64.pc);
    for (let register = 1; register < 32; register++) copyOut(view, MCONTEXT + register * 8, registers, register);
    new Uint8Array(view.buffer, view.byteOffset + FP, FP_USED).set(fp.subarray(0, FP_USED));
  },

  decode(view, registers, fp) {
    for (let at = RESERVED; at < FRAME_BYTES; at += 4) if (view.getUint32(at, true) !== 0) return EINVAL;
    copyIn(view, MCONTEXT, registers, RISCV64.pc);
    for (let register = 1; register < 32; register++) copyIn(view, MCONTEXT + register * 8, registers, register);
    fp.fill(0);
    fp.set(new Uint8Array(view.buffer, view.byteOffset + FP, FP_USED));
    return 0;
  },
};

function enterHandler(registers: RegisterView, entry: HandlerEntry): void {
  registers[RISCV64.pc * 2] = entry.handlerLo;
  registers[RISCV64.pc * 2 + 1] = entry.handlerHi;
  setRegister(registers, RA, toNumber(entry.returnToLo, entry.returnToHi));
  setRegister(registers, SP, entry.frame);
  setRegister(registers, A0, entry.signal);
  setRegister(registers, A1, entry.info);
  setRegister(registers, A2, entry.ucontext);
}

/** One bit per letter of "imafdc". */
const HWCAP = [...'imafdc'].reduce((bits, letter) => bits | (1 << (letter.charCodeAt(0) - 97)), 0);

export const LINUX_RISCV64: LinuxIsa = {
  isa: 'riscv64',
  machine: 'riscv64',
  processor: { hwcap: HWCAP },
  // Sv39 gives user space 256 GiB; Linux keeps the last page free and 128 MiB for the stack.
  stackTop: 0x3f_ffff_f000,
  stringAlign: 1,
  interpreterTop: 0x3f_f7e0_0000,
  layout: RISCV64,
  argumentWords: RISCV64.syscallArguments.map((register) => register * 2),
  numberWord: A7 * 2,
  wideNumber: true,
  resultWord: A0 * 2,
  pcWord: RISCV64.pc * 2,
  spWord: SP * 2,
  tpWord: RISCV64.tp * 2,
  userEnd: Infinity,
  restartNumber: 128,
  clone: { tls: 3, childTid: 4 },
  restorer: 'none',
  stat: STAT_GENERIC,
  epollEvent: EPOLL_EVENT_GENERIC,
  swapsOpenFlags: false,
  lowMappings: 0,
  startWords: [],
  // li a7, 139; ecall: the sequence by which unwinders recognise a signal frame
  sigreturnCode: Uint8Array.of(0x93, 0x08, 0xb0, 0x08, 0x73, 0x00, 0x00, 0x00),
  frame,
  enterHandler,
  signalOfFault: (trap, result, { registers }) =>
    signalOfFault(trap, result, { lo: registers[RISCV64.pc * 2], hi: registers[RISCV64.pc * 2 + 1] }),
};
