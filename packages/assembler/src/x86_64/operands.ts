/** Registers and memory operands of x86-64. */
import { unsigned } from '../internal/checks.js';

export type Bits = 8 | 16 | 32 | 64;

/** A general register; its size is the operand size of the instruction. */
export interface Register {
  readonly kind: 'general';
  readonly index: number;
  readonly bits: Bits;
}

/** xmm, ymm or zmm, by size. */
export interface VectorRegister {
  readonly kind: 'vector';
  readonly index: number;
  readonly bits: 128 | 256 | 512;
}

/** An operand in memory: base + index x scale + displacement, or relative to the instruction. */
export interface Memory {
  readonly kind: 'memory';
  /** Operand size; 0 where the instruction knows it (lea, lgdt, fxsave, vectors). */
  readonly bits: Bits | 0;
  readonly base: Register | undefined;
  readonly index: Register | undefined;
  readonly scale: 1 | 2 | 4 | 8;
  /** 32 bits, signed; from the first byte of the instruction when `relative`. */
  readonly displacement: number;
  readonly relative: boolean;
}

const general =
  (bits: Bits) =>
  (index: number): Register => ({ kind: 'general', index: unsigned('register', index, 4), bits });

/** Registers by hardware number: 0..7 are a, c, d, b, sp, bp, si, di. */
export const r64 = general(64);
export const r32 = general(32);
export const r16 = general(16);
/** Numbers 4 to 7 are spl, bpl, sil, dil. */
export const r8 = general(8);

const vector =
  (bits: VectorRegister['bits']) =>
  (index: number): VectorRegister => ({
    kind: 'vector',
    index: unsigned('register', index, 4),
    bits,
  });
export const xmm = vector(128);
export const ymm = vector(256);
export const zmm = vector(512);

export const [RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI] = [0, 1, 2, 3, 4, 5, 6, 7].map(r64);
export const [R8, R9, R10, R11, R12, R13, R14, R15] = [8, 9, 10, 11, 12, 13, 14, 15].map(r64);
export const [EAX, ECX, EDX, EBX, ESP, EBP, ESI, EDI] = [0, 1, 2, 3, 4, 5, 6, 7].map(r32);
export const [R8D, R9D, R10D, R11D, R12D, R13D, R14D, R15D] = [8, 9, 10, 11, 12, 13, 14, 15].map(r32);
export const [AX, CX, DX, BX] = [0, 1, 2, 3].map(r16);
export const [AL, CL, DL, BL] = [0, 1, 2, 3].map(r8);

export interface Index {
  readonly index?: Register;
  readonly scale?: 1 | 2 | 4 | 8;
}

const memory =
  (bits: Memory['bits']) =>
  (base: Register | undefined, displacement = 0, { index, scale = 1 }: Index = {}): Memory => {
    if (index?.index === 4) throw new RangeError('index: expected any register but rsp, got rsp');
    return { kind: 'memory', bits, base, index, scale, displacement, relative: false };
  };

/** `mem64(RBX, 8)` is qword ptr [rbx + 8]; without a base the displacement is the address (32 bits, sign-extended). */
export const mem64 = memory(64);
export const mem32 = memory(32);
export const mem16 = memory(16);
export const mem8 = memory(8);
/** Memory whose size the instruction knows. */
export const mem = memory(0);

/** Memory `offset` bytes from the first byte of the instruction: `to('table', (offset) => lea(RAX, relative(offset)))`. */
export const relative = (offset: number, bits: Memory['bits'] = 0): Memory => ({
  kind: 'memory',
  bits,
  base: undefined,
  index: undefined,
  scale: 1,
  displacement: offset,
  relative: true,
});
