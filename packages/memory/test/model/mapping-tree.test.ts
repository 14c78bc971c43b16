import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { GUARD_GAP, Mapping } from '../../src/address-space/mapping.js';
import { MappingTree } from '../../src/address-space/mapping-tree.js';

const PAGE = 4096;
const FLOOR = 16 * PAGE;
const PAGES = 2000;

function mapping(start: number, end: number, grows: boolean): Mapping {
  const shape = { prot: 3, maxProt: 7, shared: false, source: null, offset: 0, label: '' };
  return new Mapping({ ...shape, start: start * PAGE, end: end * PAGE, growLimit: grows ? 1 : 0 });
}

type Command =
  | { kind: 'insert'; start: number; length: number; grows: boolean }
  | { kind: 'remove'; pick: number }
  | { kind: 'resize'; pick: number; start: number; end: number }
  | { kind: 'hole'; limit: number; length: number };

const page = fc.integer({ min: 16, max: PAGES });
const pick = fc.nat(200);
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('insert' as const),
      start: page,
      length: fc.integer({ min: 1, max: 30 }),
      grows: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('remove' as const), pick }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('resize' as const), pick, start: fc.nat(9), end: fc.nat(9) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('hole' as const),
      limit: page,
      length: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 800 })),
    }),
  },
);

/** Every hole start is tried from the top. A guard gap ends at the mapping below it. `model` is sorted. */
function naiveHole(model: Mapping[], limit: number, length: number): number {
  const taken = model.map((m, i) => {
    const gap = m.growLimit > 0 ? GUARD_GAP : 0;
    return { start: Math.max(m.start - gap, model[i - 1]?.end ?? 0), end: m.end };
  });
  for (let start = limit - length * PAGE; start >= FLOOR; start -= PAGE) {
    const end = start + length * PAGE;
    if (taken.every((range) => range.end <= start || range.start >= end)) return start;
  }
  return -1;
}

/** @returns the height */
function checkNode(node: Mapping | null): number {
  if (node === null) return 0;
  const left = checkNode(node.left);
  const right = checkNode(node.right);
  expect(Math.abs(left - right)).toBeLessThanOrEqual(1);
  expect(node.height).toBe(1 + Math.max(left, right));
  const hole = node.start - (node.growLimit > 0 ? GUARD_GAP : 0) - (node.prev?.end ?? FLOOR);
  expect(node.gap).toBe(Math.max(0, hole, node.left?.gap ?? 0, node.right?.gap ?? 0));
  return node.height;
}

function rootOf(tree: MappingTree): Mapping | null {
  return (tree as unknown as { root: Mapping | null }).root;
}

function run(tree: MappingTree, model: Mapping[], step: Command): void {
  model.sort((a, b) => a.start - b.start);
  switch (step.kind) {
    case 'insert': {
      const fresh = mapping(step.start, step.start + step.length, step.grows);
      if (model.some((m) => m.start < fresh.end && fresh.start < m.end)) return;
      tree.insert(fresh);
      model.push(fresh);
      return;
    }
    case 'remove': {
      const [gone] = model.splice(step.pick % Math.max(1, model.length), 1);
      if (gone !== undefined) tree.remove(gone);
      return;
    }
    case 'resize': {
      const m = model[step.pick % Math.max(1, model.length)];
      if (m === undefined) return;
      const start = Math.max(m.prev?.end ?? FLOOR, m.start + (step.start - 4) * PAGE);
      const end = Math.min(m.next?.start ?? Infinity, m.end + (step.end - 4) * PAGE);
      if (start < end) tree.resize(m, start, end);
      return;
    }
    case 'hole':
      expect(tree.holeBelow(step.limit * PAGE, step.length * PAGE)).toBe(
        naiveHole(model, step.limit * PAGE, step.length),
      );
  }
}

describe('MappingTree', () => {
  it('stays balanced and finds mappings and holes like a list does', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 150, size: 'max' }), (steps) => {
        const tree = new MappingTree(FLOOR);
        const model: Mapping[] = [];
        for (const step of steps) {
          run(tree, model, step);
          checkNode(rootOf(tree));
          expect(tree.size).toBe(model.length);
        }
        model.sort((a, b) => a.start - b.start);
        const listed: Mapping[] = [];
        for (let m = tree.first; m !== null; m = m.next) listed.push(m);
        expect(listed.length).toBe(model.length);
        expect(listed.every((m, i) => m === model[i] && m.prev === (model[i - 1] ?? null))).toBe(true);
        for (let at = 0; at <= PAGES; at += 7) {
          const inside = model.find((m) => at * PAGE >= m.start && at * PAGE < m.end) ?? null;
          expect(tree.find(at * PAGE)).toBe(inside);
          expect(tree.from(at * PAGE)).toBe(model.find((m) => m.end > at * PAGE) ?? null);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('is no deeper than 1.45 log2 n, whatever the order of insertion', () => {
    for (const order of [(i: number) => i, (i: number) => 9999 - i, (i: number) => (i * 4217) % 10_000]) {
      const tree = new MappingTree(0);
      for (let i = 0; i < 10_000; i++) tree.insert(mapping(order(i) * 2, order(i) * 2 + 1, false));
      expect(rootOf(tree)?.height).toBeLessThanOrEqual(Math.ceil(1.45 * Math.log2(10_000)));
    }
  });
});
