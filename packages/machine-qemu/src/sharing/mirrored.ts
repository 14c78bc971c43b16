/**
 * Sharing by copies, where the C library cannot be called: RAM is mirrored around every command, the doorbell is the pipe
 * that `spawn` makes. One CPU: whatever this process does to memory, it does while the guest waits for a command.
 */
import type { ChildProcess } from 'node:child_process';
import { BELL, MAILBOX, Opcode, type Kick } from '../layout.js';
import { MAILBOX_WORDS, Mailbox } from '../mailbox.js';
import { nodeFs } from '../node.js';
import { Heard, type Doorbell, type MachineShape, type Sharing } from './api.js';
import { MirroredRam } from './mirrored-ram.js';
import { Reachable } from './reachable.js';
import { unnamedFile } from './unnamed-file.js';

export class MirroredSharing implements Sharing {
  readonly ram: MirroredRam;
  private readonly shape: MachineShape;
  private readonly mailboxes: MirroredMailbox[] = [];

  constructor(shape: MachineShape) {
    this.shape = shape;
    this.ram = new MirroredRam(shape.parts.reduce((sum, { length }) => sum + length, 0));
  }

  file(purpose: string): number {
    return unnamedFile(purpose, 0);
  }

  mailbox(offset: number): Mailbox {
    const mailbox = new MirroredMailbox(this.ram, offset, this.shape);
    this.mailboxes.push(mailbox);
    return mailbox;
  }

  doorbell(): Doorbell {
    return new PipeDoorbell(this.mailboxes[0]);
  }
}

/**
 * A mailbox whose words are copied: before a command goes out, with everything that it may look at; after it is done, with
 * everything that it may have changed. Whoever learns that it is done finds that here.
 *
 * Single bytes are written where the guest looks or writes at the same time: the low one of SEQ, one per reason of KICK.
 */
class MirroredMailbox extends Mailbox {
  override readonly lookCost: number = 100;
  private readonly ram: MirroredRam;
  private readonly shape: MachineShape;
  private readonly reachable: Reachable;
  private readonly ramWords: Uint32Array;
  private readonly offset: number;
  private pending = true;
  /** Slots of contexts that the command uses, as offsets in RAM, or -1. */
  private slot = -1;
  private fpSlot = -1;

  constructor(ram: MirroredRam, offset: number, shape: MachineShape) {
    super(new Uint32Array(ram.windows[0], offset, MAILBOX_WORDS), shape.isa.monitorHi);
    this.ram = ram;
    this.shape = shape;
    this.reachable = new Reachable(ram, shape);
    this.ramWords = new Uint32Array(ram.windows[0]);
    this.offset = offset;
  }

  /** Nobody reads the pipe: the guest never rings back. */
  override set waiting(_on: boolean) {
    this.words[MAILBOX.WAITING / 4] = 0;
  }

  override get isDone(): boolean {
    if (!this.pending) return true;
    this.ram.load(this.offset + MAILBOX.DONE, 8);
    if (this.words[MAILBOX.DONE / 4] !== this.words[MAILBOX.SEQ / 4]) return false;
    this.pending = false;
    this.refresh();
    return true;
  }

  /** As of the last look. */
  get isSleeping(): boolean {
    return this.words[MAILBOX.SLEEPING / 4] !== 0;
  }

  override prepare(cpus: number): void {
    super.prepare(cpus);
    this.waiting = true;
  }

  override publish(opcode: Opcode): boolean {
    const { offset, ram, words } = this;
    words[MAILBOX.OPCODE / 4] = opcode;
    this.publishContexts(opcode);
    if (!this.isForgotten) ram.store(offset + MAILBOX.SYNC_LIST, words[MAILBOX.SYNC_COUNT / 4] * 16);
    ram.store(offset + MAILBOX.SPIN, MAILBOX.HOST_END - MAILBOX.SPIN);
    const seq = words[MAILBOX.SEQ / 4];
    words[MAILBOX.SEQ / 4] = (seq & ~0xff) | ((seq + 1) & 0xff);
    ram.store(offset + MAILBOX.SEQ, 1);
    this.pending = true;
    ram.load(offset + MAILBOX.SLEEPING, 4);
    return this.isSleeping;
  }

  override kick(by: Kick): void {
    this.ram.storeByte(this.offset + MAILBOX.KICK + by, 1);
  }

  override unkick(by: Kick): void {
    this.ram.storeByte(this.offset + MAILBOX.KICK + by, 0);
  }

