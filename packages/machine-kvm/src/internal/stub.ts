/**
 * The instructions of ring 0. Each way in ends in an OUT, which hands the vCPU to the machine; the port says which one.
 * Nothing is saved and nothing returns: the machine reads the registers and writes those of the next ring-3 entry.
 *
 * Ports  0 .. 31 exception of that vector, PORT.SYSCALL, PORT.DONE; none of them is one that a quirk of KVM knows
 * Cost   where ring 0 is interpreted, 0.4 us per instruction
 */
import { CodeBuffer, to, x86_64 } from '@veridian-os/assembler';

const { AL, RAX, ECX, RSI, RDI, add, dec, invlpg, jcc, mem, mem8, mem64, mov, movFromControl, movToControl } = x86_64;
const { outPort, xchg } = x86_64;

export const PORT = { SYSCALL: 0x80, DONE: 0x81 } as const;

/** Exceptions of the architecture. */
export const VECTORS = 32;

export interface MonitorCode {
  readonly bytes: Uint8Array;
  /** Offset of an exception's entry. */
  vector(vector: number): number;
  /** Offset of what SYSCALL enters. */
  readonly syscall: number;
  /** Exchanges the page-table entries listed at rsi, ecx of them, and forgets the translation of each. */
  readonly edit: number;
  /** Stores the second byte of each table listed at rsi, ecx of them, as it is; forgets all translations. */
  readonly shed: number;
  /** Forgets all translations. */
  readonly flush: number;
}

/** An entry is two bytes; far enough apart that the interpreter's prefetch of one ends before the next. */
const ALIGNMENT = 16;

/** Between the entries: an instruction of one byte, so that a disassembler keeps its step. */
const INT3 = 0xcc;

/** @param editBytes distance of the edits in the list: entry's address, value, virtual address */
export function monitorCode(editBytes: number): MonitorCode {
  const code = new CodeBuffer();
  const out = (port: number): Uint8Array => outPort(AL, port);
  const entry = (name: string): CodeBuffer => code.align(ALIGNMENT, INT3).label(name);
  for (let vector = 0; vector < VECTORS; vector++) entry(`vector ${vector}`).emit(out(vector));
  entry('syscall').emit(out(PORT.SYSCALL));
  entry('edit').emit(
    mov(RDI, mem64(RSI)),
    mov(RAX, mem64(RSI, 8)),
    xchg(mem64(RDI), RAX),
    mov(mem64(RSI, 8), RAX),
    mov(RDI, mem64(RSI, 16)),
    invlpg(mem(RDI)),
    add(RSI, editBytes),
    dec(ECX),
    to('edit', (offset) => jcc('ne', offset)),
    out(PORT.DONE),
  );
  entry('shed').emit(
    mov(RDI, mem64(RSI)),
    mov(AL, mem8(RDI, 1)),
    mov(mem8(RDI, 1), AL),
    add(RSI, editBytes),
    dec(ECX),
    to('shed', (offset) => jcc('ne', offset)),
    movFromControl(RAX, 3),
    movToControl(3, RAX),
    out(PORT.DONE),
  );
  entry('flush').emit(movFromControl(RAX, 3), movToControl(3, RAX), out(PORT.DONE));
  return {
    bytes: code.align(ALIGNMENT, INT3).finish(),
    vector: (vector) => code.offset(`vector ${vector}`),
    syscall: code.offset('syscall'),
    edit: code.offset('edit'),
    shed: code.offset('shed'),
    flush: code.offset('flush'),
  };
}
