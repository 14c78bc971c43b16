/** The kit on every model, and a model that fails it. */
import { describe, expect, it } from '@jest/globals';
import { Clint, Plic, Rom, TestFinisher, Uart16550, type Device } from '../../src/index.js';
import { deviceKit } from '../../src/testing.js';

const nothing = (): void => undefined;
const MODELS: readonly (readonly [string, () => Device, number])[] = [
  ['16550', () => new Uart16550(nothing, nothing), 8],
  ['PLIC', () => new Plic(31, 2, nothing), 0x400],
  ['CLINT', () => new Clint({ ticks: () => 12345, setDeadline: nothing }, nothing), 0x1_0000],
  ['ROM', () => new Rom(Uint8Array.from({ length: 64 }, (_, i) => i)), 64],
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
