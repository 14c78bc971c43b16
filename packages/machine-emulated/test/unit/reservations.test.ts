/** LR and SC: what a reservation holds, what ends it, and which exception a bad address is ("A", "LR/SC"). */
import { describe, expect, it } from '@jest/globals';
import type { Assembler } from '../../src/testing.js';
import { REG } from '../../src/testing.js';
import { RAM, probe } from '../helpers/board.js';
import { DATA_AT, makeGuest } from '../helpers/guest.js';
import type { Guest } from '../helpers/guest.js';

const { a0, a1, a2, s0, s1, t0 } = REG;
const [LOAD_MISALIGNED, LOAD_ACCESS, STORE_MISALIGNED, STORE_ACCESS, ECALL_S] = [4, 5, 6, 7, 9];
const HERE = 0;
const ELSEWHERE = 2048;
const OLD = 0xfedc_ba98_8765_4321n;
const NEW = 0x1122_3344_5566_7788n;

function run(build: (a: Assembler) => void): Guest {
  const guest = makeGuest();
  guest.data.setBigUint64(HERE, OLD, true);
  guest.data.setBigUint64(8, OLD, true);
  guest.data.setBigUint64(ELSEWHERE, OLD, true);
  guest.load((a) => {
    a.li(s0, DATA_AT)
      .li(s1, DATA_AT + ELSEWHERE)
      .li(t0, NEW);
    build(a);
    a.op('ecall');
  });
  guest.run();
  return guest;
}

const lr = (rs1: number) => (a: Assembler) => void a.op('lr.d', { rd: a0, rs1 });
const sc = (rs1: number, rd: number) => (a: Assembler) => void a.op('sc.d', { rd, rs1, rs2: t0 });

describe('SC', () => {
  it.each<[string, ((a: Assembler) => void)[], bigint, bigint]>([
    ['after its LR', [lr(s0)], 0n, NEW],
    ['after two of them', [lr(s0), lr(s0)], 0n, NEW],
    ['after its LR and a multiplication', [lr(s0), (a) => void a.op('mul', { rd: a2, rs1: a0 })], 0n, NEW],
    ['without an LR', [], 1n, OLD],
    ['after an LR elsewhere', [lr(s1)], 1n, OLD],
    ['after its LR and then one elsewhere', [lr(s0), lr(s1)], 1n, OLD],
    ['after another SC that stored', [lr(s0), sc(s0, a2)], 1n, NEW],
    ['after another SC that did not', [lr(s0), sc(s1, a2)], 1n, OLD],
  ])('%s', (_, before, result, memory) => {
    const guest = run((a) => [...before, sc(s0, a1)].forEach((build) => build(a)));
    expect([guest.x(a1), guest.data.getBigUint64(HERE, true)]).toEqual([result, memory]);
    expect(guest.data.getBigUint64(ELSEWHERE, true)).toBe(OLD);
  });

  it('of a word stores the lower half and nothing beside it; LR extends its sign', () => {
    const guest = run((a) => {
      a.i('addi', s0, s0, 4).op('lr.w', { rd: a0, rs1: s0 }).op('sc.w', { rd: a1, rs1: s0, rs2: t0 });
    });
    expect([guest.x(a0), guest.x(a1)]).toEqual([BigInt.asUintN(64, -0x0123_4568n), 0n]);
    expect(guest.data.getBigUint64(HERE, true)).toBe((BigInt.asUintN(32, NEW) << 32n) | BigInt.asUintN(32, OLD));
    expect(guest.data.getBigUint64(8, true)).toBe(OLD);
  });

  it('to x0 stores all the same', () => {
    const guest = run((a) => {
      a.op('lr.d', { rd: 0, rs1: s0 }).op('sc.d', { rd: 0, rs1: s0, rs2: t0 });
    });
    expect([guest.x(0), guest.data.getBigUint64(HERE, true)]).toEqual([0n, NEW]);
  });

  it.each(['lr.w', 'lr.d'] as const)('%s loads and reserves with every ordering', (name) => {
    for (let order = 0; order < 4; order++) {
      const guest = run((a) => {
        a.op(name, { rd: a0, rs1: s0, order }).op(name === 'lr.w' ? 'sc.w' : 'sc.d', {
          rd: a1,
          rs1: s0,
          rs2: t0,
          order,
        });
      });
      expect([order, guest.x(a1)]).toEqual([order, 0n]);
    }
  });
});

describe('a bad address', () => {
  const ABSENT = 0x4000_0000;
  const DEVICE = 0x1000_0000;
  it.each([
    ['lr.w', RAM + 0x20_0002, LOAD_MISALIGNED],
    ['lr.d', RAM + 0x20_0004, LOAD_MISALIGNED],
    ['sc.w', RAM + 0x20_0001, STORE_MISALIGNED],
    ['sc.d', RAM + 0x20_0004, STORE_MISALIGNED],
    ['amoadd.w', RAM + 0x20_0002, STORE_MISALIGNED],
    ['amoadd.d', RAM + 0x20_0004, STORE_MISALIGNED],
    ['amocas.q', RAM + 0x20_0008, STORE_MISALIGNED],
    ['lr.d', ABSENT, LOAD_ACCESS],
    ['sc.d', ABSENT, STORE_ACCESS],
    ['amoswap.w', ABSENT, STORE_ACCESS],
    // No atomics on devices.
    ['lr.w', DEVICE, LOAD_ACCESS],
    ['sc.w', DEVICE, STORE_ACCESS],
    ['amoor.w', DEVICE, STORE_ACCESS],
    ['lr.d', RAM + 0x20_0008, ECALL_S],
    ['sc.w', RAM + 0x20_0004, ECALL_S],
    ['amocas.q', RAM + 0x20_0010, ECALL_S],
  ] as const)('%s of 0x%s: cause %i', (name, address, cause) => {
    const result = probe('supervisor', (a) => {
      a.li(s0, address).op(name, name.startsWith('lr') ? { rd: a0, rs1: s0 } : { rd: a0, rs1: s0, rs2: a2 });
    });
    expect(result.cause).toBe(cause);
    if (cause !== ECALL_S) expect(result.value).toBe(BigInt(address));
  });
});
