/**
 * A extension. There is one reservation per hart; it ends at host traps and when the hart runs another context (run.ts).
 *
 * With several harts (SHARED) an AMO is a loop of compare-and-exchange, and SC stores if the memory still holds what LR
 * read: like QEMU's, it cannot tell memory that was changed and changed back from memory that was left alone.
 */
import { SHARED } from './base';
import { HART_RES_ADDR, HART_RES_CTX, HART_RES_VALID, HART_RES_VALUE, QUAD_LOCK } from './layout';
import { CAUSE_ILLEGAL, CAUSE_LOAD_MISALIGNED, CAUSE_STORE_MISALIGNED } from './bits';
import { resolveRam } from './access';
import { READ, WRITE, fault } from './walk';
import { DONE, TRAPPED } from './slow-step';

/** funct5 of AMOCAS. */
const CAS: u32 = 5;

function trap(cause: u32, value: u64): i32 {
  fault(cause, value);
  return TRAPPED;
}

function extend(value: u64, size: i32): u64 {
  return size == 4 ? <u64>(<i64>(<i32>value)) : value;
}

/** What an AMO stores. Words come sign-extended. */
export function combine(operation: u32, a: u64, b: u64): u64 {
  switch (operation) {
    case 0x00:
      return a + b;
    case 0x01:
      return b;
    case 0x04:
      return a ^ b;
    case 0x08:
      return a | b;
    case 0x0c:
      return a & b;
    case 0x10:
      return <u64>min<i64>(<i64>a, <i64>b);
    case 0x14:
      return <u64>max<i64>(<i64>a, <i64>b);
    case 0x18:
      return min<u64>(a, b); // sign extension keeps the unsigned order of words
    default:
      return max<u64>(a, b);
  }
}

/** Whether funct5 names an AMO (not LR or SC). */
export function isDefined(operation: u32): bool {
  return operation <= 1 || ((operation & 3) == 0 && operation <= 0x1c);
}

export function dropReservation(): void {
  store<u32>(HART_RES_VALID, 0);
}

/** Reserves the bytes at `host` for the context at `regs`. */
// @ts-ignore: decorator
@inline
export function reserve(regs: usize, host: usize): void {
  store<u32>(HART_RES_ADDR, <u32>host);
  store<u32>(HART_RES_CTX, <u32>regs);
  store<u32>(HART_RES_VALID, 1);
}

/** @returns whether there was a reservation at `host`; there is none afterwards */
// @ts-ignore: decorator
@inline
export function takeReservation(host: usize): bool {
  const held = load<u32>(HART_RES_VALID) != 0 && load<u32>(HART_RES_ADDR) == <u32>host;
  store<u32>(HART_RES_VALID, 0);
  return held;
}

/**
 * `value` sign-extended. Not by a cast: the compiler folds one into an atomic load, and those only extend with zeroes.
 */
// @ts-ignore: decorator
@inline
function signed<T>(value: T): u64 {
  return sizeof<T>() == 4 ? <u64>(<i64>(<u64>value << 32) >> 32) : <u64>value;
}

/** LR of the bytes at `host`, which are accessible and aligned. @returns them, sign-extended */
// @ts-ignore: decorator
@inline
export function loadLinked<T>(regs: usize, host: usize): u64 {
  reserve(regs, host);
  if (!SHARED) return <u64>(<i64>load<T>(host));
  const value = signed<T>(atomic.load<T>(host));
  store<u64>(HART_RES_VALUE, value);
  return value;
}

/** SC at `host`. @returns whether it stored */
// @ts-ignore: decorator
@inline
export function storeLinked<T>(host: usize, value: u64): bool {
  if (!takeReservation(host)) return false;
  if (SHARED) {
    const expected = <T>load<u64>(HART_RES_VALUE);
    return atomic.cmpxchg<T>(host, expected, <T>value) == expected;
  }
  store<T>(host, <T>value);
  return true;
}

/** An AMO at `host`. @returns the old value, sign-extended */
// @ts-ignore: decorator
@inline
export function modify<T>(host: usize, operation: u32, operand: u64): u64 {
  if (!SHARED) {
    const old = <u64>(<i64>load<T>(host));
    store<T>(host, <T>combine(operation, old, operand));
    return old;
  }
  let seen = atomic.load<T>(host);
  while (true) {
    const found = atomic.cmpxchg<T>(host, seen, <T>combine(operation, signed<T>(seen), operand));
    if (found == seen) return signed<T>(seen);
    seen = found;
  }
}

/** AMOCAS at `host`. @returns the old value, sign-extended */
// @ts-ignore: decorator
@inline
export function compareSwap<T>(host: usize, expected: u64, value: u64): u64 {
  if (SHARED) return signed<T>(atomic.cmpxchg<T>(host, <T>expected, <T>value));
  const old = load<T>(host);
  if (old == <T>expected) store<T>(host, <T>value);
  return <u64>(<i64>old);
}

