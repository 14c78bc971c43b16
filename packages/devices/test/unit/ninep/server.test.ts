import { describe, expect, it } from '@jest/globals';
import { MemoryTree, NinepServer, Virtio9p, VirtioMmio } from '../../../src/index.js';
import { NinepClient, TestDriver, u16, u32, u64, u8 } from '../../../src/testing.js';

const EPERM = -1;
const ENOENT = -2;
const EIO = -5;
const EBADF = -9;
const EBUSY = -16;
const EEXIST = -17;
const ENOTDIR = -20;
const EISDIR = -21;
const EINVAL = -22;
const EPROTO = -71;
const EMSGSIZE = -90;
const EOPNOTSUPP = -95;
const READ_WRITE = 2;
const text = (string: string): Uint8Array => new TextEncoder().encode(string);
const string = (bytes: Uint8Array | number): string | number =>
  typeof bytes === 'number' ? bytes : new TextDecoder().decode(bytes);

function setup(capacity?: number) {
  let seconds = 100;
  const tree = new MemoryTree({ now: () => ({ seconds: seconds++, nanoseconds: 5 }), ...(capacity && { capacity }) });
  const server = new NinepServer(tree);
  const client = new NinepClient((request, room) => server.handle(request, room));
  client.start();
  return { tree, server, client };
}

/** A file in the root with content, closed. */
function put(client: NinepClient, name: string, content: string): void {
  client.walk(0, 90);
  expect(client.run(14, u32(90), name, u32(READ_WRITE), u32(0o640), u32(0))).toBe(0);
  expect(client.write(90, 0, text(content))).toBe(content.length);
  client.clunk(90);
}

describe('9P sessions', () => {
  it('agree on a version and a size', () => {
    const { client, server } = setup();
    const answer = client.call(100, u32(2 ** 31), '9P2000.L') as DataView;
    expect([answer.getUint32(0, true), answer.getUint16(4, true), server.fids]).toEqual([512 * 1024, 8, 0]);
    const old = client.call(100, u32(8192), '9P2000') as DataView;
    expect(string(new Uint8Array(old.buffer, old.byteOffset + 6))).toBe('unknown');
    expect(client.run(100, u32(4095), '9P2000.L')).toBe(EMSGSIZE);
    expect(client.run(102, u32(1), 'root', '', u32(0))).toBe(EOPNOTSUPP);
    expect(client.run(108, u16(7))).toBe(0);
  });

  it('answer nonsense with errors', () => {
    const { server, client } = setup();
    expect([client.run(101), client.run(6), client.run(255)]).toEqual([EOPNOTSUPP, EOPNOTSUPP, EOPNOTSUPP]);
    expect(client.run(116, u32(0), u64(0))).toBe(EINVAL);
    expect(client.run(72, u32(0), Uint8Array.of(2, 0, 0xc3, 0x28), u32(0o755), u32(0))).toBe(EINVAL);
    expect(server.handle(Uint8Array.of(1, 2, 3), 100)).toEqual(
      Uint8Array.of(11, 0, 0, 0, 7, 255, 255, -EPROTO, 0, 0, 0),
    );
    expect(server.handle(Uint8Array.of(200, 0, 0, 0, 108, 9, 0), 100)![7]).toBe(-EPROTO);
    expect(server.handle(Uint8Array.of(7, 0, 0, 0, 108, 9, 0), 10)).toBeUndefined();
  });

  it('an exception of the tree is an I/O error', () => {
    const { tree, client } = setup();
    tree.lookup = () => {
      throw new Error('host');
    };
    expect(client.walk(0, 1, 'x')).toBe(EIO);
  });

  it('a reset closes files', () => {
    const { tree, server, client } = setup();
    put(client, 'f', 'x');
    let closed = 0;
    tree.close = () => void closed++;
    client.walk(0, 1, 'f');
    client.run(12, u32(1), u32(0));
    server.reset();
    expect([closed, server.fids, client.clunk(1)]).toEqual([1, 0, EBADF]);
  });
});

