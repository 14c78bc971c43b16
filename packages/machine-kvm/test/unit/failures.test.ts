/** A machine whose host refuses it something half-way leaves nothing: each call in turn fails once. */
import { readdirSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { libc, type Libc } from '@veridian-os/libc';
import { HostClock } from '../../src/host/clock.js';
import { Backend } from '../../src/internal/backend.js';
import { readOptions } from '../../src/internal/options.js';
import { describeWithKvm } from '../helpers/rig.js';

const ENOMEM = -12;
const FAILING = ['open', 'ioctl', 'ioctlBytes', 'mmap', 'sigprocmask', 'timerCreate'] as const;

/** The host's calls, of which the one number `failing` answers ENOMEM; `made` counts them. */
function failingAt(failing: number): {
  readonly calls: Libc;
  readonly made: () => number;
  readonly timers: () => number;
} {
  const real = libc();
  let made = 0;
  let timers = 0;
  const calls = Object.create(real) as Record<string, (...values: never[]) => unknown>;
  for (const name of FAILING) {
    const call = real[name].bind(real) as (...values: never[]) => unknown;
    calls[name] = (...values) => {
      if (made++ === failing) return ENOMEM;
      if (name === 'timerCreate') timers++;
      return call(...values);
    };
  }
  calls.timerDelete = (timer: never) => {
    timers--;
    return real.timerDelete(timer);
  };
  return { calls: calls as unknown as Libc, made: () => made, timers: () => timers };
}

const openFiles = (): number => readdirSync('/proc/self/fd').length;

describeWithKvm('a host that refuses', () => {
  const settings = readOptions({ memoryBytes: 4 << 20, cpus: 2 });

  it('anything while a machine is made: no descriptor and no timer is left', () => {
    const before = openFiles();
    const whole = failingAt(Infinity);
    Backend.open(whole.calls, settings, new HostClock()).close();
    expect(openFiles()).toBe(before);
    expect(whole.made()).toBeGreaterThan(20);
    let refused = 0;
    for (let failing = 0; failing < whole.made(); failing++) {
      const { calls, timers } = failingAt(failing);
      try {
        Backend.open(calls, settings, new HostClock()).close();
      } catch {
        refused++;
      }
      expect([failing, openFiles(), timers()]).toEqual([failing, before, 0]);
    }
    expect(refused).toBeGreaterThan(whole.made() / 2);
  });
});
