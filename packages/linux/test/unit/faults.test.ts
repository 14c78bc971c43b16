/** Exceptions of each ISA as signals, and what frames show of them. Expectations from Linux's traps.c and fault.c. */
import { describe, expect, it } from '@jest/globals';
import { Access, FaultKind, TrapKind, type Trap } from '@veridian-os/hal';
import * as k from '@veridian-os/kernel';
import { FaultResult } from '@veridian-os/memory';
import { LINUX_AARCH64 } from '../../src/isa/aarch64.js';
import type { LinuxIsa } from '../../src/isa/isa.js';
import { LINUX_X86_64 } from '../../src/isa/x86-64.js';

const PC = 0x401000;

/** `first`: the byte at the program counter. */
function raise(
  isa: LinuxIsa,
  trap: Partial<Trap>,
  result: FaultResult = FaultResult.Forbidden,
  fp?: Uint8Array,
  first = 0xcc,
) {
  const registers = new Uint32Array(isa.layout.count * 2);
  registers[isa.pcWord] = PC;
  const fault = { number: 99, code: 99, addressLo: 99, addressHi: 0 };
  const full: Trap = {
    kind: TrapKind.Fault,
    context: 0 as never,
    consumed: 0 as never,
    fault: FaultKind.None,
    access: Access.Read,
    addressLo: 0,
    addressHi: 0,
    ...trap,
  };
  const info = isa.signalOfFault(full, result, {
    registers,
    fault,
    saveFp: () => fp ?? new Uint8Array(isa.layout.fpBytes),
    readByte: (address) => (address === PC ? first : 0),
  });
  const { signal, code, valueLo, valueHi } = info;
  return { signal, code, address: valueHi * 2 ** 32 + valueLo, fault, pc: registers[isa.pcWord] };
}

/** XSAVE area with the words of x87 and SSE. */
function fpWith(control: number, status: number, mxcsr: number): Uint8Array {
  const fp = new Uint8Array(LINUX_X86_64.layout.fpBytes);
  const view = new DataView(fp.buffer);
  view.setUint16(0, control, true);
  view.setUint16(2, status, true);
  view.setUint32(24, mxcsr, true);
  return fp;
}

describe('x86_64 exceptions', () => {
  const isa = LINUX_X86_64;
  const page = { fault: FaultKind.Page, addressLo: 0x1234, addressHi: 1 };

  it.each([
    ['read of nothing', Access.Read, FaultResult.NoMapping, k.SEGV_MAPERR, 4],
    ['write to nothing', Access.Write, FaultResult.NoMapping, k.SEGV_MAPERR, 6],
    ['write to read-only memory', Access.Write, FaultResult.Forbidden, k.SEGV_ACCERR, 7],
    ['jump to data', Access.Execute, FaultResult.Forbidden, k.SEGV_ACCERR, 21],
  ])('are a SIGSEGV with error code and cr2 for a %s', (_what, access, result, code, error) => {
    const got = raise(isa, { ...page, access }, result);
    expect([got.signal, got.code, got.address]).toEqual([k.SIGSEGV, code, 2 ** 32 + 0x1234]);
    expect(got.fault).toEqual({ number: 14, code: error, addressLo: 0x1234, addressHi: 1 });
  });

  it("claim that the kernel's pages are there", () => {
    const got = raise(isa, { ...page, addressHi: 0xffff8000 }, FaultResult.NoMapping);
    expect([got.code, got.fault.code]).toEqual([k.SEGV_MAPERR, 5]);
  });

  it('beyond the end of a file are a SIGBUS', () => {
    const got = raise(isa, page, FaultResult.BeyondEnd);
    expect([got.signal, got.code, got.fault.number]).toEqual([k.SIGBUS, k.BUS_ADRERR, 14]);
  });

  it.each([
    ['undefined instruction', { fault: FaultKind.Illegal }, k.SIGILL, 2, PC, 6],
    ['general protection', { fault: FaultKind.Protection, addressLo: 13 }, k.SIGSEGV, k.SI_KERNEL, 0, 13],
    ['stack segment', { fault: FaultKind.Protection, addressLo: 12 }, k.SIGBUS, k.SI_KERNEL, 0, 12],
    ['division', { fault: FaultKind.Arithmetic, addressLo: 0 }, k.SIGFPE, k.FPE_INTDIV, PC, 0],
    ['alignment', { fault: FaultKind.Alignment, addressLo: 5 }, k.SIGBUS, k.BUS_ADRALN, 0, 17],
    ['single step', { kind: TrapKind.Breakpoint, addressLo: 1 }, k.SIGTRAP, 2, PC, 1],
  ])('of %s have their signal and vector', (_what, trap, signal, code, address, vector) => {
    const got = raise(isa, trap);
    expect([got.signal, got.code, got.address]).toEqual([signal, code, address]);
    // cr2 stays what the last page fault left.
    expect(got.fault).toEqual({ number: vector, code: 0, addressLo: 99, addressHi: 0 });
    expect(got.pc).toBe(PC);
  });

  it('int3 is a SIGTRAP from the kernel, with the program counter behind it', () => {
    const got = raise(isa, { kind: TrapKind.Breakpoint, addressLo: 3 });
    expect([got.signal, got.code, got.address, got.pc]).toEqual([k.SIGTRAP, k.SI_KERNEL, 0, PC + 1]);
    expect(got.fault.number).toBe(3);
    const two = raise(isa, { kind: TrapKind.Breakpoint, addressLo: 3 }, FaultResult.Forbidden, undefined, 0xcd);
    expect(two.pc).toBe(PC + 2);
  });

  it.each([
    ['invalid', 0x01, 7],
    ['divide', 0x04, 3],
    ['overflow', 0x08, 4],
    ['underflow', 0x10, 5],
    ['denormal', 0x02, 5],
    ['inexact', 0x20, 6],
  ])('of floating point say which: %s', (_what, bit, code) => {
    const x87 = raise(isa, { fault: FaultKind.Arithmetic, addressLo: 16 }, 0, fpWith(0x3f & ~bit, 0x3f, 0));
    expect([x87.signal, x87.code, x87.address]).toEqual([k.SIGFPE, code, PC]);
    const sse = { fault: FaultKind.Arithmetic, addressLo: 19 } as const;
    const unmasked = ((0x3f & ~bit) << 7) | 0x3f;
    expect(raise(isa, sse, 0, fpWith(0, 0, unmasked)).code).toBe(code);
  });
});