describe('9P files', () => {
  it('are created, written, read and truncated', () => {
    const { client } = setup();
    put(client, 'a', 'hello world');
    expect(client.walk(0, 1, 'a')).toBe(0);
    expect(client.getattr(1)).toEqual({ mode: 0o100640, nlink: 1, size: 11 });
    expect(client.read(1, 0, 5)).toBe(EBADF);
    expect(client.run(12, u32(1), u32(0))).toBe(0);
    expect(client.run(12, u32(1), u32(0))).toBe(EBADF);
    expect([string(client.read(1, 6, 100)), client.read(1, 11, 5), client.read(1, 2 ** 60, 5)]).toEqual([
      'world',
      new Uint8Array(0),
      EINVAL,
    ]);
    expect(client.write(1, 0, text('x'))).toBe(EBADF);
    expect(client.run(50, u32(1), u32(0))).toBe(0);
    client.walk(0, 2, 'a');
    expect(client.run(12, u32(2), u32(1 | 0o1000))).toBe(0);
    expect([client.read(2, 0, 1), client.write(2, 3, text('z')), string(client.read(1, 0, 9))]).toEqual([
      EBADF,
      1,
      '\0\0\0z',
    ]);
    client.walk(0, 3);
    expect(client.run(14, u32(3), 'a', u32(0), u32(0o600), u32(0))).toBe(EEXIST);
  });

  it('keep their content while they are open, after their last name has gone', () => {
    const { client } = setup();
    put(client, 'a', 'kept');
    client.walk(0, 1, 'a');
    client.run(12, u32(1), u32(0));
    expect(client.run(76, u32(0), 'a', u32(0))).toBe(0);
    expect([string(client.read(1, 0, 9)), client.getattr(1), client.walk(0, 2, 'a')]).toEqual([
      'kept',
      { mode: 0o100640, nlink: 0, size: 4 },
      ENOENT,
    ]);
  });

  it('a read fits the message and the room', () => {
    const { client } = setup();
    put(client, 'a', 'x'.repeat(8000));
    client.walk(0, 1, 'a');
    client.run(12, u32(1), u32(0));
    expect((client.read(1, 0, 2 ** 32 - 1) as Uint8Array).length).toBe(8000);
    client.room = 100;
    expect((client.read(1, 0, 5000) as Uint8Array).length).toBe(89);
    client.room = 7 + 4;
    expect([client.read(1, 0, 5), client.getattr(1)]).toEqual([new Uint8Array(0), EMSGSIZE]);
  });

  it('change their attributes', () => {
    const { tree, client } = setup();
    put(client, 'a', 'hello');
    client.walk(0, 1, 'a');
    const set = (valid: number, size = 0, nanoseconds = 8): number =>
      client.run(
        26,
        u32(1),
        u32(valid),
        u32(0o107755),
        u32(3),
        u32(4),
        u64(size),
        u64(77),
        u64(nanoseconds),
        u64(6),
        u64(7),
      );
    expect([set(1 | 2 | 4 | 8 | 0x10 | 0x80 | 0x20, 2), client.getattr(1)]).toEqual([
      0,
      { mode: 0o107755, nlink: 1, size: 2 },
    ]);
    const node = tree.lookup(tree.root(), 'a');
    expect(node).toMatchObject({ uid: 3, gid: 4, atime: { seconds: 77, nanoseconds: 8 }, mtime: { nanoseconds: 5 } });
    expect([set(8, 2 ** 60), set(0x90, 0, 1_000_000_000), set(0x90)]).toEqual([EINVAL, EINVAL, 0]);
  });

  it('locks are granted, and nobody else holds one', () => {
    const { client } = setup();
    expect((client.call(52, u32(0), u8(1), u32(0), u64(0), u64(0), u32(9), 'me') as DataView).getUint8(0)).toBe(0);
    const lock = client.call(54, u32(0), u8(1), u64(5), u64(6), u32(9), 'me') as DataView;
    expect([lock.getUint8(0), lock.getUint8(1), lock.getUint8(9), lock.byteLength]).toEqual([2, 5, 6, 25]);
  });

  it('no room is an error that the guest sees', () => {
    const { client } = setup(4096);
    client.walk(0, 1);
    client.run(14, u32(1), 'big', u32(2), u32(0o600), u32(0));
    expect([client.write(1, 0, new Uint8Array(4096)), client.write(1, 4096, Uint8Array.of(1))]).toEqual([4096, -28]);
  });
});

