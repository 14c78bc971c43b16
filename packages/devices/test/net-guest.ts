/** A guest on a user network, frame by frame, and sockets that do what the test says. */
import {
  UserNetwork,
  type HostStream,
  type Sockets,
  type StreamEvents,
  type UserNetworkOptions,
} from '../src/index.js';
import { buildIpv4, buildUdp, parseAddress, parseIpv4, parseUdp, type Ipv4Packet } from '../src/net/ipv4.js';
import { buildTcp, parseTcp, type TcpSegment } from '../src/net/tcp-segment.js';

export const MAC = [0x52, 0x54, 0, 0x12, 0x34, 0x56];
export const ip = parseAddress;
export const GUEST = ip('10.0.2.15');
export const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
export const bytesOf = (string: string): Uint8Array => new TextEncoder().encode(string);

export class FakeStream implements HostStream {
  readonly address: string;
  readonly port: number;
  readonly events: StreamEvents | undefined;
  sent = '';
  pending = 0;
  state = '';
  paused = false;

  constructor(address: string, port: number, events?: StreamEvents) {
    this.address = address;
    this.port = port;
    this.events = events;
  }

  send(bytes: Uint8Array): void {
    this.sent += text(bytes);
  }

  end(): void {
    this.state += 'end ';
  }

  reset(): void {
    this.state += 'reset ';
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }
}

export interface FakeSocket {
  readonly sent: [string, number, string][];
  readonly receive: (address: string, port: number, bytes: Uint8Array) => void;
  closed: boolean;
}

export function setup(options?: UserNetworkOptions) {
  const frames: Uint8Array[] = [];
  const streams: FakeStream[] = [];
  const sockets: FakeSocket[] = [];
  const clock = { now: 0 };
  const host: Sockets = {
    nameServer: { address: '192.168.1.1', port: 5353 },
    connect: (address, port, events) => {
      const stream = new FakeStream(address, port, events);
      streams.push(stream);
      return stream;
    },
    datagrams: (receive) => {
      const socket: FakeSocket = { sent: [], receive, closed: false };
      sockets.push(socket);
      return {
        send: (address, port, bytes) => void socket.sent.push([address, port, text(bytes)]),
        close: () => void (socket.closed = true),
      };
    },
  };
  const network = new UserNetwork(
    (frame) => frames.push(frame),
    host,
    () => clock.now,
    options,
  );
  const ethernet = (type: number, payload: Uint8Array): void =>
    network.receive(Uint8Array.from([0x52, 0x55, 10, 0, 2, 2, ...MAC, type >> 8, type & 255, ...payload]));
  const packet = (to: string, protocol: number, payload: Uint8Array, from = GUEST): void => {
    for (const part of buildIpv4({ source: from, destination: ip(to), protocol, payload }, 1500, 1))
      ethernet(0x800, part);
  };
  const udp = (
    to: string,
    destinationPort: number,
    data: string | Uint8Array,
    sourcePort = 1000,
    from = GUEST,
  ): void => {
    const bytes = typeof data === 'string' ? bytesOf(data) : data;
    packet(to, 17, buildUdp(from, ip(to), { sourcePort, destinationPort, data: bytes }), from);
  };
  const tcp = (to: string, segment: Partial<TcpSegment>): void => {
    const whole = { ...EMPTY, sourcePort: 2000, destinationPort: 80, ...segment };
    packet(to, 6, buildTcp(GUEST, ip(to), whole));
  };
  /** Takes what has come, as IPv4 packets. */
  const packets = (): Ipv4Packet[] => frames.splice(0).map((frame) => parseIpv4(frame.subarray(14))!);
  const segments = (): TcpSegment[] => packets().map((one) => parseTcp(one)!);
  const datagrams = () => packets().map((one) => ({ ...one, ...parseUdp(one)! }));
  return { network, frames, streams, sockets, clock, ethernet, packet, udp, tcp, packets, segments, datagrams };
}

export const EMPTY = {
  sequence: 0,
  acknowledgment: 0,
  flags: 0,
  window: 60000,
  maximumSegment: 0,
  data: new Uint8Array(0),
};
