import { describe, expect, it } from '@jest/globals';
import { NO_NODE, NumaTopology, compilePolicy } from '@veridian-os/memory';
import type { MemoryPolicy } from '@veridian-os/memory';

const DRAM = { node: 0, tier: 0 };

describe('NumaTopology', () => {
  it('assumes 10 and 20 without a table, and prefers the faster tier at one distance', () => {
    const topology = new NumaTopology([DRAM, { node: 1, tier: 1 }, { node: 2, tier: 0 }, { node: 3, tier: 2 }]);
    expect(topology.distance(1, 1)).toBe(10);
    expect(topology.distance(1, 2)).toBe(20);
    expect([...topology.fallback(0)]).toEqual([0, 2, 1, 3]);
    expect([...topology.fallback(3)]).toEqual([3, 0, 2, 1]);
    expect(topology.tiers).toEqual([0, 1, 2]);
  });

  it('knows the tiers next to each node', () => {
    const topology = new NumaTopology([DRAM, { node: 1, tier: 2 }, { node: 2, tier: 5 }]);
    expect([0, 1, 2].map((node) => topology.demotionTarget(node))).toEqual([1, 2, NO_NODE]);
    expect([0, 1, 2].map((node) => topology.promotionTarget(node))).toEqual([NO_NODE, 0, 1]);
  });

  it('takes a table that is not symmetric, with 255 for the farthest', () => {
    const topology = new NumaTopology(
      [0, 1, 2].map((node) => ({ node, tier: 0 })),
      [
        [10, 255, 11],
        [20, 10, 30],
        [40, 31, 10],
      ],
    );
    expect([...topology.fallback(0)]).toEqual([0, 2, 1]);
    expect([...topology.fallback(1)]).toEqual([1, 0, 2]);
    expect([...topology.fallback(2)]).toEqual([2, 1, 0]);
  });

  it.each([
    [[[10], [20]], 'distances: expected 2 in row 0, got 1'],
    [[[11]], 'distances[0][0]: expected 10..10, got 11'],
    [
      [
        [10, 10],
        [20, 10],
      ],
      'distances[0][1]: expected 11..255, got 10',
    ],
    [
      [
        [10, 256],
        [20, 10],
      ],
      'distances[0][1]: expected 11..255, got 256',
    ],
    [
      [
        [10, 20.5],
        [20, 10],
      ],
      'distances[0][1]: expected 11..255, got 20.5',
    ],
    [[], 'distances: expected 1..64 rows, got 0'],
  ])('refuses the distances %j', (distances, message) => {
    expect(() => new NumaTopology([DRAM], distances)).toThrow(new RangeError(message));
  });

  it.each([
    [[{ node: 1, tier: 0 }], [[10]], 'regions: expected a node 0..0, got 1'],
    [[{ node: 64, tier: 0 }], undefined, 'regions: expected a node 0..63, got 64'],
    [[DRAM, { node: 0, tier: 1 }], undefined, 'regions: expected one tier for node 0, got 0 and 1'],
    [[{ node: 0, tier: 256 }], undefined, 'regions: expected a tier 0..255, got 256'],
  ])('refuses the regions %j', (regions, distances, message) => {
    expect(() => new NumaTopology(regions, distances)).toThrow(new RangeError(message));
  });

  it('panics on nodes that it does not have', () => {
    const topology = new NumaTopology([{ node: 1, tier: 0 }]);
    expect(topology.nodes).toBe(2);
    expect(topology.hasMemory(0)).toBe(false);
    expect(() => topology.tierOf(0)).toThrow('memory/no-such-node');
    expect(() => topology.distance(0, 2)).toThrow('memory/no-such-node');
    expect(() => topology.fallback(-1)).toThrow('memory/no-such-node');
  });
});

describe('compilePolicy', () => {
  const topology = new NumaTopology([DRAM, { node: 1, tier: 0 }, { node: 3, tier: 1 }]);

  it.each([
    [{ kind: 'bind', nodes: [] }, 'nodes: expected one with memory, got none'],
    [{ kind: 'preferred', nodes: [2] }, 'nodes: expected one with memory, got 2'],
    [{ kind: 'interleave', nodes: [0, 4] }, 'nodes: expected 0..3, got 4'],
    [{ kind: 'interleave', nodes: [0, 1, 0] }, 'nodes: expected each once, got 0,1,0'],
    [{ kind: 'weighted-interleave', nodes: [0, 1], weights: [1] }, 'weights: expected one for each of 2 nodes, got 1'],
    [{ kind: 'weighted-interleave', nodes: [0], weights: [0] }, 'weights: expected 1..255, got 0'],
    [{ kind: 'weighted-interleave', nodes: [0], weights: [256] }, 'weights: expected 1..255, got 256'],
  ] as [MemoryPolicy, string][])('refuses %j', (policy, message) => {
    expect(() => compilePolicy(topology, policy)).toThrow(new RangeError(message));
  });

  it('says whether the index matters, and keeps what was asked for', () => {
    const policy: MemoryPolicy = { kind: 'weighted-interleave', nodes: [0, 2, 3], weights: [2, 9, 1] };
    const compiled = compilePolicy(topology, policy);
    expect(compiled.interleaves).toBe(true);
    expect(compiled.policy).toBe(policy);
    expect([0, 1, 2, 3].map((index) => compiled.order(1, index)[0])).toEqual([0, 0, 3, 0]);
    expect(compilePolicy(topology, { kind: 'local' }).interleaves).toBe(false);
  });
});
