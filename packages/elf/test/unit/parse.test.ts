import { describe, expect, it } from '@jest/globals';
import { parseElf, parseElfHeaders, type ElfPiece } from '@veridian-os/elf';
import { buildElf, type BuildElf } from '@veridian-os/elf/testing';

const CODE = Uint8Array.of(0x13, 0, 0, 0, 0x73, 0, 0, 0);

/** Headers at 0x10000, code at 0x11000, data with bss at 0x13008. */
const PROGRAM: BuildElf = {
  entry: 0x11004,
  headersAt: 0x10000,
  executableStack: false,
  segments: [
    { virtualAddress: 0x11000, bytes: CODE, prot: 5 },
    { virtualAddress: 0x13008, bytes: Uint8Array.of(1, 2, 3), memoryBytes: 0x5000, prot: 3 },
  ],
};
/** Program headers of PROGRAM: 0 headers, 1 code, 2 data, 3 stack. */
const row = (index: number): number => 64 + 56 * index;

function changed(at: number, value: bigint, bytes = 8, description = PROGRAM): Uint8Array {
  const file = buildElf(description);
  for (let i = 0; i < bytes; i++) file[at + i] = Number((value >> BigInt(8 * i)) & 255n);
  return file;
}

describe('parseElf', () => {
  it('describes a fixed executable', () => {
    expect(parseElf(buildElf(PROGRAM))).toEqual({
      ok: true,
      machine: 'riscv64',
      positionIndependent: false,
      entry: 0x11004,
      segments: [
        { virtualAddress: 0x10000, memoryBytes: 288, fileOffset: 0, fileBytes: 288, prot: 1, align: 4096 },
        { virtualAddress: 0x11000, memoryBytes: 8, fileOffset: 0x1000, fileBytes: 8, prot: 5, align: 4096 },
        { virtualAddress: 0x13008, memoryBytes: 0x5000, fileOffset: 0x1008, fileBytes: 3, prot: 3, align: 4096 },
      ],
      interpreter: undefined,
      programHeaders: 0x10040,
      programHeaderBytes: 56,
      programHeaderCount: 4,
      executableStack: false,
      end: 0x18008,
    });
  });

  it('describes a dynamic position-independent one', () => {
    const file = buildElf({
      machine: 'aarch64',
      positionIndependent: true,
      entry: 0x1000,
      interpreter: '/lib/ld-é.so',
      executableStack: true,
      segments: [{ virtualAddress: 0x1000, bytes: CODE, prot: 7 }],
    });
    expect(parseElf(file)).toMatchObject({
      machine: 'aarch64',
      positionIndependent: true,
      interpreter: '/lib/ld-é.so',
      executableStack: true,
      programHeaders: 0, // no segment loads the headers
    });
  });

  it('leaves empty segments out and takes a missing PT_GNU_STACK for a non-executable stack', () => {
    const { executableStack: _unused, ...rest } = PROGRAM;
    const empty = { virtualAddress: 0x12345, bytes: new Uint8Array(0), prot: 1 };
    const image = parseElf(buildElf({ ...rest, segments: [PROGRAM.segments[0], empty] }));
    expect(image).toMatchObject({ ok: true, executableStack: false });
    expect(image.ok && image.segments.length).toBe(2);
  });

  it('accepts only the machine asked for', () => {
    expect(parseElf(buildElf(PROGRAM), { machine: 'riscv64' }).ok).toBe(true);
    expect(parseElf(buildElf(PROGRAM), { machine: 'x86_64' })).toEqual({
      ok: false,
      field: 'e_machine',
      message: 'e_machine: expected x86_64, got 243 (riscv64)',
    });
  });

  const refusals: [what: string, field: string, file: Uint8Array, got: string][] = [
    ['an empty file', 'file', new Uint8Array(0), '0'],
    ['half a header', 'file', buildElf(PROGRAM).subarray(0, 63), '63'],
    ['a text file', 'e_ident[EI_MAG]', new Uint8Array(100).fill(0x61), '61 61 61 61'],
    ['32-bit', 'e_ident[EI_CLASS]', changed(4, 1n, 1), '1 (32-bit)'],
    ['class 9', 'e_ident[EI_CLASS]', changed(4, 9n, 1), '9'],
    ['big-endian', 'e_ident[EI_DATA]', changed(5, 2n, 1), '2 (big-endian)'],
    ['identity version', 'e_ident[EI_VERSION]', changed(6, 0n, 1), '0'],
    ['a FreeBSD program', 'e_ident[EI_OSABI]', changed(7, 9n, 1), '9'],
    ['an object file', 'e_type', changed(16, 1n, 2), '1 (a relocatable object)'],
    ['a core dump', 'e_type', changed(16, 4n, 2), '4 (a core dump)'],
    ['an Arm program', 'e_machine', changed(18, 40n, 2), '40 (arm)'],
    ['an unheard-of machine', 'e_machine', changed(18, 0xbeefn, 2), '48879 (unknown)'],
    ['version 2', 'e_version', changed(20, 2n, 4), '2'],
    ['RV64E', 'e_flags', changed(48, 0xdn, 4), '0xd (RV64E)'],
    ['quad floats', 'e_flags', changed(48, 6n, 4), '0x6 (quad)'],
    ['other entry size', 'e_phentsize', changed(54, 32n, 2), '32'],
    ['no program headers', 'e_phnum', changed(56, 0n, 2), '0'],
    ['PN_XNUM program headers', 'e_phnum', changed(56, 0xffffn, 2), '65535'],
    ['headers beyond the end', 'e_phoff', changed(32, 0x10000n), '0x10000'],
    ['headers that wrap', 'e_phoff', changed(32, 2n ** 64n - 64n), '0xffffffffffffffc0'],
    ['headers inside the header', 'e_phoff', changed(32, 8n), '0x8'],
    ['a truncated program', 'p_filesz[1]', buildElf(PROGRAM).subarray(0, 0x1004), '0x8'],
    ['a program that lacks its last byte', 'p_filesz[2]', buildElf(PROGRAM).subarray(0, 0x100a), '0x3'],
    ['headers that end a byte too late', 'e_phoff', changed(32, 0x100bn - 223n), '0xf2c'],
    ['file size over memory size', 'p_filesz[1]', changed(row(1) + 40, 7n), '0x8'],
    ['an offset beyond the end', 'p_offset[1]', changed(row(1) + 8, 0x7000n), '0x7000'],
    ['an offset that wraps', 'p_offset[1]', changed(row(1) + 8, 2n ** 64n - 4n), '0xfffffffffffffffc'],
    ['offset and address not congruent', 'p_offset[2]', changed(row(2) + 8, 0x1004n), '0x1004'],
    ['a kernel address', 'p_vaddr[2]', changed(row(2) + 16, 0xffffffff80000008n), '0xffffffff80000008'],
    ['a segment that reaches the limit', 'p_vaddr[2]', changed(row(2) + 16, 2n ** 38n - 4096n + 8n), '0x3ffffff008'],
    ['memory size of everything', 'p_memsz[2]', changed(row(2) + 40, 2n ** 64n - 1n), '0xffffffffffffffff'],
    ['an address below mmap_min_addr', 'p_vaddr[0]', changed(row(0) + 16, 0xf000n), '0xf000'],
    ['overlapping segments', 'p_vaddr[2]', changed(row(1) + 40, 0x2009n), '0x13008'],
    ['descending segments', 'p_vaddr[1]', changed(row(0) + 16, 0x12000n), '0x11000'],
    ['alignment 3', 'p_align[1]', changed(row(1) + 48, 3n), '0x3'],
    ['alignment with two bits in two halves', 'p_align[1]', changed(row(1) + 48, 0x100000001n), '0x100000001'],
    ['alignment 2^63', 'p_align[1]', changed(row(1) + 48, 2n ** 63n), '0x8000000000000000'],
    ['nothing to load', 'p_type', changed(row(0), 0n, 4, { ...PROGRAM, segments: [] }), 'none'],
    ['an entry outside', 'e_entry', changed(24, 0x20000n), '0x20000'],
    ['an entry in data', 'e_entry', changed(24, 0x13008n), '0x13008'],
    ['an entry in the kernel', 'e_entry', changed(24, 0xffffffff80000000n), '0xffffffff80000000'],
  ];
  it.each(refusals)('refuses %s: %s', (_what, field, file, got) => {
    const result = parseElf(file);
    expect(result).toMatchObject({ ok: false, field });
    const message = result.ok ? '' : result.message;
    expect(message.startsWith(`${field}: expected `)).toBe(true);
    expect(message.endsWith(`, got ${got}`)).toBe(true);
  });

  const DYNAMIC: BuildElf = { ...PROGRAM, interpreter: '/lib/ld.so' };
  const interpreterRefusals: [string, string, Uint8Array][] = [
    ['an empty path', 'p_filesz[0]', changed(row(0) + 32, 1n, 8, DYNAMIC)],
    ['an endless path', 'p_filesz[0]', changed(row(0) + 32, 4097n, 8, DYNAMIC)],
    ['a path beyond the file', 'p_offset[0]', changed(row(0) + 8, 0x1010n, 8, DYNAMIC)],
    ['a path without NUL', 'PT_INTERP', changed(row(0) + 32, 10n, 8, DYNAMIC)],
    ['only NUL', 'PT_INTERP', changed(row(5), 0n, 1, DYNAMIC)],
    ['bytes that are not UTF-8', 'PT_INTERP', changed(row(5) + 1, 0xffn, 1, DYNAMIC)],
  ];
  it.each(interpreterRefusals)('refuses an interpreter that is %s', (_what, field, file) => {
    expect(parseElf(file)).toMatchObject({ ok: false, field });
  });

  it('bounds the number of segments', () => {
    const many = (count: number): BuildElf => ({
      entry: 0x11000,
      segments: Array.from({ length: count }, (_, i) => ({ virtualAddress: 0x11000 + i * 16, bytes: CODE, prot: 5 })),
    });
    expect(parseElf(buildElf(many(256))).ok).toBe(true);
    expect(parseElf(buildElf(many(257)))).toMatchObject({ ok: false, field: 'p_type[256]' });
  });
});

