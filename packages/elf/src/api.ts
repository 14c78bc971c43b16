/** ELF64 executables: parse, check, lay out, build the initial stack. */

export type ElfMachine = 'riscv64' | 'x86_64' | 'aarch64';

/** Why an ELF is refused: names the field, what was expected, and what came. */
export interface ElfError {
  readonly ok: false;
  /** `'e_machine'`, `'p_filesz[2]'`, ... */
  readonly field: string;
  /** One sentence for people. */
  readonly message: string;
}

/** The parser must see these bytes of the file before it can go on: read them, add a piece, parse again. */
export interface ElfHeadersNeeded {
  readonly ok: 'more';
  /** File offset and length, inside the file; at most 64 KiB. */
  readonly offset: number;
  readonly length: number;
}

/** A part of a file that the caller has at hand. */
export interface ElfPiece {
  /** File offset of the first byte. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** What the loader's machine accepts. */
export interface ElfOptions {
  /** The only machine accepted; absent: any of {@link ElfMachine}. */
  readonly machine?: ElfMachine;
  /** First address that user code may not use; default: the machine's usual user half ({@link USER_LIMIT}). */
  readonly addressLimit?: number;
  /** Lowest address of a fixed (ET_EXEC) segment; default 65536, Linux's `mmap_min_addr`. */
  readonly minimumAddress?: number;
}

/** One PT_LOAD, page-rounded by the loader, not here. */
export interface Segment {
  readonly virtualAddress: number;
  readonly memoryBytes: number;
  readonly fileOffset: number;
  readonly fileBytes: number;
  /** PROT_ bits: 1 read, 2 write, 4 execute. */
  readonly prot: number;
  readonly align: number;
}

export interface ElfImage {
  readonly ok: true;
  readonly machine: ElfMachine;
  /** ET_DYN (static-PIE or shared object): addresses are relative to a base the loader chooses. */
  readonly positionIndependent: boolean;
  /** Relative to the base when position independent. */
  readonly entry: number;
  /** In ascending address order, disjoint, none empty; two may touch the same page (the later one wins, as in Linux). */
  readonly segments: readonly Segment[];
  /** PT_INTERP path, when dynamic. */
  readonly interpreter: string | undefined;
  /** Where the program headers are in memory (relative to the base), their size and number: for AT_PHDR. 0: in no segment. */
  readonly programHeaders: number;
  readonly programHeaderBytes: number;
  readonly programHeaderCount: number;
  /** PT_GNU_STACK asks for an executable stack. */
  readonly executableStack: boolean;
  /** First byte after the highest segment (relative to the base): where brk starts. */
  readonly end: number;
}

/** First address beyond the user half: Sv39, x86-64 with 4 levels (less a guard page), AArch64 with 47 bits as `memory` maps it. */
export const USER_LIMIT: Readonly<Record<ElfMachine, number>> = {
  riscv64: 2 ** 38,
  x86_64: 2 ** 47 - 4096,
  aarch64: 2 ** 47,
};

/** Bytes of the ELF64 header and of one ELF64 program header. */
export const ELF_HEADER_BYTES = 64;
export const PROGRAM_HEADER_BYTES = 56;
/** Most program headers that are looked at: 64 KiB of them, Linux's limit. */
export const MAX_PROGRAM_HEADERS = 1170;
/** Most PT_LOAD segments; linkers make 2 to 6. */
export const MAX_SEGMENTS = 256;
/** Longest PT_INTERP, NUL included: PATH_MAX. */
export const MAX_INTERPRETER_BYTES = 4096;

/** Text (encoded as UTF-8) or a guest's own bytes; without NUL. */
export type StackString = string | Uint8Array;

/** Values of the auxiliary vector that the loader knows. Numbers are below 2^53. */
export interface AuxiliaryInput {
  /** AT_PHDR, AT_PHENT, AT_PHNUM: the program's own headers, in memory. */
  readonly programHeaders: number;
  readonly programHeaderBytes: number;
  readonly programHeaderCount: number;
  /** AT_BASE: base of the dynamic interpreter, 0 when there is none. */
  readonly base: number;
  /** AT_ENTRY: the program's entry (not the interpreter's). */
  readonly entry: number;
  readonly uid: number;
  readonly euid: number;
  readonly gid: number;
  readonly egid: number;
  readonly hwcap: number;
  /** AT_HWCAP2; absent on ISAs that do not have it. */
  readonly hwcap2?: number;
  /** AT_CLKTCK, ticks per second of times(2). */
  readonly clockTick: number;
  readonly secure: boolean;
  /** AT_SYSINFO_EHDR. */
  readonly vdso?: number;
  /** Further [type, value] pairs of the ISA; they come first, after the vdso, as Linux's ARCH_DLINFO. */
  readonly extra?: readonly (readonly [type: number, value: number])[];
}

export interface InitialStackInput {
  /** End of the stack mapping: a multiple of 4096. */
  readonly top: number;
  /** Empty: the program gets one empty argument, as in Linux since 5.18. */
  readonly args: readonly StackString[];
  readonly env: readonly StackString[];
  /** AT_EXECFN: the path that was executed. */
  readonly execName: StackString;
  /** AT_PLATFORM; absent on riscv64. */
  readonly platform?: string;
  /** AT_RANDOM: exactly 16 bytes. */
  readonly random16: Uint8Array;
  readonly auxiliary: AuxiliaryInput;
  /** Where the part under the strings starts: 1 (riscv64; default) or 16 (x86_64, aarch64: `arch_align_stack`). */
  readonly stringAlign?: 1 | 16;
  /** Most bytes of strings and their pointers; default 2 MiB, a quarter of the usual stack limit. */
  readonly maxBytes?: number;
}

/** A built stack and the addresses that /proc/PID/stat, cmdline, environ and auxv show. */
export interface InitialStack {
  /** Contents of [stackPointer, top). */
  readonly bytes: Uint8Array;
  /** 16-byte aligned; `argc` is there. */
  readonly stackPointer: number;
  readonly argStart: number;
  readonly argEnd: number;
  readonly envStart: number;
  readonly envEnd: number;
  /** The auxiliary vector inside `bytes`, AT_NULL included. */
  readonly auxv: Uint8Array;
}

/** A `#!` line: the interpreter and at most one argument, as Linux splits it. */
export interface Shebang {
  readonly interpreter: string;
  readonly argument: string | undefined;
}
