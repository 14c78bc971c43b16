import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { EFAULT, EINVAL, WOULD_BLOCK, type Errno } from '@veridian-os/abi';
import { X86 } from '@veridian-os/hal';
import fc from 'fast-check';
import { LINUX_X86_64 } from '../../src/isa/x86-64.js';
import { INITIAL_XSAVE } from '../../src/isa/x86-64-frame.js';
import { getWide } from '../../src/layout/words.js';

const { frame, layout } = LINUX_X86_64;
const C = (
  JSON.parse(readFileSync(join(__dirname, '../fixtures/layouts.json'), 'utf8')) as Record<
    string,
    Record<string, number>
  >
).x86_64;
const CONTEXT = 8 + C['ucontext.uc_mcontext'];
const at = (field: string): number => CONTEXT + C[`sigcontext.${field}`];
const TOP = 0x7000_0000;
/** CF, ZF and DF: flags that a frame may restore; IF and the fixed bit it may not. */
const USER_FLAGS = 0x1 | 0x40 | 0x400;

/** Distinct register values; the flags are plausible ones. */
function registersFrom(seed: number): Uint32Array {
  const registers = new Uint32Array(layout.count * 2).map((_, index) => seed + index);
  registers[X86.RFLAGS * 2] = 0x202 | USER_FLAGS;
  registers[X86.RFLAGS * 2 + 1] = 0;
  return registers;
}

/** FP state with every component present. */
function someFp(): Uint8Array {
  const fp = new Uint8Array(layout.fpBytes).map((_, index) => index * 7);
  fp.fill(0, 464, 576);
  const view = new DataView(fp.buffer);
  view.setUint32(24, 0x1f80, true);
  view.setUint32(512, 0x2e7, true);
  return fp;
}

/** A frame in a made-up user memory of one piece. */
function build(registers: Uint32Array, fp: Uint8Array) {
  const place = frame.place(TOP);
  const bytes = new Uint8Array(place.bytes);
  const view = new DataView(bytes.buffer);
  const fault = { number: 14, code: 6, addressLo: 0x1234, addressHi: 5 };
  frame.encode(view, { address: place.address, registers, fp, fault, returnToLo: 0x4455, returnToHi: 6 });
  const read = (address: number, count: number): Uint8Array<ArrayBuffer> | Errno => {
    const from = address - place.address;
    return from < 0 || from + count > bytes.length ? EFAULT : bytes.slice(from, from + count);
  };
  return { place, view, bytes, read, fpAt: getWide(view, at('fpstate')) };
}

const decode = (view: DataView, read: Parameters<typeof frame.decode>[3]) => {
  const registers = new Uint32Array(layout.count * 2);
  registers[X86.RFLAGS * 2] = 0x202;
  const fp = new Uint8Array(layout.fpBytes);
  return { result: frame.decode(view, registers, fp, read), registers, fp };
};

