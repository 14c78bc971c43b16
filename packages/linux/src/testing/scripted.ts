/**
 * A program whose system calls a test chooses: `function* (guest) { const fd = yield ['openat', ...]; }`.
 *
 * The machine code, of the machine's ISA, is a loop around one system call. At each trap the script's generator gets the last result and says which
 * call comes next; everything behind the trap is the real kernel on the real machine. Threads that the script's calls create
 * take their scripts from `children`, in order; without one they exit.
 */
import { highWord, lowWord, toSigned } from '@veridian-os/abi';
import { buildElf } from '@veridian-os/elf/testing';
import {
  createKernel,
  KernelDriver,
  NO_RESULT,
  writeFile,
  type BootedKernel,
  type KernelOptions,
  type MaybeBlocking,
  type Process,
  type SignalAction,
  type SignalInfo,
  type Thread,
} from '@veridian-os/kernel';
import type { Isa, Machine, RegisterLayout } from '@veridian-os/hal';
import { SA_RESTORER } from '../layout/signal.js';
import { LinuxPersonality } from '../personality.js';
import { numberOf } from '../table/row.js';
import { TABLE } from '../table/table.js';

/** `isa`'s machine code at CODE: call, jump back; from 8 on a return; from 16 on a call of rt_sigreturn. */
const INSTRUCTIONS: Readonly<Record<Isa, readonly number[]>> = {
  // ecall; j -4; ret; nop; li a7, 139; ecall
  riscv64: [0x73, 0, 0, 0, 0x6f, 0xf0, 0xdf, 0xff, 0x67, 0x80, 0, 0, 0x13, 0, 0, 0, 0x93, 8, 0xb0, 8, 0x73, 0, 0, 0],
  // svc #0; b -4; ret; nop; mov x8, #139; svc #0
  aarch64: [
    0x01, 0, 0, 0xd4, 0xff, 0xff, 0xff, 0x17, 0xc0, 0x03, 0x5f, 0xd6, 0x1f, 0x20, 0x03, 0xd5, 0x68, 0x11, 0x80, 0xd2,
    0x01, 0, 0, 0xd4,
  ],
  // syscall; jmp -4; 4 nops; ret; 7 nops; mov eax, 15; syscall
  x86_64: [
    0x0f, 0x05, 0xeb, 0xfc, 0x90, 0x90, 0x90, 0x90, 0xc3, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0xb8, 0x0f, 0, 0, 0,
    0x0f, 0x05,
  ],
};

const CODE = 0x10000;
/** A signal handler that does nothing. */
export const HANDLER = CODE + 8;
/** What handlers return to where the program must say it (sa_restorer). */
export const RESTORER = CODE + 16;
/**
 * A signal handler that goes on with the script: the interrupted call "returns" the signal, and `['rt_sigreturn']` what the
 * interrupted call really returned.
 */
export const SCRIPT_HANDLER = CODE;
/** Readable and writable memory of the program. */
export const DATA = 0x100000;
export const DATA_BYTES = 1 << 20;
/** Nothing is mapped there. */
export const WILD = 0x30_0000_0000;

const buildScript = (isa: Isa): Uint8Array =>
  buildElf({
    machine: isa,
    entry: CODE,
    segments: [
      { virtualAddress: CODE, bytes: Uint8Array.from(INSTRUCTIONS[isa]), prot: 5 },
      { virtualAddress: DATA, bytes: new Uint8Array(0), memoryBytes: DATA_BYTES, prot: 3 },
    ],
  });

/** A call by name or number, then its arguments. */
export type CallRequest = readonly [name: string | number, ...args: number[]];
export type Script = (guest: Guest) => Generator<CallRequest, void, number>;

/** What a script can do besides calls. */
export class Guest {
  readonly kernel: BootedKernel;
  readonly thread: Thread;
  readonly isa: Isa;
  private next = DATA;

  constructor(kernel: BootedKernel, thread: Thread) {
    this.kernel = kernel;
    this.thread = thread;
    this.isa = kernel.machine.info.layout.isa;
  }

