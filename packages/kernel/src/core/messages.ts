/**
 * The kernel's side of IPC: what `ipc` does not know. Payload pages (one guest frame per thread that uses them),
 * capabilities that travel, badges, sleeping until the answer is there.
 */
import type { Errno, Frame, ThreadId } from '@veridian-os/abi';
import { EBADF, EINTR, ENOMEM, NONE, isErrno } from '@veridian-os/abi';
import { Rights, type SpaceId } from '@veridian-os/capabilities';
import { IpcStatus, MESSAGE_CAPS, MESSAGE_WORDS, type MessageCarrier } from '@veridian-os/ipc';
import type { Token } from '../files/fd-table.js';
import type { Kernel } from '../kernel.js';
import { Wake, type Blocking } from './blocking.js';
import { ObjectType } from './objects.js';
import type { Thread } from './thread.js';

interface Payload {
  readonly frame: Frame;
  readonly bytes: Uint8Array<ArrayBufferLike>;
}

export class Messages implements MessageCarrier {
  private readonly kernel: Kernel;
  private readonly payloads: (Payload | undefined)[] = [];
  /** Capabilities listed by a sender and received by a receiver: `MESSAGE_CAPS` per thread. */
  private readonly capLo: Uint32Array;
  private readonly capHi: Uint32Array;
  private readonly spaces: (SpaceId | undefined)[] = [];

  constructor(kernel: Kernel, maxThreads: number) {
    this.kernel = kernel;
    this.capLo = new Uint32Array(maxThreads * MESSAGE_CAPS);
    this.capHi = new Uint32Array(maxThreads * MESSAGE_CAPS);
  }

  attach(thread: Thread): void {
    this.spaces[thread.slot] = thread.process.capabilities;
    this.kernel.ipc.attachThread(thread.slot, 0);
  }

  detach(thread: Thread): void {
    this.kernel.ipc.detachThread(thread.slot);
    this.drain();
    const payload = this.payloads[thread.slot];
    if (payload !== undefined) this.kernel.memory.frames.release(payload.frame);
    this.payloads[thread.slot] = undefined;
    this.spaces[thread.slot] = undefined;
  }

  /** The thread's payload page, made at first use; or ENOMEM. */
  payload(thread: Thread): Uint8Array<ArrayBufferLike> | Errno {
    return this.payloadOf(thread.slot);
  }

  word(thread: Thread, index: number): number {
    return this.kernel.ipc.records.words[(thread.slot * MESSAGE_WORDS + index) * 2] | 0;
  }

  /**
   * Sets label, words, payload length and number of capabilities of the thread's next message. All eight words travel:
   * those not given are cleared, for what an earlier message left there is nobody else's business.
   */
  prepare(thread: Thread, label: number, words: readonly number[], payloadBytes: number, capCount: number): void {
    const { records } = this.kernel.ipc;
    records.label[thread.slot] = label;
    records.payloadBytes[thread.slot] = payloadBytes;
    records.capCount[thread.slot] = capCount;
    const first = thread.slot * MESSAGE_WORDS * 2;
    for (let index = 0; index < MESSAGE_WORDS; index++) {
      const value = words[index] ?? 0;
      records.words[first + 2 * index] = value;
      records.words[first + 2 * index + 1] = value < 0 ? -1 : 0;
    }
  }

  setCap(thread: Thread, index: number, token: Token): void {
    this.capLo[thread.slot * MESSAGE_CAPS + index] = token.lo;
    this.capHi[thread.slot * MESSAGE_CAPS + index] = token.hi;
  }

  /** Capability that arrived with the last message. */
  receivedCap(thread: Thread, index: number): Token {
    const at = thread.slot * MESSAGE_CAPS + index;
    return { lo: this.capLo[at], hi: this.capHi[at] };
  }

  copyPayload(from: ThreadId, to: ThreadId, bytes: number): void {
    const source = this.payloadOf(from);
    const target = this.payloadOf(to);
    if (typeof source === 'number' || typeof target === 'number') return;
    target.set(source.subarray(0, bytes));
  }

  transferCaps(from: ThreadId, to: ThreadId, count: number): number {
    const { capabilities } = this.kernel;
    const source = this.spaces[from];
    const target = this.spaces[to];
    if (source === undefined || target === undefined) return 0;
    let arrived = 0;
    for (let index = 0; index < count; index++) {
      const at = from * MESSAGE_CAPS + index;
      if (capabilities.copy(source, this.capLo[at], this.capHi[at], target, Rights.All) < 0) break;
      this.capLo[to * MESSAGE_CAPS + index] = capabilities.tokenLo;
      this.capHi[to * MESSAGE_CAPS + index] = capabilities.tokenHi;
      arrived++;
    }
    return arrived;
  }

  /**
   * Calls through an endpoint capability of the thread's process with the prepared message; the answer is then in its
   * record. Returns 0, EBADF or EACCES (no such capability, no right to send), ECANCELED (the server died), EINTR (killed).
   */
  *call(thread: Thread, endpoint: Token): Blocking<number> {
    const { capabilities, ipc } = this.kernel;
    const space = thread.process.capabilities;
    const object = capabilities.lookup(space, endpoint.lo, endpoint.hi, ObjectType.Endpoint, Rights.Write);
    if (isErrno(object)) return object;
    const badge = capabilities.badgeOf(space, endpoint.lo, endpoint.hi);
    const status = ipc.call(thread.slot, object, badge);
    this.drain();
    if (status < 0) return status;
    return status === IpcStatus.Blocked ? yield* this.awaitIpc(thread) : 0;
  }

  /** Sleeps until the thread's IPC operation has its result. Only death interrupts it. */
  *awaitIpc(thread: Thread): Blocking<number> {
    const { ipc } = this.kernel;
    const wake = yield* this.kernel.waiting.sleep(thread, undefined, false);
    if (wake !== Wake.Event) {
      ipc.cancel(thread.slot, EINTR);
      this.drain();
      return EINTR;
    }
    return ipc.records.result[thread.slot];
  }

  /** Wakes the threads that `ipc` decided are runnable. */
  drain(): void {
    const { ipc, threads, waiting } = this.kernel;
    for (;;) {
      const slot = ipc.takeRunnable();
      if (slot === NONE) return;
      const thread = threads[slot];
      if (thread !== undefined) waiting.wake(thread, Wake.Event);
    }
  }

  /** Endpoint capability named by a token of a process: its object, or EBADF, EACCES. */
  endpoint(space: SpaceId, token: Token | undefined, rights: number): number | Errno {
    if (token === undefined) return EBADF;
    return this.kernel.capabilities.lookup(space, token.lo, token.hi, ObjectType.Endpoint, rights);
  }

  private payloadOf(slot: ThreadId): Uint8Array<ArrayBufferLike> | Errno {
    const existing = this.payloads[slot];
    if (existing !== undefined) return existing.bytes;
    const { frames, bytes } = this.kernel.memory;
    const frame = frames.allocZeroed();
    if (isErrno(frame)) return ENOMEM;
    const payload = { frame: frame, bytes: bytes.view(frame) };
    this.payloads[slot] = payload;
    return payload.bytes;
  }
}
