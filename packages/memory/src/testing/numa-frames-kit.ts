/** The conformance kit of `NumaFrameSource`: frames by policy, watermarks, runs, and the counts of numastat. */
import { EINVAL, ENOMEM, PAGE_SIZE } from '@veridian-os/abi';
import type { Frame, MemoryRegion } from '@veridian-os/abi';
import type { ReservedRange } from '../frames/frame-allocator.js';
import type { NumaFrameSource } from '../numa/numa-frame-source.js';
import { compilePolicy } from '../numa/policy.js';
import type { MemoryPolicy } from '../numa/policy.js';
import { check, equal, panics } from './assert.js';
import { ModelNodes } from './numa-frames-model.js';
import type { KitLayout } from './numa-frames-model.js';
import { randomNumbers } from './random-numbers.js';

interface Runner {
  describe(name: string, body: () => void): void;
  it(name: string, body: () => void): void;
}

/** Two sockets with a node of CXL memory each, and a CPU-only node; node 1's memory comes in two regions. */
const LAYOUT: KitLayout = {
  regions: [
    { frames: 24, node: 0, tier: 0 },
    { frames: 16, node: 1, tier: 0 },
    { frames: 32, node: 2, tier: 1 },
    { frames: 8, node: 1, tier: 0 },
    { frames: 16, node: 4, tier: 1 },
  ],
  distances: [
    [10, 21, 17, 12, 28],
    [21, 10, 28, 21, 17],
    [17, 28, 10, 17, 28],
    [12, 21, 17, 10, 28],
    [28, 17, 28, 28, 10],
  ],
};
/** From nodes 0 .. 4. */
const NEAR = [
  [0, 2, 1, 4],
  [1, 4, 0, 2],
  [2, 0, 1, 4],
  [0, 2, 1, 4],
  [4, 1, 0, 2],
];
const BIND_1: MemoryPolicy = { kind: 'bind', nodes: [1] };

/**
 * @param create makes a source of the regions and distances that it is given, nothing allocated, all watermarks 0, whose
 *        block source can take blocks at an address
 */
export function numaFramesKit(
  { describe, it }: Runner,
  create: (layout: KitLayout) => NumaFrameSource,
  seed = 1,
): void {
  const fresh = () => create(LAYOUT);
  describe('NUMA frame source', () => {
    it('asks the nearest node first, and the next when it is full', () => fallback(fresh()));
    it('prefers nodes, and takes others when they are full', () => preferred(fresh()));
    it('binds to nodes, and has no memory when they are full', () => bound(fresh()));
    it('interleaves by index alone', () => interleaved(fresh()));
    it('interleaves by weight', () => weighted(fresh()));
    it('keeps a reserve for those who may take it', () => reserve(fresh()));
    it('spares nodes below low while others have frames', () => spare(fresh()));
    it('tells which node ran short, once', () => short(fresh()));
    it('names the pressure on a node', () => pressure(fresh()));
    it('refuses watermarks out of order, with nothing changed', () => badWatermarks(fresh()));
    it('counts as numastat does', () => counts(fresh()));
    it('gives frames of one node for migration', () => onNode(fresh()));
    it('takes a frame by its number', () => byNumber(fresh()));
    it('gives runs of a node, aligned as asked', () => runs(fresh()));
    it('gives runs longer than the largest block', () => longRun(create));
    it('has no memory for a run that something stands in', () => brokenRun(create));
    it('knows its nodes and refuses others', () => knowsNodes(fresh()));
    it('agrees with a plain model', () => agrees(create, seed));
  });
}

/** Reserved bytes of a layout whose regions have become `regions`, for an allocator's constructor. */
export function reservedRanges(layout: Pick<KitLayout, 'regions'>, regions: readonly MemoryRegion[]): ReservedRange[] {
  return layout.regions.flatMap(({ reserved }, i) => {
    if (reserved === undefined) return [];
    return [{ base: regions[i].base + reserved.first * PAGE_SIZE, length: reserved.frames * PAGE_SIZE }];
  });
}

function take(frames: NumaFrameSource, policy: MemoryPolicy, node = 0, index = 0, urgency?: 0 | 1 | 2): number {
  const frame = frames.allocPage(compilePolicy(frames.topology, policy), node, index, urgency);
  return frame < 0 ? frame : frames.nodeOf(frame as Frame);
}

/** Nodes of all the frames that a policy gives. */
function drain(frames: NumaFrameSource, policy: MemoryPolicy, node: number): string {
  const seen: number[] = [];
  for (let given = take(frames, policy, node); given >= 0; given = take(frames, policy, node)) {
    if (seen.at(-1) !== given) seen.push(given);
  }
  return seen.join();
}

