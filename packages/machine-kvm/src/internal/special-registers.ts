/** Segments and control registers of the guest. Source: Intel SDM volume 3A, chapters 2 and 3. */
import { MSR, SREG } from './kvm-abi.js';
import type { MonitorPlan } from './monitor-image.js';
import { DIRECT_HIGH, SELECTOR, STAR_HIGH } from './monitor-image.js';

/** Words 3 to 5 of `struct kvm_segment`: selector, type, present; privilege, size, kind; granularity, unusable. */
export type Segment = readonly [number, number, number];

function segment(selector: number, type: number, privilege: number, long: boolean): Segment {
  const size = long ? 1 << 24 : 1 << 8;
  return [(selector | (type << 16) | (1 << 24)) >>> 0, privilege | size | (1 << 16), 1];
}

export const USER_CODE = segment(SELECTOR.USER_CODE, 0xb, 3, true);
export const USER_DATA = segment(SELECTOR.USER_DATA, 0x3, 3, false);
export const KERNEL_CODE = segment(SELECTOR.KERNEL_CODE, 0xb, 0, true);
export const KERNEL_DATA = segment(SELECTOR.KERNEL_DATA, 0x3, 0, false);
/** A null selector, as 64-bit programs have them. */
const NULL_SEGMENT: Segment = [0, 0, 1 << 16];
const TASK: Segment = [(SELECTOR.TASK | (0xb << 16) | (1 << 24)) >>> 0, 0, 0];

const LIMIT = 0xffffffff;
const TASK_BYTES = 104;
const TABLE_BYTES = 0xfff;

const CR0 = 0x80050033; // protected mode, paging, write protection, alignment checks, native x87 errors
const CR4 = 0x50620; // PAE, SSE and its exceptions, FSGSBASE, XSAVE
const EFER = 0xd01; // SYSCALL, long mode, no-execute

/** Fills `struct kvm_sregs` at word `at`; CR3 stays as it is. */
export function resetSpecialRegisters(words: Uint32Array, at: number, plan: MonitorPlan, statePage: number): void {
  const set = (offset: number, { 0: a, 1: b, 2: c }: Segment, base = 0, limit = LIMIT): void => {
    const high = base === 0 ? 0 : DIRECT_HIGH;
    words.set([base, high, limit, a, b, c], at + offset / 4);
  };
  set(SREG.CS, KERNEL_CODE);
  set(SREG.SS, KERNEL_DATA);
  for (const offset of [SREG.DS, SREG.ES, SREG.FS, SREG.GS, SREG.LDT]) set(offset, NULL_SEGMENT);
  set(SREG.TR, TASK, statePage, TASK_BYTES - 1);
  words.set([plan.descriptors, DIRECT_HIGH, TABLE_BYTES & 0xff], at + SREG.GDT / 4);
  words.set([plan.interrupts, DIRECT_HIGH, TABLE_BYTES], at + SREG.IDT / 4);
  words.set([CR0, 0], at + SREG.CR0 / 4);
  words.set([CR4, 0], at + SREG.CR4 / 4);
  words.set([0, 0], at + SREG.CR8 / 4);
  words.set([EFER, 0], at + SREG.EFER / 4);
}

/** Flags that SYSCALL clears: trap, interrupt, direction, I/O privilege, nested task, alignment check. */
const SYSCALL_CLEARS = 0x47700;

/** `struct kvm_msrs` that makes SYSCALL enter the monitor. @param entry low half of its virtual address */
export function syscallMsrs(entry: number): Uint8Array {
  const values: readonly (readonly [index: number, lo: number, hi: number])[] = [
    [MSR.STAR, 0, STAR_HIGH],
    [MSR.LSTAR, entry, DIRECT_HIGH],
    [MSR.CSTAR, entry, DIRECT_HIGH],
    [MSR.SFMASK, SYSCALL_CLEARS, 0],
  ];
  const words = new Uint32Array(2 + values.length * 4);
  words[0] = values.length;
  values.forEach(([index, lo, hi], i) => words.set([index, 0, lo, hi], 2 + i * 4));
  return new Uint8Array(words.buffer);
}
