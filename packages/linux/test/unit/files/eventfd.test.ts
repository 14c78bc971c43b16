import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EAGAIN, EINVAL, POLLIN, POLLOUT } from '@veridian-os/abi';
import { EventCounter } from '../../../src/files/eventfd.js';
import { RecordedWaits } from '../../helpers/waits.js';

const MAX = 2n ** 64n - 2n;

function encode(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  return bytes;
}

function read(counter: EventCounter): bigint | number {
  const bytes = new Uint8Array(8);
  const result = counter.read([bytes]);
  return result === 8 ? new DataView(bytes.buffer).getBigUint64(0, true) : result;
}

describe('eventfd', () => {
  it('adds up, reads everything and wakes', () => {
    const waits = new RecordedWaits();
    const counter = new EventCounter(waits, 3, false);
    expect(counter.write([encode(4n)])).toBe(8);
    expect(waits.take(counter.waitQueue)).toEqual([POLLIN]);
    expect(read(counter)).toBe(7n);
    expect(waits.take(counter.waitQueue)).toEqual([POLLOUT]);
    expect(read(counter)).toBe(EAGAIN);
    counter.close();
    expect(waits.live.size).toBe(0);
  });

  it('as a semaphore gives one at a time', () => {
    const counter = new EventCounter(new RecordedWaits(), 0, true);
    counter.write([encode(2n ** 32n + 1n)]);
    expect([read(counter), read(counter)]).toEqual([1n, 1n]);
    expect(counter.poll() & POLLIN).toBe(POLLIN);
  });

  it('refuses short buffers and 2^64 - 1', () => {
    const counter = new EventCounter(new RecordedWaits(), 1, false);
    expect(counter.read([new Uint8Array(7)])).toBe(EINVAL);
    expect(counter.write([new Uint8Array(7)])).toBe(EINVAL);
    expect(counter.write([encode(2n ** 64n - 1n)])).toBe(EINVAL);
  });

  it('moves through split segments', () => {
    const counter = new EventCounter(new RecordedWaits(), 0, false);
    const bytes = encode(0x1122334455667788n);
    expect(counter.write([bytes.subarray(0, 3), bytes.subarray(3)])).toBe(8);
    const [head, tail] = [new Uint8Array(5), new Uint8Array(9)];
    expect(counter.read([head, tail])).toBe(8);
    expect([...head, ...tail.subarray(0, 3)]).toEqual([...bytes]);
  });

  it('counts as 64-bit arithmetic does', () => {
    const command = fc.oneof(
      fc.record({ kind: fc.constant('write' as const), value: fc.bigInt({ min: 0n, max: 2n ** 64n - 2n }) }),
      fc.record({ kind: fc.constant('write' as const), value: fc.bigInt({ min: 0n, max: 10n }) }),
      fc.record({ kind: fc.constant('read' as const), value: fc.constant(0n) }),
    );
    fc.assert(
      fc.property(fc.array(command), fc.boolean(), fc.nat({ max: 5 }), (commands, semaphore, initial) => {
        const counter = new EventCounter(new RecordedWaits(), initial, semaphore);
        let model = BigInt(initial);
        for (const { kind, value } of commands) {
          if (kind === 'write') {
            const fits = model + value <= MAX;
            expect(counter.write([encode(value)])).toBe(fits ? 8 : EAGAIN);
            if (fits) model += value;
          } else {
            const taken = semaphore && model > 0n ? 1n : model;
            expect(read(counter)).toBe(model === 0n ? EAGAIN : taken);
            model -= taken;
          }
          expect(counter.poll()).toBe((model > 0n ? POLLIN : 0) | (model < MAX ? POLLOUT : 0));
        }
      }),
      { numRuns: 300 },
    );
  });
});
