import { describe, expect, it } from '@jest/globals';
import { FakeStream, bytesOf, setup, text } from '../../net-guest.js';

const FIN = 1;
const SYN = 2;
const RST = 4;
const ACK = 16;
const PEER = '1.2.3.4';

/** A connection that the guest has opened: its next sequence number is 101, ours is `our`. */
function open(options: { window?: number; maximumSegment?: number } = {}) {
  const net = setup();
  const { window = 60000, maximumSegment = 1460 } = options;
  net.tcp(PEER, { flags: SYN, sequence: 100, maximumSegment, window });
  const stream = net.streams[0];
  stream.events!.connected();
  const our = net.segments()[0].sequence + 1;
  net.tcp(PEER, { flags: ACK, sequence: 101, acknowledgment: our, window });
  const guest = (flags: number, at: number, acknowledged: number, data = '', size = window): void =>
    net.tcp(PEER, {
      flags: flags | ACK,
      sequence: 101 + at,
      acknowledgment: our + acknowledged,
      window: size,
      data: bytesOf(data),
    });
  /** What has come: flags, sequence and acknowledgment relative to the start, data. */
  const seen = () =>
    net
      .segments()
      .map(({ flags, sequence, acknowledgment, data }) => [
        flags & ~8,
        sequence - our,
        acknowledgment - 101,
        text(data),
      ]);
  return { ...net, stream, our, guest, seen };
}

describe('opening', () => {
  it('is answered when the host is connected', () => {
    const { tcp, streams, segments } = setup();
    tcp(PEER, { flags: SYN, sequence: 0xffffffff, maximumSegment: 1400 });
    tcp(PEER, { flags: SYN, sequence: 0xffffffff, maximumSegment: 1400 });
    expect([streams.map(({ address, port }) => [address, port]), segments()]).toEqual([[[PEER, 80]], []]);
    streams[0].events!.connected();
    expect(segments()).toMatchObject([
      {
        flags: SYN | ACK,
        acknowledgment: 0,
        maximumSegment: 1460,
        window: 65535,
        sourcePort: 80,
        destinationPort: 2000,
      },
    ]);
  });

  it('is refused when the host is', () => {
    const { tcp, network, streams, segments } = setup();
    tcp(PEER, { flags: SYN, sequence: 100 });
    streams[0].events!.failed('refused');
    expect(segments()).toMatchObject([{ flags: RST | ACK, acknowledgment: 101 }]);
    expect([streams[0].state, network.flows, network.due]).toEqual(['', 0, Infinity]);
  });

  it('is given up when the guest does', () => {
    const { tcp, network, streams, segments } = setup();
    tcp(PEER, { flags: SYN, sequence: 100 });
    tcp(PEER, { flags: RST, sequence: 101 });
    expect([streams[0].state, segments(), network.flows]).toEqual(['reset ', [], 0]);
    streams[0].events!.connected();
    expect(segments()).toEqual([]);
  });

  it('SYN-ACK is sent again, later each time, and in the end a reset', () => {
    const { tcp, network, streams, segments, clock } = setup();
    tcp(PEER, { flags: SYN, sequence: 100 });
    streams[0].events!.connected();
    const times: number[] = [];
    while (network.due !== Infinity) {
      times.push(network.due);
      clock.now = network.due - 1;
      network.tick();
      clock.now++;
      network.tick();
    }
    expect(times).toEqual([1000, 3000, 7000, 15000, 31000, 63000, 123000, 183000, 243000]);
    expect(segments().map(({ flags }) => flags)).toEqual([...new Array<number>(9).fill(SYN | ACK), RST | ACK]);
    expect(streams[0].state).toBe('reset ');
  });

  it('there is a limit of connections', () => {
    const { tcp, network, streams, segments } = setup();
    for (let i = 0; i < 513; i++) tcp(PEER, { flags: SYN, sourcePort: 3000 + i });
    expect([streams.length, network.flows]).toEqual([512, 512]);
    expect(segments()).toMatchObject([{ flags: RST | ACK, destinationPort: 3512 }]);
  });

  it('segments for nobody are answered with resets, resets are not', () => {
    const { tcp, segments } = setup();
    tcp(PEER, { flags: ACK, sequence: 5, acknowledgment: 77 });
    tcp(PEER, { flags: FIN, sequence: 5, data: bytesOf('abc') });
    tcp(PEER, { flags: RST, sequence: 5 });
    expect(segments()).toMatchObject([
      { flags: RST, sequence: 77 },
      { flags: RST | ACK, sequence: 0, acknowledgment: 9 },
    ]);
  });
});

