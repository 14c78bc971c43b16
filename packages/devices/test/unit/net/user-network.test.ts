import { describe, expect, it } from '@jest/globals';
import { fold, formatAddress, parseAddress, sum } from '../../../src/net/ipv4.js';
import { GUEST, MAC, bytesOf, ip, setup, text } from '../../net-guest.js';

/** A copy with one byte changed. */
const changed = (bytes: Uint8Array, at: number, value: number): Uint8Array => {
  const copy = bytes.slice();
  copy[at] = value;
  return copy;
};
const hex = (digits: string): Uint8Array => Uint8Array.from(digits.match(/../g)!.map((pair) => parseInt(pair, 16)));

describe('Internet checksum', () => {
  it('of RFC 1071 and of a header from a textbook', () => {
    expect(fold(sum(hex('0001f203f4f5f6f7')))).toBe(~0xddf2 & 0xffff);
    expect(fold(sum(hex('4500003c1c4640004006b1e6ac100a63ac100a0c')))).toBe(0);
    expect(fold(sum(Uint8Array.of(1)))).toBe(~0x100 & 0xffff);
  });

  it('addresses', () => {
    expect([parseAddress('255.0.2.1'), formatAddress(0xff000201)]).toEqual([0xff000201, '255.0.2.1']);
    for (const bad of ['1.2.3', '1.2.3.256', 'a.b.c.d', '']) expect(() => parseAddress(bad)).toThrow(RangeError);
  });
});

describe('ARP', () => {
  const request = (target: string): Uint8Array =>
    Uint8Array.from([...hex('0001080006040001'), ...MAC, ...hex('0a00020f'), 0, 0, 0, 0, 0, 0, ...hex(target)]);

  it('the router and the name server are at home, nobody else', () => {
    const { ethernet, frames } = setup();
    ethernet(0x806, request('0a000202'));
    ethernet(0x806, request('0a000203'));
    ethernet(0x806, request('0a00020f'));
    ethernet(0x806, request('0a000204'));
    ethernet(0x806, request('0a000202').subarray(0, 27));
    expect(frames).toHaveLength(2);
    expect([...frames[0]]).toEqual([
      ...[...MAC, ...hex('52550a000202'), 8, 6],
      ...[...hex('0001080006040002'), ...hex('52550a0002020a000202'), ...MAC, ...hex('0a00020f')],
    ]);
    expect([...frames[1].subarray(22, 32)]).toEqual([...hex('52550a0002030a000203')]);
  });
});

describe('DHCP', () => {
  function message(type: number, options: readonly number[] = [], client = 0): Uint8Array {
    const bytes = new Uint8Array(240 + 3 + options.length + 1);
    bytes.set([1, 1, 6, 0, 0xde, 0xad, 0xbe, 0xef, 0, 0, 0x80, 0]);
    bytes.set(MAC, 28);
    new DataView(bytes.buffer).setUint32(12, client);
    bytes.set([0x63, 0x82, 0x53, 0x63, 53, 1, type, ...options, 255], 236);
    return bytes;
  }
  const ANSWER = { offer: 2, ack: 5, nak: 6 };
  const wanted = [50, 4, 10, 0, 2, 15];

  function ask(bytes: Uint8Array) {
    const { udp, datagrams } = setup();
    udp('255.255.255.255', 67, bytes, 68, 0);
    const [answer] = datagrams();
    return answer;
  }

  it('offers the one address, with router, mask and name server', () => {
    const answer = ask(message(1));
    const { data } = answer;
    expect([answer.source, answer.destination, answer.destinationPort]).toEqual([ip('10.0.2.2'), 0xffffffff, 68]);
    expect([...data.subarray(0, 20)]).toEqual([
      2, 1, 6, 0, 0xde, 0xad, 0xbe, 0xef, 0, 0, 0x80, 0, 0, 0, 0, 0, 10, 0, 2, 15,
    ]);
    expect([...data.subarray(28, 34)]).toEqual(MAC);
    expect([...data.subarray(236, 240 + 3 + 30 + 1)]).toEqual([
      ...[0x63, 0x82, 0x53, 0x63, 53, 1, ANSWER.offer, 54, 4, 10, 0, 2, 2, 1, 4, 255, 255, 255, 0],
      ...[3, 4, 10, 0, 2, 2, 6, 4, 10, 0, 2, 3, 51, 4, 0, 1, 0x51, 0x80, 255],
    ]);
  });

  it('acknowledges that address and no other', () => {
    const type = (bytes: Uint8Array): number | undefined => ask(bytes)?.data[242];
    expect(type(message(3, wanted))).toBe(ANSWER.ack);
    expect(type(message(3, [0, 0, ...wanted, 54, 4, 10, 0, 2, 2]))).toBe(ANSWER.ack);
    expect(type(message(3, [], GUEST))).toBe(ANSWER.ack);
    expect(type(message(3, [50, 4, 10, 0, 2, 16]))).toBe(ANSWER.nak);
    expect(type(message(3, [...wanted, 54, 4, 10, 0, 2, 9]))).toBeUndefined();
    expect(type(message(7))).toBeUndefined();
    expect(ask(message(8, [], GUEST)).data[19]).toBe(0);
    expect(type(message(1).subarray(0, 239))).toBeUndefined();
    expect(type(message(3, [50, 200, 1]))).toBe(ANSWER.nak);
  });

  it('another network, another address', () => {
    const { udp, datagrams } = setup({ network: '192.168.76.0' });
    udp('255.255.255.255', 67, message(1), 68, 0);
    expect([...datagrams()[0].data.subarray(16, 20)]).toEqual([192, 168, 76, 15]);
    expect(() => setup({ network: 'home' })).toThrow(/^address: expected dotted IPv4, got home/);
  });
});

