/**
 * The threads' message records and how a message gets from one to another.
 *
 * All eight words travel, always: sixteen moves cost less than a length to check, and a record never keeps half of an older
 * message. Words are moved as int32, which no engine has to box.
 */
import { EMSGSIZE, EOPNOTSUPP, NONE, type Errno, type ThreadId } from '@veridian-os/abi';
import {
  MESSAGE_CAPS,
  MESSAGE_WORDS,
  NOTIFICATION_LABEL,
  PAYLOAD_BYTES,
  type MessageCarrier,
  type MessageRecords,
} from '../api.js';

/** int32 halves of a record's words. */
const HALVES = MESSAGE_WORDS * 2;

export class Records implements MessageRecords {
  readonly label: Int32Array<ArrayBuffer>;
  readonly words: Uint32Array<ArrayBuffer>;
  readonly payloadBytes: Int32Array<ArrayBuffer>;
  readonly capCount: Int32Array<ArrayBuffer>;
  readonly badge: Int32Array<ArrayBuffer>;
  readonly replyObject: Int32Array<ArrayBuffer>;
  readonly result: Int32Array<ArrayBuffer>;
  messageCount = 0;

  private readonly halves: Int32Array<ArrayBuffer>;
  private readonly carrier: MessageCarrier | undefined;

  constructor(threads: number, carrier: MessageCarrier | undefined) {
    this.label = new Int32Array(threads);
    this.words = new Uint32Array(threads * HALVES);
    this.halves = new Int32Array(this.words.buffer);
    this.payloadBytes = new Int32Array(threads);
    this.capCount = new Int32Array(threads);
    this.badge = new Int32Array(threads);
    this.replyObject = new Int32Array(threads);
    this.result = new Int32Array(threads);
    this.carrier = carrier;
  }

  /** Empties a record. */
  clear(thread: number): void {
    this.words.fill(0, thread * HALVES, (thread + 1) * HALVES);
    this.setHeader(thread, 0, 0, NONE);
    this.result[thread] = 0;
  }

  /** True when the thread's outgoing message is words and nothing else. */
  isRegisterOnly(thread: number): boolean {
    return (this.payloadBytes[thread] | this.capCount[thread]) === 0;
  }

  /** 0 when the thread's outgoing message may travel, EMSGSIZE, or EOPNOTSUPP without a carrier. */
  check(thread: number): 0 | Errno {
    if (this.isRegisterOnly(thread)) return 0;
    const bytes = this.payloadBytes[thread];
    const caps = this.capCount[thread];
    if (bytes < 0 || bytes > PAYLOAD_BYTES || caps < 0 || caps > MESSAGE_CAPS) return EMSGSIZE;
    return this.carrier === undefined ? EOPNOTSUPP : 0;
  }

  /** Moves the checked message of `from` into the record of `to`. */
  deliver(from: number, to: number, badge: number, reply: number): void {
    const halves = this.halves;
    let source = from * HALVES;
    let target = to * HALVES;
    for (const end = source + HALVES; source < end; source++, target++) halves[target] = halves[source]!;
    const bytes = this.payloadBytes[from];
    const caps = this.capCount[from];
    this.setHeader(to, this.label[from], badge, reply);
    this.messageCount++;
    if ((bytes | caps) !== 0) this.carry(from, to, bytes, caps);
  }

  /** Writes a notification's word as the message of `to`. */
  deliverBits(to: number, bits: number): void {
    this.halves[to * HALVES] = bits;
    this.halves[to * HALVES + 1] = 0;
    this.setHeader(to, NOTIFICATION_LABEL, 0, NONE);
  }

  private setHeader(thread: number, label: number, badge: number, reply: number): void {
    this.label[thread] = label;
    this.badge[thread] = badge;
    this.replyObject[thread] = reply;
    this.payloadBytes[thread] = 0;
    this.capCount[thread] = 0;
  }

  private carry(from: number, to: number, bytes: number, caps: number): void {
    const carrier = this.carrier!; // `check` let the message pass
    if (bytes > 0) carrier.copyPayload(from as ThreadId, to as ThreadId, bytes);
    this.payloadBytes[to] = bytes;
    if (caps > 0) this.capCount[to] = carrier.transferCaps(from as ThreadId, to as ThreadId, caps);
  }
}
