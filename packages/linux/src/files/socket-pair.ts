/** socketpair(AF_UNIX): two connected ends, each a stream or a queue of messages. Source: unix(7). */
import type { Errno, FileStat, SpecialFile, WaitPort, WaitQueueId } from '@veridian-os/abi';
import { EAGAIN, EMSGSIZE, ENOTTY, EPIPE, POLLHUP, POLLIN, POLLOUT, POLLRDHUP, S_IFSOCK } from '@veridian-os/abi';
import type { Kernel, Process, Token } from '@veridian-os/kernel';
import { PassedDescriptors } from './passed-descriptors.js';
import { gather, roomIn, scatter } from './special.js';

type Segments = readonly Uint8Array<ArrayBufferLike>[];

/** Bytes that one direction holds (Linux's default SO_SNDBUF). */
const CAPACITY = 212_992;
const FIONREAD = 0x541b;
/** A writer waits until this much fits. */
const LOW_WATER = 4096;

/** What was written in one go, and the descriptors that came with it. */
interface Piece {
  readonly bytes: Uint8Array;
  readonly passed: readonly Token[];
}

/** One direction. */
class Channel {
  isEnded = false;
  /** Descriptors that came with what was taken last. */
  passed: readonly Token[] = [];
  private readonly pieces: Piece[] = [];
  private bytes = 0;
  private readonly keepsMessages: boolean;

  constructor(keepsMessages: boolean) {
    this.keepsMessages = keepsMessages;
  }

  get isEmpty(): boolean {
    return this.pieces.length === 0;
  }

  get buffered(): number {
    return this.bytes;
  }

  get hasRoom(): boolean {
    return CAPACITY - this.bytes >= LOW_WATER;
  }

  put(from: Segments, passed: readonly Token[]): number | Errno {
    const wanted = roomIn(from);
    if (this.keepsMessages && wanted > CAPACITY) return EMSGSIZE;
    const room = CAPACITY - this.bytes;
    if (room < Math.min(wanted, this.keepsMessages ? wanted : LOW_WATER)) return EAGAIN;
    const bytes = new Uint8Array(Math.min(wanted, room));
    gather(from, bytes);
    if (bytes.length > 0 || this.keepsMessages) this.pieces.push({ bytes, passed });
    this.bytes += bytes.length;
    return bytes.length;
  }

  /** A message's bytes that do not fit are lost; a stream's stay. `peek` leaves everything. */
  take(into: Segments, peek: boolean): number {
    this.passed = peek ? [] : this.pieces[0].passed;
    return this.keepsMessages ? this.takeMessage(into, peek) : this.takeStream(into, peek);
  }

  private takeMessage(into: Segments, peek: boolean): number {
    const { bytes } = this.pieces[0];
    if (!peek) {
      this.pieces.shift();
      this.bytes -= bytes.length;
    }
    return scatter(bytes, into);
  }

  /** Stops before a piece that brings descriptors: they belong to its first byte. */
  private takeStream(into: Segments, peek: boolean): number {
    let index = 0;
    let skip = 0;
    let done = 0;
    const isOpen = (): boolean => index === 0 || (index < this.pieces.length && this.pieces[index].passed.length === 0);
    for (const segment of into) {
      for (let at = 0; at < segment.length && isOpen();) {
        const { bytes } = this.pieces[index];
        const count = Math.min(segment.length - at, bytes.length - skip);
        segment.set(bytes.subarray(skip, skip + count), at);
        at += count;
        skip += count;
        done += count;
        if (skip < bytes.length) continue;
        index++;
        skip = 0;
      }
    }
    if (!peek) this.consume(index, skip, done);
    return done;
  }

  private consume(whole: number, part: number, bytes: number): void {
    this.pieces.splice(0, whole);
    const [first] = this.pieces;
    if (part > 0) this.pieces[0] = { bytes: first.bytes.subarray(part), passed: [] };
    else if (whole === 0 && first !== undefined && bytes > 0) this.pieces[0] = { ...first, passed: [] };
    this.bytes -= bytes;
  }
}

export class SocketEnd implements SpecialFile {
  readonly waitQueue: WaitQueueId;
  readonly seekable = false;
  /** SOCK_STREAM 1, SOCK_DGRAM 2, SOCK_SEQPACKET 5. */
  readonly type: number;
  /** Descriptors that wait to be received here. */
  readonly passed: PassedDescriptors;
  private readonly waits: WaitPort;
  private readonly incoming: Channel;
  private peer: SocketEnd | undefined = undefined;

