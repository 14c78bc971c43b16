/** The file server's protocol: what goes in comes out. */
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  CHANGE_BYTES,
  decodeChange,
  decodeFileSystemStat,
  decodeNames,
  decodeStat,
  emptyFileSystemStat,
  emptyStat,
  encodeChange,
  encodeFileSystemStat,
  encodeNames,
  encodeStat,
} from '../../src/files/protocol.js';

const name = fc
  .string({ unit: 'grapheme', maxLength: 40 })
  .filter((text) => !text.includes('\0'))
  .map((text) => (text.length % 3 === 0 ? `\uFEFF${text}` : text));
const wide = fc.maxSafeInteger();

describe('the protocol', () => {
  it('carries names as they are, a byte order mark included', () => {
    fc.assert(
      fc.property(fc.array(name, { maxLength: 4 }), (names) => {
        const page = new Uint8Array(4096).fill(7);
        const bytes = encodeNames(page, ...names);
        expect(bytes).toBe(names.reduce((sum, each) => sum + Buffer.byteLength(each) + 1, 0));
        expect(decodeNames(page, bytes)).toEqual(names);
        expect(page[bytes]).toBe(7);
      }),
    );
  });

  it('says when names do not fit, to the byte', () => {
    for (const [length, fits] of [
      [9, true],
      [10, false],
    ] as const) {
      expect(encodeNames(new Uint8Array(10), 'x'.repeat(length)) > 0).toBe(fits);
    }
    expect(encodeNames(new Uint8Array(4), 'a', 'b')).toBe(4);
    expect(encodeNames(new Uint8Array(3), 'a', 'b')).toBe(-1);
  });

  it('carries attributes and changes, absent ones as absent', () => {
    const fields = (empty: object) => fc.record(Object.fromEntries(Object.keys(empty).map((key) => [key, wide])));
    const change = fc.record(
      Object.fromEntries(
        ['mode', 'uid', 'gid', 'size', 'atimeSec', 'atimeNsec', 'mtimeSec', 'mtimeNsec'].map((key) => [key, wide]),
      ),
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fields(emptyStat()), fields(emptyFileSystemStat()), change, (stat, fileSystem, changed) => {
        const page = new Uint8Array(4096);
        const [a, b] = [emptyStat(), emptyFileSystemStat()];
        encodeStat(page, stat as never);
        decodeStat(page, a);
        encodeFileSystemStat(page, fileSystem as never);
        decodeFileSystemStat(page, b);
        encodeChange(page, 64, changed);
        expect([a, b, decodeChange(page, 64)]).toEqual([stat, fileSystem, { ...changed }]);
        expect(CHANGE_BYTES).toBe(64);
      }),
    );
  });
});
