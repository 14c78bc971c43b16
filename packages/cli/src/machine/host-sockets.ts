/** `--net user`: the host's sockets for a user network, by node:net and node:dgram. */
import { createSocket } from 'node:dgram';
import { getServers } from 'node:dns';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { HostStream, Sockets, StreamEvents, StreamFailure, UserNetwork } from '@veridian-os/devices';

const DNS_PORT = 53;

/** The first name server of the host that speaks IPv4. */
function nameServer(): { address: string; port: number } | undefined {
  for (const server of getServers()) {
    const [, address, port] = /^(\d+\.\d+\.\d+\.\d+)(?::(\d+))?$/.exec(server) ?? [];
    if (address !== undefined) return { address, port: port === undefined ? DNS_PORT : Number(port) };
  }
  return undefined;
}

const FAILURES: Readonly<Record<string, StreamFailure>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
};

/** A node socket as a stream. Events come from the event loop, so never inside of a call. */
function streamOf(socket: Socket): HostStream & { listen(events: StreamEvents): void } {
  let dead = false;
  return {
    get pending(): number {
      return socket.writableLength;
    },
    send: (bytes) => void socket.write(bytes),
    end: () => void socket.end(),
    reset: () => {
      dead = true;
      if (socket.connecting) socket.destroy();
      else socket.resetAndDestroy();
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    listen: (events) => {
      socket.on('connect', () => events.connected());
      socket.on('data', (bytes: Uint8Array) => events.data(new Uint8Array(bytes)));
      socket.on('end', () => events.ended());
      socket.on('drain', () => events.drained());
      // node:net drops what it hears after its own reset, but for an error that was on its way.
      socket.on('error', (error: NodeJS.ErrnoException) => {
        if (!dead) events.failed(FAILURES[error.code ?? ''] ?? 'unreachable');
        dead = true;
      });
    },
  };
}

export interface HostSocketsOptions {
  /** Called after an event has been reported: an idle machine may have something to do. */
  wake(): void;
}

/** What connects the guest to the host's network, until `close`. */
export class HostSockets implements Sockets {
  readonly nameServer = nameServer();
  private readonly options: HostSocketsOptions;
  private readonly open = new Set<{ close(): unknown }>();

  constructor(options: HostSocketsOptions) {
    this.options = options;
  }

  connect(address: string, port: number, events: StreamEvents): HostStream {
    const socket = connect({ host: address, port, family: 4, allowHalfOpen: true, noDelay: true });
    return this.adopt(socket, events);
  }

  private adopt(socket: Socket, events: StreamEvents): HostStream {
    const entry = { close: () => socket.destroy() };
    this.open.add(entry);
    socket.on('close', () => this.open.delete(entry));
    const stream = streamOf(socket);
    stream.listen(this.waking(events));
    return stream;
  }

  private waking(events: StreamEvents): StreamEvents {
    const wake = (): void => this.options.wake();
    return {
      connected: () => (events.connected(), wake()),
      data: (bytes) => (events.data(bytes), wake()),
      ended: () => (events.ended(), wake()),
      drained: () => (events.drained(), wake()),
      failed: (reason) => (events.failed(reason), wake()),
    };
  }

  datagrams(receive: (address: string, port: number, bytes: Uint8Array) => void): ReturnType<Sockets['datagrams']> {
    const socket = createSocket('udp4');
    const entry = { close: () => socket.close() };
    this.open.add(entry);
    socket.on('message', (bytes, from) => {
      receive(from.address, from.port, new Uint8Array(bytes));
      this.options.wake();
    });
    // A datagram that cannot be sent is lost, as datagrams are.
    socket.on('error', () => undefined);
    return {
      send: (address, port, bytes) => {
        if (port > 0) socket.send(bytes, port, address, () => undefined);
      },
      close: () => {
        if (this.open.delete(entry)) socket.close();
      },
    };
  }

  /**
   * Forwards connections to a port of the host's to one of the guest's.
   * @returns the server, once it listens; rejects where it cannot
   */
  forward(network: UserNetwork, hostAddress: string, hostPort: number, guestPort: number): Promise<Server> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (socket) => {
      const stream = streamOf(socket);
      const events = network.connectToGuest(guestPort, stream);
      if (events === undefined) socket.resetAndDestroy();
      else {
        const entry = { close: () => socket.destroy() };
        this.open.add(entry);
        socket.on('close', () => this.open.delete(entry));
        stream.listen(this.waking(events));
      }
      this.options.wake();
    });
    const entry = { close: () => server.close() };
    this.open.add(entry);
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(hostPort, hostAddress, () => resolve(server));
    });
  }

  /** Closes everything that is open. */
  close(): void {
    for (const entry of [...this.open]) entry.close();
    this.open.clear();
  }
}