function loadReserved(regs: usize, va: u64, size: i32, rd: usize): i32 {
  const host = resolveRam(va, READ, size);
  if (host == 0) return TRAPPED;
  const value = size == 4 ? loadLinked<i32>(regs, host) : loadLinked<i64>(regs, host);
  if (rd != regs) store<u64>(rd, value);
  return DONE;
}

function storeConditional(regs: usize, va: u64, size: i32, rd: usize, value: u64): i32 {
  const host = resolveRam(va, WRITE, size);
  if (host == 0) return TRAPPED;
  const held = size == 4 ? storeLinked<i32>(host, value) : storeLinked<i64>(host, value);
  if (rd != regs) store<u64>(rd, held ? 0 : 1);
  return DONE;
}

/** AMOCAS of a word or doubleword. */
function compareAndSwap(regs: usize, va: u64, size: i32, rd: usize, value: u64): i32 {
  const host = resolveRam(va, WRITE, size);
  if (host == 0) return TRAPPED;
  const expected = load<u64>(rd);
  const old = size == 4 ? compareSwap<i32>(host, expected, value) : compareSwap<i64>(host, expected, value);
  if (rd != regs) store<u64>(rd, old);
  return DONE;
}

function lockQuad(): void {
  if (!SHARED) return;
  while (atomic.cmpxchg<i32>(QUAD_LOCK, 0, 1) != 0) {}
}

function unlockQuad(): void {
  if (SHARED) atomic.store<i32>(QUAD_LOCK, 0);
}

/** Register `index` of a pair; the pair of x0 is two zeroes. */
function pairHalf(regs: usize, index: u32, high: u32): u64 {
  return index == 0 ? 0 : load<u64>(regs + ((index + high) << 3));
}

/**
 * AMOCAS.Q: registers come in pairs, odd ones are reserved (section "Zacas"). WebAssembly has no 16-byte atomic, so with
 * several harts these take turns: one is atomic against the others, and in halves against everything else.
 */
function compareAndSwapQuad(regs: usize, raw: u32, bits: u32): i32 {
  const rd = (raw >> 7) & 31;
  const rs2 = (raw >> 20) & 31;
  if ((rd | rs2) & 1) return trap(CAUSE_ILLEGAL, bits);
  const va = load<u64>(regs + (((raw >> 15) & 31) << 3));
  if (va & 15) return trap(CAUSE_STORE_MISALIGNED, va);
  const host = resolveRam(va, WRITE, 16);
  if (host == 0) return TRAPPED;
  lockQuad();
  const low = load<u64>(host);
  const high = load<u64>(host, 8);
  if (low == pairHalf(regs, rd, 0) && high == pairHalf(regs, rd, 1)) {
    store<u64>(host, pairHalf(regs, rs2, 0));
    store<u64>(host, pairHalf(regs, rs2, 1), 8);
  }
  unlockQuad();
  if (rd != 0) {
    store<u64>(regs + (rd << 3), low);
    store<u64>(regs + (rd << 3), high, 8);
  }
  return DONE;
}

/** LR, SC and AMOs. */
export function atomicStep(regs: usize, raw: u32, bits: u32): i32 {
  const f3 = (raw >> 12) & 7;
  const operation = raw >> 27;
  if (f3 == 4 && operation == CAS) return compareAndSwapQuad(regs, raw, bits);
  const isLoad = operation == 2;
  if (f3 != 2 && f3 != 3) return trap(CAUSE_ILLEGAL, bits);
  if (operation != 3 && !isLoad && operation != CAS && !isDefined(operation)) return trap(CAUSE_ILLEGAL, bits);
  if (isLoad && ((raw >> 20) & 31) != 0) return trap(CAUSE_ILLEGAL, bits);
  const size = 1 << f3;
  const va = load<u64>(regs + (((raw >> 15) & 31) << 3));
  if (va & (size - 1)) return trap(isLoad ? CAUSE_LOAD_MISALIGNED : CAUSE_STORE_MISALIGNED, va);
  const rd = regs + (((raw >> 7) & 31) << 3);
  const operand = load<u64>(regs + (((raw >> 20) & 31) << 3));
  if (isLoad) return loadReserved(regs, va, size, rd);
  if (operation == 3) return storeConditional(regs, va, size, rd, operand);
  if (operation == CAS) return compareAndSwap(regs, va, size, rd, operand);
  const host = resolveRam(va, WRITE, size);
  if (host == 0) return TRAPPED;
  const extended = extend(operand, size);
  const old = size == 4 ? modify<i32>(host, operation, extended) : modify<i64>(host, operation, extended);
  if (rd != regs) store<u64>(rd, old);
  return DONE;
}
