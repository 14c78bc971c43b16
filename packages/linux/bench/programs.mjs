/**
 * Small riscv64 programs that make system calls in a loop, as machine code: the same file runs on Veridian and on
 * qemu-riscv64.
 */
import { buildElf } from '@veridian-os/elf/testing';

const CODE = 0x10000;
/** Readable and writable, 64 KiB. */
export const DATA = 0x100000;
const [A0, A7, S0, ZERO] = [10, 17, 8, 0];

const addi = (rd, rs, value) => ((value & 0xfff) << 20) | (rs << 15) | (rd << 7) | 0x13;
const lui = (rd, value) => (value & 0xfffff000) | (rd << 7) | 0x37;
const ECALL = 0x73;

/** Loads a 32-bit constant. */
function li(rd, value) {
  if (value >= -2048 && value < 2048) return [addi(rd, ZERO, value)];
  const low = (value << 20) >> 20;
  return [lui(rd, value - low), addi(rd, rd, low)];
}

const call = (number, ...args) => [...args.flatMap((value, index) => li(A0 + index, value)), ...li(A7, number), ECALL];

/** bne rs, zero, offset */
function branchBack(rs, instructions) {
  const offset = -instructions * 4;
  const bits = ((offset >>> 12) & 1) * 2 ** 31 + ((offset >>> 5) & 0x3f) * 2 ** 25;
  return (bits + ((rs << 15) | (1 << 12) | (((offset >>> 1) & 0xf) << 8) | (((offset >>> 11) & 1) << 7) | 0x63)) | 0;
}

/**
 * A program that makes `setUp`'s calls once and `loop`'s calls `count` times, then exits with 0. A call is its riscv64
 * number and arguments.
 */
export function loopProgram(count, { setUp = [], loop, data = new Uint8Array(0) }) {
  const body = [...loop.flatMap((entry) => call(...entry)), addi(S0, S0, -1)];
  const code = [
    ...setUp.flatMap((entry) => call(...entry)),
    ...li(S0, count),
    ...body,
    branchBack(S0, body.length),
    ...call(94, 0),
  ];
  return buildElf({
    entry: CODE,
    segments: [
      { virtualAddress: CODE, bytes: new Uint8Array(Int32Array.from(code).buffer), prot: 5 },
      { virtualAddress: DATA, bytes: data, memoryBytes: 65536, prot: 3 },
    ],
  });
}