  /** A struct sigaction as the ISA has it; with a restorer where there is one. */
  sigaction(handler: number, flags = 0, mask = 0): number {
    return this.isa === 'riscv64'
      ? this.words(handler, flags, mask)
      : this.words(handler, flags + SA_RESTORER, RESTORER, mask);
  }

  /** Fresh memory, 16-byte aligned. */
  alloc(bytes: number): number {
    const address = this.next;
    this.next += Math.ceil(bytes / 16) * 16;
    return address;
  }

  /** Uses addresses from `address` on: for threads that share memory. */
  allocateFrom(address: number): void {
    this.next = address;
  }

  put(bytes: Uint8Array): number {
    const address = this.alloc(bytes.length);
    this.poke(address, bytes);
    return address;
  }

  string(text: string): number {
    return this.put(new TextEncoder().encode(`${text}\0`));
  }

  /** 64-bit words. */
  words(...values: number[]): number {
    const view = new DataView(new ArrayBuffer(values.length * 8));
    values.forEach((value, index) => {
      view.setUint32(index * 8, lowWord(value), true);
      view.setUint32(index * 8 + 4, highWord(value), true);
    });
    return this.put(new Uint8Array(view.buffer));
  }

  poke(address: number, bytes: Uint8Array): void {
    const result = this.thread.process.memory?.space.write(address, bytes);
    if (result !== 0) throw new Error(`poke ${address}: ${result}`);
  }

  peek(address: number, length: number): DataView<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    const result = this.thread.process.memory?.space.read(address, bytes);
    if (result !== 0) throw new Error(`peek ${address}: ${result}`);
    return new DataView(bytes.buffer);
  }

  text(address: number, length: number): string {
    return new TextDecoder().decode(this.peek(address, length));
  }
}

interface Running {
  readonly script: Generator<CallRequest, void, number>;
  /** The last call has its result (or is the first one). */
  answered: boolean;
  /** The script is in a handler that it has not heard of: for this signal. */
  signal: number;
}

class ScriptedPersonality extends LinuxPersonality {
  readonly children: Script[];
  private readonly first: Script;
  private readonly layout: RegisterLayout;
  private readonly numbers: ReadonlyMap<string, number>;
  private readonly running = new Map<Thread, Running>();
  private booted: BootedKernel | undefined;

  constructor(layout: RegisterLayout, first: Script, children: Script[]) {
    super();
    this.layout = layout;
    this.numbers = new Map(TABLE.map((row) => [row.name, numberOf(row, layout.isa)]));
    this.first = first;
    this.children = children;
  }

  use(kernel: BootedKernel): void {
    this.booted = kernel;
  }

  override syscall(thread: Thread): MaybeBlocking {
    if (!this.isAfterCall(thread)) return super.syscall(thread);
    const running = this.runningOf(thread);
    if (running.answered) {
      const at = this.layout.syscallResult * 2;
      const result = running.signal || toSigned(thread.registers[at], thread.registers[at + 1]);
      running.signal = 0;
      const step = running.script.next(result);
      const [name, ...args] = step.done === true ? (['exit', 0] as CallRequest) : step.value;
      this.prepare(thread, typeof name === 'number' ? name : (this.numbers.get(name) ?? -1), args);
      // sigreturn has no result of its own: what it puts back are the registers of an answered call.
      running.answered = name === 'rt_sigreturn';
      if (running.answered) this.pushReturn(thread);
    }
    return super.syscall(thread);
  }

  override complete(thread: Thread, result: number): void {
    super.complete(thread, result);
    const running = this.running.get(thread);
    if (running !== undefined && result > -4096 && result !== NO_RESULT) running.answered = true;
  }

  override interrupted(thread: Thread, action: SignalAction | undefined): void {
    super.interrupted(thread, action);
    const running = this.running.get(thread);
    // EINTR leaves the program counter behind the instruction, a restart puts it back.
    if (running !== undefined && !running.answered && this.isAfterCall(thread)) running.answered = true;
  }

  override deliver(thread: Thread, info: SignalInfo, action: SignalAction): MaybeBlocking<boolean> {
    const running = this.running.get(thread);
    if (running !== undefined && action.handlerLo === SCRIPT_HANDLER) running.signal = info.signal;
    return super.deliver(thread, info, action);
  }

