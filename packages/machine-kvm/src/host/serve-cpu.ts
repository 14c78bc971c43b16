/**
 * What a CPU's worker does: it waits for a vCPU to run, calls KVM_RUN, and rings. Everything else about the CPU happens on
 * the kernel's thread, which sees the same run page.
 *
 * The function travels as text: it refers to nothing but its arguments.
 */

import type { ThreadHost } from '@veridian-os/libc';

/** Words of a CPU's control block. */
export const CONTROL = {
  STATE: 0,
  /** Result of KVM_RUN: 0 or a negative errno. */
  RESULT: 1,
  /** Descriptor of the vCPU to run. */
  VCPU: 2,
  /** When the timer rings, from now: seconds, nanoseconds. */
  SECONDS: 3,
  NANOSECONDS: 4,
  /** Kernel id of the worker's thread, 0 until it serves. */
  THREAD: 5,
  /** Of CPU 0 only: counts CPUs that came back; 1 while the kernel's thread is inside KVM_RUN. */
  BELL: 6,
  INLINE: 7,
  WORDS: 16,
} as const;

export const CpuState = { Parked: 0, Running: 1, Back: 2, Quit: 3, Gone: 4 } as const;

export interface ServeInput {
  readonly koffi: string;
  readonly control: SharedArrayBuffer;
  readonly cpu: number;
  readonly signal: number;
  /** Kernel id of the kernel's thread. */
  readonly thread: number;
}

type CFunction = (...values: unknown[]) => number;
interface Foreign {
  load(path: null): { func(name: string, result: string, parameters: string[]): CFunction };
  errno(): number;
}

export function serveCpu(input: ServeInput, host: ThreadHost): void {
  const koffi = host.load(input.koffi) as Foreign;
  const library = koffi.load(null);
  const ioctl = library.func('ioctl', 'int', ['int', 'ulong', 'uintptr_t']);
  const plain = library.func('syscall', 'intptr_t', ['long', 'long', 'long', 'long']);
  const signals = library.func('syscall', 'intptr_t', ['long', 'int', 'void *', 'uintptr_t', 'size_t']);
  const wait = library.func('syscall', 'intptr_t', ['long', 'void *', 'uintptr_t', 'void *', 'size_t']);
  const create = library.func('syscall', 'intptr_t', ['long', 'int', 'void *', 'void *']);
  const settime = library.func('syscall', 'intptr_t', ['long', 'int', 'int', 'void *', 'uintptr_t']);

  const words = new Int32Array(input.control);
  const base = input.cpu * 16;
  const set = new Int32Array(2);
  set[(input.signal - 1) >> 5] = 1 << ((input.signal - 1) & 31);
  signals(14, 0, set, 0, 8); // rt_sigprocmask: blocked outside KVM_RUN
  const thread = plain(186, 0, 0, 0); // gettid
  const event = new Int32Array(16);
  event.set([input.signal, 4, thread], 2); // SIGEV_THREAD_ID
  const timer = new Int32Array(1);
  create(222, 1, event, timer);
  const time = new Int32Array(8);
  const none = new Int32Array(4);
  Atomics.store(words, base + 5, thread);
  Atomics.notify(words, base + 5);
  for (;;) {
    const state = Atomics.load(words, base);
    if (state === 3) break;
    if (state !== 1) {
      Atomics.wait(words, base, state);
      continue;
    }
    time[4] = words[base + 3];
    time[6] = words[base + 4];
    settime(223, timer[0], 0, time, 0);
    const failed = ioctl(words[base + 2], 0xae80, 0) < 0;
    const errno = failed ? koffi.errno() : 0;
    if (errno === 4) wait(128, set, 0, none, 8); // the timer, or a kick: taken
    words[base + 1] = -errno;
    Atomics.compareExchange(words, base, 1, 2);
    Atomics.add(words, 6, 1);
    Atomics.notify(words, 6);
    if (Atomics.load(words, 7) !== 0) plain(234, host.process, input.thread, input.signal); // tgkill
  }
  plain(226, timer[0], 0, 0); // timer_delete
  wait(128, set, 0, none, 8);
  Atomics.store(words, base, 4);
  Atomics.notify(words, base);
}
