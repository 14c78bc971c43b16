/**
 * Entry points: run a context or the whole hart, and what the host calls between runs.
 *
 * Hosted: the context's U-mode code runs until something concerns the host. System: the hart handles its own traps; a
 * run ends by budget, kick, WFI without a wake-up, or a host stop request.
 */
import { BASE, SHARED } from './base';
import {
  HART_BELL, HART_HOSTED, HART_KICK, HART_PAUSE, HART_PAUSED, HART_PRIV, HART_RES_CTX, HART_RETIRED, HART_SATP, HART_STEPS, HART_TIMER, HART_WAITING, LOOSE_ENTRY, PC,
  SATP, SCRATCH, TRAP_CAUSE, TRAP_CONSUMED, TRAP_KIND, TRAP_TVAL,
} from './layout';
import { AT_BUDGET, AT_CROSS, AT_DECODE, AT_ENTER, AT_FETCH, AT_READ, AT_WRITE, leftOver, missAddress } from './exits';
import { interpret } from './interpreter';
import { CAUSE_BREAKPOINT, CAUSE_ECALL_U, PRIV_U } from './bits';
import { DONE, STALE, TRAPPED, WAITING, slowStep } from './slow-step';
import { FILLED, UNDECIDED, fetch, fetched, refill, resolveFetch } from './access';
import { decodeRun } from './code-cache';
import { decodeSlot } from './decode';
import { expand } from './rvc';
import { deliver, deliverInterrupt, wakes } from './trap';
import { dropReservation } from './atomic';
import { READ, WRITE, faultCause, faultValue } from './walk';
import { comparatorStep } from './supervisor-timer';
import { flushAll, selectSets } from './tlb';
import { updateFloatTrap } from './float-step';
import { PAGE_END } from './ops';
import { creditSample, interpretable, regionReason, runRegions } from './regions';

/** Kinds in the trap record; the first five are the hal's. */
const BUDGET: u32 = 0;
const SYSCALL: u32 = 1;
const FAULT: u32 = 2;
const BREAKPOINT: u32 = 3;
const INTERRUPT: u32 = 4;
const IDLE: u32 = 5;
/** Not for the trap record's reader: a worker has come back while the first CPU ran (shared build). */
const RING: u32 = 7;

/** A kick is noticed after at most this many instructions; also the unit in which V8 may swap in optimised code. */
const CHUNK: i64 = SHARED ? 4096 : 8192;

/** Instructions that regions may run before somebody looks at interrupts again; they cannot arise meanwhile. */
const MOST: i64 = 1 << 30;

/** `interpret` must start at this slot instead of looking the pc up; 0 = look it up. */
let startAt: usize = 0;

function account(count: i64): void {
  store<u64>(HART_STEPS, load<u64>(HART_STEPS) + count);
  store<u64>(HART_RETIRED, load<u64>(HART_RETIRED) + count);
}

/** Decodes the instruction at the pc into the scratch slots: it alone, then an end of page. */
function decodeAlone(regs: usize): bool {
  if (!fetch(load<u64>(regs, PC))) return false;
  const short = (fetched & 3) != 3;
  decodeSlot(SCRATCH, short ? expand(fetched) : fetched, short, -1);
  store<u64>(SCRATCH, short ? PAGE_END : 0, 8);
  store<u64>(SCRATCH, PAGE_END, 16);
  startAt = SCRATCH;
  return true;
}

/** Decodes from the context's pc: ahead in its page, or it alone where PMP lets only parts of the page in. */
function decodeHere(regs: usize): bool {
  const pc = load<u64>(regs, PC);
  const entry = resolveFetch(pc);
  if (entry == 0) return false;
  if (entry == LOOSE_ENTRY) return decodeAlone(regs);
  decodeRun(load<u32>(entry, 8), load<u32>(entry, 12), <u32>pc & 0xffe);
  return true;
}

/** Makes the page of the context's pc executable from the table, or its instruction from the scratch slots. */
function enterPage(regs: usize): bool {
  const entry = resolveFetch(load<u64>(regs, PC));
  return entry == LOOSE_ENTRY ? decodeAlone(regs) : entry != 0;
}

/**
 * One pass through the loop and whatever it left undone: at most `limit` instructions (>= 1).
 * @returns slow-step result; DONE also when nothing special happened
 */
function advance(regs: usize, limit: i64): i32 {
  const allowed = interpretable(<i32>min<i64>(limit, CHUNK));
  const at = startAt;
  startAt = 0;
  const reason = interpret(regs, allowed, at);
  account(allowed - leftOver);
  creditSample(regs, allowed - leftOver);
  if (reason != AT_ENTER) return settle(regs, reason);
  // What lies before the limit, and no more than fits the counter of a region.
  account(runRegions(regs, <i32>min<i64>(limit - (allowed - leftOver), MOST)));
  return settle(regs, regionReason);
}

