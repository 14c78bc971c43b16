/**
 * One TCP connection of the guest's, seen from its peer, and the host's stream behind it.
 *
 * The link neither reorders nor corrupts; it loses frames only when the guest has no buffers. So segments that come too
 * early are dropped and asked for again, there is no congestion window, and what is lost is sent again from the first
 * byte that is not acknowledged: after three equal acknowledgments, or when the timer expires.
 *
 * Units      sequence numbers modulo 2^32; times in ms of the network's clock
 * Invariant  unacknowledged <= next <= highest <= unacknowledged + queue.length + 1 (the FIN)
 * Source     RFC 9293 (sections 3.4-3.10), RFC 6298 (back-off), RFC 5681 (three duplicates)
 */
import { ByteQueue } from './byte-queue.js';
import type { HostStream, StreamEvents, StreamFailure } from './sockets.js';
import { Flag, distance, type TcpSegment } from './tcp-segment.js';

export const MAXIMUM_SEGMENT = 1460;
const DEFAULT_SEGMENT = 536;
const WINDOW_MAX = 65535;
/** Bytes from the host that wait for the guest before the stream is paused. */
const QUEUE_MAX = 256 * 1024;
const RETRANSMIT_MS = 1000;
const RETRANSMIT_MAX_MS = 60_000;
const RETRIES = 8;
const DUPLICATES = 3;
/** How long a finished connection answers late segments. */
const LINGER_MS = 10_000;

/** What a connection needs of its network. */
export interface ConnectionPort {
  now(): number;
  /** Fills in ports and addresses. */
  send(segment: Omit<TcpSegment, 'sourcePort' | 'destinationPort'>): void;
  /** The connection is over: forget it. */
  closed(): void;
}

const State = { Connecting: 0, SynSent: 1, SynReceived: 2, Established: 3, Closed: 4 } as const;
type State = (typeof State)[keyof typeof State];
const NOTHING = new Uint8Array(0);

export class TcpConnection implements StreamEvents {
  private readonly port: ConnectionPort;
  private stream: HostStream | undefined;
  private state: State = State.Connecting;
  private readonly queue = new ByteQueue();
  /** Sequence numbers that we send: first not acknowledged, next to send, behind all ever sent; the guest's next one. */
  private unacknowledged: number;
  private next: number;
  private highest: number;
  private expected = 0;
  /** What the guest lets us send, and in which pieces. */
  private guestWindow = 0;
  private segmentMax = DEFAULT_SEGMENT;
  private windowSent = 0;
  private duplicates = 0;
  private hostEnded = false;
  private finAcknowledged = false;
  private guestEnded = false;
  private paused = false;
  private deadline = Infinity;
  private delay = RETRANSMIT_MS;
  private retries = 0;

  /** @param sequence the initial sequence number of our side */
  constructor(port: ConnectionPort, sequence: number) {
    this.port = port;
    this.unacknowledged = this.next = this.highest = sequence >>> 0;
  }

  /** The guest opens: it is answered when the host's stream is connected. */
  acceptGuest(segment: TcpSegment, stream: HostStream): void {
    this.stream = stream;
    this.learn(segment);
  }

  /** The outside opens: the host's stream is there, the guest is asked. */
  openToGuest(stream: HostStream): void {
    this.stream = stream;
    this.state = State.SynSent;
    stream.pause();
    this.paused = true;
    this.sendSyn();
  }

  /** When `expire` is due, in ms; Infinity = never. */
  get due(): number {
    return this.deadline;
  }

  /** Finished, but for late segments: a new connection may take its place. */
  get lingering(): boolean {
    return this.state === State.Closed;
  }

  private learn(segment: TcpSegment): void {
    this.expected = (segment.sequence + 1) >>> 0;
    this.guestWindow = segment.window;
    this.segmentMax = Math.min(segment.maximumSegment || DEFAULT_SEGMENT, MAXIMUM_SEGMENT);
  }

  // The host's side.

  connected(): void {
    if (this.state !== State.Connecting) return;
    this.state = State.SynReceived;
    this.sendSyn();
  }

  data(bytes: Uint8Array): void {
    if (this.state === State.Closed || this.hostEnded) return;
    this.queue.push(bytes);
    if (this.queue.length > QUEUE_MAX && !this.paused) {
      this.paused = true;
      this.stream?.pause();
    }
    this.transmit();
  }

  ended(): void {
    this.hostEnded = true;
    this.transmit();
  }

