/** The guest's TCP connections, each with a stream of the host behind it. */
import type { HostStream, Sockets, StreamEvents } from './sockets.js';
import { TcpConnection, type ConnectionPort } from './tcp-connection.js';
import { Flag, type TcpSegment } from './tcp-segment.js';

const MAX_CONNECTIONS = 512;
/** Distance of initial sequence numbers: more than a connection's window. */
const SEQUENCE_STEP = 0x2_0000;
/** Ports that connections from outside seem to come from. */
const FIRST_PORT = 49152;
const PORTS = 16384;

export interface TcpPair {
  readonly guest: { readonly address: number; readonly port: number };
  readonly peer: { readonly address: number; readonly port: number };
}

/** Whom the host connects to. */
export interface RealPeer {
  readonly address: string;
  readonly port: number;
}

/** Sends a segment to the guest. */
export type DeliverSegment = (pair: TcpPair, segment: TcpSegment) => void;

export class TcpNat {
  private readonly sockets: Sockets;
  private readonly now: () => number;
  private readonly deliver: DeliverSegment;
  private readonly connections = new Map<string, TcpConnection>();
  private sequence = 1;
  private nextPort = 0;

  constructor(sockets: Sockets, now: () => number, deliver: DeliverSegment) {
    this.sockets = sockets;
    this.now = now;
    this.deliver = deliver;
  }

  /** Connections that are known, finished ones for a while too. */
  get count(): number {
    return this.connections.size;
  }

  /** @param real where the host connects to for the pair's peer; undefined = nowhere */
  receive(pair: TcpPair, segment: TcpSegment, real: RealPeer | undefined): void {
    const key = keyOf(pair);
    const known = this.connections.get(key);
    const opens = (segment.flags & (Flag.Syn | Flag.Ack | Flag.Rst)) === Flag.Syn;
    if (known !== undefined && !(opens && known.lingering)) {
      known.receive(segment);
      return;
    }
    known?.drop();
    if (!opens || real === undefined || this.connections.size >= MAX_CONNECTIONS) this.refuse(pair, segment);
    else this.accept(pair, segment, real);
  }

  private accept(pair: TcpPair, segment: TcpSegment, real: RealPeer): void {
    const connection = this.make(pair);
    const stream = this.sockets.connect(real.address, real.port, connection);
    connection.acceptGuest(segment, stream);
  }

  private make(pair: TcpPair): TcpConnection {
    const key = keyOf(pair);
    const { guest, peer } = pair;
    const port: ConnectionPort = {
      now: this.now,
      send: (segment) => this.deliver(pair, { ...segment, sourcePort: peer.port, destinationPort: guest.port }),
      closed: () => {
        if (this.connections.get(key) === connection) this.connections.delete(key);
      },
    };
    this.sequence = (this.sequence + SEQUENCE_STEP) >>> 0;
    const connection: TcpConnection = new TcpConnection(port, this.sequence);
    this.connections.set(key, connection);
    return connection;
  }

  /** RFC 9293, section 3.10.7.1: a segment for nobody is answered with a reset that it believes. */
  private refuse(pair: TcpPair, segment: TcpSegment): void {
    const { flags, data } = segment;
    if (flags & Flag.Rst) return;
    const length = data.length + (flags & Flag.Syn ? 1 : 0) + (flags & Flag.Fin ? 1 : 0);
    const acknowledged = (flags & Flag.Ack) !== 0;
    this.deliver(pair, {
      sourcePort: pair.peer.port,
      destinationPort: pair.guest.port,
      sequence: acknowledged ? segment.acknowledgment : 0,
      acknowledgment: acknowledged ? 0 : (segment.sequence + length) >>> 0,
      flags: acknowledged ? Flag.Rst : Flag.Rst | Flag.Ack,
      window: 0,
      maximumSegment: 0,
      data: new Uint8Array(0),
    });
  }

  /** A connection from outside. @returns its events, or undefined if there are too many */
  open(guest: TcpPair['guest'], peerAddress: number, stream: HostStream): StreamEvents | undefined {
    if (this.connections.size >= MAX_CONNECTIONS) return undefined;
    for (let tried = 0; tried < PORTS; tried++) {
      const port = FIRST_PORT + (this.nextPort++ % PORTS);
      const pair = { guest, peer: { address: peerAddress, port } };
      if (this.connections.has(keyOf(pair))) continue;
      const connection = this.make(pair);
      connection.openToGuest(stream);
      return connection;
    }
    return undefined;
  }

  /** When `expire` is due, in ms; Infinity = never. */
  get due(): number {
    let due = Infinity;
    for (const connection of this.connections.values()) due = Math.min(due, connection.due);
    return due;
  }

  expire(): void {
    for (const connection of [...this.connections.values()]) connection.expire();
  }

  clear(): void {
    for (const connection of [...this.connections.values()]) connection.drop();
  }
}

function keyOf({ guest, peer }: TcpPair): string {
  return `${guest.address}:${guest.port}:${peer.address}:${peer.port}`;
}
