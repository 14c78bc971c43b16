/**
 * The calls of the host's C library that machines use, with the conventions of this repository: a result below zero is
 * a negative errno, addresses are plain numbers (user addresses fit in 48 bits), times are nanoseconds.
 */

/** A system call's result: a value from zero, or a negative error number (`ENOENT`, ... of abi). */
export type SysResult = number;

export interface Libc {
  /** @returns a file descriptor, closed on exec */
  open(path: string, flags: number, mode?: number): SysResult;
  close(fd: number): SysResult;
  /** Reads up to `into.length` bytes. @returns bytes read, 0 at the end */
  read(fd: number, into: Uint8Array): SysResult;
  write(fd: number, from: Uint8Array): SysResult;
  /** `argument` is an integer or an address. */
  ioctl(fd: number, request: number, argument: number): SysResult;
  /** The argument is a structure, read and written in place. */
  ioctlBytes(fd: number, request: number, bytes: Uint8Array): SysResult;
  /**
   * @param offset into the file, a multiple of the page size
   * @param at where, with MAP_FIXED; default anywhere
   * @returns the mapping's address
   */
  mmap(length: number, protection: number, flags: number, fd: number, offset: number, at?: number): SysResult;
  munmap(address: number, length: number): SysResult;
  mprotect(address: number, length: number, protection: number): SysResult;
  madvise(address: number, length: number, advice: number): SysResult;
  /**
   * The bytes of a mapping as a plain ArrayBuffer, without a copy. Atomics work on it except `Atomics.wait`. It does not
   * unmap when it is collected, and an access after munmap ends the process: `MappedMemory` takes care of both.
   * @throws RangeError when it is longer than `MAX_VIEW`
   */
  view(address: number, length: number): ArrayBuffer;
  /** Anonymous memory as a file, closed on exec. @returns a file descriptor */
  memfdCreate(name: string): SysResult;
  ftruncate(fd: number, length: number): SysResult;
  mkfifo(path: string, mode: number): SysResult;
  /** Two connected stream sockets, closed on exec: their descriptors are put into `pair`. */
  socketpair(pair: Int32Array): SysResult;
  /** @returns a file descriptor, closed on exec */
  eventfd(initial: number, flags: number): SysResult;
  /**
   * Waits for events. Two words per descriptor: the descriptor; the events asked for in the low half (the kernel puts
   * those that happened into the high half).
   * @param timeoutMs -1 = for ever
   * @returns descriptors with events, 0 = none in time
   */
  poll(descriptors: Int32Array, timeoutMs: number): SysResult;
  /** Kernel id of the calling thread. */
  gettid(): number;
  /** Sends `signal` (0 = only asks whether it could) to a thread of this process. */
  tgkill(thread: number, signal: number): SysResult;
  kill(process: number, signal: number): SysResult;
  /** Changes which signals the calling thread blocks. @param how `SIG_BLOCK` or `SIG_UNBLOCK` */
  sigprocmask(how: number, signals: readonly number[]): SysResult;
  /** Takes a pending blocked signal. @returns its number, or EAGAIN when none came within `timeoutNs` */
  sigtimedwait(signals: readonly number[], timeoutNs: number): SysResult;
  /** Timer that sends `signal` to one thread of this process. @returns the timer's id */
  timerCreate(clock: number, signal: number, thread: number): SysResult;
  /** Arms a timer: in `firstNs` (0 = disarms), then every `intervalNs` (0 = once); both below 2^31 seconds. */
  timerSettime(timer: number, firstNs: number, intervalNs: number): SysResult;
  timerDelete(timer: number): SysResult;
  prctl(option: number, argument: number): SysResult;
}

/** Longest ArrayBuffer over foreign memory that every supported Node.js makes; map more in windows. */
export const MAX_VIEW = 2 ** 30;

// Values of Linux's headers that are the same on x86-64, arm64 and riscv64.

export const O_RDONLY = 0;
export const O_WRONLY = 1;
export const O_RDWR = 2;
export const O_NONBLOCK = 0o4000;
export const O_CLOEXEC = 0o2000000;

export const PROT_NONE = 0;
export const PROT_READ = 1;
export const PROT_WRITE = 2;
export const PROT_EXEC = 4;
export const MAP_SHARED = 0x01;
export const MAP_PRIVATE = 0x02;
export const MAP_FIXED = 0x10;
export const MAP_ANONYMOUS = 0x20;
export const MAP_NORESERVE = 0x4000;
export const MADV_DONTNEED = 4;

export const EFD_NONBLOCK = 0o4000;
export const POLLIN = 1;
export const POLLOUT = 4;
export const POLLERR = 8;
export const POLLHUP = 16;

export const SIG_BLOCK = 0;
export const SIG_UNBLOCK = 1;
/** First signal number that C libraries leave to programs. */
export const SIGRTMIN = 34;
export const SIGRTMAX = 64;
export const CLOCK_MONOTONIC = 1;
export const PR_SET_PDEATHSIG = 1;
