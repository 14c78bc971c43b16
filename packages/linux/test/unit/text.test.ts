import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeText, encodeText, isText } from '../../src/text.js';

describe('guest byte strings', () => {
  it('come back byte for byte, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(encodeText(decodeText(bytes))).toEqual(bytes);
      }),
      { numRuns: 2000 },
    );
  });

  it('that are UTF-8 are ordinary strings', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const bytes = new TextEncoder().encode(text);
        expect(decodeText(bytes)).toBe(text);
        expect(isText(decodeText(bytes))).toBe(true);
      }),
    );
  });

  it.each([
    [[0x66, 0xff, 0x6f], 'f\udcffo'],
    [[0xc3], '\udcc3'],
    [[0xe2, 0x82], '\udce2\udc82'],
    [[0xc0, 0x80], '\udcc0\udc80'],
    [[0xed, 0xa0, 0x80], '\udced\udca0\udc80'],
    [[0xef, 0xbb, 0xbf, 0x61], '\ufeffa'],
  ])('%j keeps what is not UTF-8 as surrogates', (bytes, text) => {
    expect(decodeText(Uint8Array.from(bytes))).toBe(text);
    expect(isText(text)).toBe(!/[\udc80-\udcff]/.test(text));
  });
});
