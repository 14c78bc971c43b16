/** The kit on every model, and a model that fails it. */
import { describe, expect, it } from '@jest/globals';
import {
  Clint,
  GoldfishRtc,
  MemoryBlock,
  Plic,
  RegionMemory,
  Rom,
  TestFinisher,
  Uart16550,
  VirtioBlk,
  VirtioConsole,
  VirtioMmio,
  VirtioNet,
  VirtioRng,
  type Device,
  type VirtioDevice,
} from '../../src/index.js';
import { deviceKit } from '../../src/testing.js';

const nothing = (): void => undefined;
const mmio = (device: VirtioDevice): Device =>
  new VirtioMmio(device, new RegionMemory([{ base: 0, bytes: new Uint8Array(4096) }]), nothing);
const MODELS: readonly (readonly [string, () => Device, number])[] = [
  ['16550', () => new Uart16550(nothing, nothing), 8],
  ['PLIC', () => new Plic(31, 2, nothing), 0x400],
  ['CLINT', () => new Clint({ ticks: () => 12345, setDeadline: nothing }, nothing), 0x1_0000],
  ['ROM', () => new Rom(Uint8Array.from({ length: 64 }, (_, i) => i)), 64],
  ['CLINT of three', () => new Clint({ ticks: () => 12345, setDeadline: nothing }, nothing, 3), 0x1_0000],
  ['goldfish RTC', () => new GoldfishRtc({ now: () => 1234567890123456789n, setDeadline: nothing }, nothing), 0x20],
  ['virtio-blk', () => mmio(new VirtioBlk(new MemoryBlock(new Uint8Array(1024)))), 0x200],
  ['virtio-net', () => mmio(new VirtioNet(Uint8Array.of(2, 0, 0, 0, 0, 1), nothing)), 0x200],
  ['virtio-console', () => mmio(new VirtioConsole(nothing)), 0x200],
  ['virtio-rng', () => mmio(new VirtioRng(nothing)), 0x200],
  ['test finisher', () => new TestFinisher(nothing), 4],
];

for (const [name, make, length] of MODELS) deviceKit({ describe, it }, name, make, length);

describe('device kit', () => {
  const failures = (device: () => Device): number => {
    let failed = 0;
    const run = (_name: string, body: () => void): void => {
      try {
        body();
      } catch {
        failed++;
      }
    };
    deviceKit({ describe: (_name, body) => body(), it: run }, 'broken', device, 8);
    return failed;
  };

  it('notices a value that is too wide', () => {
    expect(failures(() => ({ read: () => 0x1ff, write: nothing }))).toBe(1);
  });

  it('notices a device that is not a function of its accesses', () => {
    let count = 0;
    expect(failures(() => ({ read: () => count++ & 0xff, write: nothing }))).toBe(1);
  });
});
