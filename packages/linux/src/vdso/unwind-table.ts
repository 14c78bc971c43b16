/**
 * How to unwind out of the vDSO, for debuggers, profilers and pthread_cancel: its functions move no stack pointer and save
 * no register, so one entry is right for all of them, at every instruction.
 *
 * Source: Linux Standard Base, "DWARF Extensions"; DWARF 5, section 6.4
 */
import { assemble, data32, data8 } from '@veridian-os/assembler';

/** Distance from the field itself in four bytes, signed; the same from the start of the index; four bytes, unsigned. */
const [FROM_HERE, FROM_INDEX, UNSIGNED] = [0x1b, 0x3b, 0x03];
/** Bytes of the common part and of an entry, after their length fields. */
const [COMMON_BYTES, ENTRY_BYTES] = [20, 16];
const ENTRY = 4 + COMMON_BYTES;
export const UNWIND_BYTES: number = ENTRY + 4 + ENTRY_BYTES + 4;
export const UNWIND_INDEX_BYTES = 20;

/** What a processor's ABI says about a function's first instruction. */
export interface CallFrame {
  /** DWARF's numbers. */
  readonly stackPointer: number;
  readonly returnAddress: number;
  /** The call has pushed the return address, 8 bytes; else it is in its register. */
  readonly pushed: boolean;
}

const DEFINE_FRAME = 0x0c;
const SAVED_AT = 0x80;

/** @param at address of the table @param text address of the code it is about @param bytes of that code */
export function unwindTable(frame: CallFrame, at: number, text: number, bytes: number): Uint8Array {
  const rules = frame.pushed
    ? [DEFINE_FRAME, frame.stackPointer, 8, SAVED_AT | frame.returnAddress, 1]
    : [DEFINE_FRAME, frame.stackPointer, 0];
  // Identifier 0, version 1, "zR", factors 1 and -8, return address, one byte more: how addresses are written.
  const common = [0, 0, 0, 0, 1, 0x7a, 0x52, 0, 1, 0x78, frame.returnAddress, 1, FROM_HERE, ...rules];
  const padding = new Array<number>(COMMON_BYTES - common.length).fill(0);
  return assemble(
    data32(COMMON_BYTES),
    data8(...common, ...padding),
    data32(ENTRY_BYTES, ENTRY + 4, text - (at + ENTRY + 8), bytes, 0),
    data32(0),
  );
}

/** The index of a table with one entry. @param at its address @param table the table's */
export function unwindIndex(at: number, table: number, text: number): Uint8Array {
  return assemble(
    data8(1, FROM_HERE, UNSIGNED, FROM_INDEX),
    data32(table - (at + 4), 1, text - at, table + ENTRY - at),
  );
}