describe('aarch64 exceptions', () => {
  const isa = LINUX_AARCH64;

  it.each([
    ['read of nothing', Access.Read, FaultResult.NoMapping, k.SEGV_MAPERR, 0x92000007],
    ['write to nothing', Access.Write, FaultResult.NoMapping, k.SEGV_MAPERR, 0x92000047],
    ['write to read-only memory', Access.Write, FaultResult.Forbidden, k.SEGV_ACCERR, 0x9200004f],
    ['jump to data', Access.Execute, FaultResult.Forbidden, k.SEGV_ACCERR, 0x8200000f],
  ])('are a SIGSEGV with a syndrome for a %s', (_what, access, result, code, syndrome) => {
    const got = raise(isa, { fault: FaultKind.Page, access, addressLo: 0x1234, addressHi: 1 }, result);
    expect([got.signal, got.code, got.address]).toEqual([k.SIGSEGV, code, 2 ** 32 + 0x1234]);
    expect(got.fault).toMatchObject({ code: syndrome, addressLo: 0x1234, addressHi: 1 });
  });

  it.each([
    ['undefined instruction', { fault: FaultKind.Illegal, addressLo: 0xdead }, k.SIGILL, 1],
    ['privileged instruction', { fault: FaultKind.Protection, addressLo: 0x18 }, k.SIGILL, 1],
    ['brk', { kind: TrapKind.Breakpoint, addressLo: 0x3c }, k.SIGTRAP, k.TRAP_BRKPT],
    ['single step', { kind: TrapKind.Breakpoint, addressLo: 0x32 }, k.SIGTRAP, 2],
  ])('of %s have their signal, at the instruction', (_what, trap, signal, code) => {
    const got = raise(isa, trap);
    expect([got.signal, got.code, got.address, got.pc]).toEqual([signal, code, PC, PC]);
  });

  it('of alignment name the address', () => {
    const got = raise(isa, { fault: FaultKind.Alignment, addressLo: 0x1001 });
    expect([got.signal, got.code, got.address, got.fault.code]).toEqual([k.SIGBUS, k.BUS_ADRALN, 0x1001, 0x92000021]);
  });

  it('that are no aborts leave no syndrome', () => {
    expect(raise(isa, { fault: FaultKind.Illegal }).fault.code).toBe(0);
  });
});