  constructor(waits: WaitPort, type: number, passed: PassedDescriptors) {
    this.waits = waits;
    this.type = type;
    this.passed = passed;
    this.waitQueue = waits.create();
    this.incoming = new Channel(type !== 1);
  }

  static pair(kernel: Kernel, type: number): readonly [SocketEnd, SocketEnd] {
    const first = new SocketEnd(kernel.waits, type, new PassedDescriptors(kernel));
    const second = new SocketEnd(kernel.waits, type, new PassedDescriptors(kernel));
    first.peer = second;
    second.peer = first;
    return [first, second];
  }

  /** A plain read closes descriptors that came along. */
  read(into: Segments): number | Errno {
    const count = this.receive(into, false);
    if (count >= 0) this.passed.drop(this.takePassed());
    return count;
  }

  /** Descriptors that came with what `receive` returned last; the caller takes or drops them. */
  takePassed(): readonly Token[] {
    const { passed } = this.incoming;
    this.incoming.passed = [];
    return passed;
  }

  receive(into: Segments, peek: boolean): number | Errno {
    if (this.incoming.isEmpty) return this.incoming.isEnded ? 0 : EAGAIN;
    const count = this.incoming.take(into, peek);
    if (this.peer !== undefined && this.incoming.hasRoom) this.waits.wake(this.peer.waitQueue, POLLOUT);
    return count;
  }

  write(from: Segments): number | Errno {
    return this.send(from, []);
  }

  /** Writes, with descriptors that wait in the peer's `passed`. */
  send(from: Segments, passed: readonly Token[]): number | Errno {
    const { peer } = this;
    if (peer === undefined || peer.incoming.isEnded) return EPIPE;
    const count = peer.incoming.put(from, passed);
    if (count >= 0) this.waits.wake(peer.waitQueue, POLLIN);
    return count;
  }

  /** Copies descriptors to where the peer finds them; EPIPE when there is no peer. */
  passToPeer(sender: Process, fds: readonly number[]): { tokens: Token[]; at: PassedDescriptors } | Errno {
    const { peer } = this;
    if (peer === undefined) return EPIPE;
    const tokens = peer.passed.put(sender, fds);
    return typeof tokens === 'number' ? tokens : { tokens, at: peer.passed };
  }

  /** SHUT_RD 0, SHUT_WR 1, SHUT_RDWR 2. */
  shutdown(how: number): void {
    if (how !== 1) this.end(this);
    if (how !== 0 && this.peer !== undefined) this.end(this.peer);
  }

  poll(): number {
    const { peer, incoming } = this;
    const input = !incoming.isEmpty || incoming.isEnded ? POLLIN : 0;
    const output = peer === undefined || peer.incoming.isEnded || peer.incoming.hasRoom ? POLLOUT : 0;
    const hangUp = incoming.isEnded ? POLLRDHUP | (peer === undefined || peer.incoming.isEnded ? POLLHUP : 0) : 0;
    return input | output | hangUp;
  }

  /** fstat(2): a socket. */
  describe(stat: FileStat): void {
    stat.mode = S_IFSOCK | 0o777;
  }

  ioctl(request: number, argument: Uint8Array<ArrayBufferLike>): number | Errno {
    if (request !== FIONREAD) return ENOTTY;
    new DataView(argument.buffer, argument.byteOffset).setInt32(0, this.incoming.buffered, true);
    return 0;
  }

  close(): void {
    const { peer } = this;
    this.passed.close();
    if (peer !== undefined) {
      peer.peer = undefined;
      peer.incoming.isEnded = true;
      this.waits.wake(peer.waitQueue, POLLIN | POLLOUT | POLLHUP | POLLRDHUP);
    }
    this.waits.destroy(this.waitQueue);
  }

  /** Nothing more comes in at `end`. */
  private end(end: SocketEnd): void {
    end.incoming.isEnded = true;
    for (const side of [end, end.peer]) {
      if (side !== undefined) this.waits.wake(side.waitQueue, POLLIN | POLLOUT | POLLHUP | POLLRDHUP);
    }
  }
}