  private publishContexts(opcode: Opcode): void {
    const { isa } = this.shape;
    const hasContext = opcode === Opcode.Run;
    const hasFp = (hasContext || opcode === Opcode.SaveFp) && this.fpOwner !== 0;
    this.slot = hasContext ? this.slotOf(this.words[MAILBOX.CONTEXT / 4]) : -1;
    this.fpSlot = hasFp ? this.slotOf(this.fpOwner) : -1;
    if (this.fpSlot >= 0 && this.fpSlot !== this.slot) this.ram.push(this.fpSlot, isa.context.bytes);
    if (!hasContext) return;
    this.ram.push(this.slot, isa.context.bytes);
    const root = (this.slot + isa.context.root) / 4;
    this.reachable.publish(isa.rootOf(this.ramWords[root], this.ramWords[root + 1]));
  }

  private refresh(): void {
    const { isa } = this.shape;
    this.ram.load(this.offset + MAILBOX.FORGET, MAILBOX.FIELDS_END - MAILBOX.FORGET);
    if (this.fpSlot >= 0 && this.fpSlot !== this.slot) this.ram.pull(this.fpSlot, isa.context.bytes);
    if (this.slot < 0) return;
    this.ram.pull(this.slot, isa.context.bytes);
    this.reachable.refresh();
  }

  /** @param address low word, as the monitor addresses a context */
  private slotOf(address: number): number {
    return (address - this.shape.isa.ramBase) >>> 0;
  }
}

/** Looks for this long before it sleeps; sleeps for this part of the time waited, which is then the error of its length. */
const SPIN_MS = 0.06;
const SLEEP_PART = 1 / 8;
const LONGEST_SLEEP_MS = 1;
/** After so long it asks whether QEMU is still there, and rings once more: once may have been too early to be heard. */
const DOUBT_MS = 1;
const { wait } = Atomics;

/** Node's end of a pipe, underneath the stream that nobody uses. */
interface Pipe {
  readonly _handle?: { readonly fd: number; readStop(): void };
  on(event: string, listener: () => void): unknown;
  unref(): unknown;
  destroy(): unknown;
}

class PipeDoorbell implements Doorbell {
  readonly childEnd = 'pipe';
  fd = -1;
  private readonly files = nodeFs();
  private readonly clock = performance;
  private readonly mailbox: MirroredMailbox;
  private readonly sleeper = new Int32Array(new SharedArrayBuffer(4));
  private readonly one = new Uint8Array(1);
  private pipe?: Pipe;
  private ended = false;

  constructor(mailbox: MirroredMailbox) {
    this.mailbox = mailbox;
  }

  /** @throws Error when Node's pipes have no descriptor any more */
  begin(child: ChildProcess | undefined, index: number): void {
    // Not there when the process could not be made.
    const pipe = (child?.stdio as unknown as (Pipe | null)[] | undefined)?.[index];
    if (child === undefined || pipe === null || pipe === undefined) return;
    this.pipe = pipe;
    const end = (): void => {
      this.ended = true;
    };
    // Node closes the descriptor after these.
    child.on('exit', end);
    for (const event of ['end', 'error', 'close']) pipe.on(event, end);
    pipe.unref();
    if (child.pid === undefined) return;
    const { _handle: handle } = pipe;
    if (handle === undefined || !(handle.fd >= 0)) throw new Error('this Node.js does not tell a pipe’s descriptor');
    handle.readStop();
    this.fd = handle.fd;
  }

  ring(byte: number): void {
    this.one[0] = byte;
    try {
      if (!this.ended) this.files.writeSync(this.fd, this.one);
    } catch {
      // It is full of bells, or QEMU is gone: whoever waits finds out.
    }
  }

  hear(timeoutMs: number): Heard {
    const begun = this.clock.now();
    for (;;) {
      if (this.mailbox.isDone) return Heard.Something;
      const waited = this.clock.now() - begun;
      if (waited < SPIN_MS && waited < timeoutMs) continue;
      if (waited >= DOUBT_MS || waited >= timeoutMs) {
        if (this.hasEnded()) return Heard.End;
        if (waited >= timeoutMs) return Heard.Nothing;
        if (this.mailbox.isSleeping) this.ring(BELL);
      }
      wait(this.sleeper, 0, 0, Math.min(LONGEST_SLEEP_MS, waited * SLEEP_PART, timeoutMs - waited));
    }
  }

  close(): void {
    this.ended = true;
    this.pipe?.destroy();
  }

  /** QEMU's end is closed when it is; it sends nothing. */
  private hasEnded(): boolean {
    if (this.ended) return true;
    try {
      return this.files.readSync(this.fd, this.one, 0, 1, null) === 0;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code !== 'EAGAIN';
    }
  }
}
