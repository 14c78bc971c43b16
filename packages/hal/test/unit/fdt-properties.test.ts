import { describe, expect, it } from '@jest/globals';
import * as hal from '@veridian-os/hal';
import { buildFdt, type BuildFdtNode, type FdtValue } from '@veridian-os/hal/testing';

function parse(root: BuildFdtNode): hal.FdtTree {
  const tree = hal.parseFdt(buildFdt(root));
  if (!tree.ok) throw new Error(tree.message);
  return tree;
}

const only = (properties: Record<string, FdtValue>): hal.FdtNode => parse({ properties }).root;

describe('property values', () => {
  it('reads text, lists, cells and numbers', () => {
    const node = only({ one: 'a', two: ['b', 'c'], cells: [1, 0xffffffff], wide: [1, 2], empty: true });
    expect(hal.stringOf(node, 'one')).toBe('a');
    expect(hal.stringsOf(node, 'two')).toEqual(['b', 'c']);
    expect(hal.cellsOf(node, 'cells')).toEqual([1, 0xffffffff]);
    expect(hal.numberOf(node, 'wide')).toBe(2 ** 32 + 2);
    expect(hal.stringsOf(node, 'empty')).toEqual([]);
    expect(hal.cellsOf(node, 'empty')).toEqual([]);
    expect(hal.numberOf(node, 'empty')).toBeUndefined();
  });

  it('reads a wrong shape as absent', () => {
    const node = only({ odd: Uint8Array.of(1, 2, 3), three: [1, 2, 3], huge: [0x200000, 0], raw: Uint8Array.of(65) });
    expect(hal.cellsOf(node, 'odd')).toBeUndefined();
    expect(hal.numberOf(node, 'three')).toBeUndefined();
    expect(hal.numberOf(node, 'huge')).toBeUndefined(); // 2^53
    expect(hal.stringsOf(node, 'raw')).toEqual([]); // no NUL
    expect(hal.stringOf(node, 'absent')).toBeUndefined();
  });

  it('knows a disabled node', () => {
    expect(hal.isEnabled(only({}))).toBe(true);
    expect(hal.isEnabled(only({ status: 'okay' }))).toBe(true);
    expect(hal.isEnabled(only({ status: 'disabled' }))).toBe(false);
  });
});

describe('regOf', () => {
  const device = (bus: Record<string, FdtValue>, reg: number[], root: Record<string, FdtValue> = {}) => {
    const tree = parse({
      properties: { '#address-cells': 2, '#size-cells': 2, ...root },
      children: { bus: { properties: bus, children: { dev: { properties: { reg } } } } },
    });
    return hal.regOf(tree.nodes[2]);
  };

  it('passes through a bus with empty ranges', () => {
    const bus = { '#address-cells': 2, '#size-cells': 2, ranges: true } as const;
    expect(device(bus, [1, 0x1000, 0, 0x100])).toEqual([{ base: 2 ** 32 + 0x1000, length: 0x100 }]);
  });

  it('takes the defaults of two and one cells', () => {
    expect(device({ ranges: true }, [0, 0x1000, 0x10, 0, 0x2000, 0x20])).toEqual([
      { base: 0x1000, length: 0x10 },
      { base: 0x2000, length: 0x20 },
    ]);
  });

  it('translates through ranges of other cell counts', () => {
    const bus = { '#address-cells': 1, '#size-cells': 1, ranges: [0, 0, 0, 0x1000, 0x4000, 1, 0x80000000, 0x1000] };
    expect(device(bus, [0x10, 0x10])).toEqual([{ base: 0x10, length: 0x10 }]);
    expect(device(bus, [0x4800, 0x10])).toEqual([{ base: 0x180000800, length: 0x10 }]);
    expect(device(bus, [0x4ff8, 0x10])).toBeUndefined(); // leaves its window
    expect(device(bus, [0x3000, 0x10])).toBeUndefined();
  });

  it('has no answer without ranges, with three address cells, or with half an entry', () => {
    expect(device({}, [0, 0, 1])).toBeUndefined();
    expect(device({ '#address-cells': 3, '#size-cells': 2, ranges: true }, [0, 0, 0, 0, 1])).toBeUndefined();
    expect(device({ ranges: true }, [0, 0])).toBeUndefined();
    expect(device({ ranges: true, '#size-cells': 2 }, [0xffffffff, 0, 0, 1])).toBeUndefined(); // above 2^53
  });

  it('gives numbers without sizes where the bus has none', () => {
    const tree = parse({
      children: {
        cpus: { properties: { '#address-cells': 1, '#size-cells': 0 }, children: { cpu: { properties: { reg: 5 } } } },
      },
    });
    expect(hal.localReg(tree.nodes[2])).toEqual([{ base: 5, length: 0 }]);
  });
});

describe('interruptsOf', () => {
  const tree = parse({
    properties: { 'interrupt-parent': 1 },
    children: {
      pic: { properties: { phandle: 1, '#interrupt-cells': 2, 'interrupt-controller': true } },
      other: { properties: { phandle: 2, '#interrupt-cells': 1 } },
      inherits: { properties: { interrupts: [3, 4, 5, 6] } },
      names: { properties: { 'interrupt-parent': 2, interrupts: [9] } },
      extended: { properties: { 'interrupts-extended': [2, 7, 1, 8, 9] } },
      broken: { properties: { 'interrupts-extended': [2, 7, 99, 1] } },
      lost: { properties: { 'interrupt-parent': 99, interrupts: [1] } },
      nexus: {
        properties: { '#interrupt-cells': 1 },
        children: { below: { properties: { interrupts: [42] } } },
      },
    },
  });
  const of = (path: string) =>
    hal.interruptsOf(tree, hal.nodeAt(tree, path)!).map(({ controller, cells }) => [controller.name, ...cells]);

  it('inherits, names and extends', () => {
    expect(of('/inherits')).toEqual([['pic', 3, 4], ['pic', 5, 6]]); // prettier-ignore
    expect(of('/names')).toEqual([['other', 9]]);
    expect(of('/extended')).toEqual([['other', 7], ['pic', 8, 9]]); // prettier-ignore
    expect(of('/nexus/below')).toEqual([['nexus', 42]]);
  });

  it('stops at what it cannot follow', () => {
    expect(of('/broken')).toEqual([['other', 7]]);
    expect(of('/lost')).toEqual([]);
    expect(of('/pic')).toEqual([]);
  });
});
