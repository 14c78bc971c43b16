/** A DHCP server with one address to give. Source: RFC 2131, RFC 2132. */
import { get32, set32 } from './ipv4.js';

export const DHCP_SERVER_PORT = 67;
export const DHCP_CLIENT_PORT = 68;

/** Addresses as unsigned 32-bit numbers. */
export interface Lease {
  readonly address: number;
  readonly mask: number;
  readonly gateway: number;
  readonly nameServer: number;
}

const Field = {
  Op: 0,
  Xid: 4,
  Flags: 10,
  ClientAddress: 12,
  YourAddress: 16,
  ServerAddress: 20,
  Hardware: 28,
} as const;
const OPTIONS = 240;
const MAGIC_AT = 236;
const MAGIC = 0x63825363;
const REQUEST = 1;
const REPLY = 2;
const Option = {
  Pad: 0,
  Mask: 1,
  Router: 3,
  NameServer: 6,
  RequestedAddress: 50,
  LeaseTime: 51,
  Type: 53,
  Server: 54,
  End: 255,
} as const;
const Type = { Discover: 1, Offer: 2, Request: 3, Ack: 5, Nak: 6, Inform: 8 } as const;
const LEASE_SECONDS = 86_400;
/** BOOTP's size, below which some clients drop answers. */
const REPLY_BYTES = 300;

/** @returns the answer to a client's message, or null if there is none */
export function answerDhcp(request: Uint8Array, lease: Lease): Uint8Array | null {
  if (request.length < OPTIONS || request[Field.Op] !== REQUEST || get32(request, MAGIC_AT) !== MAGIC) return null;
  const options = parseOptions(request);
  const server = addressIn(options.get(Option.Server));
  if (server !== 0 && server !== lease.gateway) return null; // it has chosen another server
  switch (options.get(Option.Type)?.[0]) {
    case Type.Discover:
      return reply(request, Type.Offer, lease);
    case Type.Request: {
      const wanted = addressIn(options.get(Option.RequestedAddress)) || get32(request, Field.ClientAddress);
      return reply(request, wanted === lease.address ? Type.Ack : Type.Nak, lease);
    }
    case Type.Inform:
      return reply(request, Type.Ack, { ...lease, address: 0 });
    default:
      return null;
  }
}

function parseOptions(bytes: Uint8Array): Map<number, Uint8Array> {
  const options = new Map<number, Uint8Array>();
  for (let at = OPTIONS; at < bytes.length && bytes[at] !== Option.End;) {
    if (bytes[at] === Option.Pad) {
      at++;
      continue;
    }
    const length = bytes[at + 1] ?? 0;
    options.set(bytes[at], bytes.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return options;
}

/** 0 for none. */
function addressIn(option: Uint8Array | undefined): number {
  return option?.length === 4 ? get32(option, 0) : 0;
}

function reply(request: Uint8Array, type: number, lease: Lease): Uint8Array {
  const bytes = new Uint8Array(REPLY_BYTES);
  bytes[Field.Op] = REPLY;
  bytes.set(request.subarray(1, 3), 1); // hardware type and length
  bytes.set(request.subarray(Field.Xid, Field.Xid + 4), Field.Xid);
  bytes.set(request.subarray(Field.Flags, Field.Flags + 2), Field.Flags);
  bytes.set(request.subarray(Field.Hardware, Field.Hardware + 16), Field.Hardware);
  set32(bytes, MAGIC_AT, MAGIC);
  let at = OPTIONS;
  const option = (code: number, value: number): void => {
    bytes.set([code, 4], at);
    set32(bytes, at + 2, value);
    at += 6;
  };
  bytes.set([Option.Type, 1, type], at);
  at += 3;
  option(Option.Server, lease.gateway);
  if (type !== Type.Nak) {
    set32(bytes, Field.YourAddress, lease.address);
    set32(bytes, Field.ServerAddress, lease.gateway);
    option(Option.Mask, lease.mask);
    option(Option.Router, lease.gateway);
    option(Option.NameServer, lease.nameServer);
    if (lease.address !== 0) option(Option.LeaseTime, LEASE_SECONDS);
  }
  bytes[at] = Option.End;
  return bytes;
}
