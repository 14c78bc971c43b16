/** Device models on their own, without a machine. */
import { describe, expect, it } from '@jest/globals';
import type { PhysAddr } from '@veridian-os/abi';
import { Clint, DeviceBus, Plic, TestFinisher, Uart16550 } from '../../src/index.js';
import type { StopRequest } from '../../src/index.js';

function uart() {
  const sent: number[] = [];
  const levels: boolean[] = [];
  const device = new Uart16550(
    (bytes) => sent.push(...bytes),
    (high) => levels.push(high),
  );
  return { device, sent, high: () => levels.at(-1) ?? false };
}

describe('UART', () => {
  it('sends what is written, receives in order, and tells when data waits', () => {
    const { device, sent } = uart();
    device.write(0, 1, 0x41);
    expect(sent).toEqual([0x41]);
    expect(device.read(5)).toBe(0x60);
    device.receive(Uint8Array.of(1, 2, 3));
    expect(device.read(5)).toBe(0x61);
    expect([device.read(0), device.read(0), device.waiting]).toEqual([1, 2, 1]);
    expect([device.read(0), device.read(5), device.read(0)]).toEqual([3, 0x60, 0]);
  });

  it('interrupts for received data while enabled and not read', () => {
    const { device, high } = uart();
    device.receive(Uint8Array.of(7));
    expect(high()).toBe(false);
    device.write(1, 1, 1);
    expect(high()).toBe(true);
    expect(device.read(2) & 15).toBe(4);
    device.read(0);
    expect(high()).toBe(false);
    expect(device.read(2) & 15).toBe(1);
  });

  it('the divisor hides behind DLAB, loopback returns output as input, the FIFO can be cleared', () => {
    const { device, sent } = uart();
    device.write(3, 1, 0x83);
    device.write(0, 1, 0x34);
    device.write(1, 1, 0x12);
    expect([device.read(0), device.read(1), device.read(3)]).toEqual([0x34, 0x12, 0x83]);
    device.write(3, 1, 3);
    device.write(4, 1, 0x10);
    device.write(0, 1, 9);
    expect([sent, device.waiting]).toEqual([[], 1]);
    device.write(2, 1, 3);
    expect([device.waiting, device.read(2) & 0xc0]).toEqual([0, 0xc0]);
  });
});

describe('PLIC', () => {
  function plic() {
    const levels = [false, false];
    const device = new Plic(31, 2, (context, high) => void (levels[context] = high));
    return { device, levels };
  }
  const ENABLE1 = 0x2080;
  const THRESHOLD1 = 0x20_1000;
  const CLAIM1 = 0x20_1004;

  it('claims the highest priority first, then the lowest number', () => {
    const { device, levels } = plic();
    for (const [source, priority] of [
      [3, 1],
      [5, 7],
      [9, 7],
    ] as const)
      device.write(source * 4, 4, priority);
    device.write(ENABLE1, 4, 0xffffffff);
    for (const source of [9, 3, 5]) device.setLevel(source, true);
    expect(levels).toEqual([false, true]);
    expect([device.read(CLAIM1, 4), device.read(CLAIM1, 4), device.read(CLAIM1, 4), device.read(CLAIM1, 4)]).toEqual([
      5, 9, 3, 0,
    ]);
    expect(levels).toEqual([false, false]);
  });

  it('priority 0 and the threshold mask; source 0 cannot be enabled', () => {
    const { device, levels } = plic();
    device.write(ENABLE1, 4, 0xffffffff);
    expect(device.read(ENABLE1, 4)).toBe(0xfffffffe);
    device.setLevel(4, true);
    expect(levels[1]).toBe(false);
    device.write(16, 4, 3);
    expect(levels[1]).toBe(true);
    device.write(THRESHOLD1, 4, 3);
    expect(levels[1]).toBe(false);
    device.write(THRESHOLD1, 4, 2);
    expect(levels[1]).toBe(true);
    expect(device.read(0x1000, 4)).toBe(16);
  });

  it('a level that stays is pending again after completion, not before', () => {
    const { device, levels } = plic();
    device.setPriority(7, 1);
    device.setEnabled(1, 7, true);
    device.setLevel(7, true);
    expect(device.claim(1)).toBe(7);
    device.setLevel(7, true);
    expect(device.claim(1)).toBe(0);
    device.write(CLAIM1, 4, 7);
    expect(levels[1]).toBe(true);
    expect(device.claim(1)).toBe(7);
    device.setLevel(7, false);
    device.complete(1, 7);
    expect(levels[1]).toBe(false);
  });
});