describe('parseElfHeaders', () => {
  const file = buildElf({ ...PROGRAM, interpreter: '/lib/ld.so' });

  /** What a kernel does: read exactly what is asked for. */
  function rounds(bytes: Uint8Array): { asked: string[]; result: unknown } {
    const pieces: ElfPiece[] = [];
    const asked: string[] = [];
    for (;;) {
      const result = parseElfHeaders(pieces, bytes.length);
      if (result.ok !== 'more') return { asked, result };
      asked.push(`${result.offset}+${result.length}`);
      if (asked.length > 3) throw new Error(asked.join(' '));
      pieces.push({ offset: result.offset, bytes: bytes.slice(result.offset, result.offset + result.length) });
    }
  }

  it('asks for header, table and path, then agrees with parseElf', () => {
    const { asked, result } = rounds(file);
    expect(asked).toEqual(['0+64', '64+280', '344+11']);
    expect(result).toEqual(parseElf(file));
  });

  it('needs no further read when the first page holds it all', () => {
    const first = { offset: 0, bytes: file.subarray(0, 4096) };
    expect(parseElfHeaders([first], file.length)).toEqual(parseElf(file));
  });

  it('follows a table at the end of the file', () => {
    const moved = new Uint8Array(file.length + 280);
    moved.set(file);
    moved.set(file.subarray(64, 344), file.length);
    new DataView(moved.buffer).setUint32(32, file.length, true);
    const { asked, result } = rounds(moved);
    expect(asked[1]).toBe(`${file.length}+280`);
    expect(result).toMatchObject({ ok: true, interpreter: '/lib/ld.so', programHeaders: 0 });
  });

  it('refuses a bad length of the file', () => {
    expect(() => parseElfHeaders([], -1)).toThrow('fileBytes: expected a non-negative integer, got -1');
    expect(() => parseElfHeaders([], 1.5)).toThrow(RangeError);
  });
});
