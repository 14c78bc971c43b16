/**
 * What a user network needs of its host: TCP connections and UDP sockets, without waiting. Events come later, between two
 * runs of the machine, never inside of the call that they answer.
 *
 * Addresses are dotted IPv4. The guest chooses them: loopback, multicast and the network's own have been sorted out, but
 * which of the rest it may reach is decided here.
 */

/** The host's end of a TCP connection. */
export interface HostStream {
  /** Sends, in bytes of the stream's own. */
  send(bytes: Uint8Array): void;
  /** Bytes sent that the host's system has not taken yet: the guest's window shrinks by them. */
  readonly pending: number;
  /** Nothing more will be sent; what has been goes out first. Data may still come. */
  end(): void;
  /** Drops the connection, with a reset where possible. No event comes after it. */
  reset(): void;
  /** No `data` until `resume`; a little that is under way may still come. */
  pause(): void;
  resume(): void;
}

export type StreamFailure = 'refused' | 'unreachable' | 'reset';

/** What a stream tells. After `failed` it tells nothing. */
export interface StreamEvents {
  connected(): void;
  /** Bytes that the network may keep. */
  data(bytes: Uint8Array): void;
  /** The other side has sent everything. */
  ended(): void;
  /** `pending` has fallen. */
  drained(): void;
  failed(reason: StreamFailure): void;
}

/** A UDP socket with a port of its own. */
export interface HostDatagrams {
  send(address: string, port: number, bytes: Uint8Array): void;
  close(): void;
}

export type DatagramReceiver = (address: string, port: number, bytes: Uint8Array) => void;

export interface Sockets {
  connect(address: string, port: number, events: StreamEvents): HostStream;
  datagrams(receive: DatagramReceiver): HostDatagrams;
  /** Where queries to the network's name server go; without it they vanish. */
  readonly nameServer?: { readonly address: string; readonly port: number };
}