/** Does what the loop left for `reason`. */
function settle(regs: usize, reason: i32): i32 {
  switch (reason) {
    case AT_BUDGET:
    case AT_ENTER:
      return DONE;
    case AT_FETCH:
      return enterPage(regs) ? DONE : TRAPPED;
    case AT_DECODE:
      return decodeHere(regs) ? DONE : TRAPPED;
    case AT_CROSS:
      return decodeAlone(regs) ? DONE : TRAPPED;
    case AT_READ:
    case AT_WRITE: {
      if (missAddress & 7) break; // perhaps misaligned for what it is: the exact path looks at that before translating
      const filled = refill(missAddress, reason == AT_READ ? READ : WRITE);
      if (filled != UNDECIDED) return filled == FILLED ? DONE : TRAPPED;
    }
  }
  const result = slowStep(regs);
  if (result != TRAPPED && result != STALE) account(1);
  return result;
}

function finish(kind: u32, began: u64): u32 {
  store<u32>(TRAP_KIND, kind);
  store<u64>(TRAP_CONSUMED, load<u64>(HART_STEPS) - began);
  return kind;
}

function finishTrap(regs: usize, began: u64): u32 {
  dropReservation();
  store<u32>(TRAP_CAUSE, faultCause);
  store<u64>(TRAP_TVAL, faultValue);
  if (faultCause == CAUSE_ECALL_U) {
    store<u64>(regs, load<u64>(regs, PC) + 4, PC);
    account(1);
    return finish(SYSCALL, began);
  }
  return finish(faultCause == CAUSE_BREAKPOINT ? BREAKPOINT : FAULT, began);
}

function takeKick(): bool {
  if (load<u32>(HART_KICK) == 0) return false;
  store<u32>(HART_KICK, 0);
  return true;
}

/** Instructions until the budget or a timer. */
function untilTimer(left: i64): i64 {
  const timer = load<u64>(HART_TIMER) - load<u64>(HART_STEPS);
  let n = left;
  if (<i64>timer > 0 && <i64>timer < n) n = <i64>timer;
  const supervisor = comparatorStep() - load<u64>(HART_STEPS);
  if (<i64>supervisor > 0 && <i64>supervisor < n) n = <i64>supervisor;
  return n;
}

/** What every run starts with: the host may have written x0's cell, and another context may have reserved memory. */
function begin(regs: usize): void {
  store<u64>(regs, 0);
  startAt = 0;
  if (load<u32>(HART_RES_CTX) != <u32>regs) dropReservation();
}

/**
 * Waits while the kernel's thread works on this CPU's translations and decoded code: the request is odd, and answered
 * by
 * repeating it, so that an answer to an earlier one is not taken for it.
 */
function pause(): void {
  while (true) {
    const request = atomic.load<i32>(HART_PAUSE);
    if ((request & 1) == 0) break;
    atomic.store<i32>(HART_PAUSED, request);
    atomic.notify(HART_PAUSED, 1);
    atomic.wait<i32>(HART_PAUSE, request, -1);
  }
  startAt = 0;
  selectSets();
}

/** Runs the context at `regs` in U mode for at most `budget` instructions. @returns the trap record's kind */
export function runHosted(regs: usize, budget: f64): u32 {
  const began = load<u64>(HART_STEPS);
  const end = <i64>began + <i64>budget;
  begin(regs);
  store<u32>(HART_HOSTED, 1);
  store<u32>(HART_PRIV, PRIV_U);
  store<u64>(HART_SATP, load<u64>(regs, SATP));
  selectSets();
  while (true) {
    if (load<u64>(HART_STEPS) >= load<u64>(HART_TIMER)) {
      store<u64>(HART_TIMER, <u64>-1);
      return finish(INTERRUPT, began);
    }
    if (takeKick()) return finish(INTERRUPT, began);
    if (SHARED) {
      if (atomic.load<i32>(HART_PAUSE) & 1) pause();
      if (BASE == 0 && atomic.load<i32>(HART_BELL) != 0) return finish(RING, began);
    }
    const left = end - <i64>load<u64>(HART_STEPS);
    if (left <= 0) return finish(BUDGET, began);
    if (advance(regs, untilTimer(left)) == TRAPPED) return finishTrap(regs, began);
  }
  return 0;
}

/** The guest took a trap: it counts as a step, so that a trap loop still spends the budget. */
function trapInside(regs: usize): void {
  store<u64>(HART_STEPS, load<u64>(HART_STEPS) + 1);
  deliver(regs, faultCause, faultValue);
}

/** Runs the whole hart (M, S and U mode) on the context at `regs`. @returns BUDGET, INTERRUPT (kick) or IDLE (WFI) */
export function runSystem(regs: usize, budget: f64): u32 {
  const began = load<u64>(HART_STEPS);
  const end = <i64>began + <i64>budget;
  begin(regs);
  if (load<u32>(HART_HOSTED)) flushAll(); // what hosted code translated was not asked of PMP
  store<u32>(HART_HOSTED, 0);
  updateFloatTrap(regs);
  selectSets();
  while (true) {
    if (takeKick()) return finish(INTERRUPT, began);
    const left = end - <i64>load<u64>(HART_STEPS);
    if (left <= 0) return finish(BUDGET, began);
    if (load<u32>(HART_WAITING)) {
      if (!wakes()) return finish(IDLE, began);
      store<u32>(HART_WAITING, 0);
    }
    if (deliverInterrupt(regs)) startAt = 0;
    const result = advance(regs, untilTimer(left));
    if (result == TRAPPED) trapInside(regs);
    else if (result == WAITING) store<u32>(HART_WAITING, 1);
  }
  return 0;
}
