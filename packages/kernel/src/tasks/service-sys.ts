/**
 * System calls of services and drivers: IPC on endpoints, interrupts, device registers. Each takes a capability of the
 * task's own space. The `...Now` methods act at once; they never wait.
 */
import type { Errno, PhysAddr, WaitQueueId } from '@veridian-os/abi';
import { EBADF, EMSGSIZE, NONE, panic } from '@veridian-os/abi';
import { Rights } from '@veridian-os/capabilities';
import { IpcStatus, MESSAGE_WORDS, PAYLOAD_BYTES } from '@veridian-os/ipc';
import type { OpenFile } from '@veridian-os/vfs';
import type { Blocking } from '../core/blocking.js';
import { ObjectType, type DeviceGrant } from '../core/objects.js';
import type { Thread } from '../core/thread.js';
import type { Token } from '../files/fd-table.js';
import type { Kernel } from '../kernel.js';
import { Sys } from './sys.js';
import type { Request } from './task.js';

/** What goes with a call beside its label. */
export interface CallRequest {
  /** At most 8 int32 words. */
  readonly words?: readonly number[];
  /** At most 4096 bytes. */
  readonly payload?: Uint8Array<ArrayBufferLike>;
}

/** The message a service received last, or the answer to its last call. */
export class ReceivedMessage {
  private readonly kernel: Kernel;
  private readonly thread: Thread;

  constructor(kernel: Kernel, thread: Thread) {
    this.kernel = kernel;
    this.thread = thread;
  }

  /** Operation; NONE for a bound notification (word 0 = its bits). */
  get label(): number {
    return this.kernel.ipc.records.label[this.thread.slot];
  }

  get badge(): number {
    return this.kernel.ipc.records.badge[this.thread.slot];
  }

  /** Reply object, or NONE when the sender expects no answer. */
  get reply(): number {
    return this.kernel.ipc.records.replyObject[this.thread.slot];
  }

  get payloadBytes(): number {
    return this.kernel.ipc.records.payloadBytes[this.thread.slot];
  }

  get capCount(): number {
    return this.kernel.ipc.records.capCount[this.thread.slot];
  }

  /** The task's payload page: what arrived, and where an answer's payload is written. */
  get payload(): Uint8Array<ArrayBufferLike> {
    const payload = this.kernel.messages.payload(this.thread);
    if (typeof payload === 'number') panic('kernel/service-payload', 'no frame for a service');
    return payload;
  }

  /** A copy of what arrived. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.payload.slice(0, this.payloadBytes);
  }

  /** One of the message's eight words, 0 .. 7. */
  word(index: number): number {
    return this.kernel.messages.word(this.thread, index);
  }

  cap(index: number): Token {
    return this.kernel.messages.receivedCap(this.thread, index);
  }
}

export class ServiceSys extends Sys {
  readonly message: ReceivedMessage;

  constructor(kernel: Kernel, thread: Thread) {
    super(kernel, thread);
    this.message = new ReceivedMessage(kernel, thread);
  }

  /** Endpoint of a service that this process was given, or its own; undefined without. */
  service(name: string): Token | undefined {
    return this.thread.process.endowment.services.get(name);
  }

  /**
   * Calls a service and waits for its answer: the answer's label; words and payload are then in `message`.
   * EBADF, EACCES: no endpoint that may be called; EMSGSIZE; ECANCELED: the service ended.
   */
  call(endpoint: Token | undefined, label: number, request: CallRequest = {}): Request<number> {
    return this.number((thread) => this.callOn(thread, endpoint, label, request));
  }

  /**
   * Waits for the next message on an endpoint or a signal on the task's bound notification: 0, what came is in `message`.
   * EBADF, EACCES: no endpoint that may be received on.
   */
  receive(endpoint: Token | undefined): Request<number> {
    return this.number((thread) => this.receiveOn(thread, endpoint));
  }

  /** Waits for a notification: its bits; EBADF, EACCES. */
  waitNotification(token: Token): Request<number> {
    return this.number((thread) => this.waitOn(thread, token));
  }

  /** Tokens of this task's space: the open file behind one, if it is a file. */
  fileNow(token: Token): OpenFile | undefined {
    const file = this.kernel.descriptors.fileOf(this.thread.process, token.lo, token.hi, 0);
    return typeof file === 'number' ? undefined : file;
  }

  /** New capability for an open file; consumes the reference. */
  grantNow(file: OpenFile): Token | Errno {
    return this.kernel.descriptors.grant(this.thread.process, file);
  }

  dropNow(token: Token): void {
    this.kernel.descriptors.drop(this.thread.process, token);
  }

  /** The file server works for this caller until the next call: /proc/self and /dev/tty are the caller's. */
  serveNow(reply: number, badge: number): void {
    const slot = this.kernel.ipc.callerOf(reply);
    this.kernel.servedThread = slot === NONE ? undefined : this.kernel.threads[slot];
    this.kernel.servedBadge = badge;
  }

  /** Answers a call: label, payload bytes (already in the payload page), one capability. A caller that has gone is no error. */
  replyNow(reply: number, label: number, payloadBytes: number, cap: Token | undefined): void {
    this.send(reply, label, [], payloadBytes, cap);
  }

  /** Answers a call with words and bytes. A caller that has gone is no error. */
  answerNow(reply: number, label: number, answer: CallRequest = {}): void {
    const { words = [], payload } = answer;
    if (payload !== undefined) this.message.payload.set(payload);
    this.send(reply, label, words, payload?.length ?? 0, undefined);
  }

