import { describe, expect, it } from '@jest/globals';
import { MemoryBlock, VirtioBlk, VirtioMmio, type BlockBackend } from '../../../src/index.js';
import { TestDriver } from '../../../src/testing.js';

const SECTORS = 64;

function setup(backend: BlockBackend) {
  let device!: VirtioMmio;
  const blk = new VirtioBlk(backend, { id: 'disk-0' });
  const driver = new TestDriver((memory, line) => (device = new VirtioMmio(blk, memory, line)));
  driver.initialise();
  const request = (type: number, sector: number, data: Uint8Array = new Uint8Array(0), room = 0) => {
    driver.queue(0).submit([header(type, sector), ...(data.length ? [data] : [])], [...(room ? [room] : []), 1]);
    driver.queue(0).kick();
    return driver.queue(0).collect();
  };
  return { driver, device, request };
}

function header(type: number, sector: number): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, true);
  view.setUint32(8, sector % 2 ** 32, true);
  view.setUint32(12, Math.floor(sector / 2 ** 32), true);
  return bytes;
}

function range(sector: number, sectors: number, flags = 0): Uint8Array {
  const words = new Uint32Array([sector, 0, sectors, flags]);
  return new Uint8Array(words.buffer);
}

function disk() {
  const bytes = new Uint8Array(SECTORS * 512 + 100);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i >> 9) + 1;
  return bytes;
}

describe('virtio-blk', () => {
  it('describes itself', () => {
    const { driver } = setup(new MemoryBlock(disk()));
    expect([driver.config(0), driver.config(4), driver.config(20), driver.config(34, 2)]).toEqual([SECTORS, 0, 512, 1]);
    expect(driver.features).toEqual([2, 6, 9, 13, 14, 28, 29, 32]);
    expect(setup(new MemoryBlock(disk(), true)).driver.features).toEqual([2, 5, 6, 9, 28, 29, 32]);
    const plain: BlockBackend = { sectors: 2 ** 33 + 1, readOnly: false, read: () => {}, write: () => {} };
    const large = setup(plain).driver;
    expect([large.config(0), large.config(4), large.config(36), large.config(48)]).toEqual([1, 2, 131072, 2048]);
    expect(large.features).toEqual([2, 6, 9, 14, 28, 29, 32]);
  });

  it('reads and writes whole sectors', () => {
    const bytes = disk();
    const { request } = setup(new MemoryBlock(bytes));
    const [read] = request(0, 3, undefined, 1024);
    expect(read.length).toBe(1025);
    expect([read.data[0], read.data[512], read.data[1024]]).toEqual([4, 5, 0]);
    const [written] = request(1, 63, new Uint8Array(512).fill(0xaa));
    expect([written.data, written.length]).toEqual([Uint8Array.of(0), 1]);
    expect([bytes[63 * 512 - 1], bytes[63 * 512], bytes[64 * 512 - 1], bytes[64 * 512]]).toEqual([63, 0xaa, 0xaa, 65]);
  });

  it('takes a request however it is cut', () => {
    const { driver } = setup(new MemoryBlock(disk()));
    const head = header(0, 5);
    driver.queue(0).submit([head.subarray(0, 3), head.subarray(3, 4), head.subarray(4)], [1, 500, 11, 1], true);
    driver.queue(0).submit([header(0, 6)], [513]);
    driver.queue(0).kick();
    const done = driver.queue(0).collect();
    expect(done.map(({ data }) => [data.length, data[0], data[511], data[512]])).toEqual([
      [513, 6, 6, 0],
      [513, 7, 7, 0],
    ]);
  });

  it.each([
    ['behind the end', 0, 63, 0, 1024],
    ['far behind the end', 0, 2 ** 40, 0, 512],
    ['beyond 2^53', 0, 2 ** 60, 0, 512],
    ['no whole sectors', 0, 0, 0, 511],
    ['nothing to read', 0, 0, 0, 0],
    ['a write behind the end', 1, 64, 512, 0],
    ['an empty write', 1, 0, 0, 0],
  ])('an I/O error: %s', (_name, type, sector, out, room) => {
    const bytes = disk();
    const [done] = setup(new MemoryBlock(bytes)).request(type, sector, new Uint8Array(out), room);
    expect([done.data.at(-1), Buffer.compare(bytes, disk())]).toEqual([1, 0]);
  });

  it('names itself, in as much room as there is', () => {
    const { request } = setup(new MemoryBlock(disk()));
    const [id] = request(8, 0, undefined, 20);
    expect(String.fromCharCode(...id.data.subarray(0, 7))).toBe('disk-0\0');
    expect([id.length, request(8, 0, undefined, 4)[0].data]).toEqual([21, Uint8Array.of(100, 105, 115, 107, 0)]);
  });

  it('discards and writes zeroes in ranges, all or none', () => {
    const bytes = disk();
    const { request } = setup(new MemoryBlock(bytes));
    const both = new Uint8Array([...range(1, 2), ...range(10, 1, 1)]);
    expect(request(13, 0, both)[0].data).toEqual(Uint8Array.of(0));
    expect([0, 1, 2, 3, 10, 11].map((sector) => bytes[sector * 512])).toEqual([1, 0, 0, 4, 0, 12]);
    expect(request(11, 0, range(20, 1))[0].data).toEqual(Uint8Array.of(0));
    expect(bytes[20 * 512]).toBe(0);
    const half = new Uint8Array([...range(30, 1), ...range(64, 1)]);
    expect([request(13, 0, half)[0].data[0], bytes[30 * 512]]).toEqual([1, 31]);
    expect(request(11, 0, range(30, 1, 1))[0].data[0]).toBe(2);
    expect(request(13, 0, range(30, 1, 2))[0].data[0]).toBe(2);
    expect(request(13, 0, new Uint8Array(17))[0].data[0]).toBe(2);
    expect(request(13, 0, range(0, 131073))[0].data[0]).toBe(1);
  });

  it('a read-only disk refuses to change; unknown requests are unsupported', () => {
    const { request } = setup(new MemoryBlock(disk(), true));
    expect(request(1, 0, new Uint8Array(512))[0].data[0]).toBe(1);
    expect(request(13, 0, range(0, 1))[0].data[0]).toBe(1);
    expect(request(4, 0)[0].data[0]).toBe(0);
    expect(request(99, 0)[0].data[0]).toBe(2);
  });

  it.each([
    [[header(0, 0).subarray(0, 15)], [1]],
    [[header(0, 0)], []],
  ])('a request without header or status breaks the driver', (readable, writable) => {
    const { driver, device } = setup(new MemoryBlock(disk()));
    driver.queue(0).submit(readable, writable);
    driver.queue(0).kick();
    expect([driver.needsReset, device.failure]).toEqual([true, expect.stringMatching(/a request of/)]);
  });

  it('an exception of the backend is an I/O error', () => {
    const fail = (): never => {
      throw new Error('no disk');
    };
    const { request } = setup({ sectors: 8, readOnly: false, read: fail, write: fail, flush: fail });
    expect(request(0, 0, undefined, 512)[0].data[512]).toBe(1);
    expect(request(4, 0)[0].data[0]).toBe(1);
  });
});

