/**
 * System-call numbers of what C libraries wrap differently or only lately. Source: Linux uapi, asm/unistd_64.h and
 * asm-generic/unistd.h.
 */

export interface SyscallNumbers {
  readonly gettid: number;
  readonly tgkill: number;
  readonly timerCreate: number;
  readonly timerSettime: number;
  readonly timerDelete: number;
  readonly sigprocmask: number;
  readonly sigtimedwait: number;
  readonly memfdCreate: number;
  readonly eventfd2: number;
}

const GENERIC: SyscallNumbers = {
  gettid: 178,
  tgkill: 131,
  timerCreate: 107,
  timerSettime: 110,
  timerDelete: 111,
  sigprocmask: 135,
  sigtimedwait: 137,
  memfdCreate: 279,
  eventfd2: 19,
};

const X64: SyscallNumbers = {
  gettid: 186,
  tgkill: 234,
  timerCreate: 222,
  timerSettime: 223,
  timerDelete: 226,
  sigprocmask: 14,
  sigtimedwait: 128,
  memfdCreate: 319,
  eventfd2: 290,
};

/** @param arch as in `process.arch` @returns undefined for an architecture that this package does not speak */
export function syscallNumbers(arch: string): SyscallNumbers | undefined {
  if (arch === 'x64') return X64;
  return arch === 'arm64' || arch === 'riscv64' ? GENERIC : undefined;
}