  drained(): void {
    // A window worth telling of: it was nearly closed and is not any more.
    if (this.state === State.Established && this.windowSent < MAXIMUM_SEGMENT && this.window >= 2 * MAXIMUM_SEGMENT) {
      this.acknowledge();
    }
  }

  failed(_reason: StreamFailure): void {
    if (this.state === State.Closed) return;
    this.stream = undefined;
    this.abort();
  }

  /** Resets the guest's side, and the host's unless it has gone. */
  abort(): void {
    const flags = Flag.Rst | (this.state === State.SynSent ? 0 : Flag.Ack);
    this.port.send(this.segment(this.next, flags, NOTHING));
    this.drop();
  }

  /** The end, without a word to the guest. */
  drop(): void {
    if (this.state !== State.Closed) this.stream?.reset();
    this.state = State.Closed;
    this.deadline = Infinity;
    this.port.closed();
  }

  // The guest's side.

  receive(segment: TcpSegment): void {
    if (this.state === State.Connecting) {
      if (segment.flags & Flag.Rst) this.drop();
      return;
    }
    if (this.state === State.SynSent) {
      this.receiveSynSent(segment);
      return;
    }
    if (this.state === State.Closed) {
      const says = segment.data.length > 0 || (segment.flags & (Flag.Fin | Flag.Syn)) !== 0;
      if (says && !(segment.flags & Flag.Rst)) this.acknowledge(); // our last word was lost
      return;
    }
    if (segment.flags & Flag.Rst) {
      this.receiveReset(segment);
      return;
    }
    if (!(segment.flags & Flag.Ack)) return;
    if (!this.receiveAcknowledgment(segment)) return;
    this.receiveData(segment);
    this.transmit();
  }

  /** Only the number that is expected counts. One nearby is answered, and the guest then knows it (RFC 5961). */
  private receiveReset({ sequence }: TcpSegment): void {
    const ahead = distance(sequence, this.expected);
    if (ahead === 0) this.drop();
    else if (ahead > 0 && ahead <= this.window) this.acknowledge();
  }

  private receiveSynSent(segment: TcpSegment): void {
    const acknowledges = (segment.flags & Flag.Ack) !== 0 && segment.acknowledgment === this.next;
    if (!acknowledges) return;
    if (segment.flags & Flag.Rst) this.drop();
    else if (segment.flags & Flag.Syn) {
      this.learn(segment);
      this.establish();
      this.acknowledge();
      this.transmit();
    }
  }

  private establish(): void {
    this.unacknowledged = this.next;
    this.state = State.Established;
    this.restartTimer();
    this.resumeStream();
  }

  /** @returns whether the rest of the segment counts */
  private receiveAcknowledgment({ acknowledgment, window, sequence, data, flags }: TcpSegment): boolean {
    if (distance(acknowledgment, this.highest) > 0) {
      this.acknowledge(); // of something never sent
      return false;
    }
    if (this.state === State.SynReceived) {
      if (acknowledgment !== this.next) return false;
      this.guestWindow = window;
      this.establish();
      return true;
    }
    const newly = distance(acknowledgment, this.unacknowledged);
    const same = window === this.guestWindow && data.length === 0 && !(flags & Flag.Fin);
    if (newly >= 0 && distance(sequence, this.expected) <= 0) this.setGuestWindow(window);
    if (newly > 0) this.acknowledged(newly);
    else if (newly === 0 && same && this.waiting && ++this.duplicates === DUPLICATES) this.goBack();
    return true;
  }

  private setGuestWindow(window: number): void {
    if (this.guestWindow === 0) {
      this.retries = 0; // a guest that answers probes is not lost
      if (window > 0) {
        this.next = this.unacknowledged; // what went into the closed window did not arrive
        this.restartTimer();
      }
    }
    this.guestWindow = window;
  }

  /** Something is on its way that the guest has not acknowledged. */
  private get waiting(): boolean {
    return this.next !== this.unacknowledged;
  }

  private acknowledged(count: number): void {
    if (count > this.queue.length) this.finAcknowledged = true;
    this.queue.discard(Math.min(count, this.queue.length));
    this.unacknowledged = (this.unacknowledged + count) >>> 0;
    if (distance(this.unacknowledged, this.next) > 0) this.next = this.unacknowledged;
    this.duplicates = 0;
    this.restartTimer();
    if (this.queue.length <= QUEUE_MAX / 2) this.resumeStream();
    this.finishIfDone();
  }

  private resumeStream(): void {
    if (!this.paused) return;
    this.paused = false;
    this.stream?.resume();
  }

