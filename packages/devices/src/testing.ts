/** Conformance kit of device models: what every one of them promises to the bus that it hangs on. */
import * as fc from 'fast-check';
import type { Device } from './device.js';

export { TestDriver } from './testing/virtio-driver.js';
export type { TestDriverOptions } from './testing/virtio-driver.js';
export { NinepClient, u8, u16, u32, u64 } from './testing/ninep-client.js';
export type { Exchange, Field } from './testing/ninep-client.js';
export type { Completion, TestQueue } from './testing/virtio-test-queue.js';

/** The part of jest, vitest and node:test that the kit uses. */
export interface Runner {
  describe: (name: string, body: () => void) => unknown;
  it: (name: string, body: () => void) => unknown;
}

/** A naturally aligned access inside a device's range. */
export interface DeviceAccess {
  readonly offset: number;
  readonly size: 1 | 2 | 4;
  /** Written value, or undefined for a read. */
  readonly value: number | undefined;
}

/** Random accesses to a device of `length` bytes (a multiple of 4). */
export function deviceAccess(length: number): fc.Arbitrary<DeviceAccess> {
  return fc
    .record({
      word: fc.nat({ max: length / 4 - 1 }),
      byte: fc.nat({ max: 3 }),
      size: fc.constantFrom<1 | 2 | 4>(1, 2, 4),
      value: fc.option(fc.nat({ max: 0xffffffff }), { nil: undefined }),
    })
    .map(({ word, byte, size, value }) => ({ offset: word * 4 + (byte & ~(size - 1)), size, value }));
}

/**
 * Registers the suite.
 * @param make builds the device under test, connected to nothing
 * @param length bytes of its range
 */
export function deviceKit({ describe, it }: Runner, name: string, make: () => Device, length: number): void {
  describe(`device: ${name}`, () => {
    it('answers every access with a value of its size, whatever came before', () => {
      fc.assert(
        fc.property(fc.array(deviceAccess(length), { maxLength: 100 }), (accesses) => {
          const device = make();
          for (const { offset, size, value } of accesses) {
            if (value !== undefined) device.write(offset, size, size === 4 ? value : value & (2 ** (size * 8) - 1));
            else checkValue(device.read(offset, size), offset, size);
          }
        }),
      );
    });

    it('is a function of its accesses: two of a kind that see the same give the same', () => {
      fc.assert(
        fc.property(fc.array(deviceAccess(length), { maxLength: 100 }), (accesses) => {
          const [one, two] = [make(), make()];
          for (const { offset, size, value } of accesses) {
            if (value === undefined) {
              const [a, b] = [one.read(offset, size), two.read(offset, size)];
              if (a !== b) throw new Error(`read(${offset}, ${size}): ${a} and ${b}`);
            } else for (const device of [one, two]) device.write(offset, size, value);
          }
        }),
      );
    });
  });
}

function checkValue(value: number, offset: number, size: number): void {
  const unsigned = value >>> 0;
  if (!Number.isInteger(value) || unsigned >= 2 ** (size * 8)) {
    throw new Error(`read(${offset}, ${size}): expected an unsigned value of ${size} bytes, got ${value}`);
  }
}
