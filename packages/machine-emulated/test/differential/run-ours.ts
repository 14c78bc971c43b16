/** Runs a static image on the emulated machine, hosted, under Sv39, with two system calls: write and exit. */
import type { ContextId, Frame, Instructions } from '@veridian-os/abi';
import type { Trap } from '@veridian-os/hal';
import { FaultKind, TrapKind } from '@veridian-os/hal';
import type { EmulatedMachineOptions } from '../../src/index.js';
import { EmulatedMachine } from '../../src/index.js';
import { PTE, Sv39Tables } from '../../src/testing.js';

const RAM = 0x8000_0000;
const TABLES = RAM + 0x10_0000;
const IMAGE = RAM + 0x40_0000;
const PAGE = 4096;
const BUDGET = 50_000_000;
const SYS_WRITE = 64;
const SYS_EXIT = 93;

export interface Outcome {
  readonly output: Uint8Array;
  /** 'exit N' or what went wrong. */
  readonly ended: string;
  readonly instructions: number;
}

/** Where an image's single segment is in the file and in memory. */
function segment(elf: Uint8Array): { entry: number; base: number; bytes: Uint8Array; memory: number } {
  const view = new DataView(elf.buffer, elf.byteOffset);
  const offset = Number(view.getBigUint64(64 + 8, true));
  const size = Number(view.getBigUint64(64 + 32, true));
  return {
    entry: Number(view.getBigUint64(24, true)),
    base: Number(view.getBigUint64(64 + 16, true)),
    bytes: elf.subarray(offset, offset + size),
    memory: Number(view.getBigUint64(64 + 40, true)),
  };
}

/** An image in memory, ready to run. */
export class HostedImage {
  readonly machine: EmulatedMachine;
  readonly context: ContextId;
  readonly registers: Uint32Array<ArrayBufferLike>;
  private readonly ram: Uint8Array<ArrayBufferLike>;
  private readonly base: number;
  private readonly bytes: Uint8Array;
  private readonly entry: number;

  /** @param cpus the last of them runs it */
  constructor(elf: Uint8Array, cpus = 1, translation?: EmulatedMachineOptions['translation']) {
    const { entry, base, bytes, memory } = segment(elf);
    const pages = Math.ceil(memory / PAGE);
    const total = 0x80_0000 + pages * PAGE;
    const memoryBytes = Math.ceil(total / 0x10_0000) * 0x10_0000;
    this.machine = EmulatedMachine.create({ memoryBytes, maxContexts: 4, cpus, translation });
    const region = this.machine.memory[0];
    this.ram = region.u8;
    this.base = base;
    this.bytes = bytes;
    this.entry = entry;
    const flags = PTE.V | PTE.U | PTE.R | PTE.W | PTE.X; // accessed and dirty are left to the machine
    const tables = new Sv39Tables(region, TABLES);
    for (let page = 0; page < pages; page++) {
      tables.map(base + page * PAGE, RAM + this.at(base + page * PAGE), 1, flags);
    }
    this.context = this.machine.contexts.create() as ContextId;
    this.machine.contexts.setAddressSpace(this.context, (tables.root / 4096) as Frame, 1);
    this.registers = this.machine.contexts.registers(this.context);
    this.restart();
  }

  /** Memory and registers as at first; what is decoded and translated stays, since the code is the same. */
  restart(): void {
    for (let at = 0; at < this.bytes.length; at += PAGE) {
      this.ram.set(this.bytes.subarray(at, at + PAGE), this.at(this.base + at));
    }
    this.registers.fill(0);
    this.registers[64] = this.entry;
  }

  run(budget: number): Trap {
    return this.machine.cpus.at(-1)!.run(this.context, budget as Instructions);
  }

  bytesAt(address: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length;) {
      const from = this.at(address + done);
      const part = Math.min(length - done, PAGE - (from & (PAGE - 1)));
      bytes.set(this.ram.subarray(from, from + part), done);
      done += part;
    }
    return bytes;
  }

  /** Offset in RAM of a guest address: neighbouring pages are swapped, so that nothing crosses a page by luck. */
  private at(address: number): number {
    const offset = address - this.base;
    return IMAGE - RAM + (((offset >>> 12) ^ 1) << 12) + (offset & (PAGE - 1));
  }
}

function describe(trap: Trap, pc: number): string {
  if (trap.kind !== TrapKind.Fault) return `trap ${trap.kind} at 0x${pc.toString(16)}`;
  const fault = Object.entries(FaultKind).find(([, value]) => value === trap.fault)?.[0];
  return `${fault} fault at 0x${pc.toString(16)}, value 0x${trap.addressHi.toString(16)}:${trap.addressLo.toString(16)}`;
}

/** How our machine runs an image. */
export interface OurSetting {
  /** Budget of each run; default large. A small one makes every boundary a run boundary too. */
  readonly slice?: number;
  readonly cpus?: number;
  readonly translation?: EmulatedMachineOptions['translation'];
  /** Runs on the same machine, default 1: the last finds translated what the ones before have made hot. */
  readonly rounds?: number;
}

/** @returns what the last round did */
export function runOurs(elf: Uint8Array, { slice, cpus, translation, rounds = 1 }: OurSetting = {}): Outcome {
  const image = new HostedImage(elf, cpus, translation);
  try {
    for (let round = 1; round < rounds; round++) {
      runImage(image, slice);
      image.restart();
    }
    return runImage(image, slice);
  } finally {
    image.machine.dispose();
  }
}

/** Runs from the present pc to the exit, or to what goes wrong. */
export function runImage(image: HostedImage, slice = BUDGET): Outcome {
  const parts: Uint8Array[] = [];
  let instructions = 0;
  for (;;) {
    const trap = image.run(slice);
    instructions += trap.consumed;
    if (trap.kind === TrapKind.Budget) continue;
    const r = image.registers;
    const number = r[17 * 2];
    if (trap.kind === TrapKind.Syscall && number === SYS_WRITE) {
      parts.push(image.bytesAt(r[11 * 2], r[12 * 2]));
      r[10 * 2] = r[12 * 2]!;
      r[10 * 2 + 1] = 0;
      continue;
    }
    const exit = trap.kind === TrapKind.Syscall && number === SYS_EXIT;
    const output = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
    parts.reduce((at, p) => (output.set(p, at), at + p.length), 0);
    return { output, ended: exit ? `exit ${r[10 * 2]}` : describe(trap, r[64]), instructions };
  }
}
