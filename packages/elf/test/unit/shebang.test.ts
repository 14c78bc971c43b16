import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ENOEXEC } from '@veridian-os/abi';
import { SHEBANG_BYTES, parseShebang } from '@veridian-os/elf';

const parse = (text: string) => parseShebang(new TextEncoder().encode(text));
const script = (interpreter: string, argument?: string) => ({ interpreter, argument });

describe('parseShebang', () => {
  // Each line's expectation was read off Linux's load_script.
  it.each([
    ['#!/bin/sh\necho', script('/bin/sh')],
    ['#! \t/bin/sh \t\necho', script('/bin/sh')],
    ['#!/usr/bin/env -S node --x  \nfoo', script('/usr/bin/env', '-S node --x')],
    ['#!/bin/sh', script('/bin/sh')],
    ['#!/bin/sh -e', script('/bin/sh', '-e')],
    ['#!sh\n', script('sh')],
    ['#!/bin/é\n', script('/bin/é')],
    ['#!/bin/sh\r\n', script('/bin/sh\r')],
    ['#!/bin/sh\0junk\n', script('/bin/sh')],
    ['#!/bin/sh -e\0junk\n', script('/bin/sh', '-e')],
    ['#!\n', ENOEXEC],
    ['#!  \t \n/bin/sh', ENOEXEC],
    ['#!', ENOEXEC],
    ['#!   ', ENOEXEC],
    ['#! \0', ENOEXEC],
  ])('splits %j', (text, expected) => {
    expect(parse(text)).toEqual(expected);
  });

  it('is silent about other files', () => {
    for (const text of ['', '#', '# !/bin/sh', ' #!/bin/sh', '\x7fELF']) expect(parse(text)).toBeUndefined();
  });

  it('refuses a name that may have been cut off at 256 bytes, accepts a long argument', () => {
    expect(parse(`#!/${'x'.repeat(252)}\n`)).toEqual(script(`/${'x'.repeat(252)}`));
    expect(parse(`#!/${'x'.repeat(253)}\n`)).toBe(ENOEXEC);
    expect(parse(`#!/${'x'.repeat(400)}`)).toBe(ENOEXEC);
    expect(parse(`#!/bin/sh ${'y'.repeat(400)}`)).toEqual(script('/bin/sh', 'y'.repeat(245)));
    expect(parse(`#!${' '.repeat(400)}`)).toBe(ENOEXEC);
  });

  it('refuses bytes that are not UTF-8', () => {
    expect(parseShebang(Uint8Array.of(0x23, 0x21, 0xff, 10))).toBe(ENOEXEC);
  });

  it('never throws and never looks beyond its limit', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        const start = Uint8Array.of(0x23, 0x21, ...bytes);
        expect(parseShebang(start)).toEqual(parseShebang(start.subarray(0, SHEBANG_BYTES)));
      }),
    );
  });
});
