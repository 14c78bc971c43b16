/** A program in an address space of its own on a KVM machine: what the unit tests run. */
import { describe } from '@jest/globals';
import { PAGE_SIZE, createMmuEdits } from '@veridian-os/abi';
import type { ContextId, Frame, Instructions } from '@veridian-os/abi';
import type { RegisterView, Trap } from '@veridian-os/hal';
import { X86 } from '@veridian-os/hal';
import { KvmMachine } from '@veridian-os/machine-kvm';
import type { KvmMachineOptions } from '@veridian-os/machine-kvm';
import { kvmForTests } from '@veridian-os/machine-kvm/testing';

/** True where KVM runs programs; printed either way. */
export const answer = kvmForTests((line) => process.stderr.write(`${line}\n`));
export const describeWithKvm = answer.available ? describe : describe.skip;

export const CODE = 0x10000;
export const DATA = 0x20000;
export const STACK_TOP = DATA + PAGE_SIZE;

const READ = 5;
const WRITE = 7;
const NO_EXECUTE = 0x80000000;

/** Frames: 0 .. 3 the tables of the lowest 2 MiB, from 4 on whatever a test wants. */
export class Rig {
  readonly machine: KvmMachine;
  readonly root: Frame;
  private readonly first: number;
  private used = 4;

  constructor(machine: KvmMachine = KvmMachine.create({ memoryBytes: 4 << 20 }), firstFrame = 0) {
    this.machine = machine;
    this.first = machine.memory[0].base / PAGE_SIZE + firstFrame;
    this.root = this.first as Frame;
    for (let level = 0; level < 3; level++)
      this.words(this.first + level)[0] = ((this.first + level + 1) * PAGE_SIZE) | WRITE;
  }

  static create(options: KvmMachineOptions = {}): Rig {
    return new Rig(KvmMachine.create({ memoryBytes: 4 << 20, ...options }));
  }

  words(frame: number): Uint32Array {
    const { base, u32 } = this.machine.memory[0];
    const at = (frame * PAGE_SIZE - base) / 4;
    return u32.subarray(at, at + PAGE_SIZE / 4);
  }

  bytes(frame: number): Uint8Array {
    const words = this.words(frame);
    return new Uint8Array(words.buffer, words.byteOffset, PAGE_SIZE);
  }

  frame(): Frame {
    return (this.first + this.used++) as Frame;
  }

  /** Physical address of the entry of a virtual address below 2 MiB. */
  entry(address: number): number {
    return (this.first + 3) * PAGE_SIZE + (address / PAGE_SIZE) * 8;
  }

  map(address: number, frame: number, bits: readonly [number, number]): void {
    const words = this.words(this.first + 3);
    words[(address / PAGE_SIZE) * 2 + 1] = bits[1];
    words[(address / PAGE_SIZE) * 2] = (frame * PAGE_SIZE + bits[0]) >>> 0;
  }

  /** Code at CODE, a page of data that is the stack as well, and a context at the code. */
  program(...code: readonly Uint8Array[]): {
    context: ContextId;
    view: RegisterView;
    data: Uint8Array;
    code: Uint8Array;
  } {
    const codeFrame = this.frame();
    const dataFrame = this.frame();
    let at = 0;
    for (const part of code) {
      this.bytes(codeFrame).set(part, at);
      at += part.length;
    }
    this.map(CODE, codeFrame, [READ, 0]);
    this.map(DATA, dataFrame, [WRITE, NO_EXECUTE]);
    const context = this.context();
    const view = this.machine.contexts.registers(context);
    return { context, view, data: this.bytes(dataFrame), code: this.bytes(codeFrame) };
  }

  context(): ContextId {
    const context = this.machine.contexts.create() as ContextId;
    this.machine.contexts.setAddressSpace(context, this.root, 1);
    const view = this.machine.contexts.registers(context);
    view[X86.RIP * 2] = CODE;
    view[X86.RSP * 2] = STACK_TOP;
    return context;
  }

  run(context: ContextId, budget = 2_000_000_000): Trap {
    return this.machine.cpus[0].run(context, budget as Instructions);
  }

  /** Exchanges one entry. @returns its old low word */
  exchange(address: number, lo: number, hi: number): number {
    const edits = createMmuEdits(1);
    edits.count = 1;
    edits.entry[0] = this.entry(address);
    edits.virtual[0] = address;
    edits.valueLo[0] = lo;
    edits.valueHi[0] = hi;
    this.machine.mmu.apply(edits);
    return edits.oldLo[0];
  }
}

/** Both halves of a register as 16 hexadecimal digits. */
export function hex(view: RegisterView, register: number): string {
  return [view[register * 2 + 1], view[register * 2]].map((word) => word.toString(16).padStart(8, '0')).join('');
}
