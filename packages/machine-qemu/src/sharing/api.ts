/**
 * How this process and QEMU share guest RAM and wake each other: through mappings and a socket pair, which takes the C
 * library, or through copies and a pipe, which takes Node.js alone.
 */
import type { ChildProcess } from 'node:child_process';
import type { QemuIsa, RamPart } from '../isa.js';
import type { Mailbox } from '../mailbox.js';

/** Guest RAM as a file that QEMU maps, and its bytes here. */
export interface RamFile {
  readonly fd: number;
  /** The bytes in order, `MAX_VIEW` each but the last. */
  readonly windows: readonly ArrayBuffer[];
  /** Shows the guest what was written here. */
  publish(offset: number, length: number): void;
  /** Shows here what the guest has written. Nothing there may be unpublished. */
  refresh(offset: number, length: number): void;
  /** QEMU has opened the file. */
  opened(): void;
  dispose(): void;
}

/** What a wait for the guest ended with. */
export const Heard = { Nothing: 0, Something: 1, End: 2 } as const;
export type Heard = (typeof Heard)[keyof typeof Heard];

/** The line between this process and QEMU's UART. */
export interface Doorbell {
  /** QEMU's end, as `spawn` takes it. */
  readonly childEnd: number | 'pipe';
  /** Called once, after `spawn`, also when that failed. @param index of `childEnd` among the child's descriptors */
  begin(child: ChildProcess | undefined, index: number): void;
  /** Descriptor: whoever in this process writes to it rings. */
  readonly fd: number;
  ring(byte: number): void;
  /** Waits until the guest has answered, or something else has happened; `End` when QEMU is gone. */
  hear(timeoutMs: number): Heard;
  close(): void;
}

export interface MachineShape {
  readonly isa: QemuIsa;
  readonly parts: readonly RamPart[];
  /** Bytes at the start of RAM that no program reaches. */
  readonly hidden: number;
}

/** Everything of one machine that depends on the way of sharing. */
export interface Sharing {
  readonly ram: RamFile;
  /** An empty file without a name. @returns its descriptor, the caller's */
  file(purpose: string): number;
  /** @param offset of the CPU's area in RAM */
  mailbox(offset: number): Mailbox;
  doorbell(): Doorbell;
}
