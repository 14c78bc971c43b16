/**
 * The page from which vDSO code computes the time; the kernel writes it, programs only read.
 *
 * Units      byte offsets; little-endian; counter values are the processor's own, modulo 2^64
 * Invariant  written only while no CPU runs. A thread that was interrupted between two reads notices by GENERATION and
 *            begins again, so nothing needs to be atomic.
 */
import type { Counter } from '@veridian-os/hal';

export const DATA = {
  /** Word: another number for every line. */
  GENERATION: 0,
  /** Word. */
  SHIFT: 4,
  MULTIPLIER: 8,
  /** Counter at the start of the line. */
  START: 16,
  /** Seconds and nanoseconds of monotonic and of real time there. */
  MONOTONIC: 24,
  REAL: 40,
  /** Word: CPUs of the machine. */
  CPUS: 56,
  BYTES: 64,
} as const;

const NS_PER_SECOND = 1_000_000_000n;

/** @param realOffset real time minus monotonic time, ms */
export function writeDataPage(page: DataView, counter: Counter, realOffset: number, cpus: number): void {
  const { ticks, ns, multiplier, shift } = counter.line;
  const origin = (BigInt(counter.originHi) << 32n) + BigInt(counter.originLo);
  const at = (offset: number, time: bigint): void => {
    page.setBigUint64(offset, time / NS_PER_SECOND, true);
    page.setBigUint64(offset + 8, time % NS_PER_SECOND, true);
  };
  page.setUint32(DATA.SHIFT, shift, true);
  page.setBigUint64(DATA.MULTIPLIER, BigInt(multiplier), true);
  page.setBigUint64(DATA.START, BigInt.asUintN(64, origin + BigInt(ticks)), true);
  at(DATA.MONOTONIC, BigInt(ns));
  at(DATA.REAL, BigInt(ns) + BigInt(realOffset) * 1_000_000n);
  page.setUint32(DATA.CPUS, cpus, true);
  page.setUint32(DATA.GENERATION, page.getUint32(DATA.GENERATION, true) + 1, true);
}
