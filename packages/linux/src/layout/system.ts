/** Structures about the system and about use of resources: utsname, sysinfo, rusage, tms, rlimit64. */
import { clear, setWide } from './words.js';
import { encodeTimeval, NS_PER_SECOND } from './time.js';

/** Six strings of 65 bytes. */
export const UTSNAME_BYTES = 390;
const UTSNAME_FIELD = 65;

/** sysname, nodename, release, version, machine, domainname. */
export function encodeUtsname(view: DataView, fields: readonly string[]): void {
  clear(view, UTSNAME_BYTES);
  const bytes = new Uint8Array(view.buffer, view.byteOffset, UTSNAME_BYTES);
  fields.forEach((field, index) => {
    bytes.set(new TextEncoder().encode(field).subarray(0, UTSNAME_FIELD - 1), index * UTSNAME_FIELD);
  });
}

/** `struct sysinfo`: 0 uptime  8 loads[3]  32 totalram  40 freeram  80 procs:2  104 mem_unit:4. */
export const SYSINFO_BYTES = 112;

export interface SystemInfo {
  /** Seconds. */
  readonly uptime: number;
  /** Bytes. */
  readonly totalRam: number;
  readonly freeRam: number;
  readonly totalSwap: number;
  readonly freeSwap: number;
  readonly processes: number;
}

export function encodeSysinfo(view: DataView, info: SystemInfo): void {
  clear(view, SYSINFO_BYTES);
  setWide(view, 0, info.uptime);
  setWide(view, 32, info.totalRam);
  setWide(view, 40, info.freeRam);
  setWide(view, 64, info.totalSwap);
  setWide(view, 72, info.freeSwap);
  view.setUint16(80, info.processes, true);
  view.setUint32(104, 1, true);
}

/** `struct rusage`: 0 ru_utime  16 ru_stime  32 ru_maxrss (KiB), then 13 counters that stay zero here. */
export const RUSAGE_BYTES = 144;

/** All time is user time: the kernel runs outside the machine. */
export function encodeRusage(view: DataView, cpuTime: number, maxResidentKiB: number): void {
  clear(view, RUSAGE_BYTES);
  encodeTimeval(view, 0, cpuTime);
  setWide(view, 32, maxResidentKiB);
}

/** `struct tms`: utime, stime, cutime, cstime in clock ticks. */
export const TMS_BYTES = 32;
/** Ticks per second that user space sees (AT_CLKTCK). */
export const USER_HZ = 100;

export function encodeTms(view: DataView, cpuTime: number, childrenCpuTime: number): void {
  clear(view, TMS_BYTES);
  setWide(view, 0, ticks(cpuTime));
  setWide(view, 16, ticks(childrenCpuTime));
}

/** Nanoseconds as clock ticks. */
export function ticks(nanoseconds: number): number {
  return Math.floor(nanoseconds / (NS_PER_SECOND / USER_HZ));
}

/** `struct rlimit64`: soft and hard limit; all ones = unlimited. */
export const RLIMIT_BYTES = 16;

export function encodeLimit(view: DataView, offset: number, value: number): void {
  if (value === Infinity) {
    view.setUint32(offset, 0xffffffff, true);
    view.setUint32(offset + 4, 0xffffffff, true);
  } else setWide(view, offset, value);
}

/** Values from 2^63 on mean unlimited, as Linux's RLIM_INFINITY does in practice. */
export function decodeLimit(view: DataView, offset: number): number {
  const high = view.getUint32(offset + 4, true);
  return high >= 0x80000000 ? Infinity : high * 4294967296 + view.getUint32(offset, true);
}
