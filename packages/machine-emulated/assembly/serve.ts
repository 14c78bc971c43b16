/**
 * The life of a CPU on a worker, and what the kernel's thread needs beside it (shared build only).
 *
 * HART_STATE  PARKED -> RUNNING (kernel's thread: registers and budget are set) -> BACK (worker: the trap record is
 *             filled) -> PARKED (kernel's thread has read it). QUIT from any state, by the kernel's thread.
 * Every change of it is followed by a notify, and BACK also rings HART_BELL. All of it is sequentially consistent.
 *
 * While a CPU is not RUNNING, or has answered a pause (run.ts), the kernel's thread works on its translations and decoded
 * code through an instance of its own with the same BASE: both are in memory, not in the instance.
 */
import { HART_BELL, HART_BUDGET, HART_REGISTERS, HART_STATE } from './layout';
import { runHosted } from './run';

const PARKED: i32 = 0;
const RUNNING: i32 = 1;
const BACK: i32 = 2;
const QUIT: i32 = 3;

/** Looks before it sleeps: about 20 us, what a futex costs. */
const SPINS: i32 = 5000;

/** Waits for work. @returns RUNNING or QUIT */
function command(): i32 {
  for (let i = 0; i < SPINS; i++) {
    const state = atomic.load<i32>(HART_STATE);
    if (state == RUNNING || state == QUIT) return state;
  }
  while (true) {
    const state = atomic.load<i32>(HART_STATE);
    if (state == RUNNING || state == QUIT) return state;
    atomic.wait<i32>(HART_STATE, state, -1);
  }
}

/** The worker's loop; returns after QUIT. */
export function serve(): void {
  while (command() == RUNNING) {
    runHosted(load<u32>(HART_REGISTERS), <f64>load<u32>(HART_BUDGET));
    if (atomic.cmpxchg<i32>(HART_STATE, RUNNING, BACK) != RUNNING) return;
    atomic.store<i32>(HART_BELL, 1);
    atomic.notify(HART_BELL, 1);
  }
}

let exchangedHigh: u32 = 0;

/** Exchanges a page-table entry against the accessed and dirty bits that harts set. @returns low half of the old one */
export function exchange(host: u32, lo: u32, hi: u32): u32 {
  const old = atomic.xchg<u64>(host, <u64>lo | (<u64>hi << 32));
  exchangedHigh = <u32>(old >> 32);
  return <u32>old;
}

/** High half of what the last `exchange` replaced. */
export function exchangeHigh(): u32 {
  return exchangedHigh;
}
