/** TCP segments on the wire. Sequence numbers are unsigned 32-bit numbers that wrap. Source: RFC 9293, section 3.1. */
import { Protocol, fold, get16, get32, pseudoSum, set16, set32, sum, type Ipv4Packet } from './ipv4.js';

export const Flag = { Fin: 1, Syn: 2, Rst: 4, Psh: 8, Ack: 16 } as const;
const HEADER_BYTES = 20;
const Option = { End: 0, Nop: 1, MaximumSegment: 2 } as const;

export interface TcpSegment {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly acknowledgment: number;
  readonly flags: number;
  readonly window: number;
  /** The maximum segment size option; 0 = none. */
  readonly maximumSegment: number;
  readonly data: Uint8Array;
}

/** a - b modulo 2^32, as a signed number: below 0 if a comes before b. */
export function distance(a: number, b: number): number {
  return (a - b) | 0;
}

/** @returns null unless it is intact */
export function parseTcp({ source, destination, payload }: Ipv4Packet): TcpSegment | null {
  if (payload.length < HEADER_BYTES) return null;
  const headerBytes = (payload[12] >> 4) * 4;
  if (headerBytes < HEADER_BYTES || headerBytes > payload.length) return null;
  if (fold(sum(payload, pseudoSum(source, destination, Protocol.Tcp, payload.length))) !== 0) return null;
  return {
    sourcePort: get16(payload, 0),
    destinationPort: get16(payload, 2),
    sequence: get32(payload, 4),
    acknowledgment: get32(payload, 8),
    flags: payload[13],
    window: get16(payload, 14),
    maximumSegment: maximumSegment(payload.subarray(HEADER_BYTES, headerBytes)),
    data: payload.subarray(headerBytes),
  };
}

function maximumSegment(options: Uint8Array): number {
  for (let at = 0; at < options.length;) {
    const kind = options[at];
    if (kind === Option.End) break;
    if (kind === Option.Nop) {
      at++;
      continue;
    }
    const length = options[at + 1] ?? 0;
    if (length < 2 || at + length > options.length) break;
    if (kind === Option.MaximumSegment && length === 4) return get16(options, at + 2);
    at += length;
  }
  return 0;
}

/** The payload of an IPv4 packet. */
export function buildTcp(source: number, destination: number, segment: TcpSegment): Uint8Array {
  const headerBytes = HEADER_BYTES + (segment.maximumSegment > 0 ? 4 : 0);
  const bytes = new Uint8Array(headerBytes + segment.data.length);
  set16(bytes, 0, segment.sourcePort);
  set16(bytes, 2, segment.destinationPort);
  set32(bytes, 4, segment.sequence);
  set32(bytes, 8, segment.acknowledgment);
  bytes[12] = (headerBytes >> 2) << 4;
  bytes[13] = segment.flags;
  set16(bytes, 14, segment.window);
  if (segment.maximumSegment > 0) {
    bytes[20] = Option.MaximumSegment;
    bytes[21] = 4;
    set16(bytes, 22, segment.maximumSegment);
  }
  bytes.set(segment.data, headerBytes);
  set16(bytes, 16, fold(sum(bytes, pseudoSum(source, destination, Protocol.Tcp, bytes.length))));
  return bytes;
}
