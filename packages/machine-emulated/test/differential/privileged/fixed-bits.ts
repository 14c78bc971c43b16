/** Which bits of an instruction word are no operand, by format. */
import type { Format, Instruction } from '../../../src/testing.js';

const R = 0xfe00707f;
const I = 0x0000707f;
const MASKS: Record<Format, number> = {
  ...{ R, I, load: I, S: I, B: I, U: 0x7f, J: 0x7f, shift64: 0xfc00707f, shift32: R, unary: 0xfff0707f },
  ...{ lr: 0xf9f0707f, amo: 0xf800707f, csr: I, csri: I, none: -1, 'fence-vma': 0xfe007fff, cbo: 0xfff07fff },
  ...{ fli: 0xfff0707f, FR: R, FRrm: 0xfe00007f, F1rm: 0xfff0007f, F4rm: 0x0600007f, FRx: R, Fx: 0xfff0707f },
  ...{ Fxrm: 0xfff0007f, xF: 0xfff0707f, xFrm: 0xfff0007f, fload: I, FS: I },
};
/** Fences ignore their unused fields (section "Memory Ordering Instructions"), so that later ones can use them. */
const IGNORING = ['fence', 'fence.i'];

export function fixedBits({ name, format }: Instruction): number {
  return IGNORING.includes(name) ? I : MASKS[format];
}
