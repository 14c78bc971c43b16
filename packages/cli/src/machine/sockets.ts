/** The host's sockets for a guest's network, by Node. */
import { createSocket } from 'node:dgram';
import { getServers } from 'node:dns';
import { connect, isIPv4, type Socket } from 'node:net';
import type {
  DatagramReceiver,
  HostDatagrams,
  HostStream,
  Sockets,
  StreamEvents,
  StreamFailure,
} from '@veridian-os/devices';

const DNS_PORT = 53;
const UNREACHABLE = new Set(['EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT', 'EACCES', 'EADDRNOTAVAIL']);

function failureOf({ code = '' }: NodeJS.ErrnoException): StreamFailure {
  if (code === 'ECONNREFUSED') return 'refused';
  return UNREACHABLE.has(code) ? 'unreachable' : 'reset';
}

/** One connection of Node's as the network's. */
function streamOf(socket: Socket, events: StreamEvents, wake: () => void): HostStream {
  const heard = (tell: () => void) => (): void => {
    tell();
    wake();
  };
  socket.on(
    'connect',
    heard(() => events.connected()),
  );
  socket.on('data', (bytes: Buffer) => heard(() => events.data(bytes))());
  socket.on(
    'end',
    heard(() => events.ended()),
  );
  socket.on(
    'drain',
    heard(() => events.drained()),
  );
  socket.on('error', (error) => heard(() => events.failed(failureOf(error)))());
  return {
    send: (bytes) => void socket.write(bytes),
    get pending(): number {
      return socket.writableLength;
    },
    end: () => void socket.end(),
    reset: () => {
      socket.removeAllListeners();
      socket.on('error', () => undefined);
      socket.resetAndDestroy();
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
  };
}

function datagramsOf(receive: DatagramReceiver, wake: () => void): HostDatagrams {
  const socket = createSocket('udp4');
  let isOpen = true;
  socket.on('message', (bytes, { address, port }) => {
    receive(address, port, bytes);
    wake();
  });
  socket.on('error', () => undefined); // datagrams may be lost, and this is one way
  return {
    send: (address, port, bytes) => {
      if (isOpen) socket.send(bytes, port, address, () => undefined);
    },
    close: () => {
      if (isOpen) socket.close();
      isOpen = false;
    },
  };
}

/**
 * @param wake called after each event: an idle machine may have something to do
 */
export function hostSockets(wake: () => void): Sockets {
  const server = getServers().find((address) => isIPv4(address));
  return {
    connect: (address, port, events) =>
      streamOf(connect({ host: address, port, allowHalfOpen: true, noDelay: true }), events, wake),
    datagrams: (receive) => datagramsOf(receive, wake),
    ...(server === undefined ? {} : { nameServer: { address: server, port: DNS_PORT } }),
  };
}
