/**
 * Whether this host's KVM runs programs: found out by booting one in a child process with a timeout. The device node
 * says nothing: there are nested hosts where it is there and every guest hangs.
 */
import { X86 } from '@veridian-os/hal';
import { koffiPath, libcProblem } from '@veridian-os/libc';
import type { KvmKind } from '../api.js';
import { MEMORY_MAP } from '../api.js';
import { FIRST_PROGRAM, firstProgram } from '../internal/first-program.js';
import { VECTOR } from '../internal/faults.js';
import { EXIT, SREG } from '../internal/kvm-abi.js';
import {
  DIRECT_SLOT,
  EDIT_WORDS,
  buildMonitor,
  countDirectories,
  directEntry,
  planMonitor,
} from '../internal/monitor-image.js';
import { USER_CODE, USER_DATA, resetSpecialRegisters, syscallMsrs } from '../internal/special-registers.js';
import { PORT, monitorCode } from '../internal/stub.js';
import type { ProbeInput, ProbeOutput } from './probe-child.js';
import { probeChild } from './probe-child.js';

export type KvmProbe =
  | { readonly available: true; readonly kind: KvmKind }
  /** `problem` is one sentence. */
  | { readonly available: false; readonly problem: string };

export interface KvmProbeOptions {
  /** How long the child may take; default 10,000. */
  readonly timeoutMs?: number;
}

interface ChildResult {
  readonly error?: { readonly code?: string; readonly message: string };
  readonly status: number | null;
  readonly signal: string | null;
  readonly stdout: string;
}
interface ChildOptions {
  readonly input: string;
  readonly encoding: 'utf8';
  readonly timeout: number;
  readonly killSignal: 'SIGKILL';
}
interface Child {
  readonly stdin: { end(text: string): void; on(event: 'error', listener: () => void): void };
}
interface ChildProcess {
  spawnSync(file: string, parameters: readonly string[], options: ChildOptions): ChildResult;
  execFile(
    file: string,
    parameters: readonly string[],
    options: Omit<ChildOptions, 'input'>,
    done: (error: { readonly killed?: boolean; readonly message: string } | null, stdout: string) => void,
  ): Child;
}
interface Process {
  readonly execPath: string;
  getBuiltinModule(name: 'node:child_process'): ChildProcess;
}
/** Present wherever `libcProblem` is undefined. */
const host = (): Process => (globalThis as unknown as { readonly process: Process }).process;
const encode = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));
declare function btoa(text: string): string;

const RAM = MEMORY_MAP.ram.base;
const DEFAULT_TIMEOUT_MS = 10_000;

/** Bytes in chunks: a call takes so many arguments and no more. */
function base64(bytes: Uint8Array): string {
  const CHUNK = 0x6000; // a multiple of 3, so that the pieces join
  let text = '';
  for (let at = 0; at < bytes.length; at += CHUNK) text += encode(bytes.subarray(at, at + CHUNK));
  return text;
}

/** The first program and the monitor, ready to run. */
function probeInput(): ProbeInput {
  const program = firstProgram(RAM);
  const ranges = [{ base: RAM, length: program.length * 4 }];
  const plan = planMonitor(1, countDirectories(ranges));
  const code = monitorCode(EDIT_WORDS * 4);
  const monitor = new Uint32Array(plan.length / 4);
  buildMonitor({ words: monitor, plan, vcpus: 1, ranges }, code);
  program[DIRECT_SLOT * 2] = directEntry(plan);
  const registers = new Uint32Array(36);
  registers[X86.RIP * 2] = FIRST_PROGRAM.address;
  registers[X86.RFLAGS * 2] = 0x202;
  const special = new Uint32Array(SREG.BYTES / 4);
  resetSpecialRegisters(special, 0, plan, plan.state(0));
  special.set(USER_CODE, SREG.CS / 4 + 3);
  special.set(USER_DATA, SREG.SS / 4 + 3);
  special[SREG.CR3 / 4] = RAM;
  special.set([0xfee00900, 0], SREG.APIC_BASE / 4);
  const bytes = (words: Uint32Array): string => base64(new Uint8Array(words.buffer));
  return {
    koffi: koffiPath(),
    memories: [
      { base: plan.base, bytes: bytes(monitor) },
      { base: RAM, bytes: bytes(program) },
    ],
    registers: bytes(registers),
    special: bytes(special),
    msrs: base64(syscallMsrs(plan.code + code.syscall)),
  };
}

const SCRIPT = `
const input = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
const output = (${probeChild.toString()})(input, require, Buffer);
process.stdout.write(JSON.stringify(output));
`;

/** What the child printed, as an answer. */
function interpret(stdout: string): KvmProbe {
  let output: ProbeOutput;
  try {
    output = JSON.parse(stdout) as ProbeOutput;
  } catch {
    return { available: false, problem: 'The process that tried KVM ended without an answer.' };
  }
  const { problem, reason, port } = output;
  if (problem !== undefined) return { available: false, problem };
  if (reason === EXIT.IO && port === PORT.SYSCALL) return { available: true, kind: 'hardware' };
  if (reason === EXIT.IO && port === VECTOR.PAGE) return { available: true, kind: 'interpreted' };
  return { available: false, problem: `KVM came back from the first system call with exit ${reason}, port ${port}.` };
}

function stuck(timeoutMs: number): KvmProbe {
  return { available: false, problem: `KVM did not come back from the first system call within ${timeoutMs} ms.` };
}

/** Tries KVM in a child process. Never throws, whatever the host is. */
export async function probeKvm({ timeoutMs = DEFAULT_TIMEOUT_MS }: KvmProbeOptions = {}): Promise<KvmProbe> {
  const problem = libcProblem();
  if (problem !== undefined) return { available: false, problem };
  const node = host();
  const options = { encoding: 'utf8', timeout: timeoutMs, killSignal: 'SIGKILL' } as const;
  return new Promise((resolve) => {
    const child = node
      .getBuiltinModule('node:child_process')
      .execFile(node.execPath, ['-e', SCRIPT], options, (error, stdout) =>
        resolve(error?.killed === true ? stuck(timeoutMs) : interpret(stdout)),
      );
    child.stdin.on('error', () => undefined); // a child that ended early
    child.stdin.end(JSON.stringify(probeInput()));
  });
}

/** Like {@link probeKvm}, for callers that cannot wait otherwise, such as tests while they are being collected. */
export function probeKvmSync({ timeoutMs = DEFAULT_TIMEOUT_MS }: KvmProbeOptions = {}): KvmProbe {
  const problem = libcProblem();
  if (problem !== undefined) return { available: false, problem };
  const node = host();
  const result = node.getBuiltinModule('node:child_process').spawnSync(node.execPath, ['-e', SCRIPT], {
    input: JSON.stringify(probeInput()),
    encoding: 'utf8',
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  return result.error?.code === 'ETIMEDOUT' ? stuck(timeoutMs) : interpret(result.stdout);
}
