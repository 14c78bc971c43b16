/** What is copied around a run: everything that page tables lead to, once, wherever it is, and nothing else. */
import { readSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ISAS } from '../../src/isa/index.js';
import { MirroredRam } from '../../src/sharing/mirrored-ram.js';
import { Reachable } from '../../src/sharing/reachable.js';

const PAGE = 4096;
const LARGE = 512 * PAGE;
/** As q35 splits RAM, only earlier. */
const LOW = 4 * LARGE;
const HIGH_BASE = 2 ** 32;
const PARTS = [
  { base: 0, length: LOW },
  { base: HIGH_BASE, length: LOW },
];
const HIDDEN = LARGE;
const [USER, TABLE, LARGE_LEAF, DIRTY] = [0x05, 0x07, 0x87, 0x47];

describe('reachable, in x86_64 tables', () => {
  let ram: MirroredRam;
  let reachable: Reachable;
  let bytes: Uint8Array;
  beforeEach(() => {
    ram = new MirroredRam(2 * LOW);
    reachable = new Reachable(ram, { isa: ISAS.x86_64, parts: PARTS, hidden: HIDDEN });
    bytes = new Uint8Array(ram.windows[0]);
  });
  afterEach(() => ram.dispose());

  const inFile = (offset: number): number => {
    const byte = new Uint8Array(1);
    readSync(ram.fd, byte, 0, 1, offset);
    return byte[0];
  };
  const entry = (table: number, index: number, physical: number, bits: number): void => {
    const view = new DataView(ram.windows[0]);
    view.setBigUint64(table + index * 8, BigInt(physical) | BigInt(bits), true);
  };
  /** Tables at ROOT, +1, +2 in the low part and one at the high part's end; physical addresses. */
  const ROOT = HIDDEN;
  const LAST_TABLE = 2 * LOW - PAGE;
  const asPhysical = (offset: number): number => (offset < LOW ? offset : HIGH_BASE + offset - LOW);
  const build = (): void => {
    entry(ROOT, 0, ROOT + PAGE, TABLE);
    entry(ROOT + PAGE, 0, ROOT + 2 * PAGE, TABLE);
    entry(ROOT + 2 * PAGE, 0, asPhysical(LAST_TABLE), TABLE);
  };
  const at = (offset: number, value: number): void => {
    bytes[offset] = value;
  };

  it('pages of both parts of RAM, through a table in the upper one', () => {
    build();
    const pages = [ROOT + 5 * PAGE, ROOT + 6 * PAGE, LOW - PAGE, LOW, 2 * LOW - 2 * PAGE];
    pages.forEach((page, i) => {
      entry(LAST_TABLE, i, asPhysical(page), USER);
      at(page + i, i + 1);
    });
    at(ROOT + 7 * PAGE, 9);
    reachable.publish(ROOT);
    expect(pages.map((page, i) => inFile(page + i))).toEqual([1, 2, 3, 4, 5]);
    expect(inFile(ROOT + 7 * PAGE)).toBe(0);
    expect(inFile(LAST_TABLE)).toBe(USER);
  });

  it('a large page up to the end of RAM, and never the monitor’s part', () => {
    build();
    entry(ROOT + 2 * PAGE, 1, asPhysical(LOW + 3 * LARGE), LARGE_LEAF);
    entry(ROOT + 2 * PAGE, 2, 0, LARGE_LEAF);
    entry(ROOT + PAGE, 1, 0, LARGE_LEAF); // 1 GiB: the whole lower part
    for (const offset of [100, HIDDEN + 9 * PAGE, LOW - 1, LOW + 3 * LARGE, 2 * LOW - 2 * PAGE - 1]) at(offset, 7);
    at(LOW + PAGE, 7);
    reachable.publish(ROOT);
    expect([HIDDEN + 9 * PAGE, LOW - 1, LOW + 3 * LARGE, 2 * LOW - 2 * PAGE - 1].map(inFile)).toEqual([7, 7, 7, 7]);
    expect([100, LOW + PAGE].map(inFile)).toEqual([0, 0]);
  });

  it('tables that lead to themselves, to nothing and out of RAM end the walk', () => {
    for (let i = 0; i < 512; i++) entry(ROOT, i, [ROOT, LOW + 64, 2 ** 40, HIGH_BASE + LOW][i % 4], TABLE);
    reachable.publish(ROOT);
    expect(inFile(ROOT)).toBe(TABLE);
    reachable.publish(2 ** 45);
  });

  it('what the guest wrote comes back where the entry says dirty, and what this side did not publish stays', () => {
    build();
    const [written, clean, other] = [ROOT + 5 * PAGE, ROOT + 6 * PAGE, ROOT + 7 * PAGE];
    entry(LAST_TABLE, 0, written, USER | 2);
    entry(LAST_TABLE, 1, clean, USER | 2);
    reachable.publish(ROOT);
    // The guest: a second mirror of the same file.
    const guest = new MirroredRam(2 * LOW);
    const own = guest.fd;
    try {
      Object.assign(guest, { fd: ram.fd });
      guest.refresh(0, 2 * LOW);
      const view = new Uint8Array(guest.windows[0]);
      for (const page of [written, clean, other]) view[page] = 3;
      view[LAST_TABLE] = DIRTY;
      guest.publish(0, 2 * LOW);
      at(other + 1, 4);
      reachable.refresh();
      expect([bytes[LAST_TABLE], bytes[written], bytes[clean], bytes[other], bytes[other + 1]]).toEqual([
        DIRTY,
        3,
        0,
        0,
        4,
      ]);
    } finally {
      Object.assign(guest, { fd: own });
      guest.dispose();
    }
  });

  it('a table that was edited is walked again, also by whoever had published it', () => {
    build();
    const [first, second] = [ROOT + 5 * PAGE, ROOT + 6 * PAGE];
    entry(LAST_TABLE, 0, first, USER);
    reachable.publish(ROOT);
    entry(LAST_TABLE, 1, second, USER);
    at(second, 8);
    ram.publish(LAST_TABLE, PAGE);
    reachable.publish(ROOT);
    expect(inFile(second)).toBe(8);
  });
});
