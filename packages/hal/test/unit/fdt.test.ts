import { describe, expect, it } from '@jest/globals';
import { nodeAt, numberOf, parseFdt, stringsOf } from '@veridian-os/hal';
import { buildFdt, type BuildFdtNode } from '@veridian-os/hal/testing';

const TREE: BuildFdtNode = {
  properties: { '#address-cells': 2, '#size-cells': 2, compatible: ['a,b', 'c'], phandle: 7 },
  children: {
    chosen: { properties: { bootargs: 'x=1' } },
    soc: { properties: { ranges: true }, children: { 'serial@10000000': { properties: { reg: [0, 1, 0, 256] } } } },
  },
};

function changed(at: number, value: number): Uint8Array {
  const blob = buildFdt(TREE);
  new DataView(blob.buffer).setUint32(at, value);
  return blob;
}

/** A blob whose structure block is exactly these words. */
function withStructure(words: readonly number[]): Uint8Array {
  const blob = new Uint8Array(56 + words.length * 4);
  const view = new DataView(blob.buffer);
  [0xd00dfeed, blob.length, 56, blob.length, 40, 17, 16, 0, 0, words.length * 4].forEach((word, i) =>
    view.setUint32(i * 4, word),
  );
  words.forEach((word, i) => view.setUint32(56 + i * 4, word));
  return blob;
}

describe('parseFdt', () => {
  it('gives nodes in document order with paths, parents and properties', () => {
    const tree = parseFdt(buildFdt(TREE, { reservations: [{ base: 2 ** 40, length: 4096 }], bootCpu: 3 }));
    if (!tree.ok) throw new Error(tree.message);
    expect(tree.nodes.map(({ path }) => path)).toEqual(['/', '/chosen', '/soc', '/soc/serial@10000000']);
    expect(tree.root.children.map(({ name }) => name)).toEqual(['chosen', 'soc']);
    expect(nodeAt(tree, '/soc/serial@10000000')!.parent!.path).toBe('/soc');
    expect(nodeAt(tree, '/nothing')).toBeUndefined();
    expect(stringsOf(tree.root, 'compatible')).toEqual(['a,b', 'c']);
    expect(numberOf(tree.root, '#address-cells')).toBe(2);
    expect(tree.phandles.get(7)).toBe(tree.root);
    expect(tree.reservations).toEqual([{ base: 2 ** 40, length: 4096 }]);
    expect(tree.bootCpu).toBe(3);
  });

  it('reads a blob anywhere in a larger buffer and ignores what follows it', () => {
    const blob = buildFdt(TREE);
    const buffer = new Uint8Array(blob.length + 64).fill(0xff);
    buffer.set(blob, 12);
    expect(parseFdt(buffer.subarray(12)).ok).toBe(true);
  });

  it('skips NOP tokens', () => {
    expect(parseFdt(withStructure([4, 1, 0, 4, 2, 4, 9])).ok).toBe(true);
  });

  it('bounds names, which many properties may share', () => {
    const named = (length: number) => parseFdt(buildFdt({ properties: { ['p'.repeat(length)]: true } }));
    expect(named(255).ok).toBe(true);
    expect(named(256)).toMatchObject({
      ok: false,
      message: 'property name: expected NUL after at most 255 bytes, got none',
    });
  });

  it.each([
    ['too short', new Uint8Array(39), 'blob: expected at least 40 bytes, got 39'],
    ['magic', changed(0, 0xedfe0dd0), 'magic: expected 0xd00dfeed, got 0xedfe0dd0'],
    ['size', changed(4, 100000), 'totalsize: expected 40 to '],
    ['size below the header', changed(4, 39), 'totalsize: expected 40 to '],
    ['old version', changed(20, 16), 'version: expected at least 17, got 16'],
    ['new version', changed(24, 18), 'last_comp_version: expected at most 17, got 18'],
    ['structure outside', changed(8, 0xfffffff0), 'off_dt_struct: expected '],
    ['structure too long', changed(36, 0xffffffff), 'off_dt_struct: expected '],
    ['structure not aligned', changed(8, 58), 'off_dt_struct: expected '],
    ['strings outside', changed(12, 0xfffffff0), 'off_dt_strings: expected '],
    ['reservations outside', changed(16, 0x7ffffff8), 'off_mem_rsvmap: expected '],
    ['reservations not aligned', changed(16, 42), 'off_mem_rsvmap: expected a multiple of 8, got 42'],
    ['no root', withStructure([9]), 'structure block: expected a root node, got token 9'],
    ['a property outside', withStructure([3, 0, 0, 9]), 'structure block: expected a root node, got token 3'],
    ['two roots', withStructure([1, 0, 2, 1, 0, 2, 9]), 'structure block: expected one root, got a second one'],
    ['too many ends', withStructure([1, 0, 2, 2, 9]), 'structure block: expected FDT_END, got token 2'],
    ['a bad token', withStructure([1, 0, 77, 9]), 'structure block: expected a token inside a node, got token 77'],
    ['an early end', withStructure([1, 0, 9]), 'structure block: expected a token inside a node, got token 9'],
    ['no end', withStructure([1, 0, 2]), 'structure block: expected FDT_END, got its end'],
    ['a name without end', withStructure([1, 0x41414141]), 'node name: expected NUL after at most 255 bytes, got none'],
    ['a property cut off', withStructure([1, 0, 3, 0]), 'property: expected a length and a name'],
    ['a property too long', withStructure([1, 0, 3, 100, 0, 2, 9]), 'property length: expected at most 8, got 100'],
    ['a property a byte too long', withStructure([1, 0, 3, 9, 0, 2, 9]), 'property length: expected at most 8, got 9'],
    ['a property name outside', withStructure([1, 0, 3, 0, 5, 2, 9]), 'property name: expected below 0, got 5'],
  ])('refuses %s', (_what, blob, message) => {
    const result = parseFdt(blob);
    if (result.ok) throw new Error('accepted');
    expect(result.message.startsWith(message)).toBe(true);
  });

  it('bounds depth and reservations', () => {
    const nested = (depth: number) => withStructure([...Array(depth).fill([1, 0]).flat(), ...Array(depth).fill(2), 9]);
    expect(parseFdt(nested(64)).ok).toBe(true);
    expect(parseFdt(nested(65))).toMatchObject({ ok: false, message: 'depth: expected at most 64, got more' });
    const endless = buildFdt({}, { reservations: Array.from({ length: 4097 }, () => ({ base: 1, length: 1 })) });
    expect(parseFdt(endless)).toMatchObject({
      ok: false,
      message: 'memory reservations: expected at most 4096, got more',
    });
    const open = buildFdt({});
    new DataView(open.buffer).setUint32(40 + 12, 1); // the terminating entry is no longer zero
    expect(parseFdt(open).ok).toBe(false);
  });
});
