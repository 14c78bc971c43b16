/**
 * x86_64's signal frame. Source: Linux arch/x86/include/asm/sigframe.h, include/uapi/asm/{sigcontext,ucontext}.h,
 * kernel/signal_64.c, kernel/fpu/signal.c; Intel SDM volume 1, chapter 13.
 *
 *   rt_sigframe   0 pretcode   8 ucontext (304)   312 siginfo (128)   = 440 bytes
 *   ucontext      0 uc_flags  8 uc_link  16 uc_stack (24)  40 uc_mcontext (256)  296 uc_sigmask
 *   mcontext      0 r8 .. 56 r15  64 rdi  72 rsi  80 rbp  88 rbx  96 rdx  104 rax  112 rcx  120 rsp  128 rip  136 eflags
 *                 144 cs:2  146 gs:2  148 fs:2  150 ss:2  152 err  160 trapno  168 oldmask  176 cr2  184 fpstate
 *   fpstate       the XSAVE area, 64-byte aligned, above the frame; in it 464 magic1:4  468 extended_size:4
 *                 472 xfeatures  480 xstate_size:4   512 XSTATE_BV  520 XCOMP_BV; magic2 behind its last byte
 *
 * The stack pointer of a handler is 8 less than a multiple of 16, as after a call.
 */
import { EFAULT, EINVAL, toNumber, type Errno } from '@veridian-os/abi';
import { X86, X86_64, type RegisterView } from '@veridian-os/hal';
import { SIGINFO_BYTES } from '../layout/siginfo.js';
import { setWide } from '../layout/words.js';
import type { FrameContents, ReadUser, SignalFrameLayout } from './isa.js';
import { alignDown, copyIn, copyOut } from './words.js';

const UCONTEXT = 8;
const MCONTEXT = UCONTEXT + 40;
const MASK = UCONTEXT + 296;
const INFO = UCONTEXT + 304;
const FRAME_BYTES = INFO + SIGINFO_BYTES;

/** Registers from r8 on, in the order of struct sigcontext. */
const ORDER = [8, 9, 10, 11, 12, 13, 14, 15, 7, 6, 5, 3, 2, 0, 1, 4, X86.RIP] as const;
const FLAGS = MCONTEXT + 136;
const SELECTORS = MCONTEXT + 144;
const ERROR = MCONTEXT + 152;
const TRAP = MCONTEXT + 160;
const OLD_MASK = MCONTEXT + 168;
const CR2 = MCONTEXT + 176;
const FP_POINTER = MCONTEXT + 184;

/** UC_FP_XSTATE | UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS */
const UC_FLAGS = 0x7;
const UC_STRICT_RESTORE_SS = 0x4;
const USER_CS = 0x33;
const USER_SS = 0x2b;
/** AC, RF, OF, DF, TF, SF, ZF, AF, PF, CF: what rt_sigreturn takes from the frame. */
const FLAGS_RESTORED = 0x50dd5;

const XSTATE_BYTES = X86_64.fpBytes;
const MAGIC1 = 0x46505853;
const MAGIC2 = 0x46505845;
const MAGIC2_BYTES = 4;
/** x87, SSE, AVX, the three parts of AVX-512, PKRU: the components whose places the area has. */
const XFEATURES = 0x2e7;
const FX_BYTES = 512;
const XSAVE_HEADER_END = FX_BYTES + 64;
const FCW = 0;
const MXCSR = 24;
const SW_RESERVED = 464;
const XSTATE_BV = 512;
const X87 = 1;
const SSE = 2;
const FCW_INITIAL = 0x37f;
const MXCSR_INITIAL = 0x1f80;
/** Reserved bits of MXCSR: loading one faults. */
const MXCSR_RESERVED = 0xffff0000;

/** Every component in its initial state. */
export const INITIAL_XSAVE: Uint8Array = initialXsave();

function initialXsave(): Uint8Array {
  const area = new Uint8Array(XSTATE_BYTES);
  const view = new DataView(area.buffer);
  view.setUint16(FCW, FCW_INITIAL, true);
  view.setUint32(MXCSR, MXCSR_INITIAL, true);
  return area;
}

function place(top: number): { readonly address: number; readonly bytes: number } {
  const fp = alignDown(top - XSTATE_BYTES - MAGIC2_BYTES, 64);
  const address = alignDown(fp - FRAME_BYTES, 16) - 8;
  return { address, bytes: fp + XSTATE_BYTES + MAGIC2_BYTES - address };
}

function encode(view: DataView, contents: FrameContents): void {
  const { address, registers, fault } = contents;
  view.setUint32(0, contents.returnToLo, true);
  view.setUint32(4, contents.returnToHi, true);
  view.setUint32(UCONTEXT, UC_FLAGS, true);
  ORDER.forEach((register, index) => copyOut(view, MCONTEXT + index * 8, registers, register));
  copyOut(view, FLAGS, registers, X86.RFLAGS);
  [USER_CS, 0, 0, USER_SS].forEach((selector, index) => view.setUint16(SELECTORS + index * 2, selector, true));
  view.setUint32(ERROR, fault.code, true);
  view.setUint32(TRAP, fault.number, true);
  view.setUint32(OLD_MASK, view.getUint32(MASK, true), true);
  view.setUint32(OLD_MASK + 4, view.getUint32(MASK + 4, true), true);
  view.setUint32(CR2, fault.addressLo, true);
  view.setUint32(CR2 + 4, fault.addressHi, true);
  const fp = alignUp(address + FRAME_BYTES, 64);
  setWide(view, FP_POINTER, fp);
  encodeFp(new DataView(view.buffer, view.byteOffset + fp - address, XSTATE_BYTES + MAGIC2_BYTES), contents.fp);
}