  private receiveData({ sequence, data, flags }: TcpSegment): void {
    const ahead = distance(sequence, this.expected);
    const length = data.length + (flags & Flag.Fin ? 1 : 0);
    if (length === 0) {
      if (ahead < 0) this.acknowledge(); // a probe that keeps the connection alive
      return;
    }
    const fresh = data.subarray(Math.min(-ahead, data.length));
    // Too early, too old, or more than there was room for: the guest hears what is expected, and sends that.
    const acceptable = ahead <= 0 && ahead + length > 0 && !this.guestEnded && fresh.length <= this.window;
    if (acceptable) {
      if (fresh.length > 0) this.stream?.send(fresh.slice());
      this.expected = (this.expected + ahead + length) >>> 0;
      if (flags & Flag.Fin) this.receiveFin();
    }
    this.acknowledge();
    this.finishIfDone();
  }

  private receiveFin(): void {
    this.guestEnded = true;
    this.stream?.end();
  }

  private finishIfDone(): void {
    if (!this.finAcknowledged || !this.guestEnded || this.state === State.Closed) return;
    this.state = State.Closed;
    this.deadline = this.port.now() + LINGER_MS;
  }

  // Sending.

  private get window(): number {
    return Math.max(0, WINDOW_MAX - (this.stream?.pending ?? 0));
  }

  private segment(
    sequence: number,
    flags: number,
    data: Uint8Array,
    maximumSegment = 0,
  ): Omit<TcpSegment, 'sourcePort' | 'destinationPort'> {
    this.windowSent = this.window;
    const acknowledgment = flags & Flag.Ack ? this.expected : 0;
    return { sequence, acknowledgment, flags, window: this.windowSent, maximumSegment, data };
  }

  private acknowledge(): void {
    this.port.send(this.segment(this.next, Flag.Ack, NOTHING));
  }

  private sendSyn(): void {
    const flags = Flag.Syn | (this.state === State.SynReceived ? Flag.Ack : 0);
    this.port.send(this.segment(this.unacknowledged, flags, NOTHING, MAXIMUM_SEGMENT));
    this.next = this.unacknowledged;
    this.advance(1);
    this.startTimer();
  }

  /** Sends what the guest's window has room for, then the FIN. */
  private transmit(): void {
    if (this.state !== State.Established) return;
    for (;;) {
      const sent = distance(this.next, this.unacknowledged);
      if (sent >= this.queue.length) break;
      const room = Math.min(this.guestWindow - sent, this.segmentMax);
      if (room <= 0) break;
      this.sendData(sent, room);
    }
    const sent = distance(this.next, this.unacknowledged);
    if (this.hostEnded && sent === this.queue.length && !this.finAcknowledged) {
      this.port.send(this.segment(this.next, Flag.Fin | Flag.Ack, NOTHING));
      this.advance(1);
    }
    // With a closed window the timer makes a probe of the next byte.
    if (this.waiting || this.queue.length > 0) this.startTimer();
  }

  private sendData(offset: number, room: number): void {
    const bytes = this.queue.peek(offset, room);
    const last = offset + bytes.length === this.queue.length;
    this.port.send(this.segment(this.next, Flag.Ack | (last ? Flag.Psh : 0), bytes));
    this.advance(bytes.length);
  }

  private advance(count: number): void {
    this.next = (this.next + count) >>> 0;
    if (distance(this.next, this.highest) > 0) this.highest = this.next;
  }

  /** Everything that is not acknowledged is sent again. */
  private goBack(): void {
    this.next = this.unacknowledged;
    this.transmit();
  }

  private startTimer(): void {
    if (this.deadline === Infinity) this.deadline = this.port.now() + this.delay;
  }

  private restartTimer(): void {
    this.delay = RETRANSMIT_MS;
    this.retries = 0;
    this.deadline = Infinity;
  }

  /** The clock has reached `due`. */
  expire(): void {
    if (this.port.now() < this.deadline) return;
    this.deadline = Infinity;
    if (this.state === State.Closed) {
      this.port.closed();
      return;
    }
    if (++this.retries > RETRIES) {
      this.abort();
      return;
    }
    this.delay = Math.min(2 * this.delay, RETRANSMIT_MAX_MS);
    if (this.state !== State.Established) this.sendSyn();
    else if (this.guestWindow === 0 && this.queue.length > 0) this.probe();
    else this.goBack();
  }

  /** One byte into a closed window, whose answer tells of the window. A guest that answers is not lost. */
  private probe(): void {
    this.next = this.unacknowledged;
    this.sendData(0, 1);
    this.startTimer();
  }
}