  private isAfterCall(thread: Thread): boolean {
    return thread.registers[this.layout.pc * 2] === CODE + this.layout.syscallBytes;
  }

  /** A script handler that asks for rt_sigreturn has not returned: on x86_64 its return address is still on the stack. */
  private pushReturn(thread: Thread): void {
    const sp = this.layout.sp * 2;
    if (this.layout.isa === 'x86_64') thread.registers[sp] += 8;
  }

  private runningOf(thread: Thread): Running {
    let running = this.running.get(thread);
    if (running === undefined) {
      const script = this.running.size === 0 ? this.first : (this.children.shift() ?? nothing);
      if (this.booted === undefined) throw new Error('no kernel yet');
      running = { script: script(new Guest(this.booted, thread)), answered: true, signal: 0 };
      this.running.set(thread, running);
    }
    return running;
  }

  private prepare({ registers }: Thread, number: number, args: readonly number[]): void {
    const { syscallNumber, syscallArguments } = this.layout;
    const set = (register: number, value: number): void => {
      registers[register * 2] = lowWord(value);
      registers[register * 2 + 1] = highWord(value);
    };
    set(syscallNumber, number);
    syscallArguments.forEach((register, index) => set(register, args[index] ?? 0));
  }
}

function* nothing(): Generator<CallRequest, void, number> {
  // Ends at once.
}

export interface ScriptResult {
  readonly end: Process['end'];
  readonly trace: readonly string[];
  readonly stdout: string;
  readonly kernel: BootedKernel;
}

export interface ScriptOptions {
  /** A machine with at least 8 MiB; disposed at the end. */
  readonly machine: Machine;
  readonly children?: Script[];
  readonly trace?: boolean;
  readonly stdin?: string;
  readonly kernel?: Partial<KernelOptions>;
  readonly endowment?: Partial<Record<'files' | 'clock' | 'entropy', boolean>>;
  /** Called before the program starts. */
  readonly prepare?: (kernel: BootedKernel) => void;
}

/** Bytes as characters of the same value. */
function latin1(pieces: readonly Uint8Array[]): string {
  return pieces.map((piece) => Array.from(piece, (byte) => String.fromCharCode(byte)).join('')).join('');
}

/** Boots a kernel and runs the script as its first program, until that has ended. */
export async function runScript(script: Script, options: ScriptOptions): Promise<ScriptResult> {
  const trace: string[] = [];
  const { layout } = options.machine.info;
  const stdout: Uint8Array[] = [];
  const personality = new ScriptedPersonality(layout, script, options.children ?? []);
  const kernel = createKernel({
    machine: options.machine,
    personalities: [personality],
    verbose: false,
    host: { epochMs: 1_700_000_000_123 },
    ...(options.trace === true ? { trace: (line: string) => void trace.push(line) } : {}),
    ...options.kernel,
  });
  personality.use(kernel);
  writeFile(kernel, '/bin/script', buildScript(layout.isa), 0o755);
  options.prepare?.(kernel);
  const input = kernel.openInput();
  if (options.stdin !== undefined) {
    input.stream.push(new TextEncoder().encode(options.stdin));
    input.stream.end();
  }
  const output = kernel.openOutput('stdout', (bytes) => stdout.push(bytes.slice()));
  output.retain();
  const process = kernel.launch({
    path: '/bin/script',
    args: ['script', 'one'],
    env: ['KEY=value'],
    files: [input.file, output, output],
    endowment: { files: true, clock: true, entropy: true, ...options.endowment },
  });
  if (typeof process === 'number') throw new Error(`launch: ${process}`);
  let ended = false;
  kernel.processObservers.push((other) => {
    ended ||= other === process;
  });
  await new KernelDriver(kernel, { time: 'virtual' }).run(() => ended || kernel.isHalted);
  kernel.machine.dispose();
  if (kernel.haltReason !== undefined && !ended) throw new Error(`halted: ${kernel.haltReason}`);
  return { end: process.end, trace, stdout: latin1(stdout), kernel };
}
