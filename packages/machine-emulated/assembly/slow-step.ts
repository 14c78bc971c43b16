/**
 * One instruction by the book: everything the loop left undone. Memory accesses that missed or touch devices, atomics,
 * CSRs and privileged instructions, floating point that the native paths declined, and illegal instructions.
 */
import { F, HART_FENCE, PC, SCRATCH_CHECK } from './layout';
import { SHARED } from './base';
import { CAUSE_ILLEGAL } from './bits';
import { expand } from './rvc';
import { fetch, fetched, loadVirtual, loaded, resolveFetch, storeVirtual } from './access';
import { decodeSlot } from './decode';
import { SLOW } from './ops';
import { atomicStep } from './atomic';
import { cacheBlock } from './cache-block';
import { floatEnabled, floatStep, setDirty } from './float-step';
import { fault } from './walk';
import { system } from './system';
import { dropStale } from './code-cache';

/** Instruction retired; pc moved on. */
export const DONE: i32 = 0;
/** `faultCause` and `faultValue` say what happened; pc is at the instruction. */
export const TRAPPED: i32 = 1;
/** Not an instruction for this path: its slot is older than its bytes. Decode it again. */
export const STALE: i32 = 2;
/** Retired, and pc is set already. */
export const JUMPED: i32 = 3;
/** Retired; the hart waits for an interrupt. */
export const WAITING: i32 = 4;

function illegal(raw: u32): i32 {
  fault(CAUSE_ILLEGAL, raw);
  return TRAPPED;
}

function done(ok: bool): i32 {
  return ok ? DONE : TRAPPED;
}

// @ts-ignore: decorator
@inline
function x(regs: usize, index: u32): u64 {
  return load<u64>(regs + (index << 3));
}

function setX(regs: usize, index: u32, value: u64): void {
  if (index != 0) store<u64>(regs + (index << 3), value);
}

function loadInteger(regs: usize, raw: u32, bits: u32): i32 {
  const f3 = (raw >> 12) & 7;
  if (f3 == 7) return illegal(bits);
  const size = 1 << (f3 & 3);
  if (!loadVirtual(x(regs, (raw >> 15) & 31) + <u64>(<i64>(<i32>raw >> 20)), size)) return TRAPPED;
  let value = loaded;
  if (f3 < 3) {
    const shift = 64 - 8 * size;
    value = <u64>(<i64>(value << shift) >> shift);
  }
  setX(regs, (raw >> 7) & 31, value);
  return DONE;
}

function storeAddress(regs: usize, raw: u32): u64 {
  return x(regs, (raw >> 15) & 31) + <u64>(<i64>((<i32>raw >> 25 << 5) | <i32>((raw >> 7) & 31)));
}

function storeInteger(regs: usize, raw: u32, bits: u32): i32 {
  const f3 = (raw >> 12) & 7;
  if (f3 > 3) return illegal(bits);
  return done(storeVirtual(storeAddress(regs, raw), 1 << f3, x(regs, (raw >> 20) & 31)));
}

function loadFloat(regs: usize, raw: u32, bits: u32): i32 {
  const f3 = (raw >> 12) & 7;
  if ((f3 != 2 && f3 != 3) || !floatEnabled()) return illegal(bits);
  if (!loadVirtual(x(regs, (raw >> 15) & 31) + <u64>(<i64>(<i32>raw >> 20)), 1 << f3)) return TRAPPED;
  store<u64>(regs + (((raw >> 7) & 31) << 3), f3 == 2 ? loaded | 0xffffffff00000000 : loaded, F);
  setDirty(regs);
  return DONE;
}

function storeFloat(regs: usize, raw: u32, bits: u32): i32 {
  const f3 = (raw >> 12) & 7;
  if ((f3 != 2 && f3 != 3) || !floatEnabled()) return illegal(bits);
  return done(storeVirtual(storeAddress(regs, raw), 1 << f3, load<u64>(regs + (((raw >> 20) & 31) << 3), F)));
}

/** FENCE (and PAUSE, one of its hints), FENCE.I, and the cache-block operations. */
function miscMemory(regs: usize, raw: u32, bits: u32): i32 {
  const f3 = (raw >> 12) & 7;
  if (f3 == 2) return cacheBlock(regs, raw, bits);
  if (f3 == 0) {
    if (SHARED) atomic.add<i32>(HART_FENCE, 1); // orders everything, whatever it does
    return DONE;
  }
  if (f3 != 1) return illegal(bits);
  dropStale();
  return DONE;
}

function dispatch(regs: usize, raw: u32, bits: u32): i32 {
  switch (raw & 0x7f) {
    case 0x03:
      return loadInteger(regs, raw, bits);
    case 0x07:
      return loadFloat(regs, raw, bits);
    case 0x0f:
      return miscMemory(regs, raw, bits);
    case 0x23:
      return storeInteger(regs, raw, bits);
    case 0x27:
      return storeFloat(regs, raw, bits);
    case 0x2f:
      return atomicStep(regs, raw, bits);
    case 0x43:
    case 0x47:
    case 0x4b:
    case 0x4f:
    case 0x53:
      return floatStep(regs, raw, bits);
    case 0x73:
      return system(regs, raw, bits);
    default:
      return unexpected(regs, raw, bits);
  }
}

/** Integer operations arrive here when they are undefined, or when the slot is older than the bytes. */
function unexpected(regs: usize, raw: u32, bits: u32): i32 {
  decodeSlot(SCRATCH_CHECK, raw, (bits & 3) != 3, -1);
  if (load<u8>(SCRATCH_CHECK) == SLOW) return illegal(bits);
  const pc = load<u64>(regs, PC);
  const slots = <usize>load<u32>(resolveFetch(pc), 8);
  if (slots != 0) store<u64>(slots + ((<usize>pc & 0xffe) << 2), 0);
  return STALE;
}

/** Does the instruction at the context's pc. Its slot said SLOW or its fast path declined. */
export function slowStep(regs: usize): i32 {
  const pc = load<u64>(regs, PC);
  if (!fetch(pc)) return TRAPPED;
  const bits = fetched;
  const short = (bits & 3) != 3;
  const result = dispatch(regs, short ? expand(bits) : bits, bits);
  if (result == DONE || result == WAITING) store<u64>(regs, pc + (short ? 2 : 4), PC);
  return result;
}
