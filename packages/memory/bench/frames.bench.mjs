/** Frames: single ones by no policy and by each, runs, and the frame's way through its references. */
import { BuddyAllocator } from '@veridian-os/buddy-alloc';
import { FrameAllocator, PhysicalMemory, compilePolicy } from '@veridian-os/memory';
import { suite } from '../../../tools/bench.mjs';

const FRAMES = 16_384;
const BASE = 0x8000_0000;

function createFrames(nodes) {
  const regions = Array.from({ length: nodes }, (_, node) => {
    const buffer = new ArrayBuffer(FRAMES * 4096);
    const views = { u8: new Uint8Array(buffer), u32: new Uint32Array(buffer) };
    return { base: BASE + node * FRAMES * 4096, length: FRAMES * 4096, node, tier: 0, ...views };
  });
  return new FrameAllocator(regions, new PhysicalMemory(regions), (frameCount) => new BuddyAllocator({ frameCount }));
}

await suite(async ({ bench }) => {
  const buddy = new BuddyAllocator({ frameCount: FRAMES });
  const one = createFrames(1);
  // Every other frame is in use, so that a pair does not merge up and split again.
  const used = Array.from({ length: FRAMES }, () => one.alloc());
  for (let i = 0; i < FRAMES / 2; i += 2) one.release(used[i]);
  for (let i = FRAMES / 2; i < FRAMES; i++) one.release(used[i]);
  for (let i = 0; i < FRAMES; i++) buddy.alloc(0);
  for (let i = 0; i < FRAMES / 2; i += 2) buddy.free(i, 0);
  const peer = { peer: 'buddy-alloc alone', peerFn: () => buddy.free(buddy.alloc(0), 0) };
  await bench({ case: 'frame-pair', ours: () => one.release(one.alloc()), ...peer, noGc: true });
  const frame = one.alloc();
  const retain = () => {
    one.retain(frame);
    one.release(frame);
  };
  await bench({ case: 'retain + release', ours: retain, noGc: true });
  await bench({
    case: '11 contiguous frames, released one by one',
    ours: () => {
      const first = one.allocContiguous(11);
      for (let i = 0; i < 11; i++) one.release(first + i);
    },
  });
  const four = createFrames(4);
  for (let node = 0; node < 4; node++) {
    const all = Array.from({ length: FRAMES }, () => four.allocOn(node));
    for (let i = 0; i < FRAMES; i += 2) four.release(all[i]);
  }
  const policies = {
    local: { kind: 'local' },
    bind: { kind: 'bind', nodes: [2, 3] },
    interleave: { kind: 'interleave', nodes: [0, 1, 2, 3] },
    'weighted-interleave': { kind: 'weighted-interleave', nodes: [0, 1], weights: [3, 1] },
  };
  for (const [name, policy] of Object.entries(policies)) {
    const compiled = compilePolicy(four.topology, policy);
    let index = 0;
    const pair = () => four.release(four.allocPage(compiled, 0, index++ & 1023));
    await bench({ case: `page-pair-${name}, 4 nodes`, ours: pair, ...peer, noGc: true });
  }
});
