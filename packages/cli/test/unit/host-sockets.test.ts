/** The host's sockets as a user network sees them, against servers on the loopback interface. */
import { createSocket } from 'node:dgram';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { HostStream, StreamEvents, UserNetwork } from '@veridian-os/devices';
import { HostSockets } from '../../src/machine/host-sockets.js';

const HERE = '127.0.0.1';
const cleanups: (() => void)[] = [];
afterEach(() => cleanups.splice(0).forEach((cleanup) => cleanup()));

/** Events as a list of words; `until` resolves when the test is true of it. */
function listener() {
  const seen: string[] = [];
  let check = (): void => undefined;
  const note = (word: string): void => {
    seen.push(word);
    check();
  };
  const events: StreamEvents = {
    connected: () => note('connected'),
    data: (bytes) => note(`data ${Buffer.from(bytes).toString()}`),
    ended: () => note('ended'),
    drained: () => note('drained'),
    failed: (reason) => note(`failed ${reason}`),
  };
  const until = (test: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      check = () => {
        if (test()) resolve();
      };
      check();
    });
  return { seen, events, until, wake: () => check() };
}

function open(wake: () => void): HostSockets {
  const sockets = new HostSockets({ wake });
  cleanups.push(() => sockets.close());
  return sockets;
}

async function listen(server: Server): Promise<number> {
  cleanups.push(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, HERE, resolve));
  return (server.address() as AddressInfo).port;
}

describe('host sockets', () => {
  it('connect, carry both ways and close each side on its own', async () => {
    const port = await listen(
      createServer({ allowHalfOpen: true }, (socket) => {
        let got = '';
        socket.on('data', (bytes) => (got += bytes.toString()));
        socket.on('end', () => socket.end(`heard ${got}`));
      }),
    );
    const { seen, events, until } = listener();
    const stream = open(() => undefined).connect(HERE, port, events);
    expect(seen).toEqual([]);
    await until(() => seen.includes('connected'));
    stream.send(Buffer.from('hello'));
    stream.end();
    await until(() => seen.includes('ended'));
    expect(seen).toEqual(['connected', 'data heard hello', 'ended']);
  });

  it('tell why a connection fails, and nothing after a reset', async () => {
    const server = createServer();
    const port = await listen(server);
    await new Promise((resolve) => server.close(resolve));
    const { seen, events, until } = listener();
    const sockets = open(() => undefined);
    sockets.connect(HERE, port, events);
    await until(() => seen.length > 0);
    expect(seen).toEqual(['failed refused']);
    const other = listener();
    const closed = new Promise<string>((resolve) => {
      void listen(
        createServer((socket) => {
          socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code!));
        }),
      ).then((to) => {
        const stream = sockets.connect(HERE, to, other.events);
        void other.until(() => other.seen.includes('connected')).then(() => stream.reset());
      });
    });
    expect([await closed, other.seen]).toEqual(['ECONNRESET', ['connected']]);
  });

  it('pause', async () => {
    const port = await listen(createServer((socket) => void socket.end('late')));
    const { seen, events, until } = listener();
    const stream = open(() => undefined).connect(HERE, port, events);
    stream.pause();
    await until(() => seen.includes('connected'));
    // The server's bytes are on their way as far as they go: another connection has made the whole turn.
    const other = listener();
    open(() => undefined).connect(HERE, port, other.events);
    await other.until(() => other.seen.includes('ended'));
    expect(seen).toEqual(['connected']);
    stream.resume();
    await until(() => seen.includes('ended'));
    expect(seen).toEqual(['connected', 'data late', 'ended']);
  });

  it('send and receive datagrams', async () => {
    const echo = createSocket('udp4');
    cleanups.push(() => echo.close());
    echo.on('message', (bytes, { port, address }) => echo.send(`echo ${bytes.toString()}`, port, address));
    await new Promise<void>((resolve) => echo.bind(0, HERE, resolve));
    const { port } = echo.address();
    let wakes = 0;
    const answer = await new Promise<unknown[]>((resolve) => {
      const sockets = open(() => void wakes++);
      const socket = sockets.datagrams((address, from, bytes) =>
        resolve([address, from, Buffer.from(bytes).toString()]),
      );
      socket.send(HERE, 0, Buffer.from('nowhere'));
      socket.send(HERE, port, Buffer.from('x'));
    });
    expect(answer).toEqual([HERE, port, 'echo x']);
    await new Promise((resolve) => setImmediate(resolve));
    expect(wakes).toBe(1);
  });

  it('forward connections to the guest', async () => {
    const { seen, events, until, wake } = listener();
    let stream: HostStream | undefined;
    const connectToGuest = (port: number, given: HostStream): StreamEvents | undefined => {
      given.pause();
      stream = given;
      return port === 22 ? events : undefined;
    };
    const network = { connectToGuest } as unknown as UserNetwork;
    const sockets = open(wake);
    const server = await sockets.forward(network, HERE, 0, 22);
    const { port } = server.address() as AddressInfo;
    const client = connect(port, HERE);
    cleanups.push(() => client.destroy());
    client.write('knock');
    await until(() => stream !== undefined);
    expect(seen).toEqual([]);
    stream!.resume();
    await until(() => seen.length > 0);
    expect(seen).toEqual(['data knock']);
    const heard = new Promise<string>((resolve) => client.on('data', (bytes) => resolve(bytes.toString())));
    stream!.send(Buffer.from('who'));
    expect(await heard).toBe('who');
    await expect(sockets.forward(network, HERE, port, 22)).rejects.toThrow(/EADDRINUSE/);
  });
});
