/** Translation and accesses: permissions, accessed and dirty bits, superpages, misalignment, precise faults. */
import { describe, expect, it } from '@jest/globals';
import { createMmuEdits } from '@veridian-os/abi';
import { Access, FaultKind, TrapKind } from '@veridian-os/hal';
import type { Mnemonic } from '../../src/testing.js';
import { PTE } from '../../src/testing.js';
import { CODE_AT, CODE_PA, DATA_AT, DATA_PA, USER, makeGuest } from '../helpers/guest.js';
import type { Guest } from '../helpers/guest.js';

/** Runs one access with base x8 and value x9; the trap's description, or 'done'. */
function attempt(guest: Guest, name: Mnemonic, address: bigint): string {
  const store = name.startsWith('s');
  guest.load((a) => {
    if (name.includes('.')) a.op(name, { rd: 10, rs1: 8, rs2: 9 });
    else if (store) a.s(name, 9, 8, 0);
    else a.i(name, 10, 8, 0);
    a.op('ecall');
  });
  guest.setX(8, address);
  const trap = guest.run();
  if (trap.kind === TrapKind.Syscall) return 'done';
  expect(trap.kind).toBe(TrapKind.Fault);
  expect(guest.pc()).toBe(BigInt(CODE_AT));
  const kind = Object.keys(FaultKind)[trap.fault];
  const access = Object.keys(Access)[trap.access];
  const value = (BigInt(trap.addressHi) << 32n) | BigInt(trap.addressLo);
  return `${kind} ${access} 0x${value.toString(16)}`;
}

function leaf(flags: number): bigint {
  return (BigInt(DATA_PA / 4096) << 10n) | BigInt(flags);
}

const AT = BigInt(DATA_AT);
const HEX = `0x${DATA_AT.toString(16)}`;

describe('page-table entries', () => {
  it.each<[string, bigint, string, string]>([
    ['readable and writable', leaf(USER | PTE.R | PTE.W), 'done', 'done'],
    ['read-only', leaf(USER | PTE.R), 'done', `Page Write ${HEX}`],
    ['execute-only', leaf(USER | PTE.X), `Page Read ${HEX}`, `Page Write ${HEX}`],
    ['not valid', leaf(USER | PTE.R | PTE.W) & ~1n, `Page Read ${HEX}`, `Page Write ${HEX}`],
    ['writable but not readable (reserved)', leaf(USER | PTE.W), `Page Read ${HEX}`, `Page Write ${HEX}`],
    ["the supervisor's", leaf((USER & ~PTE.U) | PTE.R | PTE.W), `Page Read ${HEX}`, `Page Write ${HEX}`],
    ['reserved high bits', leaf(USER | PTE.R | PTE.W) | (1n << 60n), `Page Read ${HEX}`, `Page Write ${HEX}`],
    ['no memory there', 0x3ffffffffffc00n | BigInt(USER | PTE.R | PTE.W), `Bus Read ${HEX}`, `Bus Write ${HEX}`],
  ])('%s', (_, entry, read, write) => {
    const guest = makeGuest();
    guest.tables.write(AT, entry);
    expect(attempt(guest, 'ld', AT)).toBe(read);
    expect(attempt(guest, 'sd', AT)).toBe(write);
    expect(attempt(guest, 'amoadd.d', AT)).toBe(write);
  });

  it('a pointer at the last level, or one with leaf-only bits, is a page fault', () => {
    const guest = makeGuest();
    guest.tables.write(AT, leaf(PTE.V));
    expect(attempt(guest, 'ld', AT)).toBe(`Page Read ${HEX}`);
    const other = makeGuest();
    other.tables.write(AT, other.tables.read(AT, 1) | BigInt(PTE.A), 1);
    expect(attempt(other, 'ld', AT)).toBe(`Page Read ${HEX}`);
  });

  it('a table outside memory is an access fault', () => {
    const guest = makeGuest();
    guest.tables.write(AT, 0x3ffffffffffc01n, 1);
    expect(attempt(guest, 'ld', AT)).toBe(`Bus Read ${HEX}`);
  });

  it('fetching from a page without X faults at the target', () => {
    const guest = makeGuest();
    guest.load((a) => a.i('jalr', 1, 8, 0));
    guest.setX(8, AT);
    const trap = guest.run();
    expect([trap.fault, trap.access, trap.addressLo]).toEqual([FaultKind.Page, Access.Execute, DATA_AT]);
    expect(guest.pc()).toBe(AT);
    expect(guest.x(1)).toBe(BigInt(CODE_AT + 4));
  });

  it('addresses that are not canonical are page faults', () => {
    const guest = makeGuest();
    for (const address of [1n << 38n, 1n << 39n, 1n << 63n, (1n << 64n) - (1n << 39n), AT | (1n << 60n)]) {
      expect(attempt(guest, 'ld', address)).toBe(`Page Read 0x${address.toString(16)}`);
    }
    expect(attempt(guest, 'ld', AT)).toBe('done');
    expect(attempt(guest, 'ld', AT | (1n << 60n))).toContain('Page Read');
  });
});

