/** Queues against drivers that do anything: polite ones get what a naive model says, rude ones get NEEDS_RESET. */
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  MemoryBlock,
  VirtioBlk,
  VirtioConsole,
  VirtioMmio,
  VirtioNet,
  VirtioRng,
  type VirtioDevice,
} from '../../src/index.js';
import { TestDriver } from '../../src/testing.js';

const SECTORS = 16;

interface Transfer {
  readonly kind: 'read' | 'write';
  readonly sector: number;
  readonly cuts: readonly number[];
  readonly fill: number;
}
type Step = Transfer | { readonly kind: 'kick' } | { readonly kind: 'collect' };

const cuts = fc.array(fc.integer({ min: 1, max: 700 }), { maxLength: 4 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('read' as const, 'write' as const),
    sector: fc.nat({ max: SECTORS + 1 }),
    cuts,
    fill: fc.nat({ max: 255 }),
  }),
  fc.constantFrom({ kind: 'kick' as const }, { kind: 'collect' as const }),
);

/** `bytes` cut at the lengths given; the rest is the last piece. */
function cut(bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (const length of lengths) {
    if (at + length >= bytes.length) break;
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return [...pieces, bytes.subarray(at)];
}

function request(write: boolean, sector: number, fill: number): Uint8Array {
  const bytes = new Uint8Array(write ? 16 + 1024 : 16).fill(fill, 16);
  bytes[0] = write ? 1 : 0;
  bytes[8] = sector;
  return bytes;
}

/** Runs the steps on a disk; the model is an array with one value per sector, changed when a request is submitted. */
function runDisk(steps: readonly Step[], without: readonly number[], queueSize: number): void {
  const blk = new VirtioBlk(new MemoryBlock(new Uint8Array(SECTORS * 512)));
  const driver = new TestDriver((memory, line) => new VirtioMmio(blk, memory, line), { without, queueSize });
  driver.initialise();
  const queue = driver.queue(0);
  const model = new Array<number>(SECTORS).fill(0);
  const expected = new Map<number, readonly number[]>();
  const answered: number[] = [];
  const collect = (): void => {
    for (const { id, data } of queue.collect()) {
      expect([id, data.at(-1), data[0], data.at(-2), data[512]].slice(0, expected.get(id)!.length)).toEqual(
        expected.get(id),
      );
      answered.push(id);
    }
  };
  for (const [index, action] of steps.entries()) {
    if (action.kind === 'kick') queue.kick();
    else if (action.kind === 'collect') collect();
    else {
      const { sector, fill } = action;
      const write = action.kind === 'write';
      const readable = cut(request(write, sector, fill), action.cuts);
      const writable = write ? [1] : cut(new Uint8Array(1025), action.cuts).map(({ length }) => length);
      const indirect = index % 2 === 1 && !without.includes(28);
      if (queue.room < (indirect ? 1 : readable.length + writable.length)) continue;
      const id = queue.submit(readable, writable, indirect);
      const inside = sector + 2 <= SECTORS;
      if (!inside) expected.set(id, [id, 1]);
      else if (write) expected.set(id, [id, 0]);
      else expected.set(id, [id, 0, model[sector], model[sector + 1], model[sector + 1]]);
      if (write && inside) model[sector] = model[sector + 1] = fill;
    }
  }
  queue.kick();
  driver.write(0x50, 0); // politely: a driver may always notify
  collect();
  expect(answered).toEqual([...expected.keys()]);
  expect(driver.needsReset).toBe(false);
}

describe('virtqueue, model', () => {
  it.each([
    [[], 16],
    [[28], 32],
    [[29], 16],
    [[28, 29], 16],
  ])('a disk keeps what was written, in order (without %p, size %p)', (without, size) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => runDisk(steps, without, size)),
      { numRuns: 60 },
    );
  });

  it('with the event index an idle device is always woken, and always wakes', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 8 }), { maxLength: 60 }), (batches) => {
        const driver = new TestDriver((m, line) => new VirtioMmio(new VirtioRng((b) => b.fill(1)), m, line), {
          queueSize: 8,
        });
        driver.initialise();
        const queue = driver.queue(0);
        for (const batch of batches) {
          for (let i = 0; i < batch; i++) queue.submit([], [1]);
          expect([queue.kick(), driver.acknowledge(), queue.collect().length]).toEqual([true, 1, batch]);
        }
      }),
    );
  });
});

