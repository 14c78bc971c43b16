/** The balancer against what its rules say of any state: what it does is possible and pays, and it stops only for a reason. */
import { describe, expect, it } from '@jest/globals';
import { TierBalancer } from '@veridian-os/memory';
import type { TierMove } from '@veridian-os/memory';
import * as fc from 'fast-check';

const PAGES = 24;
const ACCESS_NS = [100, 250, 1000];
const MOVE_NS = 900;
const HORIZON = 4;
const REST = 2;
const SECOND = 1e9;
const RUNS = Number(process.env.MEMORY_RUNS ?? 300);

interface Scenario {
  readonly tiers: number[];
  /** Chance of an access, of a page, in eighths. */
  readonly odds: number[];
  readonly spare: number[];
  readonly low: number;
  readonly rate: number;
  readonly ticks: number;
  readonly refuse: number;
}

const scenario: fc.Arbitrary<Scenario> = fc.record({
  tiers: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: PAGES, maxLength: PAGES }),
  odds: fc.array(fc.integer({ min: 0, max: 8 }), { minLength: PAGES, maxLength: PAGES }),
  spare: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 3, maxLength: 3 }),
  low: fc.integer({ min: 0, max: 3 }),
  rate: fc.integer({ min: 0, max: 8 }),
  ticks: fc.integer({ min: 1, max: 30 }),
  refuse: fc.integer({ min: 0, max: 9 }),
});

/** Checks the moves of one tick in a state that it changes as they say. */
class World {
  readonly tier: number[];
  readonly free: number[];
  readonly movedAt = new Map<number, number>();

  constructor(tiers: readonly number[], spare: readonly number[]) {
    this.tier = [...tiers];
    this.free = [...spare];
  }

  check(moves: readonly TierMove[], balancer: TierBalancer, tick: number, low: number): void {
    const free = [...this.free];
    expect(new Set(moves.map(({ page }) => page)).size).toBe(moves.length);
    moves.forEach(({ page, from, to }, i) => {
      expect(this.tier[page]).toBe(from);
      expect(Math.abs(from - to)).toBe(1);
      expect(free[to]).toBeGreaterThan(0);
      const since = this.movedAt.get(page);
      if (since !== undefined) expect(tick - since).toBeGreaterThanOrEqual(REST);
      if (to < from) {
        const before = moves[i - 1];
        // Below low, demotion goes first and for its own sake: what is promoted then may have found room.
        const exchanged = before?.from === to && before.to === from && free[to] <= low + 1 && this.free[to] >= low;
        const cold = exchanged ? balancer.heat.heat(before.page) : 0;
        const saved = (balancer.heat.heat(page) - cold) * (ACCESS_NS[from] - ACCESS_NS[to]) * HORIZON;
        expect(saved).toBeGreaterThan(MOVE_NS);
      }
      free[from]++;
      free[to]--;
    });
  }

  /** An exchange between two tiers that would pay, of pages that may move. */
  missed(balancer: TierBalancer, upper: number, moves: readonly TierMove[], tick: number): boolean {
    const heats = (tier: number) =>
      this.tier.flatMap((at, page) => {
        const rests = tick - (this.movedAt.get(page) ?? -Infinity) < REST || moves.some((move) => move.page === page);
        return at === tier && !rests ? [balancer.heat.heat(page)] : [];
      });
    const gain = Math.max(...heats(upper + 1)) - Math.min(...heats(upper));
    return gain * (ACCESS_NS[upper + 1] - ACCESS_NS[upper]) * HORIZON > 2 * MOVE_NS + 1e-3;
  }
}

describe('TierBalancer', () => {
  it('makes moves that are possible and pay, and misses none that its bandwidth allows', () => {
    const run = ({ tiers, odds, spare, low, rate, ticks, refuse }: Scenario) => {
      const balancer = new TierBalancer({
        pages: PAGES,
        accessNs: ACCESS_NS,
        moveNs: MOVE_NS,
        movesPerSecond: rate,
        burst: rate,
        horizonScans: HORIZON,
        restScans: REST,
      });
      const world = new World(tiers, spare);
      tiers.forEach((tier, page) => balancer.placed(page, tier));
      for (let tick = 0; tick < ticks; tick++) {
        odds.forEach((chance, page) => {
          if ((tick * 5 + page) % 8 < chance) balancer.accessed(page);
        });
        world.free.forEach((free, tier) => balancer.setRoom(tier, { free, low, high: low + 1 }));
        const before = balancer.statistics;
        const moves = balancer.tick(tick * SECOND);
        expect(moves.length).toBeLessThanOrEqual(tick === 0 ? 0 : rate);
        world.check(moves, balancer, tick, low);
        const idle = moves.length === 0 && tick > 0 && rate >= 2;
        const settled = [0, 1].every((upper) => world.free[upper] === low && world.free[upper + 1] > 0);
        if (idle && settled) expect([0, 1].some((upper) => world.missed(balancer, upper, moves, tick))).toBe(false);
        let made = 0;
        for (const { page, from, to } of moves) {
          if (page % 10 === refuse || world.free[to] === 0) continue;
          balancer.placed(page, to);
          world.tier[page] = to;
          world.movedAt.set(page, tick);
          world.free[from]++;
          world.free[to]--;
          made++;
        }
        const after = balancer.statistics;
        expect(after.promotions + after.demotions - before.promotions - before.demotions).toBe(made);
      }
    };
    fc.assert(fc.property(scenario, run), { numRuns: RUNS, seed: Number(process.env.MEMORY_SEED ?? 1) });
  });
});
