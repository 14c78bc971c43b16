/**
 * Replays a trace on nodes of memory under a policy, with the package's own FrameAllocator and TierBalancer.
 *
 * Cost       an access takes 10 ns times the distance from its CPU's node to the page's; a move takes `moveNs`, looking at a
 *            page's accessed bit `scanNs`, a sampled fault `sampleNs`
 * Bandwidth  `budget` moves per tick, for every policy and for the oracle
 */
import { BuddyAllocator } from '@veridian-os/buddy-alloc';
import { FrameAllocator, PhysicalMemory, TierBalancer, compilePolicy } from '@veridian-os/memory';
import { latency } from './machines.mjs';

const PAGE = 4096;
const TICK_NS = 1e6;

function createFrames({ nodes, distances }) {
  let base = 0x8000_0000;
  const regions = nodes.map(({ frames, tier }, node) => {
    const buffer = new ArrayBuffer(frames * PAGE);
    const region = {
      base,
      length: frames * PAGE,
      node,
      tier,
      u8: new Uint8Array(buffer),
      u32: new Uint32Array(buffer),
    };
    base += region.length;
    return region;
  });
  const blocks = (frameCount) => new BuddyAllocator({ frameCount });
  return new FrameAllocator(regions, new PhysicalMemory(regions), blocks, [], undefined, distances);
}

/**
 * @param policy { name, numa: MemoryPolicy, balance?: { samplePeriod? } }
 * @returns { name, costNs, perTick: Float64Array, fastShare: accesses to the fastest tier, moves }
 */
export function simulate(trace, machine, policy) {
  const frames = createFrames(machine);
  const compiled = compilePolicy(frames.topology, policy.numa);
  const frameOf = new Float64Array(trace.pages).fill(-1);
  const nodeOf = new Int8Array(trace.pages).fill(-1);
  const mover =
    policy.balance === undefined ? null : new Mover(trace, machine, policy.balance, frames, frameOf, nodeOf);
  const perTick = new Float64Array(trace.ticks.length);
  let accesses = 0;
  let fast = 0;
  trace.ticks.forEach((streams, tick) => {
    let cost = 0;
    streams.forEach(({ pages, counts }, stream) => {
      const cpu = trace.cpus[stream];
      for (let i = 0; i < pages.length; i++) {
        const page = pages[i];
        if (nodeOf[page] < 0) {
          const frame = frames.allocPage(compiled, cpu, page);
          if (frame < 0) throw new Error(`${policy.name}: no memory for page ${page}`);
          frameOf[page] = frame;
          nodeOf[page] = frames.nodeOf(frame);
          mover?.arrived(page);
        }
        cost += counts[i] * latency(machine, cpu, nodeOf[page]);
        accesses += counts[i];
        if (machine.nodes[nodeOf[page]].tier === 0) fast += counts[i];
        mover?.saw(page, counts[i]);
      }
    });
    if (mover !== null) cost += mover.tick(tick);
    perTick[tick] = cost;
  });
  const costNs = perTick.reduce((sum, cost) => sum + cost, 0);
  return { name: policy.name, costNs, perTick, fastShare: fast / accesses, moves: mover?.moves ?? 0 };
}

/** Carries out what the balancer decides, as an address space would. */
class Mover {
  constructor(trace, machine, options, frames, frameOf, nodeOf) {
    Object.assign(this, { machine, frames, frameOf, nodeOf });
    this.moves = 0;
    this.present = 0;
    this.samples = 0;
    this.period = options.samplePeriod ?? 0;
    this.untilSample = this.period;
    this.tiers = frames.topology.tiers;
    this.balancer = new TierBalancer({
      pages: trace.pages,
      accessNs: machine.nodes.slice(0, this.tiers.length).map((_, node) => latency(machine, 0, node)),
      moveNs: machine.moveNs,
      movesPerSecond: (machine.budget * 1e9) / TICK_NS,
      burst: machine.budget,
      samplePeriod: this.period,
    });
  }

  arrived(page) {
    this.present++;
    this.placed(page);
  }

  placed(page) {
    this.balancer.placed(page, this.frames.topology.tierOf(this.nodeOf[page]));
  }

  saw(page, count) {
    this.balancer.accessed(page);
    if (this.period === 0) return;
    for (this.untilSample -= count; this.untilSample <= 0; this.untilSample += this.period) {
      this.balancer.sampled(page);
      this.samples++;
    }
  }

  /** @returns what it cost, in nanoseconds */
  tick(tick) {
    this.tiers.forEach((tier) => this.balancer.setRoom(tier, { free: this.frames.freeOn(tier), low: 0, high: 0 }));
    let done = 0;
    for (const { page, to } of this.balancer.tick(tick * TICK_NS)) {
      const frame = this.frames.allocOn(to);
      if (frame < 0) continue;
      this.frames.release(this.frameOf[page]);
      this.frameOf[page] = frame;
      this.nodeOf[page] = to;
      this.placed(page);
      done++;
    }
    this.moves += done;
    const watching = this.present * this.machine.scanNs + this.samples * this.machine.sampleNs;
    this.samples = 0;
    return done * this.machine.moveNs + watching;
  }
}
