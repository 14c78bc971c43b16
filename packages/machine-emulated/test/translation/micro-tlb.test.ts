/**
 * Loops whose look-ups go through a region's micro-TLB: it must hit only where the translation buffers would, whatever happens to
 * the tables between two entries of the region, and never where they are empty.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Asid } from '@veridian-os/abi';
import type { Assembler } from '../../src/testing.js';
import { PTE, REG } from '../../src/testing.js';
import type { Guest } from '../helpers/guest.js';
import { DATA_AT, DATA_PA, USER, makeGuest } from '../helpers/guest.js';

const { s0, s1, a0, a1, a2, a3 } = REG;
const RW = USER | PTE.R | PTE.W;
const PAGES = 4;
const BUDGET = 40;

/** What happens before the guest goes on for BUDGET instructions. */
type Event =
  | { readonly kind: 'map'; readonly page: number; readonly frame: number; readonly flags: number }
  | { readonly kind: 'unmap' | 'run'; readonly page: number };

/** For ever: adds up what it reads through a0, and writes through a1, near the ends of pages; both go round the pages. */
function build(a: Assembler): void {
  a.li(s0, 0).li(a0, DATA_AT).li(a1, DATA_AT).label('loop');
  a.op('ld', { rd: a2, rs1: a0, imm: 0 }).op('ld', { rd: a3, rs1: a0, imm: 16 });
  a.r('add', s0, s0, a2).r('add', s0, s0, a3);
  a.op('sd', { rs2: s0, rs1: a1, imm: 8 });
  a.op('lbu', { rd: a2, rs1: a1, imm: 2048 - 1 }).r('add', s0, s0, a2);
  a.i('addi', a0, a0, 1016).i('addi', a1, a1, 504);
  a.li(s1, DATA_AT + PAGES * 4096 - 4096);
  a.to('bltu', 'more', { rs1: a0, rs2: s1 }).li(a0, DATA_AT).label('more');
  a.to('bltu', 'loop', { rs1: a1, rs2: s1 }).li(a1, DATA_AT).to('beq', 'loop', { rs1: 0, rs2: 0 });
}

function happen(guest: Guest, event: Event): void {
  if (event.kind === 'run') return;
  const va = DATA_AT + event.page * 4096;
  if (event.kind === 'map') guest.tables.map(va, DATA_PA + event.frame * 4096, 1, event.flags);
  else guest.tables.map(va, 0, 1, 0);
  guest.machine.mmu.flushAddressSpace(1 as Asid);
}

/** The state after every event and the instructions that follow it. */
function history(events: readonly Event[], translated: boolean): string[] {
  const guest = makeGuest({ translation: translated ? { threshold: 0, interval: 3 } : false });
  guest.tables.map(DATA_AT, DATA_PA, PAGES, RW);
  for (let i = 0; i < 8 * 512; i++) guest.data.setBigUint64(i * 8, BigInt(i * i), true);
  guest.load(build);
  guest.run(20 * BUDGET);
  const states = events.map((event) => {
    happen(guest, event);
    const { kind, consumed, addressLo } = guest.run(BUDGET);
    return [kind, consumed, addressLo, guest.pc(), guest.x(s0)].join();
  });
  states.push(String(guest.data.getBigUint64(8, true)));
  guest.machine.dispose();
  return states;
}

const event: fc.Arbitrary<Event> = fc.oneof(
  fc.record({
    kind: fc.constant('map' as const),
    page: fc.nat(PAGES - 1),
    frame: fc.nat(7),
    flags: fc.constantFrom(RW, RW, RW, USER | PTE.R),
  }),
  fc.record({ kind: fc.constantFrom('unmap' as const, 'run' as const, 'run' as const), page: fc.nat(PAGES - 1) }),
);

describe('a micro-TLB', () => {
  it('hits where the translation buffers would', () => {
    const moved: Event = { kind: 'map', page: 0, frame: 5, flags: RW };
    fc.assert(
      fc.property(fc.array(event, { maxLength: 20 }), (events) => {
        expect(history(events, true)).toEqual(history(events, false));
      }),
      { numRuns: 60, examples: [[[moved]], [[{ ...moved, flags: USER | PTE.R }]]] },
    );
  });
});

describe('an address that an empty entry might be taken for', () => {
  // In a loop through the micro-TLB; once before it without; a span compares less than a single access.
  it.each([1, 2])('faults, %i accesses', (accesses) => {
    for (const wild of [0x0808_0808_0808_0000n, 0x0808_0808_0808_0808n, 0x0808_0808_0808_0800n]) {
      const guest = makeGuest({ translation: { threshold: 0, interval: 3 } });
      guest.load((a) => {
        a.label('loop');
        for (let i = 0; i < accesses; i++) a.op('ld', { rd: a2, rs1: a0, imm: 8 * i });
        a.i('addi', s1, s1, -1).to('beq', 'wild', { rs1: s1, rs2: 0 }).to('bne', 'loop', { rs1: s0, rs2: 0 });
        a.label('again');
        for (let i = 0; i < accesses; i++) a.op('ld', { rd: a3, rs1: a0, imm: 8 * i });
        a.op('ecall').label('wild').i('addi', a0, a1, 0).to('beq', 'loop', { rs1: 0, rs2: 0 });
      });
      const start = guest.pc();
      for (const stays of [1n, 0n, 1n, 0n]) {
        guest.setPc(Number(start));
        guest.setX(s1, 400n);
        guest.setX(s0, stays);
        guest.setX(a0, BigInt(DATA_AT));
        guest.setX(a1, wild);
        const { addressLo, addressHi } = guest.run();
        if (stays === 1n) expect((BigInt(addressHi) << 32n) | BigInt(addressLo >>> 0)).toBe(wild);
      }
      guest.machine.dispose();
    }
  });
});
