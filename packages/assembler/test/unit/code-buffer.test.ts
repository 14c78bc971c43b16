import { describe, expect, it } from '@jest/globals';
import {
  CodeBuffer,
  addressOf,
  assemble,
  data16,
  data32,
  data64,
  data8,
  riscv64,
  to,
  x86_64,
} from '@veridian-os/assembler';

describe('a code buffer', () => {
  it('puts words, bytes and lists one behind the other, little-endian', () => {
    const code = new CodeBuffer().emit(0x11223344, data8(1, 2), [data16(0x1234), [data32(-1)]]);
    expect(code.size).toBe(12);
    expect([...code.finish()]).toEqual([0x44, 0x33, 0x22, 0x11, 1, 2, 0x34, 0x12, 255, 255, 255, 255]);
  });

  it('stores 64-bit integers of either sign', () => {
    expect([...data64(-2, 0xffff_8000_0000_0001n)]).toEqual([
      0xfe,
      ...Array(7).fill(255),
      1,
      0,
      0,
      0,
      0,
      0x80,
      255,
      255,
    ]);
  });

  it('gives references the distance from their own first byte, forwards and backwards', () => {
    const seen: number[] = [];
    const note = (offset: number): Uint8Array => {
      seen.push(offset);
      return data32(offset);
    };
    const code = new CodeBuffer().label('start').emit(data16(0), to('end', note), to('start', note)).label('end');
    seen.length = 0;
    expect([...code.finish()]).toEqual([0, 0, 8, 0, 0, 0, 0xfa, 255, 255, 255]);
    expect(seen).toEqual([8, -6]);
  });

  it('measures the distance of a reference in a list from the reference, not from the list', () => {
    const code = new CodeBuffer().emit([data32(7), to('end', data32)]).label('end');
    expect([...code.finish()]).toEqual([7, 0, 0, 0, 4, 0, 0, 0]);
    const nested = new CodeBuffer().emit(to('end', () => [data32(7), to('end', data32)])).label('end');
    expect([...nested.finish()]).toEqual([7, 0, 0, 0, 4, 0, 0, 0]);
  });

  it('knows addresses of 64 bits', () => {
    const code = new CodeBuffer({ origin: 0xffff_ffff_ffff_fff8n })
      .space(4)
      .label('here')
      .emit(addressOf('here', data64));
    expect([...code.finish()].slice(4)).toEqual([0xfc, ...Array(7).fill(255)]);
    expect(code.address('here')).toBe(0xffff_ffff_ffff_fffcn);
    expect(code.offset('here')).toBe(4);
    const wrapped = new CodeBuffer({ origin: 0xffff_ffff_ffff_fff8n }).space(16).label('behind');
    expect(wrapped.address('behind')).toBe(8n);
  });

  it('aligns, and fills up to an offset', () => {
    const code = new CodeBuffer().emit(data8(1)).align(4, 0x90).align(4).emit(data8(2)).at(8, 0xcc);
    expect([...code.finish()]).toEqual([1, 0x90, 0x90, 0x90, 2, 0xcc, 0xcc, 0xcc]);
    expect(() => code.at(7)).toThrow(/offset: expected at least 8, got 7/);
  });

  it('refuses labels twice or never', () => {
    expect(() => new CodeBuffer().label('a').label('a')).toThrow(/label: expected a new name, got a again/);
    expect(() => new CodeBuffer().emit(to('nowhere', data32)).finish()).toThrow(/label: .* got nowhere/);
    expect(() => assemble(to('nowhere', data32))).toThrow(RangeError);
  });

  it('refuses a reference whose size depends on its value', () => {
    const code = new CodeBuffer().emit(to('end', (offset) => riscv64.li(10, offset * 0x12345))).label('end');
    expect(() => code.finish()).toThrow(/reference at 0: expected 4 bytes, got 8/);
  });

  it('refuses branches that do not reach', () => {
    const far = new CodeBuffer()
      .emit(to('end', (offset) => riscv64.beqz(10, offset)))
      .space(4092)
      .label('end');
    expect(() => far.finish()).toThrow(/offset: expected an integer from -2048 to 2047, got 2048/);
    const short = new CodeBuffer().emit(to('end', x86_64.jmpShort)).space(128).label('end');
    expect(() => short.finish()).toThrow(RangeError);
  });
});
