/** The transport and its queues, by an entropy device that fills with a counter. */
import { describe, expect, it } from '@jest/globals';
import { RegionMemory, VirtioMmio, VirtioRng } from '../../../src/index.js';
import { TestDriver, type TestDriverOptions } from '../../../src/testing.js';

function setup(options: TestDriverOptions = {}) {
  let next = 1;
  const fill = (target: Uint8Array): void => target.forEach((_, i) => void (target[i] = next++));
  let device!: VirtioMmio;
  const driver = new TestDriver(
    (memory, line) => (device = new VirtioMmio(new VirtioRng(fill), memory, line)),
    options,
  );
  driver.initialise();
  return { driver, device, queue: driver.queue(0) };
}

const STATUS = 0x70;

describe('virtio-mmio registers', () => {
  it('identify the device, and only as words', () => {
    const { driver, device } = setup();
    expect([0, 4, 8].map((register) => driver.read(register))).toEqual([0x74726976, 2, 4]);
    expect([device.read(0, 1), device.read(0, 2), device.read(0x70, 2)]).toEqual([0, 0, 0]);
    expect([driver.read(0xb0), driver.read(0xbc)]).toEqual([0xffffffff, 0xffffffff]);
  });

  it('offer version 1, indirect descriptors and the event index; nothing beyond 64 bits', () => {
    const { driver } = setup();
    expect(driver.features).toEqual([28, 29, 32]);
    driver.write(0x14, 2);
    expect(driver.read(0x10)).toBe(0);
  });

  it('refuse features that were not offered, and drivers from before version 1', () => {
    const { driver } = setup();
    for (const [word, bits, accepted] of [
      [0, 1, false],
      [1, 3, false],
      [1, 0, false],
      [1, 1, true],
    ] as const) {
      driver.write(STATUS, 0);
      driver.write(STATUS, 3);
      driver.write(0x24, 1);
      driver.write(0x20, 1);
      driver.write(0x24, word);
      driver.write(0x20, bits);
      driver.write(STATUS, 11);
      expect([word, bits, driver.read(STATUS)]).toEqual([word, bits, accepted ? 11 : 3]);
    }
  });

  it('answer for a queue that does not exist with size 0', () => {
    const { driver } = setup();
    driver.write(0x30, 1);
    expect([driver.read(0x34), driver.read(0x44)]).toEqual([0, 0]);
    driver.write(0x38, 8);
    driver.write(0x44, 1);
    driver.write(0x50, 1);
    expect(driver.needsReset).toBe(false);
  });

  it('a reset forgets queues, features, status and the interrupt', () => {
    const { driver, queue } = setup();
    queue.submit([], [4]);
    queue.kick();
    expect(driver.level).toBe(true);
    driver.write(STATUS, 0);
    expect([driver.level, driver.read(STATUS), driver.read(0x60), driver.read(0x44)]).toEqual([false, 0, 0, 0]);
    queue.submit([], [4]);
    driver.write(0x50, 0);
    expect(queue.collect()).toHaveLength(1);
    driver.initialise();
    driver.queue(0).submit([], [4]);
    driver.queue(0).kick();
    expect(driver.queue(0).collect()).toMatchObject([{ id: 0, length: 4, data: Uint8Array.of(5, 6, 7, 8) }]);
  });

  it('nothing is done before DRIVER_OK', () => {
    const { driver, queue } = setup();
    queue.submit([], [1]);
    driver.write(STATUS, 0);
    driver.write(STATUS, 3);
    driver.write(0x24, 1);
    driver.write(0x20, 1);
    driver.write(STATUS, 11);
    driver.write(0x38, queue.size);
    driver.write(0x80, queue.descriptors);
    driver.write(0x90, queue.available);
    driver.write(0xa0, queue.used);
    driver.write(0x44, 1);
    driver.write(0x50, 0);
    expect([driver.read(0x44), queue.collect()]).toEqual([1, []]);
    driver.write(STATUS, 15);
    driver.write(0x50, 0);
    expect(queue.collect()).toHaveLength(1);
  });
});

