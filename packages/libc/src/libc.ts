/** Whether this host's C library can be called, why not, and the calls. */
import type { Libc } from './api.js';
import { hostProcess } from './host.js';
import type { Koffi } from './koffi.js';
import { loadKoffi } from './koffi.js';
import { bindLibc } from './native.js';
import { syscallNumbers } from './numbers.js';
import { openTimeStampCounter, type CounterAnswer, type TimeStampCounter } from './time-stamp.js';

/** Where and with what: replaced in tests. */
export interface HostDescription {
  readonly platform: string;
  readonly arch: string;
  readonly load: () => Koffi;
}

/** A binding, or one sentence that says why there is none. */
export type LibcAnswer = { readonly libc: Libc; readonly problem?: undefined } | { readonly problem: string };

/** Binds anew; `libc` and `libcProblem` do it once. */
export function openLibc(host: HostDescription): LibcAnswer {
  const { platform, arch } = host;
  if (platform !== 'linux') return { problem: `The C library is called on Linux only; this host is ${platform}.` };
  const numbers = syscallNumbers(arch);
  if (numbers === undefined) {
    return { problem: `The C library is called on x64, arm64 and riscv64 only; this host is ${arch}.` };
  }
  try {
    return { libc: bindLibc(host.load(), numbers) };
  } catch (error) {
    const [reason] = String((error as Error).message).split('\n');
    return { problem: `The optional package koffi does not load (npm install koffi): ${reason}` };
  }
}

// A memo, no state: every answer is the same.
let answer: LibcAnswer | undefined;

let counterAnswer: CounterAnswer | undefined;

function hostDescription(): HostDescription {
  const { platform = 'no Node.js', arch = '' } = hostProcess() ?? {};
  return { platform, arch, load: loadKoffi };
}

function thisHost(): LibcAnswer {
  answer ??= openLibc(hostDescription());
  return answer;
}

/** One sentence that says why `libc` would throw here; undefined where it works. */
export function libcProblem(): string | undefined {
  return thisHost().problem;
}

/** The C library's calls; koffi is loaded by the first use. @throws Error with `libcProblem()` where it is unavailable */
export function libc(): Libc {
  const found = thisHost();
  if (found.problem !== undefined) throw new Error(found.problem);
  return found.libc;
}

/** @returns undefined where there is none, or none that all processors of the host share */
export function timeStampCounter(): TimeStampCounter | undefined {
  const { libc: calls, problem = '' } = thisHost() as { readonly libc?: Libc; readonly problem?: string };
  counterAnswer ??= calls === undefined ? { problem } : openTimeStampCounter(hostDescription(), calls);
  return 'counter' in counterAnswer ? counterAnswer.counter : undefined;
}