describe('superpages', () => {
  it('2 MiB and 1 GiB leaves translate every offset', () => {
    const guest = makeGuest();
    guest.tables.map(0x4000_0000n, 0x8000_0000, 1, USER | PTE.R | PTE.W, 2);
    guest.tables.map(0x8020_0000n, 0x8020_0000, 1, USER | PTE.R | PTE.W, 1);
    guest.data.setBigUint64(0x1238, 0x1122334455667788n, true);
    expect(attempt(guest, 'ld', 0x4020_1238n)).toBe('done');
    expect(guest.x(10)).toBe(0x1122334455667788n);
    expect(attempt(guest, 'ld', 0x8020_1238n)).toBe('done');
    expect(guest.x(10)).toBe(0x1122334455667788n);
  });

  it('a misaligned superpage is a page fault', () => {
    const guest = makeGuest();
    guest.tables.write(0x4000_0000n, (0x80001n << 10n) | BigInt(USER | PTE.R), 1);
    expect(attempt(guest, 'ld', 0x4000_0000n)).toBe('Page Read 0x40000000');
  });
});

describe('accessed and dirty bits', () => {
  it('are set by the first read, write and fetch', () => {
    const guest = makeGuest();
    const bits = (): bigint => guest.tables.read(AT) & BigInt(PTE.A | PTE.D);
    guest.tables.write(AT, leaf(PTE.V | PTE.U | PTE.R | PTE.W));
    expect(attempt(guest, 'ld', AT)).toBe('done');
    expect(bits()).toBe(BigInt(PTE.A));
    expect(attempt(guest, 'sd', AT)).toBe('done');
    expect(bits()).toBe(BigInt(PTE.A | PTE.D));
  });

  it('a denied access sets nothing', () => {
    const guest = makeGuest();
    guest.tables.write(AT, leaf(PTE.V | PTE.U | PTE.R));
    attempt(guest, 'sd', AT);
    expect(guest.tables.read(AT)).toBe(leaf(PTE.V | PTE.U | PTE.R));
  });

  it('an edit reports the bits that the CPU set, and later accesses set them again', () => {
    const guest = makeGuest();
    guest.tables.write(AT, leaf(PTE.V | PTE.U | PTE.R | PTE.W));
    attempt(guest, 'sd', AT);
    const edits = createMmuEdits(1);
    edits.count = 1;
    edits.entry[0] = guest.tables.entryAddress(AT);
    edits.virtual[0] = DATA_AT;
    edits.asid[0] = 1;
    const clean = leaf(PTE.V | PTE.U | PTE.R | PTE.W);
    edits.valueLo[0] = Number(clean & 0xffffffffn);
    edits.valueHi[0] = Number(clean >> 32n);
    guest.machine.mmu.apply(edits);
    expect(edits.oldLo[0] & (PTE.A | PTE.D)).toBe(PTE.A | PTE.D);
    attempt(guest, 'sd', AT);
    expect(guest.tables.read(AT) & BigInt(PTE.D)).toBe(BigInt(PTE.D));
  });
});

