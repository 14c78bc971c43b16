/**
 * What a request costs the host, from the driver's write to the notification register until the used ring has its answer and
 * the interrupt is acknowledged. The driver is a chain of descriptors made once and offered again and again, so that its own
 * work is a few stores. Where the device moves data, the peer is the bare copy of as many bytes.
 */
import {
  MemoryBlock,
  MemoryTree,
  Virtio9p,
  VirtioBlk,
  VirtioConsole,
  VirtioMmio,
  VirtioNet,
  VirtioRng,
} from '@veridian-os/devices';
import { NinepClient, TestDriver, u32, u64 } from '@veridian-os/devices/testing';
import { suite } from '../../../tools/bench.mjs';

const CALLS = 200;
const PAGE = 4096;
const FRAME = 1514;
const NOTIFY = 0x50;
const ACKNOWLEDGE = 0x64;
const [NEXT, WRITE] = [1, 2];

/** A device with its driver, and one chain in a queue of it. */
class Loop {
  /** @param parts bytes that the device reads, or lengths of what it writes */
  constructor(device, index, parts) {
    this.driver = new TestDriver((memory, line) => new VirtioMmio(device, memory, line));
    this.driver.initialise();
    this.index = index;
    this.queue = this.driver.queue(index);
    this.places = parts.map((part) => this.place(part));
    this.places.forEach(([address, length, flags], i) => {
      const more = i + 1 < parts.length ? NEXT : 0;
      this.queue.describe(this.queue.descriptors, i, address, length, flags | more, i + 1);
    });
  }

  place(part) {
    const length = typeof part === 'number' ? part : part.length;
    const address = this.driver.allocate(length, 1);
    if (typeof part === 'number') return [address, length, WRITE];
    this.driver.at(address, length).set(part);
    return [address, length, 0];
  }

  /** Makes the chain available once more. */
  offer() {
    this.queue.offer(0);
    this.driver.write(NOTIFY, this.index);
  }

  /** One request and its answer. */
  again() {
    this.offer();
    this.driver.write(ACKNOWLEDGE, 1);
  }

  get used() {
    return this.queue.get16(this.queue.used + 2);
  }

  /** The bytes of a part. */
  bytes(part) {
    const [address, length] = this.places[part];
    return this.driver.at(address, length);
  }
}

/** @throws Error unless a request of this loop is answered, so that what is measured is work */
function works(loop, check = () => true) {
  const before = loop.used;
  loop.again();
  if (loop.used !== ((before + 1) & 0xffff) || !check(loop)) throw new Error('a request was not answered');
  return () => {
    for (let i = 0; i < CALLS; i++) loop.again();
  };
}

function copyOf(length) {
  const [from, to] = [new Uint8Array(length).fill(7), new Uint8Array(length)];
  return () => {
    for (let i = 0; i < CALLS; i++) to.set(from);
  };
}

const blockHeader = (type) => Uint8Array.of(type, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0);

/** A 9P request of one chain with its answer, to a tree with one open file. */
function ninep(type, fields, room) {
  const tree = new MemoryTree();
  const device = new Virtio9p(tree, 'bench');
  const loop = new Loop(device, 0, [new Uint8Array(PAGE + 64), PAGE + 64]);
  const client = new NinepClient((request) => {
    loop.bytes(0).set(request);
    loop.queue.describe(loop.queue.descriptors, 0, loop.places[0][0], request.length, NEXT, 1);
    loop.again();
    const answer = loop.bytes(1);
    return answer.subarray(0, new DataView(answer.buffer, answer.byteOffset).getUint32(0, true));
  });
  client.room = room;
  client.start(0);
  client.run(14, u32(0), 'file', u32(2), u32(0o644), u32(0)); // lcreate: fid 0 is the open file now
  client.write(0, 0, new Uint8Array(2048).fill(1));
  client.write(0, 2048, new Uint8Array(2048).fill(2));
  if (typeof client.call(type, ...fields) === 'number') throw new Error(`9P request ${type} was refused`);
  return works(loop);
}

await suite(async ({ bench }) => {
  const measured = (name, ours, copied) =>
    bench({
      case: name,
      ours,
      opsPerCall: CALLS,
      ...(copied > 0 ? { peer: 'bare copy', peerFn: copyOf(copied) } : {}),
    });

  const rng = new Loop(new VirtioRng(() => undefined), 0, [64]);
  await measured('queue: notify, pop, push, interrupt', works(rng), 0);

  const disk = new MemoryBlock(new Uint8Array(1 << 20));
  const read = new Loop(new VirtioBlk(disk), 0, [blockHeader(0), PAGE, 1]);
  await measured(
    'block: read 4 KiB',
    works(read, (loop) => loop.bytes(2)[0] === 0),
    PAGE,
  );
  const write = new Loop(new VirtioBlk(disk), 0, [blockHeader(1), new Uint8Array(PAGE).fill(9), 1]);
  await measured(
    'block: write 4 KiB',
    works(write, (loop) => loop.bytes(2)[0] === 0),
    PAGE,
  );

  let sent = 0;
  const address = Uint8Array.of(2, 0, 0, 0, 0, 1);
  const transmit = new Loop(new VirtioNet(address, ({ length }) => void (sent = length)), 1, [
    new Uint8Array(12 + FRAME),
  ]);
  await measured(
    'network: send 1,514 bytes',
    works(transmit, () => sent === FRAME),
    FRAME,
  );
  const card = new VirtioNet(address, () => undefined);
  const receive = new Loop(card, 0, [12 + FRAME]);
  const frame = new Uint8Array(FRAME).fill(3);
  receive.again = function again() {
    this.offer();
    card.receive(frame);
    this.driver.write(ACKNOWLEDGE, 1);
  };
  await measured(
    'network: receive 1,514 bytes',
    works(receive, (loop) => loop.bytes(0)[12] === 3),
    FRAME,
  );

  const line = new TextEncoder().encode('a line of eighty bytes, as a program prints it'.padEnd(79, '.') + '\n');
  const screen = new Loop(new VirtioConsole(() => undefined), 1, [line]);
  await measured('console: write 80 bytes', works(screen), line.length);

  await measured('9P: attributes', ninep(24, [u32(0), u64(0x7ff)], PAGE + 64), 0);
  await measured('9P: read 4 KiB', ninep(116, [u32(0), u64(0), u32(PAGE)], PAGE + 64), PAGE);
});
