/**
 * Traps, privileged instructions, ports, descriptor tables, and what a CPU needs on its way to 64-bit mode.
 *
 * Source: Intel SDM volumes 2 and 3.
 */
import { unsigned } from '../internal/checks.js';
import { encode, littleEndian } from './encode.js';
import type { Memory, Register } from './operands.js';

const simple =
  (...bytes: readonly number[]) =>
  (): Uint8Array =>
    Uint8Array.from(bytes);

export const syscall = simple(0x0f, 0x05);
/** Back to 64-bit user mode. */
export const sysretq = simple(0x48, 0x0f, 0x07);
export const int3 = simple(0xcc);
export const int = (vector: number): Uint8Array => Uint8Array.of(0xcd, unsigned('vector', vector, 8));
/** Undefined for good. */
export const ud2 = simple(0x0f, 0x0b);
export const iretq = simple(0x48, 0xcf);
/** Far return, 64-bit: pops rip, then cs. */
export const retfq = simple(0x48, 0xcb);
export const hlt = simple(0xf4);
export const cli = simple(0xfa);
export const sti = simple(0xfb);
export const clts = simple(0x0f, 0x06);
export const swapgs = simple(0x0f, 0x01, 0xf8);
export const rdmsr = simple(0x0f, 0x32);
export const wrmsr = simple(0x0f, 0x30);
export const wbinvd = simple(0x0f, 0x09);
export const xgetbv = simple(0x0f, 0x01, 0xd0);
export const xsetbv = simple(0x0f, 0x01, 0xd1);
export const rdpkru = simple(0x0f, 0x01, 0xee);
export const wrpkru = simple(0x0f, 0x01, 0xef);

/** Forgets the translation of the page of `address`. */
export const invlpg = (address: Memory): Uint8Array => encode({ opcode: [0x0f, 0x01], reg: 7, rm: address });
export const invpcid = (type: Register, descriptor: Memory): Uint8Array =>
  encode({ prefix: 0x66, opcode: [0x0f, 0x38, 0x82], reg: type, rm: descriptor });

const descriptorTable =
  (opcode: number, extension: number) =>
  (table: Memory): Uint8Array =>
    encode({ opcode: [0x0f, opcode], reg: extension, rm: table });

/** Ten bytes: limit (16 bits), base (64). */
export const sgdt = descriptorTable(0x01, 0);
export const sidt = descriptorTable(0x01, 1);
export const lgdt = descriptorTable(0x01, 2);
export const lidt = descriptorTable(0x01, 3);
export const lldt = (selector: Register | Memory): Uint8Array => encode({ opcode: [0x0f, 0x00], reg: 2, rm: selector });
export const ltr = (selector: Register | Memory): Uint8Array => encode({ opcode: [0x0f, 0x00], reg: 3, rm: selector });

const SEGMENTS = { es: 0, cs: 1, ss: 2, ds: 3, fs: 4, gs: 5 };
export type Segment = keyof typeof SEGMENTS;

/** Loads a selector; not cs. */
export const movToSegment = (segment: Exclude<Segment, 'cs'>, from: Register): Uint8Array =>
  encode({ opcode: [0x8e], reg: SEGMENTS[segment], rm: from });
export const movFromSegment = (to: Register, segment: Segment): Uint8Array =>
  encode({ bits: to.bits, opcode: [0x8c], reg: SEGMENTS[segment], rm: to });

export type ControlRegister = 0 | 2 | 3 | 4 | 8;
export const movToControl = (control: ControlRegister, from: Register): Uint8Array =>
  encode({ opcode: [0x0f, 0x22], reg: control, rm: from });
export const movFromControl = (to: Register, control: ControlRegister): Uint8Array =>
  encode({ opcode: [0x0f, 0x20], reg: control, rm: to });
export const movToDebug = (debug: number, from: Register): Uint8Array =>
  encode({ opcode: [0x0f, 0x23], reg: unsigned('debug', debug, 3), rm: from });
export const movFromDebug = (to: Register, debug: number): Uint8Array =>
  encode({ opcode: [0x0f, 0x21], reg: unsigned('debug', debug, 3), rm: to });

/** Port number, or dx when undefined. */
const port =
  (opcode: number) =>
  (accumulator: Register, number?: number): Uint8Array => {
    if (accumulator.index !== 0 || accumulator.bits === 64) throw new RangeError('register: expected al, ax or eax');
    const at = opcode + (accumulator.bits === 8 ? 0 : 1) + (number === undefined ? 8 : 0);
    const bytes = number === undefined ? [at] : [at, unsigned('port', number, 8)];
    return Uint8Array.from(accumulator.bits === 16 ? [0x66, ...bytes] : bytes);
  };

/** `in`: (AL | AX | EAX, port or dx). */
export const inPort = port(0xe4);
/** `out`: (AL | AX | EAX, port or dx). */
export const outPort = port(0xe6);

const fsgs =
  (extension: number) =>
  (register: Register): Uint8Array =>
    encode({ prefix: 0xf3, bits: register.bits, opcode: [0x0f, 0xae], reg: extension, rm: register });

export const rdfsbase = fsgs(0);
export const rdgsbase = fsgs(1);
export const wrfsbase = fsgs(2);
export const wrgsbase = fsgs(3);

/** Far jump through memory: offset (64 bits), selector (16). */
export const jmpFar = (target: Memory): Uint8Array => encode({ bits: 64, opcode: [0xff], reg: 5, rm: target });

/** Far jump of 32-bit mode. */
export const jmpFar32 = (selector: number, address: number): Uint8Array =>
  Uint8Array.of(0xea, ...littleEndian(address, 4), ...littleEndian(selector, 2));
/** Far jump of 16-bit mode to a 32-bit address: how real mode is left. */
export const jmpFar16To32 = (selector: number, address: number): Uint8Array =>
  Uint8Array.of(0x66, ...jmpFar32(selector, address));
/** Near jump of 16-bit mode, three bytes; the offset is from its first byte. */
export const jmp16 = (offset: number): Uint8Array => Uint8Array.of(0xe9, ...littleEndian(offset - 3, 2));
/** Loads the GDT register of 16-bit mode from cs:`offset`, limit (16 bits) and base (32). */
export const lgdt16 = (offset: number): Uint8Array =>
  Uint8Array.of(0x2e, 0x66, 0x0f, 0x01, 0x16, ...littleEndian(unsigned('offset', offset, 16), 2));
export const lidt16 = (offset: number): Uint8Array =>
  Uint8Array.of(0x2e, 0x66, 0x0f, 0x01, 0x1e, ...littleEndian(unsigned('offset', offset, 16), 2));
/** A 32-bit instruction in 16-bit mode: `in16(mov(EAX, 1))`. Its operands may be registers and immediates only. */
export const in16 = (instruction: Uint8Array): Uint8Array => Uint8Array.of(0x66, ...instruction);
