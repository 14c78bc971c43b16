import { describe, expect, it } from '@jest/globals';
import { ABSENT, PageHeat } from '@veridian-os/memory';

/** Heat of page 0 after these bits. */
function heatAfter(bits: readonly number[], samplePeriod = 0): PageHeat {
  const heat = new PageHeat(1, samplePeriod);
  heat.place(0, 1);
  for (const bit of bits) {
    if (bit !== 0) heat.accessed(0);
    heat.endScan();
  }
  return heat;
}

const repeat = (pattern: readonly number[], times: number) => Array<readonly number[]>(times).fill(pattern).flat();

describe('PageHeat', () => {
  it('takes the share of scans with an access for a rate of random accesses', () => {
    expect(heatAfter([]).heat(0)).toBeCloseTo(0, 6);
    expect(heatAfter(repeat([1, 0], 4)).heat(0)).toBeCloseTo(Math.log(2), 5);
    expect(heatAfter(repeat([1, 0, 0, 0], 4)).heat(0)).toBeCloseTo(-Math.log(0.75), 5);
    expect(heatAfter(repeat([1], 100)).heat(0)).toBeCloseTo(-Math.log(0.01), 5);
  });

  it('counts scans since the last access, up to 255', () => {
    expect(heatAfter([1, 0, 0, 0]).age[0]).toBe(3);
    expect(heatAfter([1, 0, 1]).age[0]).toBe(0);
    expect(heatAfter(repeat([0], 300)).age[0]).toBe(255);
  });

  it('keeps a long average of a steady page and drops it when the use changes', () => {
    const steady = heatAfter(repeat([1, 0], 50));
    expect(steady.heat(0)).toBeCloseTo(Math.log(2), 1);
    const [long, short] = [1, 12].map((scans) => heatAfter([...repeat([1], 64), ...repeat([0], scans)]).heat(0));
    expect(long).toBeGreaterThan(2);
    expect(short).toBeLessThan(0.5);
  });

  it('starts anew when many pages change at once, and not when nothing unlikely happens', () => {
    const heat = new PageHeat(64);
    for (let page = 0; page < 64; page++) heat.place(page, 0);
    const scan = (first: number) => {
      for (let page = first; page < first + 32; page++) heat.accessed(page);
      return heat.endScan();
    };
    for (let i = 0; i < 20; i++) expect(scan(0)).toBe(false);
    expect(scan(32)).toBe(true);
    expect(heat.heat(0)).toBeCloseTo(0, 6);
    expect(heat.heat(32)).toBeGreaterThan(4);
    expect(scan(32)).toBe(false);
  });

  it('believes samples where bits are saturated', () => {
    const heat = new PageHeat(2, 100);
    heat.place(0, 0);
    heat.place(1, 0);
    for (let i = 0; i < 64; i++) {
      for (let k = 0; k < 3; k++) heat.sample(0);
      if (i % 2 === 0) heat.sample(1);
      heat.endScan();
    }
    expect(heat.heat(0)).toBeCloseTo(300, 0);
    expect(heat.heat(1)).toBeCloseTo(Math.log(2), 0);
  });

  it('gives a page that left and came back no past', () => {
    const heat = heatAfter(repeat([1], 10));
    heat.place(0, 0);
    expect(heat.heat(0)).toBeGreaterThan(4);
    heat.remove(0);
    expect(heat.tier[0]).toBe(ABSENT);
    heat.accessed(0);
    heat.endScan();
    heat.place(0, 0);
    expect(heat.heat(0)).toBeCloseTo(0, 6);
    expect(heat.age[0]).toBe(0);
  });

  it('refuses sizes that cannot be', () => {
    expect(() => new PageHeat(0)).toThrow(new RangeError('pages: expected 1..1073741824, got 0'));
    expect(() => new PageHeat(1, -1)).toThrow(new RangeError('samplePeriod: expected 0 or more, got -1'));
  });
});
