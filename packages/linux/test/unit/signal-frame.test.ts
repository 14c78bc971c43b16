import { describe, expect, it } from '@jest/globals';
import { EFAULT, EINVAL, type Errno } from '@veridian-os/abi';
import fc from 'fast-check';
import { LINUX_RISCV64 } from '../../src/isa/riscv64.js';
import { onAlternateStack } from '../../src/signals/frame.js';
import { getWide } from '../../src/layout/words.js';

const { frame, layout } = LINUX_RISCV64;
const noRead = (): Errno => EFAULT;
const contents = (registers: Uint32Array, fp: Uint8Array) => ({
  address: 0x8000,
  registers,
  fp,
  fault: { number: 0, code: 0, addressLo: 0, addressHi: 0 },
  returnToLo: 0,
  returnToHi: 0,
});
const fresh = (): DataView<ArrayBuffer> => new DataView(new ArrayBuffer(frame.bytes));

describe('the riscv64 signal frame', () => {
  it('has the size and offsets of struct rt_sigframe', () => {
    expect([frame.bytes, frame.ucontext, frame.stack, frame.mask]).toEqual([1088, 128, 144, 168]);
  });

  it('holds pc, x1 to x31, f0 to f31 and fcsr where C programs look for them', () => {
    const registers = new Uint32Array(layout.count * 2).map((_, index) => index + 1);
    const fp = new Uint8Array(layout.fpBytes).map((_, index) => index);
    const view = fresh();
    frame.encode(view, contents(registers, fp));
    const mcontext = 128 + 176;
    expect(getWide(view, mcontext)).toBe(66 * 2 ** 32 + 65); // register 32, pc
    expect(getWide(view, mcontext + 8 * 10)).toBe(22 * 2 ** 32 + 21); // x10
    expect(view.getUint8(mcontext + 256 + 8 * 31)).toBe(248);
    expect(view.getUint32(mcontext + 256 + 256, true)).toBe(0x03020100);
    expect(view.getUint32(mcontext + 256 + 516, true)).toBe(0);
  });

  it('gives back what it was given', () => {
    const words = fc.uint32Array({ minLength: layout.count * 2, maxLength: layout.count * 2 });
    const state = fc.uint8Array({ minLength: layout.fpBytes, maxLength: layout.fpBytes });
    fc.assert(
      fc.property(words, state, (registers, fp) => {
        const view = fresh();
        frame.encode(view, contents(registers, fp));
        const [again, fpAgain] = [new Uint32Array(registers.length), new Uint8Array(fp.length)];
        expect(frame.decode(view, again, fpAgain, noRead)).toBe(0);
        expect(again.subarray(2)).toEqual(registers.subarray(2)); // x0 has no place in the frame
        expect(fpAgain.subarray(0, 260)).toEqual(fp.subarray(0, 260));
      }),
    );
  });

  it('is refused when reserved words are not zero', () => {
    const view = fresh();
    view.setUint32(frame.bytes - 4, 1, true);
    expect(frame.decode(view, new Uint32Array(layout.count * 2), new Uint8Array(layout.fpBytes), noRead)).toBe(EINVAL);
  });

  it('enters a handler with its three arguments', () => {
    const registers = new Uint32Array(layout.count * 2);
    const entry = {
      handlerLo: 0x4444,
      handlerHi: 3,
      signal: 11,
      frame: 0x8000,
      info: 0x8000,
      ucontext: 0x8080,
      returnToLo: 0x9000,
      returnToHi: 0,
      wantsInfo: true,
    };
    LINUX_RISCV64.enterHandler(registers, entry);
    const read = (index: number): number => registers[index * 2];
    expect([32, 1, 2, 10, 11, 12].map(read)).toEqual([0x4444, 0x9000, 0x8000, 11, 0x8000, 0x8080]);
    expect(registers[65]).toBe(3);
  });
});

describe('the alternate stack', () => {
  const stack = { base: 0x1000, size: 0x2000, flags: 0 };

  it('is in use when the stack pointer is above its base and not beyond its end', () => {
    expect([0x1000, 0x1001, 0x3000, 0x3001].map((sp) => onAlternateStack(stack, sp))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  it('that disarms itself is never in use', () => {
    expect(onAlternateStack({ ...stack, flags: 0x80000000 }, 0x2000)).toBe(false);
  });
});