function alignUp(value: number, align: number): number {
  return alignDown(value + align - 1, align);
}

function encodeFp(area: DataView, fp: Uint8Array): void {
  new Uint8Array(area.buffer, area.byteOffset, XSTATE_BYTES).set(fp.subarray(0, XSTATE_BYTES));
  const present = area.getUint32(XSTATE_BV, true);
  // A component that was in its initial state may have been left out: handlers see it, and it counts as present.
  if ((present & X87) === 0) area.setUint16(FCW, FCW_INITIAL, true);
  area.setUint32(XSTATE_BV, present | X87 | SSE, true);
  area.setUint32(SW_RESERVED, MAGIC1, true);
  area.setUint32(SW_RESERVED + 4, XSTATE_BYTES + MAGIC2_BYTES, true);
  area.setUint32(SW_RESERVED + 8, XFEATURES, true);
  area.setUint32(SW_RESERVED + 12, 0, true);
  area.setUint32(SW_RESERVED + 16, XSTATE_BYTES, true);
  for (let at = SW_RESERVED + 20; at < FX_BYTES; at += 4) area.setUint32(at, 0, true);
  area.setUint32(XSTATE_BYTES, MAGIC2, true);
}

function decode(view: DataView, registers: RegisterView, fp: Uint8Array, read: ReadUser): 0 | Errno {
  const strict = (view.getUint32(UCONTEXT, true) & UC_STRICT_RESTORE_SS) !== 0;
  if ((view.getUint16(SELECTORS, true) | 3) !== USER_CS) return EINVAL;
  if (strict && (view.getUint16(SELECTORS + 6, true) | 3) !== USER_SS) return EINVAL;
  const restored = decodeFp(view, fp, read);
  if (restored < 0) return restored;
  ORDER.forEach((register, index) => copyIn(view, MCONTEXT + index * 8, registers, register));
  const flags = X86.RFLAGS * 2;
  registers[flags] = ((registers[flags] & ~FLAGS_RESTORED) | (view.getUint32(FLAGS, true) & FLAGS_RESTORED)) >>> 0;
  return 0;
}

/** FP state through the frame's pointer: none, an FXSAVE image, or an XSAVE area that its magic numbers vouch for. */
function decodeFp(view: DataView, fp: Uint8Array, read: ReadUser): 0 | Errno {
  const address = toNumber(view.getUint32(FP_POINTER, true), view.getUint32(FP_POINTER + 4, true));
  if (address === 0) {
    fp.set(INITIAL_XSAVE);
    return 0;
  }
  if (address % 16 !== 0) return EFAULT;
  const legacy = read(address, FX_BYTES);
  if (typeof legacy === 'number') return legacy;
  const area = new Uint8Array(XSTATE_BYTES);
  const bytes = xstateBytes(new DataView(legacy.buffer, legacy.byteOffset));
  const extended = bytes === 0 ? undefined : read(address, bytes + MAGIC2_BYTES);
  if (typeof extended === 'number') return extended;
  const isExtended = extended !== undefined && new DataView(extended.buffer).getUint32(bytes, true) === MAGIC2;
  area.set(isExtended ? extended.subarray(0, bytes) : legacy);
  const state = new DataView(area.buffer);
  if (!isExtended) state.setUint32(XSTATE_BV, X87 | SSE, true);
  if (!isLoadable(state) || (isExtended && address % 64 !== 0)) return EFAULT;
  if (isExtended)
    state.setUint32(XSTATE_BV, state.getUint32(XSTATE_BV, true) & state.getUint32(SW_RESERVED + 8, true), true);
  fp.set(area);
  return 0;
}

/** Length that the reserved bytes of an FXSAVE image claim for the whole area; 0 when they claim none. */
function xstateBytes(legacy: DataView): number {
  const bytes = legacy.getUint32(SW_RESERVED + 16, true);
  const isClaimed = legacy.getUint32(SW_RESERVED, true) === MAGIC1 && bytes <= legacy.getUint32(SW_RESERVED + 4, true);
  return isClaimed && bytes >= XSAVE_HEADER_END && bytes <= XSTATE_BYTES ? bytes : 0;
}

/** True when XRSTOR would take the area. */
function isLoadable(state: DataView): boolean {
  if ((state.getUint32(MXCSR, true) & MXCSR_RESERVED) !== 0) return false;
  if ((state.getUint32(XSTATE_BV, true) & ~XFEATURES) !== 0) return false;
  for (let at = XSTATE_BV + 4; at < XSAVE_HEADER_END; at += 4) if (state.getUint32(at, true) !== 0) return false;
  return true;
}

export const x86Frame: SignalFrameLayout = {
  bytes: FRAME_BYTES,
  // The frame, the area, and what aligning both may take.
  minimumStack: alignUp(FRAME_BYTES + 16 + XSTATE_BYTES + MAGIC2_BYTES + 63, 16),
  minimumAlternate: 2048,
  redZone: 128,
  info: INFO,
  ucontext: UCONTEXT,
  stack: UCONTEXT + 16,
  mask: MASK,
  // The handler's return has popped pretcode.
  fromStackPointer: -8,
  place,
  encode,
  decode,
};
