/** What differs between the ISAs that Linux programs are built for. */
import type { Errno } from '@veridian-os/abi';
import type { Isa, RegisterLayout, RegisterView, Trap } from '@veridian-os/hal';
import type { SignalInfo } from '@veridian-os/kernel';
import type { FaultResult } from '@veridian-os/memory';
import type { EpollEventLayout } from '../layout/poll.js';
import type { StatLayout } from '../layout/stat.js';
import type { VdsoTarget } from '../vdso/vdso.js';

/** What a thread's last exception was: signal frames of x86_64 and aarch64 show it. */
export interface FaultRecord {
  /** x86_64: the vector. */
  number: number;
  /** x86_64: the error code. aarch64: the syndrome (ESR_EL1), 0 = none. */
  code: number;
  addressLo: number;
  addressHi: number;
}

/** The thread that a fault is about. */
export interface FaultingThread {
  /** Written where Linux moves the program counter on (int3). */
  readonly registers: RegisterView;
  readonly fault: FaultRecord;
  saveFp(): Uint8Array;
  /** One byte of the thread's memory, or an Errno. */
  readByte(address: number): number;
}

/** What a frame is made of. */
export interface FrameContents {
  /** Where it goes: `place`'s answer. */
  readonly address: number;
  readonly registers: RegisterView;
  /** `layout.fpBytes` bytes as `saveFp` gives them. */
  readonly fp: Uint8Array;
  readonly fault: FaultRecord;
  readonly returnToLo: number;
  readonly returnToHi: number;
}

/** Reads user memory: the bytes, or EFAULT or WOULD_BLOCK. */
export type ReadUser = (address: number, bytes: number) => Uint8Array<ArrayBuffer> | Errno;

/** The machine context inside a signal frame, and where a frame goes. All offsets are from its lowest byte. */
export interface SignalFrameLayout {
  /** Bytes that rt_sigreturn reads: the frame without FP state that is found through a pointer. */
  readonly bytes: number;
  /** What is reported as AT_MINSIGSTKSZ, which riscv64 calls the frame's size. */
  readonly minimumStack: number;
  /** Smallest alternate stack that sigaltstack takes (MINSIGSTKSZ). */
  readonly minimumAlternate: number;
  /** Bytes below the stack pointer that belong to the interrupted function. */
  readonly redZone: number;
  readonly info: number;
  readonly ucontext: number;
  /** uc_stack and uc_sigmask. */
  readonly stack: number;
  readonly mask: number;
  /** rt_sigreturn finds the frame at the stack pointer plus this. */
  readonly fromStackPointer: number;
  /** Address and length of a frame that ends at or below `top`. */
  place(top: number): { readonly address: number; readonly bytes: number };
  /** Stores integer registers and FP state. */
  encode(frame: DataView, contents: FrameContents): void;
  /**
   * Restores them.
   * @returns 0, or an Errno with `registers` and `fp` as they were: WOULD_BLOCK, or what says that the frame is none
   */
  decode(frame: DataView, registers: RegisterView, fp: Uint8Array, read: ReadUser): 0 | Errno;
}

/** Order of clone(2)'s last arguments. */
export interface CloneArguments {
  readonly tls: number;
  readonly childTid: number;
}

/** Entries of the auxiliary vector that say what the processor is. */
export interface Processor {
  /** AT_HWCAP. */
  readonly hwcap: number;
  /** AT_HWCAP2, where the ISA has it. */
  readonly hwcap2?: number;
  /** AT_PLATFORM, where the ISA has it. */
  readonly platform?: string;
}

export interface LinuxIsa {
  readonly isa: Isa;
  /** uname(2)'s machine. */
  readonly machine: string;
  readonly processor: Processor;
  /** End of the main stack; a multiple of the page size. */
  readonly stackTop: number;
  /** Where the strings of the initial stack end: Linux aligns the rest where it could randomise it. */
  readonly stringAlign: 1 | 16;
  /** Dynamic interpreters end here: the top of what mmap hands out, below the room that the stack may grow into. */
  readonly interpreterTop: number;
  readonly layout: RegisterLayout;
  /** Word index of each argument's low half in the register view. */
  readonly argumentWords: readonly number[];
  readonly numberWord: number;
  /** The whole register is the call's number; otherwise its low half is, as an int. */
  readonly wideNumber: boolean;
  readonly resultWord: number;
  readonly pcWord: number;
  readonly spWord: number;
  readonly tpWord: number;
  /**
   * First address that a thread pointer may not have; what can be mapped is the page tables' affair. Infinity where any
   * will do.
   */
  readonly userEnd: number;
  /** Number of restart_syscall. */
  readonly restartNumber: number;
  readonly clone: CloneArguments;
  /** struct sigaction's sa_restorer: there is none, it may be given (SA_RESTORER), it must be. */
  readonly restorer: 'none' | 'optional' | 'required';
  readonly stat: StatLayout;
  readonly epollEvent: EpollEventLayout;
  /** open(2)'s flags differ from asm-generic's by `swapOpenFlags`. */
  readonly swapsOpenFlags: boolean;
  /** mmap(2)'s flag for an address that fits 31 bits (MAP_32BIT), 0 where there is none. */
  readonly lowMappings: number;
  /** Registers that a new program starts with beside pc and sp: pairs of word index and value; the rest is zero. */
  readonly startWords: readonly (readonly [word: number, value: number])[];
  /** FP state of new programs and of signal handlers; absent: zeroes, and handlers keep what was there. */
  readonly initialFp?: Uint8Array;
  /** Machine code that makes rt_sigreturn. */
  readonly sigreturnCode: Uint8Array;
  /** The vDSO, where the ISA has one here; it is mapped on machines with a counter. */
  readonly vdso?: VdsoTarget;
  readonly frame: SignalFrameLayout;
  /** Redirects a thread into a handler: arguments, program counter, return address. */
  enterHandler(registers: RegisterView, handler: HandlerEntry): void;
  /** The signal that a trap means; notes what frames show of it. */
  signalOfFault(trap: Trap, result: FaultResult, thread: FaultingThread): SignalInfo;
}

/** All addresses are below 2^53 except those that the program chose: two words. */
export interface HandlerEntry {
  readonly handlerLo: number;
  readonly handlerHi: number;
  readonly signal: number;
  /** The frame, its siginfo and its ucontext. */
  readonly frame: number;
  readonly info: number;
  readonly ucontext: number;
  readonly returnToLo: number;
  readonly returnToHi: number;
  /** The handler asked for siginfo and ucontext (SA_SIGINFO). */
  readonly wantsInfo: boolean;
}
