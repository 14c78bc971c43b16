/** When a waiting computer runs again, sleeps, or lets time jump. */
import { describe, expect, it } from '@jest/globals';
import type { Instructions, Nanoseconds } from '@veridian-os/abi';
import { SystemDriver, type SystemTrap, type Waiting } from '@veridian-os/machine-emulated';

/** A machine that ends each run as it is told, on a host that writes down what it is asked. */
class World {
  readonly log: string[] = [];
  readonly driver: SystemDriver;
  kinds: SystemTrap['kind'][] = ['idle'];
  untilWake = Infinity;
  virtualNs = 0;
  hostMs = 1000;
  /** What happens during the next turn of the event loop, and how long the next sleep really takes. */
  turn = (): void => undefined;
  sleepMs = (mostMs: number): number => mostMs;

  constructor() {
    const { log } = this;
    const run = (budget: number, skipsIdle?: boolean): SystemTrap => {
      log.push(`run ${budget} ${skipsIdle}`);
      return { kind: this.kinds.shift() ?? 'idle', consumed: budget as Instructions };
    };
    const untilWake = (): number => this.untilWake;
    const system = {
      run,
      get untilWake(): number {
        return untilWake();
      },
      skipIdle: (): boolean => (log.push('skip'), true),
    };
    const clock = {
      now: () => this.virtualNs as Nanoseconds,
      advance: (to: Nanoseconds) => void (this.virtualNs = to),
    };
    const wait = async (mostMs: number): Promise<void> => {
      log.push(`wait ${mostMs}`);
      this.hostMs += this.sleepMs(mostMs);
    };
    const turn = async (): Promise<void> => {
      log.push('turn');
      this.turn();
    };
    this.driver = new SystemDriver({ system, clock }, { now: () => this.hostMs, turn, wait });
  }

  /** One run and what comes behind it. */
  step(waiting: Partial<Waiting> = {}): Promise<boolean> {
    this.driver.run(100);
    return this.driver.rest(() => ({ paced: false, hasSource: true, mostMs: Infinity, ...waiting }));
  }
}

describe('a driver', () => {
  it('never lets time jump inside of a run, and turns after each', async () => {
    const world = new World();
    world.kinds = ['budget', 'kick'];
    world.untilWake = 5;
    expect([await world.step(), await world.step()]).toEqual([true, true]);
    expect(world.log).toEqual(['run 100 false', 'turn', 'run 100 false', 'turn']);
  });

  it('virtual: time jumps to the timer, once events were let in', async () => {
    const world = new World();
    world.untilWake = 5e9;
    expect(await world.step()).toBe(true);
    expect(world.log).toEqual(['run 100 false', 'turn', 'skip']);
  });

  it.each([true, false])('an event in that turn comes first (paced: %s)', async (paced) => {
    const world = new World();
    world.untilWake = 5e9;
    world.turn = () => world.driver.notice();
    expect(await world.step({ paced })).toBe(true);
    expect(world.log).toEqual(['run 100 false', 'turn']);
    world.turn = () => undefined;
    await world.step({ paced });
    expect(world.log.at(-1)).toBe(paced ? 'wait 5000' : 'skip');
  });

  it('an event before a run is no reason to run again after it', async () => {
    const world = new World();
    world.untilWake = 5e9;
    world.driver.notice();
    await world.step();
    expect(world.log.at(-1)).toBe('skip');
  });

  it('an event between a run and its rest is', async () => {
    const world = new World();
    world.untilWake = 5e9;
    world.driver.run(100);
    world.driver.notice();
    expect(await world.driver.rest(() => ({ paced: false, hasSource: true, mostMs: Infinity }))).toBe(true);
    expect(world.log).toEqual(['run 100 false', 'turn']);
  });

  it('paced: sleeps until the timer, and time passes by as much, never beyond it', async () => {
    const world = new World();
    world.untilWake = 7_500_000;
    await world.step({ paced: true });
    expect([world.log.at(-1), world.virtualNs]).toEqual(['wait 7.5', 7_500_000]);
    world.sleepMs = () => 2.25;
    await world.step({ paced: true });
    expect(world.virtualNs).toBe(9_750_000);
    world.sleepMs = () => 80;
    await world.step({ paced: true });
    expect(world.virtualNs).toBe(17_250_000);
  });

  it('sleeps no longer than until the host has something to do, and than a timer can', async () => {
    const world = new World();
    await world.step({ mostMs: 30 });
    await world.step();
    expect(world.log.filter((line) => line.startsWith('wait'))).toEqual(['wait 30', 'wait 2147483647']);
    expect(world.virtualNs).toBe((30 + 2147483647) * 1e6);
  });

  it('nothing outside and no timer: false; a timer alone is enough', async () => {
    const world = new World();
    expect(await world.step({ hasSource: false })).toBe(false);
    world.untilWake = 1;
    expect(await world.step({ hasSource: false })).toBe(true);
    world.kinds = ['budget'];
    world.untilWake = Infinity;
    expect(await world.step({ hasSource: false })).toBe(true);
  });
});
