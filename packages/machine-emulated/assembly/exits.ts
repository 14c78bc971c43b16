/** Ways out of the interpreter's loop: each leaves the context's pc, `leftOver` and a reason behind. */
import { PC } from './layout';
import { pc0 } from './slot';

/** Reasons to leave the loop. */
export const AT_BUDGET: i32 = 0;
/** No translation for the pc. */
export const AT_FETCH: i32 = 1;
/** The slot is not decoded yet. */
export const AT_DECODE: i32 = 2;
/** The exact path must do this instruction. */
export const AT_SLOW: i32 = 3;
/** The instruction's second half is in the next page. */
export const AT_CROSS: i32 = 4;

/** The page of `missAddress` is not in the read table, or the access is misaligned. */
export const AT_READ: i32 = 5;
/** The same for the write table. */
export const AT_WRITE: i32 = 6;

/** The slot is the entry of a translated region. */
export const AT_ENTER: i32 = 7;

/** No reason: the instruction, of four bytes, is done. */
export const DONE: i32 = -1;

/** Address of the access that ended the last `interpret` with AT_READ or AT_WRITE. */
export let missAddress: u64 = 0;

/** Instructions not used of the count given to `interpret`; valid after it returned. */
export let leftOver: i32 = 0;

export function leave(regs: usize, pc: u64, left: i32, reason: i32): i32 {
  store<u64>(regs, pc, PC);
  leftOver = left;
  return reason;
}

/** Leaves before the instruction at `ip`, which `left` has already counted. */
// @ts-ignore: decorator
@inline
export function slow(regs: usize, bias: u64, ip: usize, left: i32): i32 {
  return leave(regs, pc0(bias, ip), left, AT_SLOW);
}

/** Leaves before a load or store that its table did not hold. */
// @ts-ignore: decorator
@inline
export function miss(regs: usize, bias: u64, ip: usize, left: i32, address: u64, reason: i32): i32 {
  missAddress = address;
  return leave(regs, pc0(bias, ip), left, reason);
}

/** The same for an operation outside the loop, which returns the reason to it. */
export function missed(address: u64, reason: i32): i32 {
  missAddress = address;
  return reason;
}