describe('ICMP', () => {
  const echo = Uint8Array.of(8, 0, 0, 0, 1, 2, 3, 4, 5);
  const value = fold(sum(echo));
  echo[2] = value >> 8;
  echo[3] = value;

  it('the router echoes', () => {
    const { packet, packets } = setup();
    packet('10.0.2.2', 1, echo);
    packet('10.0.2.3', 1, echo);
    const answers = packets();
    expect(answers.map(({ source, destination }) => [source, destination])).toEqual([
      [ip('10.0.2.2'), GUEST],
      [ip('10.0.2.3'), GUEST],
    ]);
    expect([...answers[0].payload.subarray(4)]).toEqual([1, 2, 3, 4, 5]);
    expect([answers[0].payload[0], fold(sum(answers[0].payload))]).toEqual([0, 0]);
  });

  it('nobody else does, and not to what is damaged', () => {
    const { packet, packets } = setup();
    packet('8.8.8.8', 1, echo);
    packet('10.0.2.2', 1, changed(echo, 8, 6));
    packet('10.0.2.2', 1, echo.subarray(0, 7));
    packet('10.0.2.2', 1, echo, ip('1.2.3.4'));
    expect(packets()).toEqual([]);
  });
});

describe('UDP', () => {
  it('each port of the guest has a socket, answers come back from whom the guest asked', () => {
    const { udp, sockets, datagrams } = setup();
    udp('1.2.3.4', 99, 'one');
    udp('5.6.7.8', 99, 'two');
    udp('1.2.3.4', 99, 'three', 1001);
    expect(sockets.map(({ sent }) => sent)).toEqual([
      [
        ['1.2.3.4', 99, 'one'],
        ['5.6.7.8', 99, 'two'],
      ],
      [['1.2.3.4', 99, 'three']],
    ]);
    sockets[0].receive('5.6.7.8', 99, bytesOf('answer'));
    sockets[0].receive('5.6.7.8', 98, bytesOf('stranger'));
    sockets[0].receive('9.9.9.9', 99, bytesOf('stranger'));
    expect(
      datagrams().map(({ source, destination, sourcePort, destinationPort, data }) => [
        source,
        destination,
        sourcePort,
        destinationPort,
        text(data),
      ]),
    ).toEqual([[ip('5.6.7.8'), GUEST, 99, 1000, 'answer']]);
  });

  it('name server queries go to the host’s, and their answers come from the network’s', () => {
    const { udp, sockets, datagrams } = setup();
    udp('10.0.2.3', 53, 'query');
    udp('10.0.2.3', 54, 'no');
    expect(sockets.map(({ sent }) => sent)).toEqual([[['192.168.1.1', 5353, 'query']]]);
    sockets[0].receive('192.168.1.1', 5353, bytesOf('answer'));
    expect(datagrams()).toMatchObject([{ source: ip('10.0.2.3'), sourcePort: 53, destinationPort: 1000 }]);
  });

  it('the host itself is reached only if that is allowed, and only as the router', () => {
    const forbidden = ['127.0.0.1', '0.0.0.0', '224.0.0.1', '255.255.255.255', '10.0.2.4', '10.0.2.255'];
    for (const hostAccess of [false, true]) {
      const { udp, tcp, sockets, streams, segments } = setup({ hostAccess });
      for (const address of [...forbidden, '10.0.2.2']) {
        udp(address, 7, 'x');
        tcp(address, { flags: 2, sequence: 5 });
      }
      const reached = hostAccess ? [['127.0.0.1', 7, 'x']] : [];
      expect(sockets.flatMap(({ sent }) => sent)).toEqual(reached);
      expect(streams.map(({ address }) => address)).toEqual(hostAccess ? ['127.0.0.1'] : []);
      expect(segments()).toHaveLength(hostAccess ? 6 : 7);
    }
  });

  it('long answers come in fragments, fragments from the guest do not go out', () => {
    const { udp, sockets, packets } = setup();
    udp('1.2.3.4', 99, 'x'.repeat(1472));
    udp('1.2.3.4', 99, 'x'.repeat(1473));
    expect(sockets[0].sent.map(([, , data]) => data.length)).toEqual([1472]);
    sockets[0].receive('1.2.3.4', 99, bytesOf('y'.repeat(3000)));
    const parts = packets();
    expect(parts.map(({ fragment, payload }) => [fragment, payload.length])).toEqual([
      [true, 1480],
      [true, 1480],
      [true, 48],
    ]);
    sockets[0].receive('1.2.3.4', 99, new Uint8Array(65508));
    expect(packets()).toEqual([]);
  });

  it('flows end when they are idle, and the oldest makes room', () => {
    const { network, udp, sockets, clock } = setup();
    expect(network.due).toBe(Infinity);
    udp('1.2.3.4', 9, 'a', 1);
    clock.now = 50_000;
    udp('1.2.3.4', 9, 'a', 2);
    expect([network.due, network.flows]).toEqual([60_000, 2]);
    clock.now = 60_000;
    network.tick();
    expect([sockets.map(({ closed }) => closed), network.due]).toEqual([[true, false], 110_000]);
    for (let port = 100; port < 356; port++) udp('1.2.3.4', 9, 'a', port);
    expect([sockets[1].closed, sockets[2].closed, network.flows]).toEqual([true, false, 256]);
    network.close();
    expect([network.flows, sockets.every(({ closed }) => closed)]).toEqual([0, true]);
  });

  it('damaged datagrams are dropped', () => {
    const { packet, sockets } = setup();
    const good = Uint8Array.from([3, 232, 0, 99, 0, 9, 0, 0, 65]);
    packet('1.2.3.4', 17, good);
    packet('1.2.3.4', 17, changed(good, 6, 1));
    packet('1.2.3.4', 17, changed(good, 5, 10));
    packet('1.2.3.4', 17, changed(good, 5, 7));
    packet('1.2.3.4', 17, good, ip('10.0.3.15'));
    expect(sockets.flatMap(({ sent }) => sent)).toEqual([['1.2.3.4', 99, 'A']]);
  });
});

it('frames that make no sense are dropped', () => {
  const { network, ethernet, frames, streams } = setup();
  network.receive(new Uint8Array(13));
  network.receive(Uint8Array.from([...MAC, 1, 2, 3, 4, 5, 6, 8, 6]));
  ethernet(0x86dd, new Uint8Array(60));
  ethernet(0x800, new Uint8Array(0));
  ethernet(0x800, hex('4500003c1c4640004006b1e6ac100a63ac100a0c'));
  expect([frames, streams]).toEqual([[], []]);
});
