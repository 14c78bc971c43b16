/**
 * Translated regions, as the core sees them: functions of other modules in its table, entered where a slot says ENTER.
 * The translator (src/translator/) makes them; here is how they are entered, and the samples that tell it what is hot.
 *
 * An entry record, 32 bytes, at the address that the ENTER slot's imm holds:
 *   0  the slot that ENTER replaced   8  table index u32   12  which entry of the region u32
 *   16 distance of the entry from the region's base i64    24  refusals in a row u32
 *   28 when it was last entered: low half of HART_REGION_ENTERED
 *
 * A region returns with the pc stored and what is left of the count it was given; all of it left = the interpreter
 * must do the
 * first instruction. -1 = it refused to begin: a page moved.
 */
import {
  HART_SAMPLE_INTERVAL, EXEC_TABLE, HART_CODE_SET, PC, HART_EXIT_CREDIT, HART_LEFT_BASE, HART_MOVE_CREDIT, HART_REGION_DECLINED,
  HART_REGION_ENTERED, HART_SAMPLE_CREDIT, HART_SLICE_END, HART_STEPS,
} from './layout';
import { AT_BUDGET, leftOver } from './exits';
import { interpret } from './interpreter';
import { ENTER } from './ops';
import { execEntryOf } from './tlb';

// @ts-ignore: decorator
@external('env', 'sample')
declare function sample(slot: u32, pcLow: u32, pcHigh: u32, from: u32): void;

/** Instructions per entry: V8 swaps in optimised code only where a function is entered. More than any path's length. */
const SLICE: i32 = 50000;
/** Refusals in a row after which an entry is given up. */
const PATIENCE: u32 = 64;
const EXIT_INTERVAL: i32 = 64;
/** What `sample` is told: the interpreter was there; a region was left there; above, 2 + the index of the region left. */
const FROM_INTERPRETER: u32 = 0;
const FROM_REGION: u32 = 1;
const FROM_INDEX: u32 = 2;

/** Slot of the pc, or 0 when no table entry knows it. */
function slotOf(pc: u64): usize {
  const e = execEntryOf(<usize>load<u32>(HART_CODE_SET) + EXEC_TABLE, pc);
  if (load<u64>(e) != (pc & ~0xfff)) return 0;
  return <usize>load<u32>(e, 8) + ((<u32>pc & 0xffe) << 2);
}

/** How much the interpreter may do at once of `allowed`, so that samples come in time. */
export function interpretable(allowed: i32): i32 {
  if (load<u32>(HART_SAMPLE_INTERVAL) == 0) return allowed;
  return min<i32>(allowed, load<i32>(HART_SAMPLE_CREDIT));
}

/** Counts `used` interpreted instructions, and tells the translator about the pc when it is time. */
export function creditSample(regs: usize, used: i32): void {
  const interval = load<u32>(HART_SAMPLE_INTERVAL);
  if (interval == 0) return;
  const credit = load<i32>(HART_SAMPLE_CREDIT) - used;
  store<i32>(HART_SAMPLE_CREDIT, credit > 0 ? credit : <i32>interval);
  if (credit > 0) return;
  const pc = load<u64>(regs, PC);
  const slot = slotOf(pc);
  if (slot != 0) sample(<u32>slot, <u32>pc, <u32>(pc >> 32), FROM_INTERPRETER);
}

/** Control left a region where no entry is; the translator hears of one in EXIT_INTERVAL. */
function noteExit(slot: usize, pc: u64): void {
  const credit = load<i32>(HART_EXIT_CREDIT) - 1;
  store<i32>(HART_EXIT_CREDIT, credit > 0 ? credit : EXIT_INTERVAL);
  if (credit <= 0 && slot != 0) sample(<u32>slot, <u32>pc, <u32>(pc >> 32), FROM_REGION);
}

/** Control went from one region to another; of one such way in EXIT_INTERVAL the translator hears. @returns whether it did */
function noteMove(slot: usize, pc: u64, from: u32, base: u64): bool {
  const credit = load<i32>(HART_MOVE_CREDIT) - 1;
  store<i32>(HART_MOVE_CREDIT, credit > 0 ? credit : EXIT_INTERVAL);
  if (credit > 0) return false;
  store<u64>(HART_LEFT_BASE, base);
  sample(<u32>slot, <u32>pc, <u32>(pc >> 32), FROM_INDEX + from);
  return true;
}

/** Why the interpreter left the instruction that a region refused, if it did; AT_BUDGET = nothing is left to do. */
export let regionReason: i32 = AT_BUDGET;

/** Does the one instruction that ENTER hides. @returns instructions retired */
function stepOver(regs: usize, slot: usize, record: usize): i32 {
  const entering = load<u64>(slot);
  const original = load<u64>(record);
  store<u64>(slot, original);
  regionReason = interpret(regs, 1, slot);
  if (load<u64>(slot) == original) store<u64>(slot, entering);
  return 1 - leftOver;
}

/** A region that refused to begin may do so for good. */
function refused(slot: usize, record: usize): void {
  store<u64>(HART_REGION_DECLINED, load<u64>(HART_REGION_DECLINED) + 1);
  const times = load<u32>(record, 24) + 1;
  store<u32>(record, times, 24);
  if (times == PATIENCE) store<u64>(slot, load<u64>(record));
}

/** Runs regions from the context's pc on, at most `count` instructions. @returns instructions retired */
export function runRegions(regs: usize, count: i32): i32 {
  let left = count;
  let from: u32 = 0;
  let base: u64 = 0;
  regionReason = AT_BUDGET;
  while (left > 0) {
    const pc = load<u64>(regs, PC);
    const slot = slotOf(pc);
    if (slot == 0 || load<u8>(slot) != ENTER) {
      if (left != count) noteExit(slot, pc);
      break;
    }
    const record = <usize>load<u32>(slot, 4);
    const index = load<u32>(record, 8);
    // The translator may take the entry away.
    if (left != count && index != from && noteMove(slot, pc, from, base)) continue;
    const slice = min<i32>(left, SLICE);
    from = index;
    base = pc - load<u64>(record, 16);
    store<u64>(HART_SLICE_END, load<u64>(HART_STEPS) + <u64>(count - left + slice));
    const rest = call_indirect<i32>(index, regs, slice, load<u32>(record, 12), base);
    const entered = load<u64>(HART_REGION_ENTERED) + 1;
    store<u64>(HART_REGION_ENTERED, entered);
    if (rest < 0) {
      refused(slot, record);
    } else if (rest != slice) {
      left -= slice - rest;
      store<u64>(record, entered << 32, 24); // no refusals, and when
      continue;
    }
    left -= stepOver(regs, slot, record);
    break;
  }
  return count - left;
}
