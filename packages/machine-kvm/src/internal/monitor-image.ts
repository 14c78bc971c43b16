/**
 * The monitor: what ring 0 of the guest consists of. Tables, a few instructions, and a view of all physical memory.
 *
 * Address space  root entry 256 of every address space is one PDPT: guest physical address p is at DIRECT + p, with 2 MiB
 *                supervisor pages, writable. The user half is the kernel's; entries 257 .. 511 stay empty.
 * Memory         pages from MEMORY_MAP.monitor.base: interrupt table | descriptors and code | root of nothing | PDPT |
 *                edits (EDIT_PAGES) | one state page per vCPU | page directories, one per GiB with memory
 * State page     task-state segment at its start, ring-0 stack at its end: trap frames are read from there
 * Source         Intel SDM volume 3A, chapters 4 to 7
 */
import { PAGE_SIZE } from '@veridian-os/abi';
import { MEMORY_MAP } from '../api.js';
import type { MonitorCode } from './stub.js';
import { VECTORS } from './stub.js';

const TWO_32 = 4294967296;
const GIB = 2 ** 30;
const LARGE_PAGE = 2 ** 21;

/** Linux's selectors: user programs see them. */
export const SELECTOR = { KERNEL_CODE: 0x10, KERNEL_DATA: 0x18, USER_DATA: 0x2b, USER_CODE: 0x33, TASK: 0x40 } as const;
/** First bits 32-47 / 48-63 of STAR: what SYSCALL loads, and what SYSRET would. */
export const STAR_HIGH = 0x00230010;

/** High word of the virtual address at which physical memory begins (0xffff8000_00000000). */
export const DIRECT_HIGH = 0xffff8000;
/** Entry of a root table that maps it. */
export const DIRECT_SLOT = 256;

const PRESENT = 1;
const WRITABLE = 2;
const ACCESSED = 0x20;
const DIRTY = 0x40;
const LARGE = 0x80;

const PRIVILEGED_GATE = 0x8e00;
const USER_GATE = 0xee00; // int3 and overflow traps may be asked for by user programs
const USER_VECTORS: ReadonlySet<number> = new Set([3, 4]);

const EDIT_PAGES = 4;
/** Words per edit: address of the entry, value, virtual address; 64 bits each. */
export const EDIT_WORDS = 6;
/** Edits that one entry into the stub applies. */
export const EDIT_CAPACITY = Math.floor((EDIT_PAGES * PAGE_SIZE) / 4 / EDIT_WORDS);

const PAGE = { INTERRUPTS: 0, CODE: 1, NOTHING: 2, PDPT: 3, EDITS: 4, STATE: 4 + EDIT_PAGES } as const;
/** Offset of the code in its page, behind the descriptors. */
const CODE_OFFSET = 256;

/** Guest physical addresses of the monitor's parts. */
export interface MonitorPlan {
  readonly base: number;
  readonly length: number;
  readonly root: number;
  readonly edits: number;
  readonly descriptors: number;
  readonly interrupts: number;
  readonly code: number;
  /** State page of a vCPU. */
  state(vcpu: number): number;
}

/** GiBs of physical address space that hold memory: the monitor's own and those of `ranges`. */
function gigabytes(ranges: readonly { readonly base: number; readonly length: number }[]): number[] {
  const found = new Set<number>([MEMORY_MAP.monitor.base / GIB]);
  for (const { base, length } of ranges) {
    for (let at = Math.floor(base / GIB); at * GIB < base + length; at++) found.add(at);
  }
  return [...found].sort((a, b) => a - b);
}

export function planMonitor(vcpus: number, directories: number): MonitorPlan {
  const { base } = MEMORY_MAP.monitor;
  const at = (page: number): number => base + page * PAGE_SIZE;
  return {
    base,
    length: (PAGE.STATE + vcpus + directories) * PAGE_SIZE,
    root: at(PAGE.NOTHING),
    edits: at(PAGE.EDITS),
    descriptors: at(PAGE.CODE),
    interrupts: at(PAGE.INTERRUPTS),
    code: at(PAGE.CODE) + CODE_OFFSET,
    state: (vcpu) => at(PAGE.STATE + vcpu),
  };
}

