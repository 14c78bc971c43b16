/**
 * A world for a user network: one host that answers names, serves a file, and counts what it is sent. Events wait in a
 * list until the test lets them happen, between two steps of the machine.
 */
import type { HostStream, Sockets, StreamEvents } from '@veridian-os/devices';

const HTTP = 80;
const COUNT = 9;
const DNS = 53;
const CHUNK = 16384;
/** Whom every name means. */
const ANSWER = [93, 184, 216, 34];
const A_RECORD = 1;

export class EchoSockets implements Sockets {
  readonly nameServer = { address: '192.0.2.1', port: DNS };
  private readonly file: Uint8Array;
  private events: (() => void)[] = [];

  /** @param file what port 80 serves */
  constructor(file: Uint8Array) {
    this.file = file;
  }

  /** Lets happen what is due. */
  readonly turn = (): void => {
    const due = this.events;
    this.events = [];
    for (const event of due) event();
  };

  connect(_address: string, port: number, events: StreamEvents): HostStream {
    let sent = 0;
    let isPaused = false;
    let text = '';
    let count = 0;
    const later = (event: () => void): void => void this.events.push(event);
    const pump = (): void => {
      if (isPaused) return;
      events.data(this.file.slice(sent, sent + CHUNK));
      sent += CHUNK;
      later(sent < this.file.length ? pump : () => events.ended());
    };
    if (port === HTTP || port === COUNT) later(() => events.connected());
    else later(() => events.failed('refused'));
    return {
      pending: 0,
      send: (bytes) => {
        count += bytes.length;
        if (port !== HTTP || text.endsWith('\r\n\r\n')) return;
        text += String.fromCharCode(...bytes);
        if (!text.endsWith('\r\n\r\n')) return;
        const head = `HTTP/1.0 200 OK\r\nContent-Length: ${this.file.length}\r\n\r\n`;
        later(() => events.data(new TextEncoder().encode(head)));
        later(pump);
      },
      end: () => {
        if (port !== COUNT) return;
        later(() => events.data(new TextEncoder().encode(`${count} bytes\n`)));
        later(() => events.ended());
      },
      reset: () => undefined,
      pause: () => void (isPaused = true),
      resume: () => {
        if (isPaused && sent > 0 && sent < this.file.length) later(pump);
        isPaused = false;
      },
    };
  }

  datagrams(receive: (address: string, port: number, bytes: Uint8Array) => void): ReturnType<Sockets['datagrams']> {
    return {
      send: (address, port, bytes) => {
        if (port === DNS) this.events.push(() => receive(address, port, answerName(bytes)));
      },
      close: () => undefined,
    };
  }
}

/** The query's header and question, and for an A query one address. */
function answerName(query: Uint8Array): Uint8Array {
  const end = query.indexOf(0, 12) + 5;
  const isA = query[end - 3] === A_RECORD;
  const record = isA ? [0xc0, 12, 0, A_RECORD, 0, 1, 0, 0, 0, 60, 0, 4, ...ANSWER] : [];
  const answer = Uint8Array.from([...query.subarray(0, end), ...record]);
  answer.set([0x81, 0x80, 0, 1, 0, isA ? 1 : 0, 0, 0, 0, 0], 2);
  return answer;
}
