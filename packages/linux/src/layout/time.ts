/**
 * Times in user structures (64-bit ISAs).
 *
 *   timespec    0 tv_sec  8 tv_nsec        itimerspec  0 it_interval  16 it_value (timespecs)
 *   timeval     0 tv_sec  8 tv_usec        itimerval   0 it_interval  16 it_value (timevals)
 *
 * Inside, durations are nanoseconds in one number: exact to 2^53 ns (104 days), Infinity beyond 2^63 ns as Linux clamps.
 */
import { EINVAL, type Errno } from '@veridian-os/abi';
import { getSignedWide, setWide } from './words.js';

export const TIMESPEC_BYTES = 16;
export const TIMEVAL_BYTES = 16;
export const ITIMERSPEC_BYTES = 32;
export const ITIMERVAL_BYTES = 32;

export const NS_PER_SECOND = 1_000_000_000;
export const NS_PER_MICROSECOND = 1000;
/** Seconds from which on a time means "never" (KTIME_SEC_MAX). */
const NEVER_SECONDS = 9_223_372_036;

/** Nanoseconds of a timespec, or EINVAL for a negative or denormal one. */
export function decodeTimespec(view: DataView, offset: number): number | Errno {
  return combine(getSignedWide(view, offset), getSignedWide(view, offset + 8), NS_PER_SECOND, 1);
}

/** Nanoseconds of a timeval, or EINVAL. */
export function decodeTimeval(view: DataView, offset: number): number | Errno {
  return combine(getSignedWide(view, offset), getSignedWide(view, offset + 8), 1_000_000, NS_PER_MICROSECOND);
}

function combine(seconds: number, fraction: number, limit: number, unit: number): number | Errno {
  if (seconds < 0 || fraction < 0 || fraction >= limit) return EINVAL;
  return seconds >= NEVER_SECONDS ? Infinity : seconds * NS_PER_SECOND + fraction * unit;
}

export function encodeTimespec(view: DataView, offset: number, nanoseconds: number): void {
  setWide(view, offset, Math.floor(nanoseconds / NS_PER_SECOND));
  setWide(view, offset + 8, Math.floor(nanoseconds % NS_PER_SECOND));
}

/** Rounds down to microseconds. */
export function encodeTimeval(view: DataView, offset: number, nanoseconds: number): void {
  setWide(view, offset, Math.floor(nanoseconds / NS_PER_SECOND));
  setWide(view, offset + 8, Math.floor((nanoseconds % NS_PER_SECOND) / NS_PER_MICROSECOND));
}