describe('virtio-blk over promises', () => {
  function slow() {
    const open: { resolve: () => void; reject: (reason: Error) => void }[] = [];
    const wait = (): Promise<void> => new Promise((resolve, reject) => open.push({ resolve, reject }));
    const backend: BlockBackend = {
      sectors: SECTORS,
      readOnly: false,
      read: (sector, target) => wait().then(() => void target.fill(sector + 1)),
      write: wait,
      flush: wait,
    };
    return { open, ...setup(backend) };
  }
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it('completes in the order of the backend, each with its own data', async () => {
    const { open, driver, request } = slow();
    expect([request(0, 7, undefined, 512), request(0, 9, undefined, 512), request(4, 0)]).toEqual([[], [], []]);
    expect(driver.edges).toBe(0);
    open[1].resolve();
    await settled();
    expect(driver.level).toBe(true);
    expect(driver.queue(0).collect()).toMatchObject([{ id: 1, length: 513 }]);
    open[0].resolve();
    open[2].reject(new Error('flush'));
    await settled();
    const rest = driver.queue(0).collect();
    expect(rest.map(({ id, data }) => [id, data[0], data.at(-1)])).toEqual(
      expect.arrayContaining([
        [0, 8, 0],
        [2, 1, 1],
      ]),
    );
  });

  it('what is being written stays as it is until it is written', async () => {
    const sources: Uint8Array[] = [];
    const never = (): Promise<void> => new Promise(() => undefined);
    const write = (_sector: number, source: Uint8Array): Promise<void> => {
      sources.push(source);
      return never();
    };
    const { request } = setup({ sectors: 8, readOnly: false, read: never, write });
    request(1, 0, new Uint8Array(512).fill(1));
    request(1, 1, new Uint8Array(512).fill(2));
    request(0, 2, undefined, 512);
    await settled();
    expect(sources.map((source) => [source.length, source[0], source[511]])).toEqual([
      [512, 1, 1],
      [512, 2, 2],
    ]);
  });

  it('does not touch RAM for a request from before a reset', async () => {
    const { open, driver, request } = slow();
    request(0, 7, undefined, 512);
    driver.initialise();
    const before = driver.ram.slice();
    open[0].resolve();
    await settled();
    expect(Buffer.compare(driver.ram, before)).toBe(0);
    expect([driver.level, driver.queue(0).collect()]).toEqual([false, []]);
  });
});
