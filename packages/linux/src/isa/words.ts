/** Registers and 64-bit fields: a register view's words to and from memory. */
import { highWord, lowWord } from '@veridian-os/abi';
import type { RegisterView } from '@veridian-os/hal';

/** Stores register `register` at `offset`. */
export function copyOut(view: DataView, offset: number, registers: RegisterView, register: number): void {
  view.setUint32(offset, registers[register * 2], true);
  view.setUint32(offset + 4, registers[register * 2 + 1], true);
}

/** Loads register `register` from `offset`. */
export function copyIn(view: DataView, offset: number, registers: RegisterView, register: number): void {
  registers[register * 2] = view.getUint32(offset, true);
  registers[register * 2 + 1] = view.getUint32(offset + 4, true);
}

export function setRegister(registers: RegisterView, register: number, value: number): void {
  registers[register * 2] = lowWord(value);
  registers[register * 2 + 1] = highWord(value);
}

/** `value` rounded down to a multiple of `align`. */
export function alignDown(value: number, align: number): number {
  return value - (value % align);
}
