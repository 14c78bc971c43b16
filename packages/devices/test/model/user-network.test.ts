/** TCP over a link that loses frames both ways, against a guest that is as simple as one can be; and garbage. */
import { expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { distance } from '../../src/net/tcp-segment.js';
import { bytesOf, setup, text } from '../net-guest.js';

const PEER = '1.2.3.4';
const [FIN, SYN, RST, ACK] = [1, 2, 4, 16];

/** Stop and wait: one segment at a time, sent again at every tick; what comes in order is kept, all is acknowledged. */
class NaiveGuest {
  received = '';
  finReceived = false;
  reset = false;
  private readonly net: ReturnType<typeof setup>;
  private readonly toSend: string;
  private readonly windows: readonly number[];
  private readonly lose: () => boolean;
  private sent = -1; // acknowledged sequence numbers behind the SYN
  private expected: number | undefined;
  private turn = 0;

  constructor(net: ReturnType<typeof setup>, toSend: string, windows: readonly number[], lose: () => boolean) {
    this.net = net;
    this.toSend = toSend;
    this.windows = windows;
    this.lose = lose;
  }

  private emit(flags: number, data = ''): void {
    if (this.lose()) return;
    const window = this.windows[this.turn++ % this.windows.length];
    const acknowledgment = this.expected ?? 0;
    const all = flags | (this.expected === undefined ? 0 : ACK);
    const sequence = (0xffff_ff00 + this.sent + 1) >>> 0;
    this.net.tcp(PEER, {
      flags: all,
      sequence,
      acknowledgment,
      window,
      maximumSegment: flags & SYN ? 100 : 0,
      data: bytesOf(data),
    });
  }

  /** The FIN has a number of its own behind the data. */
  get done(): boolean {
    return this.finReceived && this.sent === this.toSend.length + 1;
  }

  send(): void {
    if (this.sent < 0) this.emit(SYN);
    else if (this.sent < this.toSend.length) this.emit(0, this.toSend.slice(this.sent, this.sent + 70));
    else if (this.sent === this.toSend.length) this.emit(FIN);
    else this.emit(0);
  }

  receive(): void {
    for (const segment of this.net.segments()) {
      if (this.lose()) continue;
      if (segment.flags & RST) this.reset = true;
      this.sent = Math.max(this.sent, distance(segment.acknowledgment, 0xffff_ff00) - 1);
      if (segment.flags & SYN) this.expected ??= (segment.sequence + 1) >>> 0;
      else if (segment.sequence === this.expected && !this.finReceived) {
        this.received += text(segment.data);
        this.finReceived = (segment.flags & FIN) !== 0;
        this.expected = (this.expected + segment.data.length + (this.finReceived ? 1 : 0)) >>> 0;
      }
      this.emit(0);
    }
  }
}

const letters = (length: number, from: number): string =>
  Array.from({ length }, (_, i) => String.fromCharCode(from + (i % 26))).join('');

it('both streams arrive whole, whatever is lost', () => {
  let lost = 0;
  fc.assert(
    fc.property(
      fc.nat({ max: 2000 }),
      fc.array(fc.nat({ max: 900 }), { maxLength: 5 }),
      fc.array(fc.constantFrom(0, 30, 250, 60000), { minLength: 1, maxLength: 4 }),
      fc.infiniteStream(fc.integer({ min: 0, max: 99 })),
      fc.constantFrom(0, 5, 15),
      (guestBytes, chunks, windows, dice, percent) => {
        const net = setup();
        const lose = (): boolean => dice.next().value! < percent && ++lost > 0;
        const guest = new NaiveGuest(net, letters(guestBytes, 97), [...windows, 1000], lose);
        const chunk = (length: number): string => letters(length, 65);
        let started = false;
        // Bounded by the retries of a connection: far more turns than any loss needs.
        for (let turn = 0; turn < 4000 && !(started && net.network.flows === 0); turn++) {
          if (!guest.done) guest.send();
          const [stream] = net.streams;
          if (stream !== undefined && !started) {
            started = true;
            stream.events!.connected();
            for (const length of chunks) stream.events!.data(bytesOf(chunk(length)));
            stream.events!.ended();
          }
          guest.receive();
          net.clock.now += 500;
          net.network.tick();
        }
        expect([guest.done, guest.reset, guest.received]).toEqual([true, false, chunks.map(chunk).join('')]);
        expect([net.streams[0].sent, net.streams[0].state]).toEqual([letters(guestBytes, 97), 'end ']);
        expect([net.network.flows, net.network.due]).toEqual([0, Infinity]);
      },
    ),
    { numRuns: 60 },
  );
  expect(lost).toBeGreaterThan(100);
});

it('frames of any bytes are survived, and a connection beside them too', () => {
  const header = fc.constantFrom([8, 0, 0x45, 0], [8, 6, 0, 1], [8, 0, 0x4f, 0]);
  const frame = fc.tuple(header, fc.uint8Array({ maxLength: 80 }));
  // Intact packets with a payload of garbage reach further.
  const packet = fc.record({ protocol: fc.constantFrom(1, 6, 17), payload: fc.uint8Array({ maxLength: 60 }) });
  const segment = fc.record({
    flags: fc.nat({ max: 63 }),
    sequence: fc.oneof(fc.integer({ min: 90, max: 120 }), fc.nat({ max: 0xffffffff })),
    acknowledgment: fc.oneof(fc.integer({ min: 0x2_0000, max: 0x2_0010 }), fc.nat({ max: 0xffffffff })),
    window: fc.nat({ max: 65535 }),
    data: fc.uint8Array({ maxLength: 20 }),
  });
  fc.assert(
    fc.property(fc.array(fc.oneof(frame, packet, segment, segment), { maxLength: 60 }), (actions) => {
      const net = setup();
      for (const action of actions) {
        if (Array.isArray(action))
          net.network.receive(Uint8Array.from([1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, ...action[0], ...action[1]]));
        else if ('flags' in action) net.tcp(PEER, action);
        else net.packet('1.2.3.4', action.protocol, action.payload);
        const stream = net.streams.at(-1);
        if (stream !== undefined && stream.state === '') {
          stream.events!.connected();
          stream.events!.data(new Uint8Array(10));
        }
        net.clock.now += 700;
        net.network.tick();
        expect(net.network.flows).toBeLessThan(300);
      }
      for (const answer of net.packets()) expect(answer).not.toBeNull();
    }),
  );
});
