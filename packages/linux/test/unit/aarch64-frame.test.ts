import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { EFAULT, EINVAL, type Errno } from '@veridian-os/abi';
import { ARM } from '@veridian-os/hal';
import { LINUX_AARCH64 } from '../../src/isa/aarch64.js';
import { getWide } from '../../src/layout/words.js';

const { frame, layout } = LINUX_AARCH64;
const C = (
  JSON.parse(readFileSync(join(__dirname, '../fixtures/layouts.json'), 'utf8')) as Record<
    string,
    Record<string, number>
  >
).aarch64;
const CONTEXT = frame.ucontext + C['ucontext.uc_mcontext'];
const at = (field: string): number => CONTEXT + C[`sigcontext.${field}`];
const RECORDS = at('__reserved');

const noRead = (): Errno => EFAULT;
const someRegisters = (): Uint32Array => {
  const registers = new Uint32Array(layout.count * 2).map((_, index) => index + 100);
  registers[ARM.PSTATE * 2] = 0x60000000;
  registers[ARM.PSTATE * 2 + 1] = 0;
  return registers;
};
const someFp = (): Uint8Array => new Uint8Array(layout.fpBytes).map((_, index) => index * 3);

function build(code = 0) {
  const place = frame.place(0x7000_0000);
  const view = new DataView(new ArrayBuffer(place.bytes));
  const [registers, fp] = [someRegisters(), someFp()];
  const fault = { number: 0, code, addressLo: 0x1230, addressHi: 4 };
  frame.encode(view, { address: place.address, registers, fp, fault, returnToLo: 0, returnToHi: 0 });
  return { place, view, registers, fp };
}

const decode = (view: DataView) => {
  const registers = new Uint32Array(layout.count * 2);
  const fp = new Uint8Array(layout.fpBytes);
  return { result: frame.decode(view, registers, fp, noRead), registers, fp };
};

describe('the aarch64 signal frame', () => {
  it('is as long as rt_sigframe and a frame record, on 16 bytes', () => {
    for (const top of [0x7000_0000, 0x7000_0008, 0x7000_000f]) {
      const { address, bytes } = frame.place(top);
      expect(address % 16).toBe(0);
      expect(bytes).toBe(128 + C['sizeof(ucontext)'] + 16);
      expect(address + bytes).toBeLessThanOrEqual(top);
    }
  });

  it('holds registers and the FP record where C programs look for them', () => {
    const { view, registers, fp } = build();
    for (const register of [0, 8, 29, 30])
      expect(getWide(view, at('regs') + register * 8)).toBe(
        registers[register * 2 + 1] * 2 ** 32 + registers[register * 2],
      );
    expect(view.getUint32(at('sp'), true)).toBe(registers[ARM.SP * 2]);
    expect(view.getUint32(at('pc'), true)).toBe(registers[ARM.PC * 2]);
    expect(view.getUint32(at('pstate'), true)).toBe(0x60000000);
    expect([view.getUint32(RECORDS, true), view.getUint32(RECORDS + 4, true)]).toEqual([
      C.FPSIMD_MAGIC,
      C['sizeof(fpsimd_context)'],
    ]);
    const bytes = new Uint8Array(view.buffer);
    expect(bytes.subarray(RECORDS + C['fpsimd_context.vregs'], RECORDS + 528)).toEqual(fp.subarray(0, 512));
    expect(bytes.subarray(RECORDS + C['fpsimd_context.fpsr'], RECORDS + 16)).toEqual(fp.subarray(512, 520));
    expect([getWide(view, RECORDS + 528), getWide(view, at('fault_address'))]).toEqual([0, 0]);
  });

  it('shows the syndrome and address of a fault', () => {
    const { view } = build(0x92000047);
    const record = RECORDS + 528;
    expect([view.getUint32(record, true), view.getUint32(record + 4, true)]).toEqual([
      C.ESR_MAGIC,
      C['sizeof(esr_context)'],
    ]);
    expect(getWide(view, record + C['esr_context.esr'])).toBe(0x92000047);
    expect(getWide(view, at('fault_address'))).toBe(4 * 2 ** 32 + 0x1230);
    expect(getWide(view, record + 16)).toBe(0);
    expect(decode(view).result).toBe(0);
  });

  it('ends with the record that links to the interrupted function', () => {
    const { view, registers } = build();
    expect(view.getUint32(frame.bytes, true)).toBe(registers[29 * 2]);
    expect(view.getUint32(frame.bytes + 8, true)).toBe(registers[30 * 2]);
  });

  it('gives back what it was given', () => {
    const { view, registers, fp } = build();
    const back = decode(view);
    expect(back.result).toBe(0);
    expect(back.registers.subarray(0, ARM.TPIDR * 2)).toEqual(registers.subarray(0, ARM.TPIDR * 2));
    expect(back.fp).toEqual(fp);
  });

  it('restores no more of pstate than the flags', () => {
    const { view } = build();
    view.setUint32(at('pstate'), 0x90200000, true);
    expect(decode(view).registers[ARM.PSTATE * 2]).toBe(0x90000000);
  });

  const broken: [string, (view: DataView) => void][] = [
    ['a privileged mode', (view) => view.setUint32(at('pstate'), 0x5, true)],
    ['AArch32 state', (view) => view.setUint32(at('pstate'), 0x10, true)],
    ['interrupts masked', (view) => view.setUint32(at('pstate'), 0x80, true)],
    ['no FP record', (view) => view.setUint32(RECORDS, 0, true)],
    ['an unknown record', (view) => view.setUint32(RECORDS, 0x12345678, true)],
    ['a short FP record', (view) => view.setUint32(RECORDS + 4, 512, true)],
    ['a record beyond the end', (view) => view.setUint32(RECORDS + 4, 8192, true)],
    ['a record of no length', (view) => view.setUint32(RECORDS + 4, 0, true)],
    ['a second FP record', (view) => new Uint8Array(view.buffer).copyWithin(RECORDS + 528, RECORDS, RECORDS + 528)],
    ['a terminator with a size', (view) => view.setUint32(RECORDS + 532, 16, true)],
  ];
  it.each(broken)('is refused with %s', (_what, damage) => {
    const { view } = build();
    damage(view);
    const { result, registers } = decode(view);
    expect([result, registers[0]]).toEqual([EINVAL, 0]);
  });

  it('enters a handler with arguments as it asked for them', () => {
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
    const registers = new Uint32Array(layout.count * 2).fill(7);
    LINUX_AARCH64.enterHandler(registers, entry);
    const read = (register: number): number => registers[register * 2];
    expect([0, 1, 2, 29, 30, ARM.SP, ARM.PC].map(read)).toEqual([
      11,
      0x8000,
      0x8080,
      0x8000 + 4688,
      0x9000,
      0x8000,
      0x4444,
    ]);
    const plain = new Uint32Array(layout.count * 2).fill(7);
    LINUX_AARCH64.enterHandler(plain, { ...entry, wantsInfo: false });
    expect([plain[0], plain[2], plain[4]]).toEqual([11, 7, 7]);
  });
});
