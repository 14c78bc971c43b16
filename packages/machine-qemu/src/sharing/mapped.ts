/** Sharing by mappings: what one side stores the other one loads. Files are memory (memfd), the doorbell a socket pair. */
import { MappedMemory, POLLIN, type Libc } from '@veridian-os/libc';
import { MAILBOX_WORDS, Mailbox } from '../mailbox.js';
import { Heard, type Doorbell, type MachineShape, type RamFile, type Sharing } from './api.js';

export class MappedSharing implements Sharing {
  readonly ram: RamFile;
  private readonly libc: Libc;
  private readonly monitorHi: number;

  constructor(libc: Libc, { isa, parts }: MachineShape) {
    this.libc = libc;
    this.monitorHi = isa.monitorHi;
    const total = parts.reduce((sum, { length }) => sum + length, 0);
    this.ram = new MappedRam(libc, this.file('guest-ram'), total);
  }

  file(purpose: string): number {
    const fd = this.libc.memfdCreate(`veridian-${purpose}`);
    if (fd < 0) throw new Error(`memfd_create failed with errno ${-fd}`);
    return fd;
  }

  mailbox(offset: number): Mailbox {
    return new Mailbox(new Uint32Array(this.ram.windows[0], offset, MAILBOX_WORDS), this.monitorHi);
  }

  doorbell(): Doorbell {
    return new SocketDoorbell(this.libc);
  }
}

class MappedRam implements RamFile {
  readonly fd: number;
  readonly windows: readonly ArrayBuffer[];
  private readonly libc: Libc;
  private readonly mapped: MappedMemory;
  private open = true;

  constructor(libc: Libc, fd: number, total: number) {
    this.libc = libc;
    this.fd = fd;
    try {
      const sized = libc.ftruncate(fd, total);
      if (sized < 0) throw new Error(`guest RAM of ${total} bytes: ftruncate failed with errno ${-sized}`);
      this.mapped = MappedMemory.file(libc, fd, total);
    } catch (error) {
      libc.close(fd);
      throw error;
    }
    this.windows = this.mapped.windows;
  }

  publish(): void {
    // It is the same memory.
  }

  refresh(): void {
    // It is the same memory.
  }

  opened(): void {
    if (this.open) this.libc.close(this.fd);
    this.open = false;
  }

  dispose(): void {
    this.opened();
    this.mapped.release();
  }
}

/** The guest rings back; waiting is `poll`. */
class SocketDoorbell implements Doorbell {
  readonly childEnd: number;
  readonly fd: number;
  private readonly libc: Libc;
  private readonly wanted: Int32Array;
  private readonly buffer = new Uint8Array(256);
  private readonly one = new Uint8Array(1);

  constructor(libc: Libc) {
    this.libc = libc;
    const pair = new Int32Array(2);
    if (libc.socketpair(pair) < 0) throw new Error('socketpair failed: too many open files?');
    [this.fd, this.childEnd] = pair;
    this.wanted = new Int32Array([this.fd, POLLIN]);
  }

  begin(): void {
    this.libc.close(this.childEnd);
  }

  ring(byte: number): void {
    this.one[0] = byte;
    this.libc.write(this.fd, this.one);
  }

  /** Takes all bytes; a signal that ends the wait counts as something. */
  hear(timeoutMs: number): Heard {
    const ready = this.libc.poll(this.wanted, timeoutMs);
    if (ready <= 0) return ready < 0 ? Heard.Something : Heard.Nothing;
    return this.libc.read(this.fd, this.buffer) > 0 ? Heard.Something : Heard.End;
  }

  close(): void {
    this.libc.close(this.fd);
  }
}
