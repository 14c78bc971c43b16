import { describe, expect, it } from '@jest/globals';
import { VirtioMmio, VirtioNet } from '../../../src/index.js';
import { TestDriver } from '../../../src/testing.js';

const MAC = Uint8Array.of(0x52, 0x54, 0, 0x12, 0x34, 0x56);

function setup(reply?: (frame: Uint8Array) => Uint8Array) {
  const sent: Uint8Array[] = [];
  const net = new VirtioNet(MAC, (frame) => {
    sent.push(frame);
    if (reply !== undefined) net.receive(reply(frame));
  });
  const driver = new TestDriver((memory, line) => new VirtioMmio(net, memory, line));
  return { net, driver, sent };
}

const frame = (fill: number, length = 60): Uint8Array => new Uint8Array(length).fill(fill);
const HEADER = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0];

describe('virtio-net', () => {
  it('has an address and a link that can be cut', () => {
    const { net, driver, sent } = setup();
    driver.initialise();
    expect([0, 1, 2, 3, 4, 5].map((at) => driver.config(at, 1))).toEqual([...MAC]);
    expect(driver.config(6, 2)).toBe(1);
    net.setLink(true);
    expect(driver.level).toBe(false);
    net.setLink(false);
    expect([driver.acknowledge(), driver.config(6, 2), net.receive(frame(1))]).toEqual([2, 0, false]);
    driver.queue(1).submit([frame(0, 72)], []);
    driver.queue(1).kick();
    expect([sent, driver.queue(1).collect().length]).toEqual([[], 1]);
  });

  it('sends frames without their header, however they are cut', () => {
    const { driver, sent } = setup();
    driver.initialise();
    driver.queue(1).submit([new Uint8Array(12), frame(7, 1514)], []);
    driver.queue(1).submit([new Uint8Array(5), new Uint8Array(7), frame(8, 14), frame(9, 1)], [], true);
    driver.queue(1).submit([new Uint8Array(12 + 13)], []);
    driver.queue(1).kick();
    expect(sent).toEqual([frame(7, 1514), Uint8Array.of(...frame(8, 14), 9)]);
    expect(driver.queue(1).collect()).toHaveLength(3);
  });

  it('receives into buffers as they come, and keeps 256 frames until then', () => {
    const { net, driver } = setup();
    expect(net.receive(frame(1))).toBe(false);
    driver.initialise();
    for (let i = 0; i < 256; i++) expect(net.receive(frame(i))).toBe(true);
    expect([net.receive(frame(1)), net.dropped]).toEqual([false, 2]);
    driver.queue(0).submit([], [12, 60, 100]);
    driver.queue(0).submit([], [71]);
    driver.queue(0).submit([], [72]);
    driver.queue(0).kick();
    const done = driver.queue(0).collect();
    expect(done.map(({ length }) => length)).toEqual([72, 0, 72]);
    expect([...done[0].data.subarray(0, 73)]).toEqual([...HEADER, ...frame(0), 0]);
    expect([done[2].data[12], net.dropped]).toEqual([2, 3]);
  });

  it('an answer may come while the guest still sends', () => {
    const { driver, sent } = setup((f) => f.map((byte) => byte + 1));
    driver.initialise();
    driver.queue(0).submit([], [1526]);
    driver.queue(1).submit([new Uint8Array(12), frame(7)], []);
    driver.queue(1).kick();
    expect([sent.length, driver.queue(0).collect()[0].data[12]]).toEqual([1, 8]);
  });

  it('a reset forgets what waits', () => {
    const { net, driver } = setup();
    driver.initialise();
    net.receive(frame(1));
    driver.initialise();
    driver.queue(0).submit([], [100]);
    driver.queue(0).kick();
    expect(driver.queue(0).collect()).toEqual([]);
    expect([net.receive(frame(0, 13)), net.receive(frame(0, 65536))]).toEqual([false, false]);
  });

  it('refuses a group address', () => {
    expect(() => new VirtioNet(Uint8Array.of(1, 0, 0, 0, 0, 0), () => undefined)).toThrow(/^mac: expected a unicast/);
  });
});
