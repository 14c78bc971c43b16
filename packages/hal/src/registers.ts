/**
 * Register files, in place.
 *
 * A context's integer state is a view over the bytes that the CPU itself reads and writes: word 2*i is the low half of
 * register i, word 2*i+1 its high half. Which index means what is the ISA's layout. Views stay valid until the context
 * is destroyed; they may be written only while the context is not running.
 */
import type { Frame } from '@veridian-os/abi';

export type Isa = 'riscv64' | 'x86_64' | 'aarch64';

/** Register indices (not word indices) that generic kernel code needs. */
export interface RegisterLayout {
  readonly isa: Isa;
  /** Registers in the integer view. */
  readonly count: number;
  readonly pc: number;
  readonly sp: number;
  /** Thread pointer / TLS base. */
  readonly tp: number;
  /** System-call number, arguments 0..5 and result. */
  readonly syscallNumber: number;
  readonly syscallArguments: readonly number[];
  readonly syscallResult: number;
  /** Bytes of the floating-point and vector state that `saveFp` writes. */
  readonly fpBytes: number;
  /** Bytes to step back from `pc` to run the system-call instruction again. */
  readonly syscallBytes: number;
}

/** x0..x31 then pc. FP state: f0..f31 (8 bytes each), fcsr (4), zero (4), as in Linux's riscv `__riscv_d_ext_state`. */
export const RISCV64: RegisterLayout = {
  isa: 'riscv64',
  count: 33,
  pc: 32,
  sp: 2,
  tp: 4,
  syscallNumber: 17,
  syscallArguments: [10, 11, 12, 13, 14, 15],
  syscallResult: 10,
  fpBytes: 264,
  syscallBytes: 4,
};

/** First register (not word) indices of {@link X86_64}; r8..r15 keep their hardware numbers. */
export const X86 = {
  RAX: 0,
  RCX: 1,
  RDX: 2,
  RBX: 3,
  RSP: 4,
  RBP: 5,
  RSI: 6,
  RDI: 7,
  R8: 8,
  R9: 9,
  R10: 10,
  R11: 11,
  RIP: 16,
  RFLAGS: 17,
  FS_BASE: 18,
  GS_BASE: 19,
} as const;

/**
 * rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8..r15 (their numbers in instructions), rip, rflags, fs_base, gs_base.
 * FP state: the XSAVE area in its standard format up to PKRU (components that the machine lacks are in their initial
 * state, with their XSTATE_BV bit clear). After a Syscall trap rcx and r11 hold what the instruction left: rip, rflags.
 * Source: Intel SDM volume 1, chapter 13.
 */
export const X86_64: RegisterLayout = {
  isa: 'x86_64',
  count: 20,
  pc: X86.RIP,
  sp: X86.RSP,
  tp: X86.FS_BASE,
  syscallNumber: X86.RAX,
  syscallArguments: [X86.RDI, X86.RSI, X86.RDX, X86.R10, X86.R8, X86.R9],
  syscallResult: X86.RAX,
  fpBytes: 2696,
  syscallBytes: 2,
};

/** Register indices of {@link AARCH64} beyond x0..x30. */
export const ARM = { SP: 31, PC: 32, PSTATE: 33, TPIDR: 34 } as const;

/**
 * x0..x30, sp, pc, pstate (the N, Z, C, V flags in bits 31..28), tpidr_el0. FP state: v0..v31 (16 bytes each), fpsr (4),
 * fpcr (4): Linux's `user_fpsimd_state` without its padding.
 */
export const AARCH64: RegisterLayout = {
  isa: 'aarch64',
  count: 35,
  pc: ARM.PC,
  sp: ARM.SP,
  tp: ARM.TPIDR,
  syscallNumber: 8,
  syscallArguments: [0, 1, 2, 3, 4, 5],
  syscallResult: 0,
  fpBytes: 520,
  syscallBytes: 4,
};

/** The integer registers of one context. */
export type RegisterView = Uint32Array<ArrayBufferLike>;

/** Root of an address space as a context uses it. */
export interface AddressSpaceRoot {
  /** Frame of the top-level page table. */
  readonly root: Frame;
  readonly asid: number;
}
