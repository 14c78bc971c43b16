/**
 * aarch64's signal frame. Source: Linux arch/arm64/kernel/signal.c, include/uapi/asm/sigcontext.h.
 *
 *   rt_sigframe   0 siginfo (128)   128 ucontext (4560)   = 4688 bytes, then a frame record: x29, x30
 *   ucontext      0 uc_flags  8 uc_link  16 uc_stack (24)  40 uc_sigmask (128)  176 uc_mcontext
 *   mcontext      0 fault_address  8 x0 .. 248 x30  256 sp  264 pc  272 pstate  288 records (4096)
 *   record        0 magic:4  4 size:4, size 0 ends the list
 *     fpsimd        8 fpsr:4  12 fpcr:4  16 v0..v31       = 528 bytes
 *     esr           8 syndrome                            = 16 bytes, after a fault only
 */
import { EINVAL, type Errno } from '@veridian-os/abi';
import { ARM, type RegisterView } from '@veridian-os/hal';
import { SIGINFO_BYTES } from '../layout/siginfo.js';
import type { FrameContents, SignalFrameLayout } from './isa.js';
import { alignDown, copyIn, copyOut } from './words.js';

const UCONTEXT = SIGINFO_BYTES;
const MCONTEXT = UCONTEXT + 176;
const REGISTERS = MCONTEXT + 8;
const SP = MCONTEXT + 256;
const PC = MCONTEXT + 264;
const PSTATE = MCONTEXT + 272;
const RECORDS = MCONTEXT + 288;
const RECORDS_BYTES = 4096;
export const FRAME_BYTES = RECORDS + RECORDS_BYTES;
/** The frame record that makes a handler's caller the interrupted function. */
const LINK_BYTES = 16;

const FPSIMD_MAGIC = 0x46508001;
const FPSIMD_BYTES = 528;
const ESR_MAGIC = 0x45535201;
const ESR_BYTES = 16;
const VECTOR_BYTES = 512;
/** fpsr and fpcr in what `saveFp` gives. */
const FP_STATUS = 512;

/** N, Z, C, V: all of pstate that a program owns. */
const FLAGS = 0xf0000000;
/** Mode, AArch32 state and masks of exceptions, which must be zero: EL0 with everything enabled. */
const PRIVILEGED = 0x3df;

function encode(view: DataView, { registers, fp, fault }: FrameContents): void {
  if (fault.code !== 0) {
    view.setUint32(MCONTEXT, fault.addressLo, true);
    view.setUint32(MCONTEXT + 4, fault.addressHi, true);
  }
  for (let register = 0; register < 31; register++) copyOut(view, REGISTERS + register * 8, registers, register);
  copyOut(view, SP, registers, ARM.SP);
  copyOut(view, PC, registers, ARM.PC);
  copyOut(view, PSTATE, registers, ARM.PSTATE);
  view.setUint32(RECORDS, FPSIMD_MAGIC, true);
  view.setUint32(RECORDS + 4, FPSIMD_BYTES, true);
  const record = new Uint8Array(view.buffer, view.byteOffset + RECORDS, FPSIMD_BYTES);
  record.set(fp.subarray(FP_STATUS, FP_STATUS + 8), 8);
  record.set(fp.subarray(0, VECTOR_BYTES), 16);
  if (fault.code !== 0) {
    view.setUint32(RECORDS + FPSIMD_BYTES, ESR_MAGIC, true);
    view.setUint32(RECORDS + FPSIMD_BYTES + 4, ESR_BYTES, true);
    view.setUint32(RECORDS + FPSIMD_BYTES + 8, fault.code, true);
  }
  copyOut(view, FRAME_BYTES, registers, 29);
  copyOut(view, FRAME_BYTES + 8, registers, 30);
}

function decode(view: DataView, registers: RegisterView, fp: Uint8Array): 0 | Errno {
  const fpsimd = findFpsimd(view);
  if (fpsimd < 0 || (view.getUint32(PSTATE, true) & PRIVILEGED) !== 0) return EINVAL;
  for (let register = 0; register < 31; register++) copyIn(view, REGISTERS + register * 8, registers, register);
  copyIn(view, SP, registers, ARM.SP);
  copyIn(view, PC, registers, ARM.PC);
  registers[ARM.PSTATE * 2] = (view.getUint32(PSTATE, true) & FLAGS) >>> 0;
  registers[ARM.PSTATE * 2 + 1] = 0;
  const record = new Uint8Array(view.buffer, view.byteOffset + fpsimd, FPSIMD_BYTES);
  fp.set(record.subarray(16), 0);
  fp.set(record.subarray(8, 16), FP_STATUS);
  return 0;
}

/** Walks the records; at most 256 fit. @returns the FP record's offset, or EINVAL for a list that Linux refuses */
function findFpsimd(view: DataView): number {
  let fpsimd: number = EINVAL;
  for (let at = RECORDS; at + 8 <= FRAME_BYTES;) {
    const magic = view.getUint32(at, true);
    const size = view.getUint32(at + 4, true);
    if (magic === 0) return size === 0 ? fpsimd : EINVAL;
    if (size % 16 !== 0 || size < 16 || at + size > FRAME_BYTES) return EINVAL;
    if (magic === FPSIMD_MAGIC) {
      if (fpsimd >= 0 || size !== FPSIMD_BYTES) return EINVAL;
      fpsimd = at;
    } else if (magic !== ESR_MAGIC) return EINVAL;
    at += size;
  }
  return EINVAL;
}

export const aarch64Frame: SignalFrameLayout = {
  bytes: FRAME_BYTES,
  minimumStack: FRAME_BYTES + LINK_BYTES + 16,
  minimumAlternate: 5120,
  redZone: 0,
  info: 0,
  ucontext: UCONTEXT,
  stack: UCONTEXT + 16,
  mask: UCONTEXT + 40,
  fromStackPointer: 0,
  place: (top) => ({
    address: alignDown(top - LINK_BYTES, 16) - FRAME_BYTES,
    bytes: FRAME_BYTES + LINK_BYTES,
  }),
  encode,
  decode,
};