describe('CLINT', () => {
  it('reports deadlines in ticks, software interrupts, and the time', () => {
    const deadlines: number[] = [];
    const software: boolean[] = [];
    const now = 2 ** 33 + 5;
    const device = new Clint({ ticks: () => now, setDeadline: (tick) => deadlines.push(tick) }, (high) =>
      software.push(high),
    );
    expect([device.read(0xbff8, 4), device.read(0xbffc, 4)]).toEqual([5, 2]);
    device.write(0x4000, 4, 100);
    device.write(0x4004, 4, 1);
    expect(deadlines).toEqual([Infinity, 2 ** 32 + 100]);
    device.write(0, 4, 1);
    device.write(0, 4, 0);
    expect(software).toEqual([true, false]);
    expect([device.read(0x4000, 4), device.read(0x4004, 1), device.read(0x4000, 2)]).toEqual([100, 1, 100]);
  });
});

describe('CLINT of several harts', () => {
  it('has a word of MSWI and two of MTIMER for each, and nothing behind them', () => {
    const seen: unknown[] = [];
    const timer = { ticks: () => 7, setDeadline: (tick: number, hart: number) => seen.push([tick, hart]) };
    const device = new Clint(timer, (high, hart) => seen.push([high, hart]), 2);
    device.write(4, 4, 3);
    device.write(8, 4, 1);
    device.write(0x400c, 4, 2);
    device.write(0x4008, 4, 9);
    device.write(0x4010, 4, 0);
    expect(seen).toEqual([
      [true, 1],
      [2 * 2 ** 32 + 0xffffffff, 1],
      [2 * 2 ** 32 + 9, 1],
    ]);
    expect([0, 4, 8, 0x4000, 0x4008, 0x400c, 0x4010].map((at) => device.read(at, 4))).toEqual([
      0, 1, 0, 0xffffffff, 9, 2, 0,
    ]);
    expect(() => new Clint(timer, () => undefined, 4096)).toThrow(/^harts: expected 1 .. 4095, got 4096/);
  });

  it('the time can be written where the machine lets it', () => {
    let now = 2 ** 33 + 5;
    const timer = { ticks: () => now, setDeadline: () => undefined };
    new Clint(timer, () => undefined).write(0xbff8, 4, 1);
    expect(now).toBe(2 ** 33 + 5);
    const device = new Clint({ ...timer, setTicks: (ticks) => void (now = ticks) }, () => undefined);
    device.write(0xbff8, 4, 0xffffffff);
    device.write(0xbffc, 4, 1);
    device.write(0xbffc, 2, 0);
    expect(now).toBe(2 ** 33 - 1);
    device.write(0xbffc, 4, 0xffffffff);
    expect(now).toBe(2 ** 33 - 1);
  });
});

it('the test finisher passes, fails with a code, and resets', () => {
  const stops: StopRequest[] = [];
  const device = new TestFinisher((stop) => stops.push(stop));
  device.write(0, 4, 0x5555);
  device.write(0, 4, (7 << 16) | 0x3333);
  device.write(0, 4, 0x7777);
  device.write(0, 4, 1);
  expect(stops).toEqual([
    { kind: 'poweroff', code: 0 },
    { kind: 'poweroff', code: 7 },
    { kind: 'reset', code: 0 },
  ]);
});

it('the bus routes by range, splits eight-byte accesses, and is silent elsewhere', () => {
  const bus = new DeviceBus();
  const writes: number[][] = [];
  bus.attach(0x1000, 0x10, {
    read: (offset, size) => offset * 16 + size,
    write: (...access) => void writes.push(access),
  });
  expect(bus.read32(0x1004 as PhysAddr)).toBe(0x44);
  expect([bus.load(0x1008, 0, 8), bus.loadHigh()]).toEqual([0x84, 0xc4]);
  bus.store(0x1008, 0, 8, 1, 2);
  bus.write8(0x1001 as PhysAddr, 0x1ff);
  expect(writes).toEqual([
    [8, 4, 1],
    [12, 4, 2],
    [1, 1, 0xff],
  ]);
  expect([bus.has(0x100c, 0, 8), bus.has(0x1008, 0, 8), bus.has(0x1000, 1, 4)]).toEqual([false, true, false]);
  expect(bus.read8(0x2000 as PhysAddr)).toBe(0);
});
