/** IPv4 packets and the Internet checksum. Addresses are unsigned 32-bit numbers. Source: RFC 791, RFC 1071, RFC 768. */

export const Protocol = { Icmp: 1, Tcp: 6, Udp: 17 } as const;
const HEADER_BYTES = 20;
const MORE_FRAGMENTS = 0x2000;
const TTL = 64;
export const UDP_HEADER_BYTES = 8;

export interface Ipv4Packet {
  readonly source: number;
  readonly destination: number;
  readonly protocol: number;
  /** A part of a packet; `payload` is not to be understood on its own. */
  readonly fragment: boolean;
  /** A view. */
  readonly payload: Uint8Array;
}

export function get16(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 8) | bytes[at + 1];
}

export function get32(bytes: Uint8Array, at: number): number {
  return ((get16(bytes, at) << 16) | get16(bytes, at + 2)) >>> 0;
}

export function set16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

export function set32(bytes: Uint8Array, at: number, value: number): void {
  set16(bytes, at, value >>> 16);
  set16(bytes, at + 2, value);
}

/** Dotted form. */
export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');
}

/** @throws RangeError unless `text` is dotted IPv4 */
export function parseAddress(text: string): number {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1).map(Number);
  if (parts === undefined || parts.some((part) => part > 255)) {
    throw new RangeError(`address: expected dotted IPv4, got ${text}`);
  }
  return parts.reduce((address, part) => address * 256 + part, 0);
}

/** The ones' complement sum so far over 16-bit words; an odd last byte counts as its word's high half. */
export function sum(bytes: Uint8Array, start = 0): number {
  let total = start;
  const even = bytes.length & ~1;
  for (let i = 0; i < even; i += 2) total += (bytes[i] << 8) | bytes[i + 1];
  if (even < bytes.length) total += bytes[even] << 8;
  return total;
}

/** The checksum of a sum below 2^48. */
export function fold(total: number): number {
  let folded = total;
  while (folded > 0xffff) folded = (folded % 0x1_0000) + Math.floor(folded / 0x1_0000);
  return ~folded & 0xffff;
}

/** The sum of the header that TCP and UDP pretend to have. */
export function pseudoSum(source: number, destination: number, protocol: number, length: number): number {
  return (source >>> 16) + (source & 0xffff) + (destination >>> 16) + (destination & 0xffff) + protocol + length;
}

/** @returns null unless it is a whole, intact IPv4 packet */
export function parseIpv4(bytes: Uint8Array): Ipv4Packet | null {
  const headerBytes = (bytes[0] & 15) * 4;
  if (bytes.length < HEADER_BYTES || bytes[0] >> 4 !== 4 || headerBytes < HEADER_BYTES) return null;
  const length = get16(bytes, 2);
  if (length < headerBytes || length > bytes.length || fold(sum(bytes.subarray(0, headerBytes))) !== 0) return null;
  return {
    source: get32(bytes, 12),
    destination: get32(bytes, 16),
    protocol: bytes[9],
    fragment: (get16(bytes, 6) & (MORE_FRAGMENTS | 0x1fff)) !== 0,
    payload: bytes.subarray(headerBytes, length),
  };
}

/** Cuts a payload into packets of at most `mtu` bytes. @param id distinguishes the packets of one pair */
export function buildIpv4(packet: Omit<Ipv4Packet, 'fragment'>, mtu: number, id: number): Uint8Array[] {
  const { payload } = packet;
  const room = (mtu - HEADER_BYTES) & ~7;
  const packets: Uint8Array[] = [];
  for (let at = 0; at === 0 || at < payload.length; at += room) {
    // What fits as a whole is not cut at a multiple of 8.
    const part = payload.length <= mtu - HEADER_BYTES ? payload : payload.subarray(at, at + room);
    const bytes = new Uint8Array(HEADER_BYTES + part.length);
    bytes[0] = 0x45;
    set16(bytes, 2, bytes.length);
    set16(bytes, 4, id);
    set16(bytes, 6, (at >> 3) | (at + part.length < payload.length ? MORE_FRAGMENTS : 0));
    bytes[8] = TTL;
    bytes[9] = packet.protocol;
    set32(bytes, 12, packet.source);
    set32(bytes, 16, packet.destination);
    set16(bytes, 10, fold(sum(bytes)));
    bytes.set(part, HEADER_BYTES);
    packets.push(bytes);
    if (part === payload) break;
  }
  return packets;
}

export interface UdpDatagram {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly data: Uint8Array;
}

/** @returns null unless it is intact; a checksum of 0 means none */
export function parseUdp({ source, destination, payload }: Ipv4Packet): UdpDatagram | null {
  if (payload.length < UDP_HEADER_BYTES) return null;
  const length = get16(payload, 4);
  if (length < UDP_HEADER_BYTES || length > payload.length) return null;
  const datagram = payload.subarray(0, length);
  const pseudo = pseudoSum(source, destination, Protocol.Udp, length);
  if (get16(payload, 6) !== 0 && fold(sum(datagram, pseudo)) !== 0) return null;
  return {
    sourcePort: get16(payload, 0),
    destinationPort: get16(payload, 2),
    data: datagram.subarray(UDP_HEADER_BYTES),
  };
}

/** The payload of an IPv4 packet. */
export function buildUdp(source: number, destination: number, datagram: UdpDatagram): Uint8Array {
  const { sourcePort, destinationPort, data } = datagram;
  const bytes = new Uint8Array(UDP_HEADER_BYTES + data.length);
  set16(bytes, 0, sourcePort);
  set16(bytes, 2, destinationPort);
  set16(bytes, 4, bytes.length);
  bytes.set(data, UDP_HEADER_BYTES);
  const checksum = fold(sum(bytes, pseudoSum(source, destination, Protocol.Udp, bytes.length)));
  set16(bytes, 6, checksum === 0 ? 0xffff : checksum);
  return bytes;
}
