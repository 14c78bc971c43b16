/**
 * Decoded code around a virtual page, as the interpreter sees it now: page by page through the execute table, so that
 * what is
 * not mapped, or was never executed, is not there.
 */
import { CODE_PAGE_BYTES, HART } from '../internal/layout.js';
import { OP } from '../generated/ops.js';
import type { Instruction } from './instruction.js';
import { instructionOf } from './instruction.js';

const EXEC_TABLE = 0x8000;
const EXEC_MASK = 0x1ff0;
const PAGE = 4096;
/** Farthest page that a region may include: offsets must fit the 21 bits that a side exit has for them (body.ts). */
export const REACH = 250;

/** Where a decoded page is, or 0 where there is none. */
export interface CodePage {
  /** Address of its slots. */
  readonly slots: number;
  /** Index among all code pages. */
  readonly index: number;
  /** Address of its bytes. */
  readonly host: number;
}

export class CodeView {
  private readonly words: Uint32Array;
  private readonly bytes: Uint8Array;
  private readonly codeBase: number;
  readonly lo: number;
  readonly hi: number;
  private readonly pages = new Map<number, CodePage | null>();

  /** `lo`, `hi`: the base, a virtual page's address in halves. `codeBase`: address of the first code page's slots. */
  constructor(words: Uint32Array, codeBase: number, lo: number, hi: number) {
    this.words = words;
    this.bytes = new Uint8Array(words.buffer);
    this.codeBase = codeBase;
    this.lo = lo;
    this.hi = hi;
  }

  /** The page at `number` pages from the base. */
  page(number: number): CodePage | null {
    let page = this.pages.get(number);
    if (page === undefined) {
      page = this.look(number);
      this.pages.set(number, page);
    }
    return page;
  }

  /** Address of the slot at byte `off` from the base, or 0. */
  slotAt(off: number): number {
    const page = this.page(off >> 12);
    return page === null ? 0 : page.slots + ((off & 0xffe) << 2);
  }

  /** The decoded instruction at `off`; an entry of a region counts as what it replaced. Null: not decoded. */
  read(off: number): Instruction | null {
    let at = this.slotAt(off) / 4;
    if (at === 0) return null;
    const { words } = this;
    if ((words[at] & 255) === OP.ENTER) at = words[at + 1] / 4;
    const word = words[at];
    return (word & 255) === OP.DECODE ? null : instructionOf(off, word, words[at + 1]);
  }

  /** Length in bytes of the instruction at `off`, from its bytes. */
  lengthAt(off: number): number {
    const page = this.page(off >> 12);
    return page !== null && (this.bytes[page.host + (off & 0xffe)] & 3) !== 3 ? 2 : 4;
  }

  private look(number: number): CodePage | null {
    if (Math.abs(number) > REACH) return null;
    const sum = this.lo + number * PAGE;
    const lo = sum >>> 0;
    const hi = (this.hi + Math.floor(sum / 2 ** 32)) >>> 0;
    const entry = (this.words[HART.CODE_SET / 4] + EXEC_TABLE + ((lo >>> 8) & EXEC_MASK)) / 4;
    if (this.words[entry] !== lo || this.words[entry + 1] !== hi) return null;
    const slots = this.words[entry + 2];
    return { slots, index: (slots - this.codeBase) / CODE_PAGE_BYTES, host: this.words[entry + 3] };
  }
}