function fallback(frames: NumaFrameSource): void {
  NEAR.forEach((order, node) => equal([...frames.topology.fallback(node)].join(), order.join(), `order from ${node}`));
  equal(drain(frames, { kind: 'local' }, 3), NEAR[3].join(), 'nodes in turn');
  equal(frames.freeFrames, 0, 'freeFrames at the end');
}

function preferred(frames: NumaFrameSource): void {
  equal(take(frames, { kind: 'preferred', nodes: [4] }, 0), 4, 'the preferred node');
  equal(take(frames, { kind: 'preferred', nodes: [4, 2] }, 0), 2, 'the nearest of several');
  equal(take(frames, { kind: 'preferred', nodes: [3, 4] }, 0), 4, 'the one that has memory');
  equal(drain(frames, { kind: 'preferred', nodes: [4, 1] }, 0), '1,4,0,2', 'all of them, then others');
}

function bound(frames: NumaFrameSource): void {
  equal(drain(frames, { kind: 'bind', nodes: [4, 1] }, 0), '1,4', 'nodes in turn');
  equal(frames.freeOn(0), 24, 'free on node 0');
  equal(frames.allocPage(compilePolicy(frames.topology, BIND_1), 0, 0), ENOMEM, 'when full');
}

function interleaved(frames: NumaFrameSource): void {
  const policy: MemoryPolicy = { kind: 'interleave', nodes: [4, 0, 1] };
  const given = [0, 1, 2, 3, 7, 2 ** 40 + 1].map((index) => take(frames, policy, 2, index));
  equal(
    given.join(),
    [4, 0, 1, 4, 0, 1].map((node, i) => (i === 5 ? [4, 0, 1][(2 ** 40 + 1) % 3] : node)).join(),
    'nodes',
  );
  while (take(frames, { kind: 'bind', nodes: [4] }) >= 0);
  equal(take(frames, policy, 0, 0), 1, 'the nearest to the node whose turn it was');
}

function weighted(frames: NumaFrameSource): void {
  const policy: MemoryPolicy = { kind: 'weighted-interleave', nodes: [0, 3, 2], weights: [3, 7, 1] };
  const given = Array.from({ length: 9 }, (_, index) => take(frames, policy, 1, index));
  equal(given.join(), '0,0,0,2,0,0,0,2,0', 'nodes');
}

function reserve(frames: NumaFrameSource): void {
  frames.setWatermarks(1, { min: 7, low: 8, high: 10 });
  const left = [0, 1, 2].map((urgency) => {
    while (take(frames, BIND_1, 0, 0, urgency as 0 | 1 | 2) >= 0);
    return frames.freeOn(1);
  });
  equal(left.join(), '7,3,0', 'frames that each urgency leaves');
  let own = 0;
  while (frames.alloc() >= 0) own++;
  equal(own, 24 + 32 + 16, "frames for the kernel's own use");
}

function spare(frames: NumaFrameSource): void {
  frames.setWatermarks(0, { min: 2, low: 20, high: 22 });
  frames.setWatermarks(2, { min: 3, low: 30, high: 32 });
  const policy: MemoryPolicy = { kind: 'bind', nodes: [0, 2] };
  const given: number[] = [];
  for (let node = take(frames, policy); node >= 0; node = take(frames, policy)) given.push(node);
  const runs = given.filter((node, i) => node !== given[i - 1]);
  equal(runs.join(), '0,2,0,2', 'down to low everywhere, then down to min');
  equal(given.indexOf(2), 4, 'frames of node 0 above low');
  equal([frames.freeOn(0), frames.freeOn(2)].join(), '2,3', 'frames left');
}

function short(frames: NumaFrameSource): void {
  frames.setWatermarks(1, { min: 0, low: 23, high: 24 });
  take(frames, { kind: 'local' }, 1);
  equal(frames.takeShortNode(), -1, 'while there is enough');
  equal(take(frames, { kind: 'local' }, 1), 4, 'node of the second');
  equal(frames.takeShortNode(), 1, 'the short node');
  equal(frames.takeShortNode(), -1, 'asked again');
}

function pressure(frames: NumaFrameSource): void {
  frames.setWatermarks(1, { min: 20, low: 22, high: 23 });
  const seen: number[] = [];
  for (let i = 0; i < 6; i++) {
    seen.push(frames.pressure(1));
    frames.allocOn(1);
  }
  equal(seen.join(), '0,0,1,2,2,3', 'pressure at 24 .. 19 free frames');
}

function badWatermarks(frames: NumaFrameSource): void {
  const marks = { min: 1, low: 2, high: 3 };
  frames.setWatermarks(0, marks);
  for (const bad of [{ min: 3 }, { low: 4 }, { high: 25 }, { min: -1 }, { low: 1.5 }]) {
    let message = 'nothing thrown';
    try {
      frames.setWatermarks(0, { ...marks, ...bad });
    } catch (error) {
      message = error instanceof RangeError ? error.message : String(error);
    }
    check(message.startsWith('watermarks: expected'), `watermarks ${JSON.stringify(bad)}: got ${message}`);
    equal(JSON.stringify(frames.watermarks(0)), JSON.stringify(marks), 'watermarks');
  }
}