describe('garbage', () => {
  const nothing = (): void => undefined;
  const devices: readonly (readonly [string, () => VirtioDevice])[] = [
    ['blk', () => new VirtioBlk(new MemoryBlock(new Uint8Array(4096)))],
    ['console', () => new VirtioConsole(nothing)],
    [
      'net',
      () => {
        const net: VirtioNet = new VirtioNet(Uint8Array.of(2, 0, 0, 0, 0, 1), (frame) => void net.receive(frame));
        return net;
      },
    ],
    ['rng', () => new VirtioRng((bytes) => bytes.fill(0xa5))],
  ];
  const RAM_BYTES = 0x4000;
  const number = fc.oneof(fc.nat({ max: 9 }), fc.nat({ max: 0xffff }), fc.integer());
  const poke = fc.record({ kind: fc.constant('poke' as const), at: fc.nat({ max: RAM_BYTES - 4 }), value: number });
  const register = fc.record({
    kind: fc.constant('register' as const),
    offset: fc.nat({ max: 0x4f }).map((word) => word * 4),
    value: number,
  });
  // A descriptor that may well be right, then a chain that starts anywhere.
  const chain = fc.record({
    kind: fc.constant('chain' as const),
    index: fc.nat({ max: 7 }),
    address: fc.oneof({ weight: 9, arbitrary: fc.nat({ max: RAM_BYTES }) }, { weight: 1, arbitrary: fc.integer() }),
    length: fc.oneof({ weight: 9, arbitrary: fc.nat({ max: 600 }) }, { weight: 1, arbitrary: number }),
    flags: fc.oneof({ weight: 3, arbitrary: fc.constantFrom(0, 2) }, { weight: 1, arbitrary: fc.nat({ max: 7 }) }),
    next: fc.nat({ max: 8 }),
    head: fc.nat({ max: 7 }),
    queue: fc.nat({ max: 1 }),
  });

  it.each(devices)('%s: random rings and registers never throw, hang, or write outside of RAM', (_name, make) => {
    let broken = 0;
    let fine = 0;
    fc.assert(
      fc.property(fc.array(fc.oneof(chain, chain, poke, register), { maxLength: 40 }), (actions) => {
        const driver = new TestDriver((memory, line) => new VirtioMmio(make(), memory, line), {
          ramBytes: RAM_BYTES,
          queueSize: 8,
        });
        driver.initialise();
        const view = new DataView(driver.ram.buffer);
        const queues = driver.queueCount;
        for (const action of actions) {
          if (action.kind === 'register') driver.write(action.offset, action.value);
          else if (action.kind === 'poke') view.setInt32(action.at, action.value, true);
          else {
            const queue = driver.queue(action.queue % queues);
            const address = (action.address >>> 0) + driver.base;
            queue.describe(queue.descriptors, action.index, address, action.length, action.flags, action.next);
            queue.offer(action.head);
          }
          for (let queue = 0; queue < queues; queue++) driver.write(0x50, queue);
        }
        if (driver.needsReset) broken++;
        else fine++;
        driver.initialise();
        expect(driver.read(0x70)).toBe(15);
      }),
      { numRuns: 200 },
    );
    // A fuzzer that only ever breaks, or never, proves nothing.
    expect([broken > 0, fine > 0]).toEqual([true, true]);
  });

  it('a queue that a request refills while it is served takes a bounded time', () => {
    // Every buffer is the available ring's index, and what the device writes there says that eight more are waiting.
    let served = 0;
    const driver = new TestDriver(
      (memory, line) =>
        new VirtioMmio(
          new VirtioRng((bytes) => {
            served++;
            new DataView(bytes.buffer).setUint16(0, (served + 8) & 0xffff, true);
          }),
          memory,
          line,
        ),
      { queueSize: 8 },
    );
    driver.initialise();
    const queue = driver.queue(0);
    for (let i = 0; i < 8; i++) {
      queue.describe(queue.descriptors, i, queue.available + 2, 2, 2, 0);
      queue.set16(queue.available + 4 + 2 * i, i);
    }
    queue.set16(queue.available + 2, 8);
    driver.write(0x50, 0);
    expect([served, driver.needsReset]).toEqual([4096, false]);
    driver.acknowledge();
    expect(served).toBe(8192);
  });
});