describe('data from the guest', () => {
  it('goes out in order, once', () => {
    const { guest, stream, seen } = open();
    guest(0, 0, 0, 'hello');
    guest(0, 0, 0, 'hello');
    guest(0, 3, 0, 'lo world');
    guest(0, 20, 0, 'early');
    expect(stream.sent).toBe('hello world');
    expect(seen()).toEqual([5, 5, 11, 11].map((acknowledged) => [ACK, 0, acknowledged, '']));
  });

  it('stops at the window, which opens again when the host has taken enough', () => {
    const { guest, stream, segments, seen } = open();
    stream.pending = 65000;
    guest(0, 0, 0, 'a');
    expect(segments()[0].window).toBe(535);
    stream.pending = 65535;
    guest(0, 1, 0, 'b');
    expect([stream.sent, seen()]).toEqual(['a', [[ACK, 0, 1, '']]]);
    stream.pending = 63000;
    stream.events!.drained();
    expect(seen()).toEqual([]);
    stream.pending = 62000;
    stream.events!.drained();
    expect(segments()[0].window).toBe(3535);
    stream.events!.drained();
    expect(seen()).toEqual([]);
  });

  it('probes of an idle connection are answered', () => {
    const { guest, seen } = open();
    guest(0, -1, 0);
    expect(seen()).toEqual([[ACK, 0, 0, '']]);
  });

  it('an acknowledgment of what was never sent is answered and does nothing', () => {
    const { guest, stream, seen } = open();
    guest(0, 0, 1, 'x');
    expect([seen(), stream.sent]).toEqual([[[ACK, 0, 0, '']], '']);
  });
});

describe('data from the host', () => {
  it('is cut at the segment size and the window', () => {
    const { guest, stream, seen } = open({ window: 25, maximumSegment: 10 });
    stream.events!.data(bytesOf('abcdefghijklmnopqrstuvwxyz0123'));
    expect(seen()).toEqual([
      [ACK, 0, 0, 'abcdefghij'],
      [ACK, 10, 0, 'klmnopqrst'],
      [ACK, 20, 0, 'uvwxy'],
    ]);
    guest(0, 0, 10);
    expect(seen()).toEqual([[ACK, 25, 0, 'z0123']]);
  });

  it('without the option segments are of 536 bytes', () => {
    const { stream, segments } = open({ maximumSegment: 0 });
    stream.events!.data(new Uint8Array(600));
    expect(segments().map(({ data }) => data.length)).toEqual([536, 64]);
  });

  it('is sent again after three equal acknowledgments, or when time is up', () => {
    const { network, guest, stream, seen, clock } = open({ maximumSegment: 10 });
    stream.events!.data(bytesOf('abcdefghijklmnopqrst'));
    seen();
    for (let i = 0; i < 2; i++) guest(0, 0, 0);
    expect(seen()).toEqual([]);
    guest(0, 0, 0);
    expect(seen().map(([, at]) => at)).toEqual([0, 10]);
    guest(0, 0, 10);
    clock.now = network.due;
    expect(clock.now).toBe(1000);
    network.tick();
    expect(seen()).toEqual([[ACK, 10, 0, 'klmnopqrst']]);
    guest(0, 0, 20);
    expect(network.due).toBe(Infinity);
  });

  it('an acknowledgment of everything counts while it is being sent again', () => {
    const { network, guest, stream, seen, clock } = open({ window: 20, maximumSegment: 10 });
    stream.events!.data(bytesOf('abcdefghijklmnopqrstu'));
    seen();
    clock.now = network.due;
    network.tick();
    seen();
    guest(0, 0, 20);
    expect(seen()).toEqual([[ACK, 20, 0, 'u']]);
  });

  it('so does one of more than a smaller window has let be sent again', () => {
    const { network, guest, stream, seen, clock } = open({ window: 20 });
    stream.events!.data(bytesOf('abcdefghijklmnopqrstu'));
    guest(0, 0, 0, '', 5);
    seen();
    clock.now = network.due;
    network.tick();
    expect(seen()).toEqual([[ACK, 0, 0, 'abcde']]);
    guest(0, 0, 20);
    expect(seen()).toEqual([[ACK, 20, 0, 'u']]);
  });

  it('a closed window is probed for ever, and what it did not take comes again', () => {
    const { network, guest, stream, seen, clock } = open({ window: 3 });
    stream.events!.data(bytesOf('abcdef'));
    guest(0, 0, 3, '', 0);
    seen();
    for (let i = 0; i < 20; i++) {
      clock.now = network.due;
      network.tick();
      expect(seen()).toEqual([[ACK, 3, 0, 'd']]);
      guest(0, 0, 3, '', 0);
    }
    guest(0, 0, 3, '', 100);
    expect(seen()).toEqual([[ACK, 3, 0, 'def']]);
  });

  it('the host is held back while the guest does not take it', () => {
    const { guest, stream } = open({ window: 0 });
    stream.events!.data(new Uint8Array(256 * 1024));
    expect(stream.paused).toBe(false);
    stream.events!.data(new Uint8Array(1));
    expect(stream.paused).toBe(true);
    let acknowledged = 0;
    while (stream.paused && acknowledged < 300_000) {
      guest(0, 0, acknowledged, '', 60000);
      acknowledged += 58400;
      guest(0, 0, acknowledged, '', 60000);
    }
    expect([stream.paused, acknowledged]).toEqual([false, 3 * 58400]);
  });
});