describe('virtqueues', () => {
  it('serve chains in order, direct and indirect, and say how much was written', () => {
    const { driver, queue } = setup();
    const first = queue.submit([], [3, 2]);
    const second = queue.submit([Uint8Array.of(9)], [1, 1, 1, 1], true);
    expect(queue.kick()).toBe(true);
    expect(driver.acknowledge()).toBe(1);
    expect(driver.level).toBe(false);
    expect(queue.collect()).toEqual([
      { id: first, length: 5, data: Uint8Array.of(1, 2, 3, 4, 5) },
      { id: second, length: 4, data: Uint8Array.of(6, 7, 8, 9) },
    ]);
    expect(queue.room).toBe(queue.size);
  });

  it.each([[[]], [[29]]])('go around for ever, and past index 65535 (without features %p)', (without) => {
    const { driver, queue } = setup({ without, queueSize: 4, ramBytes: 0x20_0000 });
    for (let round = 0; round < 66_000; round++) {
      queue.submit([], [1]);
      if (!queue.kick()) throw new Error(`not notified in round ${round}`);
      if (driver.acknowledge() !== 1) throw new Error(`no interrupt in round ${round}`);
      if (queue.collect().length !== 1) throw new Error(`not used in round ${round}`);
    }
    expect(driver.edges).toBe(66_000);
  });

  it('with the event index: one interrupt when the driver asked for the third', () => {
    const { driver, queue } = setup();
    queue.interruptAfter(3);
    for (let i = 0; i < 2; i++) {
      queue.submit([], [1]);
      queue.kick();
    }
    expect(driver.edges).toBe(0);
    queue.submit([], [1]);
    queue.kick();
    expect(driver.edges).toBe(1);
    expect(queue.collect()).toHaveLength(3);
  });

  it('without the event index: none when the driver wants none', () => {
    const { driver, queue } = setup({ without: [29] });
    queue.interruptAfter(0);
    queue.submit([], [1]);
    queue.kick();
    expect([driver.edges, queue.collect().length]).toEqual([0, 1]);
    queue.submit([], [1]);
    queue.kick();
    expect(driver.edges).toBe(1);
  });

  it('a size of 1 works, and one that is no power of two does not', () => {
    const { driver, queue } = setup({ queueSize: 1 });
    queue.submit([], [2]);
    queue.kick();
    expect(queue.collect()).toHaveLength(1);
    for (const size of [0, 3, 16, 0x1_0000]) {
      driver.write(STATUS, 0);
      driver.write(0x38, size);
      driver.write(0x44, 1);
      expect([size, driver.needsReset]).toEqual([size, true]);
    }
  });
});