describe('the x86_64 signal frame', () => {
  it('leaves the stack as after a call, and the FP area aligned and inside', () => {
    fc.assert(
      fc.property(fc.integer({ min: 8192, max: 2 ** 47 }), (top) => {
        const { address, bytes } = frame.place(top);
        expect((address + 8) % 16).toBe(0);
        expect(address + bytes).toBeLessThanOrEqual(top);
        expect(top - address).toBeLessThanOrEqual(frame.minimumStack);
      }),
    );
  });

  it('holds registers, trap, error and cr2 where C programs look for them', () => {
    const registers = registersFrom(1000);
    const { view, place, fpAt } = build(registers, someFp());
    expect(getWide(view, 0)).toBe(6 * 2 ** 32 + 0x4455);
    const names = {
      rax: 0,
      rcx: 1,
      rdx: 2,
      rbx: 3,
      rsp: 4,
      rbp: 5,
      rsi: 6,
      rdi: 7,
      r8: 8,
      rip: X86.RIP,
      eflags: X86.RFLAGS,
    };
    for (const [name, register] of Object.entries(names))
      expect([name, view.getUint32(at(name), true)]).toEqual([name, registers[register * 2]]);
    expect(view.getUint32(at('r8') + 7 * 8, true)).toBe(registers[15 * 2]);
    expect([view.getUint16(at('cs'), true), view.getUint16(at('ss'), true)]).toEqual([0x33, 0x2b]);
    expect([getWide(view, at('err')), getWide(view, at('trapno')), getWide(view, at('cr2'))]).toEqual([
      6,
      14,
      5 * 2 ** 32 + 0x1234,
    ]);
    expect(view.getUint32(8, true)).toBe(C.UC_FP_XSTATE | C.UC_SIGCONTEXT_SS | C.UC_STRICT_RESTORE_SS);
    expect(fpAt % 64).toBe(0);
    expect(fpAt - place.address).toBeGreaterThanOrEqual(frame.bytes);
  });

  it('says in the reserved bytes how long the FP area is', () => {
    const { view, place, fpAt } = build(registersFrom(1), someFp());
    const area = fpAt - place.address;
    const reserved = area + C['_fpstate.sw_reserved'];
    expect(view.getUint32(reserved, true)).toBe(C.FP_XSTATE_MAGIC1);
    const size = view.getUint32(reserved + C['_fpx_sw_bytes.xstate_size'], true);
    expect(size).toBe(layout.fpBytes);
    expect(view.getUint32(reserved + C['_fpx_sw_bytes.extended_size'], true)).toBe(size + C.FP_XSTATE_MAGIC2_SIZE);
    expect(view.getUint32(reserved + C['_fpx_sw_bytes.xfeatures'], true)).toBe(0x2e7);
    expect(view.getUint32(area + size, true)).toBe(C.FP_XSTATE_MAGIC2);
    expect(place.bytes).toBe(area + size + 4);
  });

  it('gives back what it was given, flags of the user alone', () => {
    const registers = registersFrom(5);
    registers[X86.RFLAGS * 2] = 0x202 | USER_FLAGS | 0x3000; // and an I/O privilege level
    const fp = someFp();
    const { view, read } = build(registers, fp);
    const back = decode(view, read);
    expect(back.result).toBe(0);
    expect(back.registers.subarray(0, X86.RFLAGS * 2)).toEqual(registers.subarray(0, X86.RFLAGS * 2));
    expect(back.registers[X86.RFLAGS * 2]).toBe(0x202 | USER_FLAGS);
    expect(back.fp.subarray(0, 464)).toEqual(fp.subarray(0, 464));
    expect(back.fp.subarray(512)).toEqual(fp.subarray(512));
  });

  it('counts components that were left out as there, in their first state', () => {
    const { view, place, fpAt } = build(registersFrom(1), new Uint8Array(layout.fpBytes));
    expect(view.getUint16(fpAt - place.address, true)).toBe(0x37f);
    expect(view.getUint32(fpAt - place.address + 512, true)).toBe(3);
  });

  it('without an FP area restores the first state', () => {
    const { view, read } = build(registersFrom(1), someFp());
    view.setBigUint64(at('fpstate'), 0n, true);
    expect(decode(view, read).fp).toEqual(INITIAL_XSAVE);
  });

  it('with a broken second magic restores x87 and SSE alone', () => {
    const { view, read, bytes } = build(registersFrom(1), someFp());
    bytes[bytes.length - 1] ^= 1;
    const { result, fp } = decode(view, read);
    expect(result).toBe(0);
    expect(new DataView(fp.buffer).getUint32(512, true)).toBe(3);
    expect(fp.subarray(576).every((byte) => byte === 0)).toBe(true);
  });

  const broken: [string, (view: DataView, area: number) => void, Errno][] = [
    ['another code segment', (view) => view.setUint16(at('cs'), 0x23, true), EINVAL],
    ['another stack segment', (view) => view.setUint16(at('ss'), 0x10, true), EINVAL],
    ['a wild FP pointer', (view) => view.setUint32(at('fpstate') + 4, 0x7000, true), EFAULT],
    [
      'a misaligned FP pointer',
      (view) => view.setUint32(at('fpstate'), view.getUint32(at('fpstate'), true) + 8, true),
      EFAULT,
    ],
    ['reserved bits in MXCSR', (view, area) => view.setUint32(area + 24, 0x80001f80, true), EFAULT],
    ['an unknown component', (view, area) => view.setUint32(area + 512, 0x2e7 | 0x40000, true), EFAULT],
    ['a compacted area', (view, area) => view.setUint32(area + 524, 0x80000000, true), EFAULT],
  ];
  it.each(broken)('is refused with %s, registers as they were', (_what, damage, errno) => {
    const { view, place, read, fpAt } = build(registersFrom(9), someFp());
    damage(view, fpAt - place.address);
    const { result, registers } = decode(view, read);
    expect(result).toBe(errno);
    expect(registers[0]).toBe(0);
  });

  it('waits for a page of its FP area', () => {
    const { view } = build(registersFrom(9), someFp());
    expect(decode(view, () => WOULD_BLOCK).result).toBe(WOULD_BLOCK);
  });

  it('enters a handler as a function, with the direction flag clear', () => {
    const registers = registersFrom(0);
    LINUX_X86_64.enterHandler(registers, {
      handlerLo: 0x4444,
      handlerHi: 3,
      signal: 11,
      frame: 0x8008,
      info: 0x8140,
      ucontext: 0x8010,
      returnToLo: 0,
      returnToHi: 0,
      wantsInfo: false,
    });
    const read = (register: number): number => registers[register * 2 + 1] * 2 ** 32 + registers[register * 2];
    expect([X86.RIP, X86.RSP, X86.RDI, X86.RSI, X86.RDX, X86.RAX].map(read)).toEqual([
      3 * 2 ** 32 + 0x4444,
      0x8008,
      11,
      0x8140,
      0x8010,
      0,
    ]);
    expect(registers[X86.RFLAGS * 2]).toBe((0x202 | USER_FLAGS) & ~0x400);
  });
});