describe('misaligned accesses', () => {
  const WIDTHS: [Mnemonic, Mnemonic, number][] = [
    ['sh', 'lhu', 2],
    ['sh', 'lh', 2],
    ['sw', 'lw', 4],
    ['sw', 'lwu', 4],
    ['sd', 'ld', 8],
  ];
  it.each(WIDTHS)('%s and %s succeed at every offset, inside a page and across two', (store, load, bytes) => {
    const guest = makeGuest();
    // Adjacent pages that are not adjacent in memory.
    guest.tables.write(AT + 4096n, (BigInt(DATA_PA / 4096 + 9) << 10n) | BigInt(USER | PTE.R | PTE.W));
    // Both pages are in the translation buffers already: the fast path must notice by itself.
    for (const page of [AT, AT + 4096n])
      expect([attempt(guest, 'sd', page), attempt(guest, 'ld', page)]).toEqual(['done', 'done']);
    const value = 0x0102030405060708n & ((1n << BigInt(bytes * 8)) - 1n);
    for (let offset = 1; offset < bytes; offset++) {
      for (const address of [AT + BigInt(offset), AT + 4096n - BigInt(offset)]) {
        guest.setX(9, value);
        expect(attempt(guest, store, address)).toBe('done');
        guest.setX(9, 0n);
        expect(attempt(guest, load, address)).toBe('done');
        expect(guest.x(10)).toBe(value);
      }
      expect(guest.data.getUint8(9 * 4096 + bytes - offset - 1)).toBe(Number(value >> BigInt(8 * (bytes - 1))));
    }
    expect(guest.data.getUint8(4096)).toBe(0);
  });

  it('a store across pages whose second page is missing writes nothing and names the second page', () => {
    const guest = makeGuest();
    guest.tables.write(AT + 4096n, 0n);
    guest.setX(9, -1n);
    expect(attempt(guest, 'sd', AT + 4092n)).toBe(`Page Write 0x${(DATA_AT + 4096).toString(16)}`);
    expect(guest.data.getUint32(4092, true)).toBe(0);
    expect(attempt(guest, 'ld', AT + 4092n)).toBe(`Page Read 0x${(DATA_AT + 4096).toString(16)}`);
  });

  it('atomics must be aligned', () => {
    const guest = makeGuest();
    expect(attempt(guest, 'amoadd.w', AT + 2n)).toBe(`Alignment Write 0x${(DATA_AT + 2).toString(16)}`);
    expect(attempt(guest, 'sc.d', AT + 4n)).toBe(`Alignment Write 0x${(DATA_AT + 4).toString(16)}`);
    expect(attempt(guest, 'lr.d', AT + 4n)).toBe(`Alignment Read 0x${(DATA_AT + 4).toString(16)}`);
  });
});

it('an instruction across two pages runs, and faults precisely when the second is missing', () => {
  const guest = makeGuest();
  guest.load((a) => a.half(1).op('addi', { rd: 10, rs1: 0, imm: 77 }).op('ecall'), CODE_AT + 4096 - 4);
  expect(guest.run().kind).toBe(TrapKind.Syscall);
  expect(guest.x(10)).toBe(77n);
  const second = BigInt(CODE_AT + 4096);
  const edits = createMmuEdits(1);
  edits.count = 1;
  edits.entry[0] = guest.tables.entryAddress(second);
  edits.virtual[0] = Number(second);
  edits.asid[0] = 1;
  guest.machine.mmu.apply(edits);
  guest.setPc(CODE_AT + 4096 - 4);
  const trap = guest.run();
  expect([trap.fault, trap.access, trap.addressLo]).toEqual([FaultKind.Page, Access.Execute, CODE_AT + 4096]);
  expect(guest.pc()).toBe(BigInt(CODE_AT + 4096 - 2));
  // Another page with another second half: no stale decoding.
  guest.machine.memory[0].u8.set([0x50, 0x05], CODE_PA - 0x8000_0000 + 40 * 4096);
  guest.tables.write(second, (BigInt(CODE_PA / 4096 + 40) << 10n) | BigInt(USER | PTE.R | PTE.X));
  guest.machine.memory[0].u8.set([0x73, 0, 0, 0], CODE_PA - 0x8000_0000 + 40 * 4096 + 2);
  expect(guest.run().kind).toBe(TrapKind.Syscall);
  expect(guest.x(10)).toBe(0x055n);
});