function counts(frames: NumaFrameSource): void {
  const policy: MemoryPolicy = { kind: 'interleave', nodes: [0, 1] };
  for (let i = 0; i < 60; i++) take(frames, policy, 1, i);
  for (const [node, wanted] of [
    [0, '24,24,0,6,24,0,24'],
    [1, '24,24,0,6,24,24,0'],
    [2, '32,0,6,0,0,0,6'],
    [4, '16,0,6,0,0,0,6'],
  ] as const) {
    const { totalFrames, hit, miss, foreign, interleaveHit, localNode, otherNode } = frames.statistics(node);
    const row = [totalFrames, hit, miss, foreign, interleaveHit, localNode, otherNode];
    equal(row.join(), wanted, `node ${node}: total, hit, miss, foreign, interleave hit, local, other`);
  }
}

function onNode(frames: NumaFrameSource): void {
  for (let left = 16; left > 3; left--) equal(frames.allocOn(4, 3) >= 0, true, `frame with ${left} free`);
  equal(frames.allocOn(4, 3), ENOMEM, 'with 3 frames free, to leave 3');
  equal(frames.nodeOf(frames.allocOn(4) as Frame), 4, 'node');
  equal(frames.allocOn(3), ENOMEM, 'of a node without memory');
  equal(frames.freeFrames, frames.totalFrames - 14, 'freeFrames');
}

function byNumber(frames: NumaFrameSource): void {
  const [{ first, count }] = frames.spans(4);
  const last = (first + count - 1) as Frame;
  equal(frames.allocAt(last), 0, 'the last frame of node 4');
  equal(frames.allocAt(last), ENOMEM, 'once more');
  equal(
    [frames.references(last), frames.freeOn(4), frames.freeFrames].join(),
    `1,15,${frames.totalFrames - 1}`,
    'counts',
  );
  for (let i = 0; i < 15; i++) check(frames.allocOn(4) !== last, 'the frame is not given twice');
  equal(frames.allocOn(4), ENOMEM, 'afterwards');
  frames.release(last);
  equal(frames.allocOn(4), last, 'the frame that came back');
}

function runs(frames: NumaFrameSource): void {
  for (const [count, align] of [
    [5, 0],
    [3, 3],
    [4, undefined],
    [7, undefined],
  ] as const) {
    const first = frames.allocContiguous(count, align, 2) as Frame;
    const step = 2 ** (align ?? Math.ceil(Math.log2(count)));
    equal(frames.nodeOf(first), 2, 'node of a run');
    equal(first % step, 0, `frame ${first} modulo ${step}`);
    for (let i = 0; i < count; i++) equal(frames.references((first + i) as Frame), 1, 'references in a run');
  }
  equal(frames.freeOn(2), 32 - 19, 'free frames of the node');
  equal(frames.allocContiguous(17, 0, 4), ENOMEM, 'more than the node has');
  equal(frames.allocContiguous(3, -1), EINVAL, 'alignment -1');
  equal(frames.allocContiguous(0), EINVAL, 'no frames');
  equal(frames.freeFrames, frames.totalFrames - 19, 'freeFrames');
}

/** The long region starts at a multiple of 8 frames, not of 16; frames 1200 .. 1209 of it are firmware's. */
const LONG: KitLayout = {
  regions: [
    { frames: 8, node: 1, tier: 0 },
    { frames: 2700, node: 0, tier: 0, reserved: { first: 1200, frames: 10 } },
  ],
  distances: [
    [10, 20],
    [20, 10],
  ],
};

function longRun(create: (layout: KitLayout) => NumaFrameSource): void {
  const frames = create(LONG);
  const base = frames.spans(0)[0].first;
  const total = 8 + 2690;
  equal(frames.totalFrames, total, 'totalFrames');
  equal(frames.allocAt((base + 1150) as Frame), 0, 'an obstacle');
  const runs = [1100, 1400].map((count) => frames.allocContiguous(count, 4, 0) as Frame);
  equal(runs.map((first) => first % 16).join(), '0,0', 'alignment');
  check(runs[0] >= base && runs[0] + 1100 <= base + 1150, 'the first run is before the obstacle');
  check(runs[1] >= base + 1210, 'the second run is behind the reserved frames');
  equal(frames.freeFrames, total - 1 - 2500, 'freeFrames');
  runs.forEach((first, i) => {
    for (let at = first; at < first + [1100, 1400][i]; at++) {
      equal(frames.references(at), 1, 'references in a run');
      frames.release(at);
    }
  });
  frames.release((base + 1150) as Frame);
  let back = 0;
  while (frames.alloc() >= 0) back++;
  equal(back, total, 'frames that are there afterwards');
}