  /** Signals a notification (needs Write) whenever a wait queue wakes; returns how to stop. */
  signalOn(queue: WaitQueueId, events: number, notification: Token): () => void {
    const object = this.object(notification, ObjectType.Notification, Rights.Write);
    return this.kernel.waits.watch(queue, events, () => {
      this.kernel.ipc.signal(object, 1);
      this.kernel.messages.drain();
    });
  }

  /** Lets an interrupt source signal `notification` with `badge`, and enables it. */
  bindInterruptNow(interrupt: Token, notification: Token, badge: number): void {
    const grant = this.kernel.objects.interrupts.get(this.object(interrupt, ObjectType.Interrupt, Rights.Control));
    grant.notification = this.object(notification, ObjectType.Notification, Rights.Write);
    grant.badge = badge;
    this.kernel.machine.interrupts.enable(grant.source, 1);
  }

  /** Ends service of an interrupt that was signalled. */
  acknowledgeNow(interrupt: Token): void {
    const grant = this.kernel.objects.interrupts.get(this.object(interrupt, ObjectType.Interrupt, Rights.Control));
    this.kernel.machine.interrupts.complete(grant.source);
  }

  /** Registers of a device the task holds, by offset from its base. */
  deviceNow(device: Token): DeviceRegisters {
    const grant = this.kernel.objects.devices.get(this.object(device, ObjectType.Device, Rights.Read | Rights.Write));
    return new DeviceRegisters(this.kernel, grant);
  }

  private send(
    reply: number,
    label: number,
    words: readonly number[],
    payloadBytes: number,
    cap: Token | undefined,
  ): void {
    const { messages, ipc } = this.kernel;
    if (cap !== undefined) messages.setCap(this.thread, 0, cap);
    messages.prepare(this.thread, label, words, payloadBytes, cap === undefined ? 0 : 1);
    ipc.reply(this.thread.slot, reply);
    messages.drain();
  }

  private object(token: Token, type: ObjectType, rights: number): number {
    const object = this.kernel.capabilities.lookup(this.thread.process.capabilities, token.lo, token.hi, type, rights);
    if (object < 0)
      panic('kernel/service-capability', `service ${this.thread.name} lacks a capability it was built with`);
    return object;
  }

  private callOn(thread: Thread, endpoint: Token | undefined, label: number, request: CallRequest): number | Blocking {
    if (endpoint === undefined) return EBADF;
    const { messages } = this.kernel;
    const { words = [], payload } = request;
    if (words.length > MESSAGE_WORDS || (payload?.length ?? 0) > PAYLOAD_BYTES) return EMSGSIZE;
    const page = messages.payload(thread);
    if (typeof page === 'number') return page;
    if (payload !== undefined) page.set(payload);
    messages.prepare(thread, label, words, payload?.length ?? 0, 0);
    return this.answerTo(thread, endpoint);
  }

  private *answerTo(thread: Thread, endpoint: Token): Blocking {
    const status = yield* this.kernel.messages.call(thread, endpoint);
    return status < 0 ? status : this.message.label;
  }

  private receiveOn(thread: Thread, endpoint: Token | undefined): number | Blocking {
    const { messages } = this.kernel;
    const object = messages.endpoint(thread.process.capabilities, endpoint, Rights.Read);
    if (object < 0) return object;
    // An answer's payload needs a page, and a service that gets none cannot serve.
    const page = messages.payload(thread);
    if (typeof page === 'number') return page;
    const status = this.kernel.ipc.recv(thread.slot, object, true);
    return this.awaitStatus(thread, status);
  }

  private waitOn(thread: Thread, token: Token): number | Blocking {
    const { capabilities } = this.kernel;
    const space = thread.process.capabilities;
    const object = capabilities.lookup(space, token.lo, token.hi, ObjectType.Notification, Rights.Read);
    if (object < 0) return object;
    const status = this.awaitStatus(thread, this.kernel.ipc.wait(thread.slot, object, true));
    return typeof status === 'number' ? this.bits(thread, status) : this.bitsLater(thread, status);
  }

  private *bitsLater(thread: Thread, status: Blocking): Blocking {
    return this.bits(thread, yield* status);
  }

  /** A notification's bits are word 0 of the record. */
  private bits(thread: Thread, status: number): number {
    return status < 0 ? status : this.kernel.messages.word(thread, 0);
  }

  private awaitStatus(thread: Thread, status: number): number | Blocking {
    this.kernel.messages.drain();
    return status === IpcStatus.Blocked ? this.kernel.messages.awaitIpc(thread) : status;
  }
}

/** Byte registers of one device; offsets are checked against the granted range. */
export class DeviceRegisters {
  private readonly kernel: Kernel;
  private readonly grant: DeviceGrant;

  constructor(kernel: Kernel, grant: DeviceGrant) {
    this.kernel = kernel;
    this.grant = grant;
  }

  read8(offset: number): number {
    return this.kernel.machine.bus.read8(this.address(offset));
  }

  write8(offset: number, value: number): void {
    this.kernel.machine.bus.write8(this.address(offset), value);
  }

  private address(offset: number): PhysAddr {
    if (offset < 0 || offset >= this.grant.length) panic('kernel/device-range', `offset ${offset}`);
    return (this.grant.base + offset) as PhysAddr;
  }
}
