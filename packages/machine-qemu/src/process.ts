/**
 * A QEMU process: started with descriptors instead of files, heard through one socket, ended with its parent.
 *
 * Guest RAM is an unnamed file (memfd) and the doorbell a socket pair; QEMU inherits both, so nothing is left in any file
 * system however either side ends. `setpriv --pdeathsig` makes the kernel kill QEMU when the thread that started it ends,
 * and QEMU's end closes the socket, which the next wait sees.
 */
import type { ChildProcess } from 'node:child_process';
import { panic } from '@veridian-os/abi';
import { POLLIN, type Libc } from '@veridian-os/libc';
import { nodeChildProcess, nodeFs } from './node.js';

/** What the child finds its descriptors as. */
export const RAM_PATH = '/proc/self/fd/3';
export const SOCKET_FD = 4;
export const FIRMWARE_PATH = '/proc/self/fd/5';

export interface QemuStart {
  readonly executable: string;
  readonly args: readonly string[];
  /** Descriptor of guest RAM; stays the caller's. */
  readonly ram: number;
  /** Descriptor of a firmware image, or -1. */
  readonly firmware: number;
  readonly hangMs: number;
}

const LOG_BYTES = 2000;

export class QemuProcess {
  /** Process id, for messages and tests. */
  readonly pid: number;
  private readonly libc: Libc;
  private readonly child: ChildProcess;
  private readonly socket: number;
  private readonly log: number;
  private readonly hangMs: number;
  private readonly wanted: Int32Array;
  private readonly buffer = new Uint8Array(256);
  private readonly one = new Uint8Array(1);
  private ended = false;

  /** @throws Error when it cannot be started */
  constructor(libc: Libc, start: QemuStart) {
    this.libc = libc;
    this.hangMs = start.hangMs;
    const pair = new Int32Array(2);
    if (libc.socketpair(pair) < 0) throw new Error('socketpair failed: too many open files?');
    const [socket, childSocket] = pair;
    this.socket = socket;
    this.wanted = new Int32Array([socket, POLLIN]);
    this.log = libc.memfdCreate('veridian-qemu-log');
    try {
      if (this.log < 0) throw new Error(`memfd_create failed with errno ${-this.log}`);
      this.child = spawnQemu(start, this.log, childSocket);
    } catch (error) {
      for (const fd of [socket, this.log]) if (fd >= 0) libc.close(fd);
      throw error;
    } finally {
      libc.close(childSocket);
    }
    this.child.on('error', () => undefined); // reported below, where the caller can still catch it
    this.child.unref();
    if (this.child.pid === undefined) {
      this.dispose();
      throw new Error('setpriv (util-linux), which ends QEMU together with this process, is not on PATH');
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
    this.one[0] = byte;
    this.libc.write(this.socket, this.one);
  }

  /** Descriptor of the doorbell: whoever in this process writes to it rings. */
  get bell(): number {
    return this.socket;
  }

  /**
   * Waits for bytes from the guest and takes them all.
   * @returns false when none came within `timeoutMs`; true also when a signal ended the wait
   * @throws KernelPanic `cpu/host` when QEMU has ended
   */
  hear(timeoutMs: number): boolean {
    this.checkAlive();
    const ready = this.libc.poll(this.wanted, timeoutMs);
    if (ready <= 0) return ready < 0;
    if (this.libc.read(this.socket, this.buffer) > 0) return true;
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
    this.child.kill('SIGKILL');
    this.libc.close(this.socket);
    this.libc.close(this.log);
  }
}

function spawnQemu({ executable, args, ram, firmware }: QemuStart, log: number, socket: number): ChildProcess {
  const inherited = [ram, socket, ...(firmware >= 0 ? [firmware] : [])];
  return nodeChildProcess().spawn('setpriv', ['--pdeathsig', 'KILL', '--', executable, ...args], {
    stdio: ['ignore', log, log, ...inherited],
  });
}
