/** Decoded slots (assembly/ops.ts) for the translator: two-byte forms and NEAR jumps become the plain ones. */
import { OP } from '../generated/ops.js';
import { isTranslatedCsr } from './csr.js';
import { OPERATIONS } from './operations.js';

/** How control goes on after an operation. */
export const Flow = { Next: 0, Branch: 1, Jump: 2, Call: 3, Indirect: 4, IndirectCall: 5, Stop: 6 } as const;
export type Flow = (typeof Flow)[keyof typeof Flow];

export interface Instruction {
  /** Distance from the region's base, bytes. */
  readonly off: number;
  /** An operation of `OP`, without `_C` and `_NEAR`. */
  readonly op: number;
  /** 2 or 4 bytes. */
  readonly length: number;
  readonly rd: number;
  readonly rs1: number;
  readonly rs2: number;
  /** Immediate, or distance of a direct jump in bytes. */
  readonly imm: number;
  readonly flow: Flow;
}

const names = Object.entries(OP);
const plain = new Uint8Array(256);
const lengths = new Uint8Array(256).fill(4);
const near = new Uint8Array(256);
for (const [name, op] of names) {
  const base = name.replace(/_C$/, '').replace(/_NEAR$/, '') as keyof typeof OP;
  plain[op] = OP[base];
  if (name.endsWith('_C')) lengths[op] = 2;
  if (name.includes('_NEAR')) near[op] = 1;
}

const flows = new Uint8Array(256);
for (const op of [OP.BEQ, OP.BNE, OP.BLT, OP.BGE, OP.BLTU, OP.BGEU]) flows[op] = Flow.Branch;
flows[OP.J] = Flow.Jump;
flows[OP.JAL] = Flow.Call;
flows[OP.JR] = Flow.Indirect;
flows[OP.JALR] = Flow.IndirectCall;

for (let op = 0; op < 256; op++) {
  if (flows[op] === Flow.Next && !OPERATIONS.has(op)) flows[op] = Flow.Stop;
}

/** Reads the slot whose words are `word` and `imm`. */
export function instructionOf(off: number, word: number, imm: number): Instruction {
  const raw = word & 255;
  const op = plain[raw];
  const rs1 = (word >>> 19) & 31;
  const isLeft = op === OP.CSR && !isTranslatedCsr(imm, rs1);
  return {
    off,
    op,
    length: lengths[raw],
    rd: (word >>> 11) & 31,
    rs1,
    rs2: word >>> 27,
    imm: near[raw] ? imm >> 2 : imm | 0,
    flow: isLeft ? Flow.Stop : (flows[op] as Flow),
  };
}
