import { describe, expect, it } from '@jest/globals';
import { VirtioConsole, VirtioMmio } from '../../../src/index.js';
import { TestDriver } from '../../../src/testing.js';

function setup() {
  const sent: number[][] = [];
  const device = new VirtioConsole((bytes) => sent.push([...bytes]), 132, 43);
  const driver = new TestDriver((memory, line) => new VirtioMmio(device, memory, line));
  return { device, driver, sent };
}

describe('virtio-console', () => {
  it('sends what the driver transmits, chain by chain', () => {
    const { driver, sent } = setup();
    driver.initialise();
    driver.queue(1).submit([Uint8Array.of(1, 2), Uint8Array.of(3)], []);
    driver.queue(1).submit([Uint8Array.of(4)], [], true);
    driver.queue(1).kick();
    expect([
      sent,
      driver
        .queue(1)
        .collect()
        .map(({ length }) => length),
    ]).toEqual([
      [[1, 2, 3], [4]],
      [0, 0],
    ]);
  });

  it('keeps input until there are buffers, across a reset too', () => {
    const { device, driver } = setup();
    expect(device.waiting).toBe(0);
    device.receive(Uint8Array.of(1, 2, 3, 4, 5));
    driver.initialise();
    expect(device.waiting).toBe(5);
    driver.queue(0).submit([], [2]);
    driver.queue(0).kick();
    expect([driver.queue(0).collect()[0].data, device.waiting]).toEqual([Uint8Array.of(1, 2), 3]);
    driver.initialise();
    driver.queue(0).submit([], [8]);
    driver.queue(0).kick();
    driver.queue(0).submit([], [8]);
    device.receive(Uint8Array.of(6));
    expect(driver.level).toBe(true);
    expect(driver.queue(0).collect()).toMatchObject([
      { length: 3, data: Uint8Array.of(3, 4, 5, 0, 0, 0, 0, 0) },
      { length: 1, data: Uint8Array.of(6, 0, 0, 0, 0, 0, 0, 0) },
    ]);
  });

  it('input is copied when it comes', () => {
    const { device, driver } = setup();
    const bytes = Uint8Array.of(7);
    device.receive(bytes);
    bytes[0] = 8;
    driver.initialise();
    driver.queue(0).submit([], [1]);
    driver.queue(0).kick();
    expect(driver.queue(0).collect()[0].data).toEqual(Uint8Array.of(7));
  });

  it('has a size, which may change, and emergency output', () => {
    const { device, driver, sent } = setup();
    driver.initialise();
    expect([driver.config(0, 2), driver.config(2, 2), driver.read(0xfc)]).toEqual([132, 43, 0]);
    device.resize(80, 300);
    expect(driver.acknowledge()).toBe(2);
    expect([driver.config(0), driver.config(3, 1), driver.read(0xfc)]).toEqual([80 | (300 << 16), 1, 1]);
    driver.device.write(0x108, 4, 0x41);
    driver.device.write(0x10c, 4, 0x42);
    expect(sent).toEqual([[0x41]]);
  });
});
