/** Decoded code: self-modification, fence.i, syncCode, aliases, eviction. */
import { describe, expect, it } from '@jest/globals';
import type { Frame } from '@veridian-os/abi';
import { TrapKind } from '@veridian-os/hal';
import { INSTRUCTIONS, PTE, REG, encode } from '../../src/testing.js';
import { CODE_AT, CODE_PA, DATA_PA, USER, makeGuest } from '../helpers/guest.js';
import type { Guest } from '../helpers/guest.js';

const { a0, a1, t0, s0 } = REG;

function word(imm: number): number {
  return encode(INSTRUCTIONS.get('addi')!, { rd: a0, rs1: 0, imm });
}

/** Lets the guest write its own code through a second mapping. */
const ALIAS = 0x40_0000;
function mapWritable(guest: Guest): void {
  guest.tables.map(ALIAS, CODE_PA, 8, USER | PTE.R | PTE.W);
}

describe('self-modifying code', () => {
  /** Overwrites the instruction at `patch` through the alias, then runs it; with or without fence.i. */
  function patched(fence: boolean): Guest {
    const guest = makeGuest();
    mapWritable(guest);
    guest.load((a) => {
      a.li(s0, ALIAS).li(t0, word(2)).li(a1, 2);
      a.label('again').label('patch').op('addi', { rd: a0, rs1: 0, imm: 1 });
      a.s('sw', t0, s0, a.addressOf('patch') - CODE_AT);
      if (fence) a.op('fence.i');
      a.i('addi', a1, a1, -1).to('bne', 'again', { rs1: a1, rs2: 0 }).op('ecall');
    });
    expect(guest.run().kind).toBe(TrapKind.Syscall);
    return guest;
  }

  it('is seen after fence.i', () => expect(patched(true).x(a0)).toBe(2n));

  it('fence.i again and again', () => {
    const guest = makeGuest();
    mapWritable(guest);
    guest.load((a) => {
      a.li(s0, ALIAS)
        .li(t0, word(0))
        .li(a1, 0)
        .li(REG.t2, 1 << 20);
      a.label('again').r('add', t0, t0, REG.t2).s('sw', t0, s0, 256).op('fence.i');
      a.to('jal', 'patch', { rd: REG.ra }).r('add', a1, a1, a0);
      a.li(REG.t1, 100).to('bne', 'again', { rs1: a0, rs2: REG.t1 }).op('ecall');
      a.align(256).label('patch').op('addi', { rd: a0, rs1: 0, imm: 0 }).i('jalr', 0, REG.ra, 0);
    });
    expect(guest.run().kind).toBe(TrapKind.Syscall);
    expect(guest.x(a1)).toBe(5050n);
  });

  it('code written into a page that was written before it was ever run', () => {
    const guest = makeGuest();
    const buffer = 0x50_0000;
    guest.tables.map(buffer, DATA_PA, 1, USER | PTE.R | PTE.W | PTE.X);
    guest.load((a) => {
      a.li(s0, buffer).li(a1, 0);
      for (const value of [3, 30, 300]) {
        a.li(t0, word(value)).s('sw', t0, s0, 0).li(t0, 0x8067).s('sw', t0, s0, 4).op('fence.i');
        a.i('jalr', REG.ra, s0, 0).r('add', a1, a1, a0);
      }
      a.op('ecall');
    });
    expect(guest.run().kind).toBe(TrapKind.Syscall);
    expect(guest.x(a1)).toBe(333n);
  });

  it('the exact path never takes new bytes for what the old slot said', () => {
    // The slot says "not for the loop" (a CSR read); the bytes by now say "addi", which only the loop can do.
    const guest = makeGuest();
    guest.load((a) => a.op('csrrs', { rd: a0, rs1: 0, csr: 0xc00 }).op('ecall'));
    expect(guest.run().kind).toBe(TrapKind.Syscall);
    new DataView(guest.code.buffer, guest.code.byteOffset).setUint32(0, word(9), true);
    guest.setPc(CODE_AT);
    expect(guest.run().kind).toBe(TrapKind.Syscall);
    expect(guest.x(a0)).toBe(9n);
  });
});

it('syncCode makes code that the kernel wrote visible', () => {
  const guest = makeGuest();
  guest.load((a) => a.op('addi', { rd: a0, rs1: 0, imm: 1 }).op('ecall'));
  guest.run();
  new DataView(guest.code.buffer, guest.code.byteOffset).setUint32(0, word(5), true);
  guest.machine.mmu.syncCode((CODE_PA / 4096) as Frame, 1);
  guest.setPc(CODE_AT);
  guest.run();
  expect(guest.x(a0)).toBe(5n);
});

it('more code pages than the cache holds', () => {
  const guest = makeGuest({ codePages: 16 });
  const pages = 60;
  for (let i = 0; i < pages; i++) {
    guest.load(
      (a) => {
        a.i('addi', a0, a0, 1);
        if (i + 1 < pages) a.op('jal', { rd: 0, imm: 4092 });
        else a.op('ecall');
      },
      CODE_AT + i * 4096,
    );
  }
  for (let round = 1; round <= 5; round++) {
    guest.setPc(CODE_AT);
    expect(guest.run().kind).toBe(TrapKind.Syscall);
    expect(guest.x(a0)).toBe(BigInt(pages * round));
  }
});

it('one physical page at two addresses: relative code is relative to where it runs', () => {
  const guest = makeGuest();
  guest.tables.map(0x80_0000, CODE_PA, 1, USER | PTE.R | PTE.X);
  guest.load((a) => a.op('auipc', { rd: a0, imm: 0 }).to('jal', 'on', { rd: a1 }).op('ebreak').label('on').op('ecall'));
  for (const at of [CODE_AT, 0x80_0000, CODE_AT]) {
    guest.setPc(at);
    expect(guest.run().kind).toBe(TrapKind.Syscall);
    expect(guest.x(a0)).toBe(BigInt(at));
    expect(guest.x(a1)).toBe(BigInt(at + 8));
  }
});

it('remapping a virtual page to other code needs no syncCode', () => {
  const guest = makeGuest();
  guest.load((a) => a.op('addi', { rd: a0, rs1: 0, imm: 1 }).op('ecall'), CODE_AT);
  guest.load((a) => a.op('addi', { rd: a0, rs1: 0, imm: 2 }).op('ecall'), CODE_AT + 4096);
  guest.setPc(CODE_AT);
  guest.run();
  guest.tables.map(CODE_AT, CODE_PA + 4096, 1, USER | PTE.R | PTE.X);
  guest.machine.mmu.flushAddressSpace(1 as never);
  guest.setPc(CODE_AT);
  guest.run();
  expect(guest.x(a0)).toBe(2n);
});
