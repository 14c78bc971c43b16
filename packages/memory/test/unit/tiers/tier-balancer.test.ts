import { describe, expect, it } from '@jest/globals';
import { TierBalancer } from '@veridian-os/memory';
import type { TierBalancerOptions } from '@veridian-os/memory';

const SECOND = 1e9;
const OPTIONS: TierBalancerOptions = {
  pages: 8,
  accessNs: [100, 250],
  moveNs: 1000,
  movesPerSecond: 4,
  horizonScans: 10,
  restScans: 3,
};

/** Pages 0 .. 3 in tier 0, 4 .. 7 in tier 1; `hot` have been accessed in each of ten scans, paid for by no move. */
function create(hot: readonly number[], options: Partial<TierBalancerOptions> = {}, free = 0) {
  const balancer = new TierBalancer({ ...OPTIONS, ...options });
  for (let page = 0; page < 8; page++) balancer.placed(page, page < 4 ? 0 : 1);
  balancer.setRoom(0, { free, low: 0, high: 0 });
  balancer.setRoom(1, { free: 8, low: 0, high: 0 });
  const scan = (second: number) => {
    for (const page of hot) balancer.accessed(page);
    return balancer.tick(second * SECOND).map(({ page, from, to }) => `${page}:${from}>${to}`);
  };
  for (let i = 0; i < 10; i++) expect(scan(0)).toEqual([]);
  return { balancer, scan };
}

describe('TierBalancer', () => {
  it('promotes into room, hottest first', () => {
    const { balancer, scan } = create([5], {}, 8);
    balancer.accessed(7);
    expect(scan(1)).toEqual(['5:1>0']);
  });

  it('exchanges the hottest for the coldest, making room first', () => {
    const { balancer, scan } = create([0, 1, 3, 6]);
    expect(scan(1)).toEqual(['2:0>1', '6:1>0']);
    balancer.placed(2, 1);
    balancer.placed(6, 0);
    expect(balancer.statistics).toEqual({ scans: 11, promotions: 1, demotions: 1, postponed: 10 });
    expect(scan(2)).toEqual([]);
  });

  it('asks again when a move was not made', () => {
    const { scan } = create([0, 1, 3, 6]);
    expect(scan(1)).toEqual(scan(2));
  });

  it('leaves what would not pay', () => {
    // All of 4.6 accesses a scan, for 10 scans, at 150 ns: 6.9 us.
    expect(create([0, 1, 3, 6], { moveNs: 3400 }).scan(1)).toHaveLength(2);
    expect(create([0, 1, 3, 6], { moveNs: 3500 }).scan(1)).toEqual([]);
    expect(create([6], { moveNs: 6800 }, 8).scan(1)).toHaveLength(1);
    expect(create([6], { moveNs: 7000 }, 8).scan(1)).toEqual([]);
  });

  it('spends what time has brought, and saves up to the burst', () => {
    const { balancer, scan } = create([4, 5, 6, 7], { burst: 6 });
    expect(scan(0.5)).toEqual(['0:0>1', '4:1>0']);
    expect(scan(0.6)).toEqual([]);
    expect(scan(100)).toHaveLength(6);
    expect(balancer.statistics.postponed).toBe(13);
  });

  it('lets a page rest where it was moved to', () => {
    const { balancer, scan } = create([6]);
    balancer.placed(6, 0);
    balancer.placed(6, 1);
    expect([1, 2, 3].map((second) => scan(second).length)).toEqual([0, 0, 2]);
  });

  it('demotes the coldest between the marks, hot or not', () => {
    const { balancer, scan } = create([0, 2]);
    balancer.setRoom(0, { free: 1, low: 2, high: 3 });
    expect(scan(1)).toEqual(['1:0>1', '3:0>1']);
    balancer.setRoom(0, { free: 2, low: 2, high: 3 });
    expect(scan(2)).toEqual([]);
  });

  it('does nothing where the tier below is full', () => {
    const { balancer, scan } = create([6]);
    balancer.setRoom(1, { free: 0, low: 0, high: 0 });
    expect(scan(1)).toEqual([]);
    balancer.setRoom(0, { free: 0, low: 2, high: 3 });
    expect(scan(2)).toEqual([]);
  });

  it('names the coldest pages for reclaim, those unused longest first', () => {
    const { balancer, scan } = create([6]);
    balancer.accessed(4);
    scan(0);
    expect(balancer.coldest(1, 9)).toEqual([5, 7, 4, 6]);
    expect(balancer.coldest(1, 1)).toEqual([5]);
  });

  it('forgets pages that are gone', () => {
    const { balancer, scan } = create([6]);
    balancer.removed(6);
    expect(scan(1)).toEqual([]);
  });

  it('moves a page by one tier in a tick', () => {
    const balancer = new TierBalancer({ ...OPTIONS, accessNs: [100, 200, 400] });
    balancer.placed(0, 2);
    for (const tier of [0, 1, 2]) balancer.setRoom(tier, { free: 8, low: 0, high: 0 });
    for (let second = 0; second < 10; second++) {
      balancer.accessed(0);
      for (const { page, from, to } of balancer.tick(second * SECOND)) {
        expect([page, from - to]).toEqual([0, 1]);
        balancer.placed(page, to);
      }
    }
    expect(balancer.heat.tier[0]).toBe(0);
  });

  it.each([
    [{ accessNs: [100] }, 'accessNs: expected two tiers or more, got 1'],
    [{ accessNs: [200, 100] }, 'accessNs: expected times > 0, fastest first, got 200,100'],
    [{ moveNs: -1 }, 'moveNs: expected 0 or more, got -1'],
    [{ movesPerSecond: Infinity }, 'movesPerSecond: expected 0 or more, got Infinity'],
  ])('refuses %j', (options, message) => {
    expect(() => new TierBalancer({ ...OPTIONS, ...options })).toThrow(new RangeError(message));
  });
});
