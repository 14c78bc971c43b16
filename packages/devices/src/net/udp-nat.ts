/**
 * UDP of the guest's: each of its ports gets a socket of the host, as long as it is used. Answers come only from where the
 * guest has sent to.
 */
import type { HostDatagrams, Sockets } from './sockets.js';

/** Ports of the guest at a time, peers of one, and how long one lives without traffic. */
const MAX_FLOWS = 256;
const MAX_PEERS = 64;
const IDLE_MS = 60_000;

interface Endpoint {
  readonly address: number;
  readonly port: number;
}

interface Flow {
  readonly socket: HostDatagrams;
  /** What the guest calls whom the host calls `address:port`. */
  readonly peers: Map<string, Endpoint>;
  lastMs: number;
}

/** Delivers a datagram to the guest. */
export type DeliverDatagram = (from: Endpoint, to: Endpoint, data: Uint8Array) => void;

export class UdpNat {
  private readonly sockets: Sockets;
  private readonly deliver: DeliverDatagram;
  /** In order of last use. */
  private readonly flows = new Map<string, Flow>();

  constructor(sockets: Sockets, deliver: DeliverDatagram) {
    this.sockets = sockets;
    this.deliver = deliver;
  }

  /** Flows in use. */
  get count(): number {
    return this.flows.size;
  }

  /** @param real where the host sends it */
  send(
    from: Endpoint,
    to: Endpoint,
    real: { readonly address: string; readonly port: number },
    data: Uint8Array,
    nowMs: number,
  ): void {
    const key = `${from.address}:${from.port}`;
    const flow = this.flows.get(key) ?? this.open(from);
    this.flows.delete(key);
    this.flows.set(key, flow);
    flow.lastMs = nowMs;
    const peer = `${real.address}:${real.port}`;
    if (flow.peers.size >= MAX_PEERS && !flow.peers.has(peer)) flow.peers.delete(flow.peers.keys().next().value!);
    flow.peers.set(peer, to);
    flow.socket.send(real.address, real.port, data.slice());
  }

  private open(guest: Endpoint): Flow {
    if (this.flows.size >= MAX_FLOWS) this.close(this.flows.keys().next().value!);
    const peers = new Map<string, Endpoint>();
    const socket = this.sockets.datagrams((address, port, bytes) => {
      const peer = peers.get(`${address}:${port}`);
      if (peer !== undefined) this.deliver(peer, guest, bytes);
    });
    return { socket, peers, lastMs: 0 };
  }

  private close(key: string): void {
    const flow = this.flows.get(key);
    this.flows.delete(key);
    flow?.peers.clear();
    flow?.socket.close();
  }

  /** When `expire` is due, in ms; Infinity = never. */
  get due(): number {
    const oldest = this.flows.values().next();
    return oldest.done ? Infinity : oldest.value.lastMs + IDLE_MS;
  }

  /** Closes what has been idle. */
  expire(nowMs: number): void {
    for (const [key, flow] of [...this.flows]) {
      if (flow.lastMs + IDLE_MS > nowMs) break;
      this.close(key);
    }
  }

  clear(): void {
    for (const key of [...this.flows.keys()]) this.close(key);
  }
}
