/**
 * A QEMU process: started with descriptors instead of files, heard through one socket, ended with its parent.
 *
 * Guest RAM is a file without a name and the doorbell a socket; QEMU inherits both, so nothing is left in any file system
 * however either side ends. `setpriv --pdeathsig` makes the kernel kill QEMU when the thread that started it ends, and
 * QEMU's end closes the socket, which the next wait sees.
 */
import type { ChildProcess } from 'node:child_process';
import { panic } from '@veridian-os/abi';
import { nodeChildProcess, nodeFs } from './node.js';
import { Heard, type Doorbell, type Sharing } from './sharing/api.js';

/** What the child finds its descriptors as. */
export const RAM_PATH = '/proc/self/fd/3';
export const SOCKET_FD = 4;
export const FIRMWARE_PATH = '/proc/self/fd/5';

export interface QemuStart {
  readonly executable: string;
  readonly args: readonly string[];
  /** Descriptor of a firmware image, or -1; stays the caller's. */
  readonly firmware: number;
  readonly hangMs: number;
}

const LOG_BYTES = 2000;

export class QemuProcess {
  /** Process id, for messages and tests. */
  readonly pid: number;
  private readonly child: ChildProcess;
  private readonly doorbell: Doorbell;
  private readonly log: number;
  private readonly hangMs: number;
  private borrower: { close(): void } | undefined;
  private ended = false;

  /** @throws Error when it cannot be started */
  constructor(sharing: Sharing, start: QemuStart) {
    this.hangMs = start.hangMs;
    this.log = sharing.file('qemu-log');
    try {
      this.doorbell = sharing.doorbell();
      this.child = spawnQemu(start, this.log, sharing.ram.fd, this.doorbell);
    } catch (error) {
      nodeFs().closeSync(this.log);
      throw error;
    }
    this.child.on('error', () => undefined); // reported below, where the caller can still catch it
    this.child.unref();
    try {
      this.doorbell.begin(this.child, SOCKET_FD);
      if (this.child.pid === undefined) {
        throw new Error('setpriv (util-linux), which ends QEMU together with this process, is not on PATH');
      }
    } catch (error) {
      this.dispose();
      throw error;
    }
    this.pid = this.child.pid;
  }

  /** @throws KernelPanic `cpu/host` after `dispose` or `fail` */
  checkAlive(): void {
    if (this.ended) panic('cpu/host', 'QEMU is gone: the machine was disposed or has failed');
  }

  /** Sends one byte to the guest's doorbell. */
  ring(byte: number): void {
    this.checkAlive();
    this.doorbell.ring(byte);
  }

  /** Lets another thread ring: `open` is given the doorbell's descriptor, which is closed after `close` has returned. */
  lendBell<T extends { close(): void }>(open: (socket: number) => T): T {
    this.checkAlive();
    const borrower = open(this.doorbell.fd);
    this.borrower = borrower;
    return borrower;
  }

  /**
   * Waits for an answer of the guest.
   * @returns false when none came within `timeoutMs`; true also when something else ended the wait
   * @throws KernelPanic `cpu/host` when QEMU has ended
   */
  hear(timeoutMs: number): boolean {
    this.checkAlive();
    const heard = this.doorbell.hear(timeoutMs);
    if (heard !== Heard.End) return heard === Heard.Something;
    return this.fail('QEMU has ended: it refused to start, was killed, or its guest reset it');
  }

  /** Ends QEMU and panics with what it said last. */
  fail(what: string): never {
    const said = this.lastOutput();
    this.dispose();
    return panic('cpu/host', `${what}${said === '' ? ', without a word' : `; its last output: ${said}`}`);
  }

  /** How long to wait before QEMU counts as hung. */
  get patienceMs(): number {
    return this.hangMs;
  }

  /** End of what QEMU wrote to its standard output and error. */
  lastOutput(): string {
    if (this.ended) return '';
    const { fstatSync, readSync } = nodeFs();
    const { size } = fstatSync(this.log);
    const bytes = new Uint8Array(Math.min(size, LOG_BYTES));
    readSync(this.log, bytes, 0, bytes.length, size - bytes.length);
    return new TextDecoder().decode(bytes).trim();
  }

  /** Kills it and closes everything; idempotent. */
  dispose(): void {
    if (this.ended) return;
    this.ended = true;
    this.borrower?.close();
    // Node's `kill` of what could not be started signals process 0: everyone in this process's group.
    if (this.child.pid !== undefined) this.child.kill('SIGKILL');
    this.doorbell.close();
    nodeFs().closeSync(this.log);
  }
}

function spawnQemu(start: QemuStart, log: number, ram: number, doorbell: Doorbell): ChildProcess {
  const { executable, args, firmware } = start;
  const inherited = [ram, doorbell.childEnd, ...(firmware >= 0 ? [firmware] : [])];
  try {
    return nodeChildProcess().spawn('setpriv', ['--pdeathsig', 'KILL', '--', executable, ...args], {
      stdio: ['ignore', log, log, ...inherited],
    });
  } catch (error) {
    doorbell.begin(undefined, SOCKET_FD);
    doorbell.close();
    throw error;
  }
}
