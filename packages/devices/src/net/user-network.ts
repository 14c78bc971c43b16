/**
 * A network of one guest and a router, behind which the host's sockets are the world: no privilege, no interface, no
 * packet of the guest's ever leaves. ARP, DHCP, echo (of the router), and UDP and TCP translated to `Sockets`.
 *
 * Units      frames without checksums; times in ms of the clock given
 * Trust      every frame is the guest's word. It reaches what `Sockets` lets it; loopback, multicast and the network
 *            itself never get that far
 * Source     RFC 826 (ARP), RFC 792 (ICMP), and the addresses of QEMU's user networking
 */
import { DHCP_CLIENT_PORT, DHCP_SERVER_PORT, answerDhcp, type Lease } from './dhcp.js';
import {
  Protocol,
  buildIpv4,
  buildUdp,
  fold,
  formatAddress,
  get16,
  get32,
  parseAddress,
  parseIpv4,
  parseUdp,
  set16,
  set32,
  sum,
  type Ipv4Packet,
} from './ipv4.js';
import type { HostStream, Sockets, StreamEvents } from './sockets.js';
import { TcpNat, type TcpPair } from './tcp-nat.js';
import { buildTcp, parseTcp, type TcpSegment } from './tcp-segment.js';
import { UdpNat } from './udp-nat.js';

const ETHERNET_BYTES = 14;
const MTU = 1500;
const EtherType = { Ipv4: 0x0800, Arp: 0x0806 } as const;
const ARP_BYTES = 28;
const DNS_PORT = 53;
const BROADCAST = 0xffffffff;
const MASK = 0xffffff00;
const ANY_MAC = Uint8Array.of(255, 255, 255, 255, 255, 255);
const LOOPBACK = '127.0.0.1';

export interface UserNetworkOptions {
  /** The network, /24: `.2` is the router, `.3` the name server, `.15` the guest. 10.0.2.0 by default. */
  readonly network?: string;
  /** The guest reaches the host's own loopback services as the router's address. False by default. */
  readonly hostAccess?: boolean;
}

export class UserNetwork {
  private readonly deliver: (frame: Uint8Array) => void;
  private readonly sockets: Sockets;
  private readonly now: () => number;
  private readonly hostAccess: boolean;
  private readonly network: number;
  private readonly lease: Lease;
  private readonly udp: UdpNat;
  private readonly tcp: TcpNat;
  /** Learnt from its frames. */
  private guestMac: Uint8Array = ANY_MAC;
  private nextId = 1;

  /**
   * @param deliver gets frames for the guest: a card's `receive`
   * @param now a clock in ms that never goes back; with it, call `tick` when `due` says
   */
  constructor(
    deliver: (frame: Uint8Array) => void,
    sockets: Sockets,
    now: () => number,
    options: UserNetworkOptions = {},
  ) {
    this.deliver = deliver;
    this.sockets = sockets;
    this.now = now;
    this.hostAccess = options.hostAccess ?? false;
    const network = (parseAddress(options.network ?? '10.0.2.0') & MASK) >>> 0;
    this.network = network;
    this.lease = { address: network + 15, mask: MASK >>> 0, gateway: network + 2, nameServer: network + 3 };
    this.udp = new UdpNat(sockets, (from, to, data) =>
      this.sendUdp(from.address, to.address, { sourcePort: from.port, destinationPort: to.port, data }),
    );
    this.tcp = new TcpNat(sockets, now, (pair, segment) => this.sendTcp(pair, segment));
  }

  /** A frame from the guest; what makes no sense is dropped. */
  receive(frame: Uint8Array): void {
    if (frame.length < ETHERNET_BYTES) return;
    const source = frame.subarray(6, 12);
    if (source[0] & 1) return;
    this.guestMac = source.slice();
    const payload = frame.subarray(ETHERNET_BYTES);
    const type = get16(frame, 12);
    if (type === EtherType.Arp) this.receiveArp(payload);
    else if (type === EtherType.Ipv4) this.receiveIpv4(payload);
  }

  /** The next time that `tick` has something to do, in ms; Infinity = not before the guest or the host speak. */
  get due(): number {
    return Math.min(this.udp.due, this.tcp.due);
  }

  /** Sends again what was lost and forgets what is over, as far as the clock has come. */
  tick(): void {
    this.udp.expire(this.now());
    this.tcp.expire();
  }

  /**
   * A connection from outside to a port of the guest's: for forwarding.
   * @param stream the host's end, already connected; it is paused until the guest has answered
   * @returns the events that the host is to report, or undefined if there are too many connections
   */
  connectToGuest(port: number, stream: HostStream): StreamEvents | undefined {
    return this.tcp.open({ address: this.lease.address, port }, this.lease.gateway, stream);
  }

  /** Drops everything: the guest has gone. */
  close(): void {
    this.udp.clear();
    this.tcp.clear();
  }

  /** Connections and UDP flows in use. */
  get flows(): number {
    return this.udp.count + this.tcp.count;
  }

  // Frames.

  private sendFrame(destination: Uint8Array, type: number, from: number, payload: Uint8Array): void {
    const frame = new Uint8Array(ETHERNET_BYTES + payload.length);
    frame.set(destination);
    frame.set(macOf(from), 6);
    set16(frame, 12, type);
    frame.set(payload, ETHERNET_BYTES);
    this.deliver(frame);
  }