function brokenRun(create: (layout: KitLayout) => NumaFrameSource): void {
  const frames = create(LONG);
  const base = frames.spans(0)[0].first;
  equal(frames.allocAt((base + 2400) as Frame), 0, 'an obstacle');
  equal(frames.allocContiguous(1201, 0), ENOMEM, 'more than lies between obstacles');
  equal(frames.freeFrames, 2697, 'freeFrames afterwards');
  const given = [1200, 1190].map((count) => frames.allocContiguous(count, 0));
  equal(given.join(), [base, base + 1210].join(), 'what just fits');
  let left = 0;
  while (frames.alloc() >= 0) left++;
  equal(left, 8 + 299, 'frames left');
}

function knowsNodes(frames: NumaFrameSource): void {
  equal(frames.topology.hasMemory(3), false, 'memory of the CPU-only node');
  equal(
    frames
      .spans(1)
      .map(({ count }) => count)
      .join(),
    '16,8',
    'frames of node 1',
  );
  const local = compilePolicy(frames.topology, { kind: 'local' });
  panics('memory/no-such-node', () => frames.allocPage(local, 5, 0));
  panics('memory/no-such-frame', () => frames.nodeOf(0 as Frame));
  equal(frames.topology.demotionTarget(1), 4, 'where node 1 demotes to');
  equal(frames.topology.promotionTarget(2), 0, 'where node 2 promotes to');
  equal(frames.topology.demotionTarget(2), -1, 'where the slowest demotes to');
}

const POLICIES: readonly MemoryPolicy[] = [
  { kind: 'local' },
  { kind: 'preferred', nodes: [2] },
  { kind: 'preferred', nodes: [4, 0, 3] },
  { kind: 'bind', nodes: [1, 2] },
  { kind: 'interleave', nodes: [0, 1, 2, 3, 4] },
  { kind: 'weighted-interleave', nodes: [4, 0], weights: [1, 4] },
];

function agrees(create: (layout: KitLayout) => NumaFrameSource, seed: number): void {
  for (let run = seed; run < seed + 40; run++) {
    const frames = create(LAYOUT);
    const model = new ModelNodes(LAYOUT);
    const live: Frame[] = [];
    const random = randomNumbers(run);
    try {
      for (let i = 0; i < 250; i++) {
        step(frames, model, live, random);
        compare(frames, model);
      }
    } catch (error) {
      throw new Error(`seed ${run}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

function step(frames: NumaFrameSource, model: ModelNodes, live: Frame[], random: (limit: number) => number): void {
  const withMemory = [0, 1, 2, 4][random(4)];
  switch (random(8)) {
    case 0:
    case 1: {
      const [frame] = live.splice(random(Math.max(1, live.length)), 1);
      if (frame === undefined) return;
      model.nodes[frames.nodeOf(frame)]!.free++;
      return frames.release(frame);
    }
    case 2: {
      const total = model.nodes[withMemory]!.total;
      const [min, low, high] = [0, 0, 0].map(() => random(Math.ceil(total / 2))).sort((a, b) => a - b);
      model.nodes[withMemory]!.marks = { min, low, high };
      return frames.setWatermarks(withMemory, { min, low, high });
    }
    case 3: {
      const leave = random(6);
      const frame = frames.allocOn(withMemory, leave) as Frame;
      equal(frame >= 0, model.allocOn(withMemory, leave), `allocOn(${withMemory}, ${leave})`);
      if (frame >= 0) live.push(frame);
      return;
    }
    default: {
      const policy = POLICIES[random(POLICIES.length)];
      const [node, index, urgency] = [random(5), random(50), random(3) as 0 | 1 | 2];
      const frame = frames.allocPage(compilePolicy(frames.topology, policy), node, index, urgency) as Frame;
      const wanted = model.allocPage(policy, node, index, urgency);
      equal(frame < 0 ? -1 : frames.nodeOf(frame), wanted, `node of ${policy.kind} from ${node}, index ${index}`);
      if (frame >= 0) live.push(frame);
    }
  }
}

function compare(frames: NumaFrameSource, model: ModelNodes): void {
  model.nodes.forEach((node, id) => {
    if (node === undefined) return;
    const { totalFrames, freeFrames, ...seen } = frames.statistics(id);
    equal(totalFrames, node.total, `frames of node ${id}`);
    equal(freeFrames, node.free, `free frames of node ${id}`);
    equal(JSON.stringify(seen), JSON.stringify(node.counts), `statistics of node ${id}`);
    equal(frames.pressure(id), model.pressure(id), `pressure on node ${id}`);
  });
  equal(frames.takeShortNode(), model.short, 'short node');
  model.short = -1;
}