describe('closing', () => {
  it('by the guest first: each side on its own', () => {
    const { network, guest, stream, seen, clock } = open();
    guest(FIN, 0, 0, 'bye');
    expect([stream.sent, stream.state, seen()]).toEqual(['bye', 'end ', [[ACK, 0, 4, '']]]);
    guest(0, 4, 0, 'zombie');
    expect([stream.sent, seen()]).toEqual(['bye', [[ACK, 0, 4, '']]]);
    stream.events!.data(bytesOf('more'));
    stream.events!.ended();
    expect(seen()).toEqual([
      [ACK, 0, 4, 'more'],
      [FIN | ACK, 4, 4, ''],
    ]);
    guest(0, 4, 5);
    expect([network.flows, network.due]).toEqual([1, 10_000]);
    guest(FIN, 3, 5);
    expect(seen()).toEqual([[ACK, 5, 4, '']]);
    clock.now = 10_000;
    network.tick();
    expect([network.flows, stream.state]).toEqual([0, 'end ']);
  });

  it('by the host first, with data of the guest in between; a lost FIN is sent again', () => {
    const { network, guest, stream, seen, clock } = open();
    stream.events!.ended();
    expect(seen()).toEqual([[FIN | ACK, 0, 0, '']]);
    clock.now = network.due;
    network.tick();
    expect(seen()).toEqual([[FIN | ACK, 0, 0, '']]);
    guest(0, 0, 1, 'late');
    expect([stream.sent, seen()]).toEqual(['late', [[ACK, 1, 4, '']]]);
    expect(network.due).toBe(Infinity);
    guest(FIN, 4, 1);
    expect([stream.state, seen(), network.due]).toEqual(['end ', [[ACK, 1, 5, '']], 11_000]);
  });

  it('a last word that opens a closed window is the last word', () => {
    const { network, guest, stream, clock } = open({ window: 0 });
    stream.events!.ended();
    guest(FIN, 0, 1, '', 1000);
    expect(network.due).toBe(10_000);
    clock.now = 10_000;
    network.tick();
    expect(network.flows).toBe(0);
  });

  it('a finished connection makes room for a new one', () => {
    const { guest, stream, streams, tcp } = open();
    stream.events!.ended();
    guest(FIN, 0, 1);
    tcp(PEER, { flags: SYN, sequence: 5000 });
    expect(streams).toHaveLength(2);
    expect(stream.state).toBe('end ');
  });

  it('resets go both ways', () => {
    const one = open();
    one.guest(RST, 1, 0);
    expect([one.stream.state, one.seen(), one.network.flows]).toEqual(['', [[ACK, 0, 0, '']], 1]);
    one.guest(RST, 70000, 0);
    expect([one.stream.state, one.seen()]).toEqual(['', []]);
    one.guest(RST, 0, 0);
    expect([one.stream.state, one.seen(), one.network.flows]).toEqual(['reset ', [], 0]);
    const other = open();
    other.stream.events!.data(bytesOf('x'));
    other.seen();
    other.stream.events!.failed('reset');
    expect([other.seen(), other.network.flows, other.network.due]).toEqual([[[RST | ACK, 1, 0, '']], 0, Infinity]);
  });

  it('the network ends', () => {
    const { network, stream, seen } = open();
    network.close();
    expect([stream.state, seen(), network.flows]).toEqual(['reset ', [], 0]);
  });
});

describe('forwarding', () => {
  it('asks the guest, then carries', () => {
    const { network, tcp, segments } = setup();
    const stream = new FakeStream('', 0);
    const events = network.connectToGuest(22, stream)!;
    expect(stream.paused).toBe(true);
    events.data(bytesOf('hello'));
    const [syn] = segments();
    expect(syn).toMatchObject({ flags: SYN, destinationPort: 22, maximumSegment: 1460 });
    const to = { sourcePort: 22, destinationPort: syn.sourcePort };
    tcp('10.0.2.2', { ...to, flags: SYN | ACK, sequence: 500, acknowledgment: syn.sequence, maximumSegment: 1460 });
    expect(segments()).toEqual([]);
    tcp('10.0.2.2', { ...to, flags: SYN | ACK, sequence: 500, acknowledgment: syn.sequence + 1, maximumSegment: 1460 });
    expect(segments().map(({ flags, acknowledgment, data }) => [flags & ~8, acknowledgment, text(data)])).toEqual([
      [ACK, 501, ''],
      [ACK, 501, 'hello'],
    ]);
    expect(stream.paused).toBe(false);
    tcp('10.0.2.2', { ...to, flags: ACK, sequence: 501, acknowledgment: syn.sequence + 6, data: bytesOf('hi') });
    expect(stream.sent).toBe('hi');
  });

  it('a guest that refuses resets the stream', () => {
    const { network, tcp, segments } = setup();
    const stream = new FakeStream('', 0);
    network.connectToGuest(22, stream);
    const [syn] = segments();
    tcp('10.0.2.2', {
      sourcePort: 22,
      destinationPort: syn.sourcePort,
      flags: RST | ACK,
      acknowledgment: syn.sequence + 1,
    });
    expect([stream.state, network.flows]).toEqual(['reset ', 0]);
  });
});
