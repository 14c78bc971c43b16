/**
 * The host's end of the monitor: commands and waiting, for all CPUs of one QEMU process.
 *
 * Waiting blocks on the socket. Spinning looks at the mailbox first, as long as that has been worth it lately; then the
 * monitor, too, polls a while before it sleeps.
 */
import { panic } from '@veridian-os/abi';
import { BELL, MAILBOX, Opcode } from './layout.js';
import type { Mailbox } from './mailbox.js';
import type { QemuProcess } from './process.js';

/** Looks at the mailbox before blocking: the most, and what is tried again after a pause. One is about 10 ns. */
const MOST_LOOKS = 32_768;
const LEAST_LOOKS = 512;
/** After so many waits without looking, looking is tried again. */
const RETRY_EVERY = 64;
const STATUS_BROKEN = 2;

export class HostMonitor {
  readonly process: QemuProcess;
  readonly mailboxes: readonly Mailbox[];
  private readonly spinning: boolean;
  private readonly lookCost: number;
  private looks: number;
  private pauses = 0;

  constructor(process: QemuProcess, mailboxes: readonly Mailbox[], spinning: boolean) {
    this.process = process;
    this.mailboxes = mailboxes;
    this.spinning = spinning;
    this.lookCost = mailboxes[0].lookCost;
    this.looks = spinning ? MOST_LOOKS : 0;
  }

  /** Waits until every CPU has reported. @throws KernelPanic `cpu/host` when QEMU ends or hangs */
  awaitStart(): void {
    for (const mailbox of this.mailboxes) this.block(mailbox, 0);
    this.setPolls();
  }

  /** Lets a parked CPU do something; arguments are in its mailbox. */
  begin(mailbox: Mailbox, opcode: Opcode): void {
    mailbox.commit();
    if (opcode === Opcode.Run) mailbox.usesRoot = true;
    else if (opcode === Opcode.Nothing) mailbox.usesRoot = false;
    mailbox.waiting = this.looks === 0;
    if (mailbox.publish(opcode)) this.process.ring(BELL);
  }

  /**
   * Waits until a command is done.
   * @param promisedMs time that it may take by itself
   * @throws KernelPanic `cpu/host` when QEMU ends, hangs, or the monitor reports a fault of its own
   */
  await(mailbox: Mailbox, promisedMs: number): void {
    if (!this.look(mailbox)) this.block(mailbox, promisedMs);
    if (mailbox.words[MAILBOX.STATUS / 4] === STATUS_BROKEN) this.broken(mailbox);
  }

  /** A command from beginning to end. */
  command(mailbox: Mailbox, opcode: Opcode): void {
    this.begin(mailbox, opcode);
    this.await(mailbox, 0);
  }

  /** True when no CPU runs. */
  get isQuiet(): boolean {
    return this.mailboxes.every((mailbox) => mailbox.isDone);
  }

  /** Lets running CPUs forget what was put into their mailboxes; when this returns they have. Parked ones do it later. */
  shootDown(): void {
    for (const mailbox of this.mailboxes) mailbox.commit();
    if (this.isQuiet) return;
    this.process.ring(BELL);
    for (const mailbox of this.mailboxes) this.awaitForgotten(mailbox);
  }

  /** Parked CPUs stop translating by the root table of the context that they ran last. */
  leaveRoots(): void {
    for (const mailbox of this.mailboxes) if (mailbox.usesRoot && mailbox.isDone) this.command(mailbox, Opcode.Nothing);
  }

  /** Empties the list of one CPU. */
  workOff(mailbox: Mailbox): void {
    mailbox.commit();
    if (mailbox.isDone) this.command(mailbox, Opcode.Nothing);
    else this.shootDown();
  }

  /** Waits until one of these CPUs is done. @returns false when none was within `timeoutMs` */
  awaitAny(mailboxes: readonly Mailbox[], timeoutMs: number): boolean {
    for (let i = 0; i <= this.looks; i += this.lookCost) if (mailboxes.some((mailbox) => mailbox.isDone)) return true;
    for (const mailbox of mailboxes) mailbox.waiting = true;
    return mailboxes.some((mailbox) => mailbox.isDone) || this.process.hear(timeoutMs);
  }

  /** Waits until another context's FP state is in the registers of a CPU that was told to run it. */
  awaitFpOwner(mailbox: Mailbox, address: number): void {
    while (!mailbox.isDone && mailbox.fpOwner === address) this.process.hear(1);
  }

  /** Makes running CPUs look at their mailboxes. */
  ring(): void {
    this.process.ring(BELL);
  }

  private look(mailbox: Mailbox): boolean {
    if (!this.spinning) return false;
    if (this.looks === 0) {
      if (++this.pauses % RETRY_EVERY === 0) this.setLooks(LEAST_LOOKS);
      return false;
    }
    for (let i = 0; i < this.looks; i += this.lookCost) {
      if (!mailbox.isDone) continue;
      if (this.looks < MOST_LOOKS) this.setLooks(this.looks * 2);
      return true;
    }
    this.setLooks(this.looks >= LEAST_LOOKS * 2 ? this.looks / 2 : 0);
    return false;
  }

  private awaitForgotten(mailbox: Mailbox): void {
    for (let rounds = 0; !mailbox.isForgotten && !mailbox.isDone; rounds++) {
      if (rounds < LEAST_LOOKS) continue;
      this.process.hear(1); // nothing rings for this: a millisecond's sleep that also notices QEMU's end
      if (rounds - LEAST_LOOKS > this.process.patienceMs) this.process.fail('a CPU of QEMU does not acknowledge');
    }
  }

  private setLooks(looks: number): void {
    this.looks = looks;
    this.setPolls();
  }

  private setPolls(): void {
    for (const { words } of this.mailboxes) words[MAILBOX.SPIN / 4] = this.looks;
  }

  private block(mailbox: Mailbox, promisedMs: number): void {
    const patience = this.process.patienceMs + promisedMs;
    mailbox.waiting = true;
    while (!mailbox.isDone) {
      if (this.process.hear(patience) || mailbox.isDone) continue;
      this.process.fail(`QEMU has not answered for ${Math.round(patience)} ms`);
    }
    mailbox.waiting = false;
  }

  private broken({ words }: Mailbox): never {
    const at = (field: number): string =>
      `0x${words[field / 4 + 1].toString(16)}_${words[field / 4].toString(16).padStart(8, '0')}`;
    return panic('cpu/host', `the monitor faulted: cause ${at(MAILBOX.CAUSE)} at ${at(MAILBOX.ADDRESS)}`);
  }
}
