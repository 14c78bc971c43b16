import { describe, expect, it } from '@jest/globals';
import { GoldfishRtc } from '../../src/index.js';

function setup(start: bigint) {
  const state = { now: start, deadline: undefined as bigint | undefined, high: false };
  const rtc = new GoldfishRtc(
    { now: () => state.now, setDeadline: (at) => void (state.deadline = at) },
    (high) => void (state.high = high),
  );
  return { rtc, state };
}
const T = 0x1876_5432_ffff_ffffn;

describe('goldfish RTC', () => {
  it('reads a time whose words belong together', () => {
    const { rtc, state } = setup(T);
    expect(rtc.read(0, 4)).toBe(0xffffffff);
    state.now = T + 1n;
    expect(rtc.read(4, 4)).toBe(0x18765432);
    expect([rtc.read(0, 4), rtc.read(4, 4), rtc.read(0, 2)]).toEqual([0, 0x18765433, 0]);
  });

  it('can be set, and goes on from there', () => {
    const { rtc, state } = setup(T);
    rtc.write(4, 4, 5);
    rtc.write(0, 4, 0xffff_fff0);
    state.now += 0x20n;
    expect([rtc.read(0, 4), rtc.read(4, 4)]).toEqual([0x10, 6]);
  });

  it('raises its line at the alarm, if enabled, until it is cleared', () => {
    const { rtc, state } = setup(1000n);
    rtc.write(0x10, 4, 1);
    rtc.write(0x0c, 4, 1);
    rtc.write(0x08, 4, 7);
    expect([state.deadline, rtc.read(0x18, 4), rtc.read(0x08, 4), rtc.read(0x0c, 4)]).toEqual([
      0x1_0000_0007n,
      1,
      7,
      1,
    ]);
    state.now = 0x1_0000_0006n;
    rtc.expire();
    expect(state.high).toBe(false);
    state.now = 0x1_0000_0007n;
    rtc.expire();
    expect([state.high, state.deadline, rtc.read(0x18, 4)]).toEqual([true, undefined, 0]);
    rtc.write(0x10, 4, 0);
    expect(state.high).toBe(false);
    rtc.write(0x10, 4, 1);
    rtc.write(0x1c, 4, 1);
    expect(state.high).toBe(false);
  });

  it('an alarm in the past is due at once; a cleared one never comes', () => {
    const { rtc, state } = setup(1000n);
    rtc.write(0x10, 4, 1);
    rtc.write(0x08, 4, 1000);
    expect(state.high).toBe(true);
    rtc.write(0x1c, 4, 0);
    rtc.write(0x08, 4, 1001);
    rtc.write(0x14, 4, 1);
    state.now = 5000n;
    rtc.expire();
    expect([state.high, state.deadline]).toEqual([false, undefined]);
  });

  it('setting the clock moves the deadline', () => {
    const { rtc, state } = setup(1000n);
    rtc.write(0x08, 4, 5000);
    rtc.write(0x00, 4, 4000);
    expect(state.deadline).toBe(2000n);
  });
});
