import { describe, expect, it } from '@jest/globals';
import { E2BIG } from '@veridian-os/abi';
import * as elf from '@veridian-os/elf';
import { parseInitialStack } from '@veridian-os/elf/testing';

const RANDOM = Uint8Array.from({ length: 16 }, (_, i) => 0xa0 + i);
const AUXILIARY: elf.AuxiliaryInput = {
  programHeaders: 0x10040,
  programHeaderBytes: 56,
  programHeaderCount: 6,
  base: 0,
  entry: 0x10abc,
  uid: 1000,
  euid: 1001,
  gid: 1002,
  egid: 1003,
  hwcap: 0x112d,
  clockTick: 100,
  secure: false,
};
const TOP = 0x3ffffff000;

function build(change: Partial<elf.InitialStackInput> = {}): elf.InitialStack {
  const stack = elf.buildInitialStack({
    top: TOP,
    args: ['sh', '-c', 'ls'],
    env: ['HOME=/', 'A=b'],
    execName: '/bin/sh',
    random16: RANDOM,
    auxiliary: AUXILIARY,
    ...change,
  });
  if (typeof stack === 'number') throw new Error(`errno ${stack}`);
  return stack;
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

describe('buildInitialStack', () => {
  it('lays a small riscv64 stack out byte for byte (checked by hand against create_elf_tables)', () => {
    const { bytes, stackPointer } = build({ args: ['a'], env: ['E=1'], execName: '/a' });
    // Strings downwards from top: 8 zero bytes, "/a", "E=1", "a" = 8 + 3 + 4 + 2.
    const strings = TOP - 17;
    const random = strings - 16;
    // 17 pairs, argc + argv(1) + 0 + envp(1) + 0 = 5 words; sp rounded down to 16.
    const sp = Math.floor((random - 17 * 16 - 5 * 8) / 16) * 16;
    expect(stackPointer).toBe(sp);
    const words = new BigUint64Array(bytes.slice(0, 5 * 8 + 17 * 16).buffer);
    const address = (value: number): bigint => BigInt(value);
    expect([...words]).toEqual(
      [
        [1n, address(strings), 0n, address(strings + 2), 0n],
        [16n, 0x112dn, 6n, 4096n, 17n, 100n],
        [3n, 0x10040n, 4n, 56n, 5n, 6n, 7n, 0n, 8n, 0n, 9n, 0x10abcn],
        [11n, 1000n, 12n, 1001n, 13n, 1002n, 14n, 1003n],
        [23n, 0n, 25n, address(random), 31n, address(strings + 6), 0n, 0n],
      ].flat(),
    );
    const padding = random - sp - words.byteLength;
    expect(padding).toBeGreaterThanOrEqual(0);
    expect(padding).toBeLessThan(16);
    const tail = bytes.subarray(words.byteLength);
    expect([...tail.subarray(0, padding)]).toEqual(new Array(padding).fill(0));
    expect([...tail.subarray(padding, padding + 16)]).toEqual([...RANDOM]);
    expect(text(tail.subarray(padding + 16))).toBe('a\0E=1\0/a\0\0\0\0\0\0\0\0\0');
  });

  it('is read back by start-up code', () => {
    const { bytes, stackPointer } = build();
    const parsed = parseInitialStack(bytes, stackPointer);
    expect(parsed.args.map(text)).toEqual(['sh', '-c', 'ls']);
    expect(parsed.env.map(text)).toEqual(['HOME=/', 'A=b']);
    const auxv = new Map(parsed.auxv);
    expect([...parsed.bytesAt(auxv.get(elf.AT_RANDOM)!, 16)]).toEqual([...RANDOM]);
    expect(text(parsed.string(auxv.get(elf.AT_EXECFN)!))).toBe('/bin/sh');
    expect(auxv.has(elf.AT_PLATFORM)).toBe(false);
  });

  it('puts the vdso and the extras of the ISA first, HWCAP2 and the platform where Linux does', () => {
    const { bytes, stackPointer } = build({
      platform: 'x86_64',
      stringAlign: 16,
      auxiliary: { ...AUXILIARY, vdso: 0x7000, hwcap2: 2, secure: true, extra: [[51, 3376]] },
    });
    const parsed = parseInitialStack(bytes, stackPointer);
    const order = [33, 51, 16, 6, 17, 3, 4, 5, 7, 8, 9, 11, 12, 13, 14, 23, 25, 26, 31, 15];
    expect(parsed.auxv.map(([type]) => type)).toEqual(order);
    const auxv = new Map(parsed.auxv);
    expect(auxv.get(elf.AT_SECURE)).toBe(1);
    const platform = auxv.get(elf.AT_PLATFORM)!;
    expect(text(parsed.string(platform))).toBe('x86_64');
    expect((platform + 7) % 16).toBe(0);
    expect(platform - auxv.get(elf.AT_RANDOM)!).toBe(16);
  });

  it('reports what /proc shows: argument, environment and vector ranges', () => {
    const { bytes, stackPointer, argStart, argEnd, envStart, envEnd, auxv } = build();
    expect(text(bytes.subarray(argStart - stackPointer, argEnd - stackPointer))).toBe('sh\0-c\0ls\0');
    expect(text(bytes.subarray(envStart - stackPointer, envEnd - stackPointer))).toBe('HOME=/\0A=b\0');
    const pairs = new BigUint64Array(auxv.slice().buffer);
    expect(pairs[0]).toBe(BigInt(elf.AT_HWCAP));
    expect([...pairs.slice(-2)]).toEqual([0n, 0n]);
  });

  it('aligns the stack pointer whatever the strings', () => {
    for (let length = 0; length < 40; length++) {
      for (let count = 1; count < 4; count++) {
        const args = new Array<string>(count).fill('x'.repeat(length));
        const { stackPointer, bytes } = build({ args });
        expect(stackPointer % 16).toBe(0);
        const parsed = parseInitialStack(bytes, stackPointer);
        expect(parsed.args.map(text)).toEqual(args);
        expect(parsed.vectorEnd).toBeLessThanOrEqual(new Map(parsed.auxv).get(elf.AT_RANDOM)!);
      }
    }
  });

  it('gives a program without arguments one empty argument', () => {
    const { bytes, stackPointer } = build({ args: [], env: [] });
    expect(parseInitialStack(bytes, stackPointer).args.map(text)).toEqual(['']);
  });

  it('keeps bytes that are not UTF-8', () => {
    const { bytes, stackPointer } = build({ args: [Uint8Array.of(0xff, 0xfe)] });
    expect([...parseInitialStack(bytes, stackPointer).args[0]]).toEqual([0xff, 0xfe]);
  });

  it('answers E2BIG beyond the limits, and not before', () => {
    const input = { top: TOP, args: ['x'], execName: 'x', random16: RANDOM, auxiliary: AUXILIARY };
    const withString = (length: number) => elf.buildInitialStack({ ...input, env: ['y'.repeat(length)] });
    expect(typeof withString(131071)).toBe('object');
    expect(withString(131072)).toBe(E2BIG);
    // args 'x\0' + env 'yyyy\0' + name 'x\0' and two pointers: 25 bytes.
    expect(typeof elf.buildInitialStack({ ...input, env: ['yyyy'], maxBytes: 25 })).toBe('object');
    expect(elf.buildInitialStack({ ...input, env: ['yyyy'], maxBytes: 24 })).toBe(E2BIG);
    expect(elf.buildInitialStack({ ...input, env: [], top: 4096, args: ['z'.repeat(5000)] })).toBe(E2BIG);
  });

  it('refuses a caller that is wrong', () => {
    expect(() => build({ top: 4097 })).toThrow('top: expected a positive multiple of 4096, got 4097');
    expect(() => build({ random16: new Uint8Array(15) })).toThrow('random16: expected 16 bytes, got 15');
    expect(() => build({ env: ['a', 'b\0c'] })).toThrow('env[1]: expected no NUL, got one at byte 1');
  });
});
