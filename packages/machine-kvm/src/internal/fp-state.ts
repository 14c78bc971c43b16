/**
 * Floating-point and vector state as XSAVE stores it, in its standard format.
 *
 * Shapes     `layout.fpBytes` bytes as the kernel sees it, XSAVE_BYTES as KVM does; the header is at 512
 * Source     Intel SDM volume 1, section 13.4
 */
import { X86_64 } from '@veridian-os/hal';
import { XSAVE_BYTES } from './kvm-abi.js';

const CONTROL = 0;
const DEFAULT_CONTROL = 0x37f;
/** Of the x87 control word: what programs set, and a reserved bit that some processors read as one, whatever was loaded. */
const CONTROL_BITS = 0x1f3f;
const CONTROL_ONE = 0x40;
const STATUS = 2;
const OPCODE = 6;
const OPCODE_BITS = 0x7ff;
/** In control and status word alike: the six exceptions, as masks and as flags. */
const X87_EXCEPTIONS = 0x3f;
/** Of the status word: an unmasked exception is pending, in both places where that is told. */
const X87_PENDING = 0x8080;
const MXCSR = 24;
const DEFAULT_MXCSR = 0x1f80;
const MXCSR_BITS = 0xffff;
/** What this machine adds by itself: the mask of MXCSR, words for software. Zero as the kernel sees it. */
const MXCSR_MASK = 28;
const SOFTWARE = 416;
const HEADER = 512;
const HEADER_END = 576;
/** Protection keys are off. */
const PROTECTION_KEYS = 2688;
/** x87 and SSE: their state is in the first 512 bytes on every machine. */
const LEGACY = 3;

/** What programs get where the processor has it: bit of XCR0, and where the layout has the component's registers. */
const AREAS: readonly (readonly [mask: number, components: readonly (readonly [number, number])[]])[] = [
  [0x4, [[2, 576]]], // AVX
  // The three parts of AVX-512 come together or not at all.
  [
    0xe0,
    [
      [5, 1088],
      [6, 1152],
      [7, 1664],
    ],
  ],
];

/**
 * Components that a virtual processor may switch on: x87 and SSE, and of AVX and AVX-512 what the processor has, at the
 * places that the layout names (some processors pack their standard format tighter; programs do without there).
 * @param leaf EAX and EBX of CPUID leaf 0xd by subleaf; zeroes where it does not exist
 * @returns XCR0
 */
export function usableComponents(leaf: (subleaf: number) => { readonly eax: number; readonly ebx: number }): number {
  const supported = leaf(0).eax;
  let usable = LEGACY;
  for (const [mask, components] of AREAS) {
    const inPlace = components.every(([component, offset]) => leaf(component).ebx === offset);
    if ((supported & mask) === mask && inPlace) usable |= mask;
  }
  return usable;
}

/** The state of a program that begins: everything in its initial configuration. */
export function initialState(): Uint8Array {
  const bytes = new Uint8Array(XSAVE_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint16(CONTROL, DEFAULT_CONTROL, true);
  view.setUint32(MXCSR, DEFAULT_MXCSR, true);
  return bytes;
}

/**
 * What KVM accepts of a state that comes from a program: no components that the machine lacks, no reserved bits.
 * @param from `layout.fpBytes` bytes
 * @param components as `usableComponents` gives them
 */
export function acceptState(from: Uint8Array, components: number): Uint8Array {
  const bytes = new Uint8Array(XSAVE_BYTES);
  bytes.set(from.subarray(0, X86_64.fpBytes));
  const view = new DataView(bytes.buffer);
  view.setUint32(MXCSR, view.getUint32(MXCSR, true) & MXCSR_BITS, true);
  return canonical(bytes, components);
}

/** Takes out of a state what does not belong to the program: reserved fields, components that it does not have. */
export function canonical(state: Uint8Array, components: number): Uint8Array {
  const view = new DataView(state.buffer, state.byteOffset);
  const present = view.getUint32(HEADER, true) & components;
  state.fill(0, MXCSR_MASK, MXCSR_MASK + 4).fill(0, SOFTWARE, HEADER_END);
  state.fill(0, PROTECTION_KEYS);
  view.setUint32(HEADER, present, true);
  if ((present & 1) !== 0) canonicalX87(view);
  return state;
}

/** Some processors keep what was loaded, others what it means: this is the latter. */
function canonicalX87(view: DataView): void {
  const control = (view.getUint16(CONTROL, true) & CONTROL_BITS) | CONTROL_ONE;
  const status = view.getUint16(STATUS, true) & ~X87_PENDING;
  view.setUint16(CONTROL, control, true);
  view.setUint16(OPCODE, view.getUint16(OPCODE, true) & OPCODE_BITS, true);
  view.setUint16(STATUS, (status & ~control & X87_EXCEPTIONS) === 0 ? status : status | X87_PENDING, true);
}

/** A state as it is loaded: the legacy part always explicitly, so that nothing of another context shines through. */
export function loadable(state: Uint8Array, into: Uint8Array): Uint8Array {
  into.set(state);
  const view = new DataView(into.buffer, into.byteOffset);
  const present = view.getUint32(HEADER, true);
  if ((present & 1) === 0) {
    const mxcsr = view.getUint32(MXCSR, true);
    into.fill(0, 0, 160);
    view.setUint16(CONTROL, DEFAULT_CONTROL, true);
    view.setUint32(MXCSR, mxcsr, true);
  }
  if ((present & 2) === 0) {
    into.fill(0, 160, 416);
    if ((present & 4) === 0) view.setUint32(MXCSR, DEFAULT_MXCSR, true);
  }
  view.setUint32(HEADER, present | LEGACY, true);
  return into;
}