describe('a broken driver', () => {
  const RAM = 0x8000_0000;
  const cases: readonly (readonly [string, RegExp, (s: ReturnType<typeof setup>) => void])[] = [
    ['a head outside the table', /descriptor 64 of 8/, ({ queue }) => queue.offer(64)],
    [
      'a loop',
      /loop/,
      ({ queue }) => {
        queue.describe(queue.descriptors, 0, RAM, 1, 3, 1);
        queue.describe(queue.descriptors, 1, RAM, 1, 3, 0);
        queue.offer(0);
      },
    ],
    [
      'a next outside the table',
      /descriptor 65535 of 8/,
      ({ queue }) => {
        queue.describe(queue.descriptors, 0, RAM, 1, 3, 0xffff);
        queue.offer(0);
      },
    ],
    [
      'a buffer that ends one byte behind RAM',
      /outside RAM/,
      ({ queue, driver }) => {
        queue.describe(queue.descriptors, 0, RAM + driver.ram.length - 3, 4, 2, 0);
        queue.offer(0);
      },
    ],
    [
      'an address above 2^53',
      /outside RAM/,
      ({ queue }) => {
        queue.describe(queue.descriptors, 0, 2 ** 63, 4, 2, 0);
        queue.offer(0);
      },
    ],
    [
      'a chain of more than 64 MiB',
      /a chain of/,
      ({ queue }) => {
        queue.describe(queue.descriptors, 0, RAM, 0x0400_0001, 2, 0);
        queue.offer(0);
      },
    ],
    [
      'readable after writable',
      /readable descriptor/,
      ({ queue }) => {
        queue.describe(queue.descriptors, 0, RAM, 1, 3, 1);
        queue.describe(queue.descriptors, 1, RAM, 1, 0, 0);
        queue.offer(0);
      },
    ],
    [
      'an indirect table of 15 bytes',
      /table of 15 bytes/,
      ({ queue }) => {
        queue.describe(queue.descriptors, 0, RAM, 15, 4, 0);
        queue.offer(0);
      },
    ],
    [
      'an empty indirect table',
      /table of 0 bytes/,
      ({ queue }) => {
        queue.describe(queue.descriptors, 0, RAM, 0, 4, 0);
        queue.offer(0);
      },
    ],
    [
      'an indirect table of 1025 descriptors',
      /1025 descriptors/,
      ({ queue }) => {
        queue.describe(queue.descriptors, 0, RAM, 1025 * 16, 4, 0);
        queue.offer(0);
      },
    ],
    [
      'an indirect table with a next',
      /with a next/,
      ({ queue }) => {
        queue.describe(queue.descriptors, 0, RAM, 16, 5, 1);
        queue.offer(0);
      },
    ],
    [
      'indirect inside indirect',
      /inside a chain/,
      ({ queue, driver }) => {
        const table = driver.allocate(16);
        queue.describe(table, 0, RAM, 16, 4, 0);
        queue.describe(queue.descriptors, 0, table, 16, 4, 0);
        queue.offer(0);
      },
    ],
    ['more chains than the queue has', /65 chains/, ({ queue }) => queue.set16(queue.available + 2, 65)],
  ];

  it.each(cases)('%s: NEEDS_RESET, an interrupt, and silence until the reset', (_name, reason, act) => {
    const s = setup();
    act(s);
    s.driver.write(0x50, 0);
    expect(s.device.failure).toMatch(reason);
    expect([s.driver.needsReset, s.driver.acknowledge()]).toEqual([true, 2]);
    expect(s.queue.get16(s.queue.used + 2)).toBe(0);
    s.driver.write(0x50, 0);
    expect(s.driver.read(0x60)).toBe(0);
    s.driver.initialise();
    expect([s.driver.needsReset, s.device.failure]).toEqual([false, '']);
    s.driver.queue(0).submit([], [1]);
    s.driver.queue(0).kick();
    expect(s.driver.queue(0).collect()).toHaveLength(1);
  });

  it('an indirect descriptor that was not negotiated', () => {
    const { driver, device, queue } = setup({ without: [28] });
    queue.describe(queue.descriptors, 0, RAM, 16, 4, 0);
    queue.offer(0);
    driver.write(0x50, 0);
    expect(device.failure).toMatch(/not negotiated/);
  });

  it.each([
    [0x80, 0x8000_0008],
    [0x90, 0x8000_0001],
    [0xa0, 0x8000_0002],
    [0x80, 0x8010_0000],
    [0x84, 0x20_0000],
  ])('ring register %p = %p: misaligned or outside RAM', (register, value) => {
    const { driver } = setup();
    driver.write(STATUS, 0);
    driver.write(0x38, 8);
    for (const at of [0x80, 0x90, 0xa0]) driver.write(at, 0x8000_0000);
    driver.write(register, value);
    driver.write(0x44, 1);
    expect(driver.needsReset).toBe(true);
  });
});

describe('RegionMemory', () => {
  const memory = new RegionMemory([
    { base: 0x2000, bytes: new Uint8Array(16).fill(2) },
    { base: 0x1000, bytes: new Uint8Array(16).fill(1) },
  ]);

  it('gives views inside of one region', () => {
    expect(memory.view(0x100c, 4)).toEqual(new Uint8Array(4).fill(1));
    expect(memory.view(0x2000, 16)).toEqual(new Uint8Array(16).fill(2));
  });

  it.each([
    [0x100d, 4],
    [0xfff, 1],
    [0x2000, 17],
    [2 ** 63, 1],
    [NaN, 1],
    [-1, 1],
  ])('gives nothing for %p, %p', (address, length) => expect(memory.view(address, length)).toBeNull());

  it('refuses overlapping regions', () => {
    const bytes = new Uint8Array(16);
    expect(
      () =>
        new RegionMemory([
          { base: 0, bytes },
          { base: 15, bytes },
        ]),
    ).toThrow(RangeError);
  });
});