describe('9P names', () => {
  const mkdir = (client: NinepClient, fid: number, name: string): number =>
    client.run(72, u32(fid), name, u32(0o755), u32(0));

  it('walk: as far as it goes, and never out', () => {
    const { client } = setup();
    mkdir(client, 0, 'd');
    put(client, 'f', '');
    client.walk(0, 1, 'd');
    expect([client.walk(1, 2, '..', 'f'), client.walk(1, 3, '..', '..', '..', 'd')]).toEqual([0, 0]);
    expect(client.walk(0, 4, 'nothing')).toBe(ENOENT);
    const partial = client.call(110, u32(0), u32(4), u16(3), 'd', 'nothing', 'x') as DataView;
    expect([partial.getUint16(0, true), partial.byteLength, client.clunk(4)]).toEqual([1, 15, EBADF]);
    expect([client.walk(2, 5, 'x'), client.walk(0, 1, 'd'), client.walk(99, 5)]).toEqual([ENOTDIR, EBADF, EBADF]);
    for (const name of ['', '.', 'a/b', 'a\0b', 'x'.repeat(256)]) expect(client.walk(0, 5, name)).toBe(ENOENT);
    expect(client.run(110, u32(0), u32(5), u16(17), ...new Array<string>(17).fill('d'))).toBe(EINVAL);
    expect(client.walk(1, 1, '..')).toBe(0);
    expect(client.walk(1, 5, 'f')).toBe(0);
  });

  it('new names are checked', () => {
    const { client } = setup();
    for (const name of ['', '.', '..', 'a/b', 'a\0b']) expect([name, mkdir(client, 0, name)]).toEqual([name, EINVAL]);
    expect([mkdir(client, 0, 'é'.repeat(128)), mkdir(client, 0, 'é'.repeat(127))]).toEqual([-36, 0]);
    expect(client.run(74, u32(0), 'é'.repeat(127), u32(0), '..')).toBe(EINVAL);
    expect(mkdir(client, 9, 'a')).toBe(EBADF);
  });

  it('directories are listed in pieces', () => {
    const { client } = setup();
    const names = Array.from({ length: 40 }, (_, i) => `entry-${i}`);
    for (const name of names) mkdir(client, 0, name);
    client.walk(0, 1);
    expect(client.run(12, u32(1), u32(1))).toBe(EISDIR);
    expect(client.run(12, u32(1), u32(0o200000))).toBe(0);
    expect([client.readdir(1), client.readdir(1, 100), client.readdir(1, 10)]).toEqual([names, names, EINVAL]);
    expect([client.read(1, 0, 9), client.write(1, 0, text('x')), client.readdir(0)]).toEqual([EISDIR, EBADF, EBADF]);
  });

  it('links, symbolic links, renames, removals', () => {
    const { client } = setup();
    put(client, 'f', 'file');
    mkdir(client, 0, 'd');
    expect(client.run(16, u32(0), 's', '../ünder', u32(0))).toBe(0);
    client.walk(0, 1, 's');
    const target = client.call(22, u32(1)) as DataView;
    expect(string(new Uint8Array(target.buffer, target.byteOffset + 2))).toBe('../ünder');
    client.walk(0, 2, 'f');
    expect(client.run(22, u32(2))).toBe(EINVAL);
    client.walk(0, 3, 'd');
    expect([client.run(70, u32(3), u32(2), 'g'), client.getattr(2)]).toMatchObject([0, { nlink: 2 }]);
    expect(client.run(74, u32(3), 'g', u32(0), 'h')).toBe(0);
    expect([client.walk(0, 4, 'h'), client.walk(0, 5, 'd', 'g')]).toEqual([0, ENOENT]);
    expect(client.run(74, u32(0), 'd', u32(3), 'inside')).toBe(EINVAL);
    expect([client.run(76, u32(0), 'd', u32(0)), client.run(76, u32(0), 'h', u32(0x200))]).toEqual([EISDIR, ENOTDIR]);
    expect([client.run(76, u32(0), 'd', u32(0x200)), client.run(76, u32(0), 'h', u32(0))]).toEqual([0, 0]);
  });

  it('the older forms: rename and remove by fid', () => {
    const { client } = setup();
    put(client, 'f', 'file');
    mkdir(client, 0, 'd');
    client.walk(0, 1, 'd');
    client.walk(0, 2, 'f');
    expect([client.run(20, u32(2), u32(1), 'g'), client.run(20, u32(0), u32(1), 'x')]).toEqual([0, EBUSY]);
    expect(client.walk(1, 3, 'g')).toBe(0);
    expect([client.run(122, u32(2)), client.clunk(2), client.walk(1, 4, 'g')]).toEqual([0, EBADF, ENOENT]);
    expect(client.run(122, u32(1))).toBe(0);
    expect([client.walk(0, 4, 'd'), client.run(122, u32(0))]).toEqual([ENOENT, EBUSY]);
  });

  it('what the tree does not have', () => {
    const { client } = setup();
    expect(client.run(18, u32(0), 'null', u32(0o20666), u32(1), u32(3), u32(0))).toBe(EPERM);
    expect(client.run(30, u32(0), u32(1), 'user.x')).toBe(EOPNOTSUPP);
    expect(client.run(32, u32(0), 'user.x', u64(1), u32(0))).toBe(EOPNOTSUPP);
    expect((client.call(8, u32(0)) as DataView).byteLength).toBe(60);
  });
});

it('virtio-9p carries it', () => {
  let device!: VirtioMmio;
  const driver = new TestDriver(
    (memory, line) => (device = new VirtioMmio(new Virtio9p(new MemoryTree(), 'host'), memory, line)),
  );
  driver.initialise();
  expect([driver.config(0, 2), driver.config(2)]).toEqual([4, 0x74736f68]);
  const client = new NinepClient((request, room) => {
    driver.queue(0).submit([request.slice(0, 7), request.slice(7)], [11, room - 11], true);
    driver.queue(0).kick();
    const [{ length, data }] = driver.queue(0).collect();
    return data.subarray(0, length);
  });
  client.start();
  put(client, 'f', 'content');
  client.walk(0, 1, 'f');
  client.run(12, u32(1), u32(0));
  expect(string(client.read(1, 0, 100))).toBe('content');
  driver.initialise();
  expect(client.clunk(1)).toBe(EBADF);
  driver.queue(0).submit([Uint8Array.of(1)], [10]);
  driver.queue(0).kick();
  expect([driver.needsReset, device.failure]).toEqual([true, 'a 9P request with room for 10 bytes']);
});