  private sendIpv4(packet: Omit<Ipv4Packet, 'fragment'>): void {
    const mac = packet.destination === BROADCAST ? ANY_MAC : this.guestMac;
    const from = this.isLocal(packet.source) ? packet.source : this.lease.gateway;
    this.nextId = (this.nextId + 1) & 0xffff;
    for (const bytes of buildIpv4(packet, MTU, this.nextId)) this.sendFrame(mac, EtherType.Ipv4, from, bytes);
  }

  private isLocal(address: number): boolean {
    return (address & MASK) >>> 0 === this.network;
  }

  /** One of the two that the router answers for. */
  private isOurs(address: number): boolean {
    return address === this.lease.gateway || address === this.lease.nameServer;
  }

  private receiveArp(request: Uint8Array): void {
    if (request.length < ARP_BYTES || get32(request, 0) !== 0x0001_0800 || get32(request, 4) !== 0x0604_0001) return;
    const target = get32(request, 24);
    if (!this.isOurs(target)) return;
    const reply = new Uint8Array(ARP_BYTES);
    reply.set(request.subarray(0, 7));
    reply[7] = 2;
    reply.set(macOf(target), 8);
    set32(reply, 14, target);
    reply.set(request.subarray(8, 18), 18);
    this.sendFrame(this.guestMac, EtherType.Arp, target, reply);
  }

  private receiveIpv4(bytes: Uint8Array): void {
    const packet = parseIpv4(bytes);
    if (packet === null || packet.fragment) return;
    if (packet.protocol === Protocol.Udp) this.receiveUdp(packet);
    else if (!this.isLocal(packet.source)) return;
    else if (packet.protocol === Protocol.Icmp) this.receiveIcmp(packet);
    else if (packet.protocol === Protocol.Tcp) this.receiveTcp(packet);
  }

  private receiveIcmp(packet: Ipv4Packet): void {
    const { payload, source, destination } = packet;
    if (payload.length < 8 || payload[0] !== 8 || fold(sum(payload)) !== 0 || !this.isOurs(destination)) return;
    const reply = payload.slice();
    reply[0] = 0;
    set16(reply, 2, 0);
    set16(reply, 2, fold(sum(reply)));
    this.sendIpv4({ source: destination, destination: source, protocol: Protocol.Icmp, payload: reply });
  }

  private receiveUdp(packet: Ipv4Packet): void {
    const datagram = parseUdp(packet);
    if (datagram === null) return;
    const { sourcePort, destinationPort, data } = datagram;
    const { source, destination } = packet;
    if (destinationPort === DHCP_SERVER_PORT && (destination === BROADCAST || destination === this.lease.gateway)) {
      this.receiveDhcp(data);
      return;
    }
    const real = this.realPeer(destination, destinationPort);
    if (real === undefined || !this.isLocal(source)) return;
    const [from, to] = [
      { address: source, port: sourcePort },
      { address: destination, port: destinationPort },
    ];
    this.udp.send(from, to, real, data, this.now());
  }

  private receiveDhcp(request: Uint8Array): void {
    const data = answerDhcp(request, this.lease);
    if (data === null) return;
    const ports = { sourcePort: DHCP_SERVER_PORT, destinationPort: DHCP_CLIENT_PORT };
    this.sendUdp(this.lease.gateway, BROADCAST, { ...ports, data });
  }

  private sendUdp(
    source: number,
    destination: number,
    datagram: { sourcePort: number; destinationPort: number; data: Uint8Array },
  ): void {
    if (datagram.data.length > 65507) return;
    const payload = buildUdp(source, destination, datagram);
    this.sendIpv4({ source, destination, protocol: Protocol.Udp, payload });
  }

  private receiveTcp(packet: Ipv4Packet): void {
    const segment = parseTcp(packet);
    if (segment === null) return;
    const pair: TcpPair = {
      guest: { address: packet.source, port: segment.sourcePort },
      peer: { address: packet.destination, port: segment.destinationPort },
    };
    this.tcp.receive(pair, segment, this.realPeer(packet.destination, segment.destinationPort));
  }

  private sendTcp({ guest, peer }: TcpPair, segment: TcpSegment): void {
    const payload = buildTcp(peer.address, guest.address, segment);
    this.sendIpv4({ source: peer.address, destination: guest.address, protocol: Protocol.Tcp, payload });
  }

  /** Where the host finds what the guest calls so; undefined for what is not to be reached. */
  private realPeer(address: number, port: number): { address: string; port: number } | undefined {
    if (address === this.lease.nameServer) return port === DNS_PORT ? this.sockets.nameServer : undefined;
    if (address === this.lease.gateway) return this.hostAccess ? { address: LOOPBACK, port } : undefined;
    const first = address >>> 24;
    if (this.isLocal(address) || first === 0 || first === 127 || first >= 224) return undefined;
    return { address: formatAddress(address), port };
  }
}

/** The router's hardware addresses: 52:55 and the IPv4 address. */
function macOf(address: number): Uint8Array {
  const mac = Uint8Array.of(0x52, 0x55, 0, 0, 0, 0);
  set32(mac, 2, address);
  return mac;
}
