/** What the code of a vDSO consists of, and what is the same for all ISAs. */
import { PAGE_SIZE } from '@veridian-os/abi';
import {
  CLOCK_BOOTTIME,
  CLOCK_MONOTONIC,
  CLOCK_MONOTONIC_COARSE,
  CLOCK_MONOTONIC_RAW,
  CLOCK_REALTIME,
  CLOCK_REALTIME_COARSE,
  CLOCK_TAI,
} from '../time/clocks.js';

/** Where the code begins in the image, and thus how far it is from the data page, which lies right below the image. */
export const TEXT = 0x800;
export const TEXT_FROM_DATA: number = PAGE_SIZE + TEXT;
export const NS_PER_SECOND = 1_000_000_000;

const maskOf = (...clocks: readonly number[]): number => clocks.reduce((mask, clock) => mask | (1 << clock), 0);

/** Clocks that the data page tells, bit by number; the others make the call. */
export const MONOTONIC_CLOCKS = maskOf(CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME);
export const REAL_CLOCKS = maskOf(CLOCK_REALTIME, CLOCK_REALTIME_COARSE, CLOCK_TAI);

export interface VdsoFunction {
  readonly name: string;
  /** Offset into the code. */
  readonly offset: number;
  readonly bytes: number;
  /** A second, weak name of the same function. */
  readonly alias?: string;
}

/** The functions touch neither the stack nor registers that a callee keeps. */
export interface VdsoCode {
  readonly bytes: Uint8Array;
  readonly functions: readonly VdsoFunction[];
  /** Version of all its symbols. */
  readonly version: string;
  /** Bytes from the start that are such functions: the rest is signal-return code. */
  readonly leafBytes: number;
  /** Offset of the signal-return code. */
  readonly sigreturn: number;
}