/** Pages of the plan for machines with memory in `ranges`. */
export function countDirectories(ranges: readonly { readonly base: number; readonly length: number }[]): number {
  return gigabytes(ranges).length;
}

export interface MonitorImage {
  /** The monitor's memory; zero where not filled. */
  readonly words: Uint32Array<ArrayBufferLike>;
  readonly plan: MonitorPlan;
  readonly vcpus: number;
  readonly ranges: readonly { readonly base: number; readonly length: number }[];
}

/** Writes tables and code into the monitor's memory. */
export function buildMonitor(image: MonitorImage, code: MonitorCode): void {
  const { words, plan, vcpus } = image;
  writeDescriptors(words, (plan.descriptors - plan.base) / 4);
  new Uint8Array(words.buffer, words.byteOffset).set(code.bytes, plan.code - plan.base);
  writeGates(words, (plan.interrupts - plan.base) / 4, plan.code, code);
  writeDirectMap(image);
  for (let vcpu = 0; vcpu < vcpus; vcpu++) {
    const state = plan.state(vcpu);
    const at = (state - plan.base) / 4;
    words[at + 1] = state + PAGE_SIZE; // RSP0, low half
    words[at + 2] = DIRECT_HIGH;
    words[at + 25] = 104 << 16; // no permission bitmap for ports: none is allowed
  }
}

function writeDescriptors(words: Uint32Array<ArrayBufferLike>, at: number): void {
  const entries: readonly (readonly [selector: number, high: number])[] = [
    [SELECTOR.KERNEL_CODE, 0x00af9b00],
    [SELECTOR.KERNEL_DATA, 0x00cf9300],
    [0x20, 0x00cffb00],
    [SELECTOR.USER_DATA & ~3, 0x00cff300],
    [SELECTOR.USER_CODE & ~3, 0x00affb00],
  ];
  for (const [selector, high] of entries) {
    words[at + selector / 4] = 0xffff;
    words[at + selector / 4 + 1] = high;
  }
}

function writeGates(words: Uint32Array<ArrayBufferLike>, at: number, base: number, code: MonitorCode): void {
  for (let vector = 0; vector < VECTORS; vector++) {
    const target = base + code.vector(vector);
    const gate = at + vector * 4;
    words[gate] = ((SELECTOR.KERNEL_CODE << 16) | (target & 0xffff)) >>> 0;
    words[gate + 1] = ((target & 0xffff0000) | (USER_VECTORS.has(vector) ? USER_GATE : PRIVILEGED_GATE)) >>> 0;
    words[gate + 2] = DIRECT_HIGH;
  }
}

function writeDirectMap({ words, plan, vcpus, ranges }: MonitorImage): void {
  const pdpt = plan.base + PAGE.PDPT * PAGE_SIZE;
  const bits = PRESENT | WRITABLE | ACCESSED;
  words[(plan.root - plan.base) / 4 + DIRECT_SLOT * 2] = pdpt | bits;
  gigabytes(ranges).forEach((gigabyte, index) => {
    const directory = plan.state(vcpus + index);
    words[(pdpt - plan.base) / 4 + gigabyte * 2] = directory | bits;
    for (let entry = 0; entry < 512; entry++) {
      const physical = gigabyte * GIB + entry * LARGE_PAGE;
      const at = (directory - plan.base) / 4 + entry * 2;
      words[at] = (physical | bits | DIRTY | LARGE) >>> 0;
      words[at + 1] = Math.floor(physical / TWO_32);
    }
  });
}

/** Low word of the root-table entry that maps the monitor; its high word is 0. */
export function directEntry(plan: MonitorPlan): number {
  return plan.base + PAGE.PDPT * PAGE_SIZE + (PRESENT | WRITABLE | ACCESSED);
}
